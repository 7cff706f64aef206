"""
A library system that is made up, has a memory, and can fail in every way in which real ones do.

`FakeSystem` is the other side: who has what, what it was asked, what it did, and a chance for each fault.
`FakeConnector` is this side: it asks through whatever carries bytes, and believes an answer only when it
is surely the answer to its question. The demo runs one without faults; tests run them with all.
"""

import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from carrel.connectors import reasons
from carrel.connectors.model import (
    Account,
    Down,
    HeldLoan,
    Loans,
    NoSuchPatron,
    Refused,
    Renewed,
    Unknown,
)


class Unreached(Exception):
    """What was to be sent could not be: the other side has heard nothing."""


class NoAnswer(Exception):
    """It was sent, and no answer came in time."""


Carry = Callable[[bytes], Awaitable[bytes]]
"""Takes a question to the system and brings its answer; raises Unreached or NoAnswer."""


# The other side


class Faults(Struct, frozen=True):
    """How likely each fault is for one question, from 0 to 1."""

    before: float = 0
    """No answer, and nothing was done."""
    after: float = 0
    """It was done, and no answer comes."""
    late: float = 0
    """No answer, and it is done later all the same, within the time that the system lingers."""
    slow: float = 0
    """It takes its time, and is answered."""
    again: float = 0
    """The answer to an earlier question comes once more, in place of the one to this."""
    wrong: float = 0
    """The answer is about another patron, another item, half a list, or it cannot be read."""
    down: float = 0
    """From this question on it takes none, for an hour."""


class Borrower(Struct):
    """Somebody's account in the made-up system."""

    blocked: bool = False
    expires_on: date = date(9999, 12, 31)
    loans: dict[str, HeldLoan] = {}
    """By the system's own name for the loan; `renewable`, `why` and `until` are worked out anew when asked."""


class Entry(Struct, frozen=True):
    """One renewal that happened, as the system wrote it down."""

    at: int
    """Epoch milliseconds."""
    number: str
    loan: str
    before: date
    after: date
    question: str
    """Id of the question that brought it about; "" for one at the desk there."""


Rule = Callable[[Borrower, HeldLoan, date], date | str]
"""(borrower, loan, today): when it would be due if renewed now, or why it is not, in Koha's words."""


def three_weeks(borrower: Borrower, loan: HeldLoan, today: date) -> date | str:
    """The rule of a system that was told no other: three more weeks from today, five times."""
    if loan.lost:
        return "item_lost"
    if loan.kind != "book":
        return "item_denied_renewal"
    if loan.requested:
        return "on_reserve"
    if loan.due_on < today:
        return "overdue"
    if borrower.blocked:
        return "restriction"
    if borrower.expires_on < today:
        return "auto_account_expired"
    if (loan.renewals or 0) >= 5:
        return "too_many"
    until = today + timedelta(days=21)
    return until if until > loan.due_on else "too_soon"


def shown(loan: HeldLoan, until: date | str) -> HeldLoan:
    """A loan with what a rule says of it today."""
    if isinstance(until, str):
        return replace(loan, renewable=False, why=reasons.from_koha(until), until=None)
    return replace(loan, renewable=True, why=None, until=until)


DOWN_MS = 3_600_000

Kind = Literal["loans", "account", "renew"]


class Question(Struct, frozen=True, omit_defaults=True):
    """What is asked, on the wire."""

    id: str
    kind: Kind
    number: str
    loan: str = ""


class Answer(Struct, frozen=True, omit_defaults=True):
    """What is answered, on the wire. `id`, `number` and `loan` are those of the question."""

    id: str
    number: str
    loan: str = ""
    error: str = ""
    """Koha's word for why not; "no_patron" when nobody has that number; "unavailable" when it takes no questions."""
    due_on: date | None = None
    loans: list[HeldLoan] | None = None
    count: int | None = None
    """How many loans there are, so that half a list is noticed."""
    blocked: bool | None = None
    expires_on: date | None = None


_encode = msgspec.json.Encoder().encode
_question = msgspec.json.Decoder(Question).decode
_answer = msgspec.json.Decoder(Answer).decode


class FakeSystem:
    """The made-up system itself. Asked through `ask`; what happens at its desk is done to `borrowers`."""

    def __init__(
        self,
        borrowers: dict[str, Borrower],
        now: Callable[[], int],
        today: Callable[[int], date],
        *,
        rule: Rule = three_weeks,
        faults: Faults | None = None,
        seed: int = 1,
        lingers_ms: int = 60_000,
        wait: Callable[[bool], Awaitable[None]] | None = None,
        changed: Callable[["FakeSystem"], None] | None = None,
    ) -> None:
        """
        Args:
            now: epoch milliseconds.
            today: the day on the wall there, at such an instant.
            lingers_ms: a question that is done late is done within this time.
            wait: how it takes its time, True: more than usual; None: it takes none.
            changed: told after every renewal, so that somebody may keep what is held.
        """
        self.borrowers = borrowers
        self.journal: list[Entry] = []
        self.faults = faults or Faults()
        self._now = now
        self._today = today
        self._rule = rule
        self._chance = random.Random(seed)
        self._lingers_ms = lingers_ms
        self._wait = wait
        self._changed = changed
        self._late: list[tuple[int, Question]] = []
        self._answers: list[bytes] = []
        self.down_until = 0

    async def ask(self, asked: bytes) -> bytes:
        """
        Answer one question, or fail at it.

        Raises:
            Unreached: it is down. NoAnswer: nothing comes in time.
        """
        self.catch_up()
        if self._now() >= self.down_until and self._happens(self.faults.down):
            self.down_until = self._now() + DOWN_MS
        if self._now() < self.down_until:
            # Some systems cannot be reached then, others say so.
            if self._chance.random() < 0.5:
                raise Unreached
            return _encode(Answer(_question(asked).id, "", error="unavailable"))
        if self._wait is not None:
            await self._wait(self._happens(self.faults.slow))
        question = _question(asked)
        if self._happens(self.faults.before):
            raise NoAnswer
        if self._happens(self.faults.late):
            after_ms = self._chance.randrange(self._lingers_ms)
            self._late.append((self._now() + after_ms, question))
            raise NoAnswer
        answer = _encode(self._do(question))
        if self._happens(self.faults.after):
            raise NoAnswer
        if self._answers and self._happens(self.faults.again):
            return self._chance.choice(self._answers)
        if self._happens(self.faults.wrong):
            return self._wrong(answer)
        self._answers = [*self._answers[-20:], answer]
        return answer

    def catch_up(self) -> None:
        """Do what was asked a while ago and is done only now."""
        due = sorted((each for each in self._late if each[0] <= self._now()), key=lambda each: each[0])
        self._late = [each for each in self._late if each[0] > self._now()]
        for at, question in due:
            self._do(question, at)

    def renew_at_the_desk(self, number: str, loan: str) -> None:
        """Somebody goes to its desk, or taps in its own app."""
        self.catch_up()
        self._do(Question("", "renew", number, loan))

    def _happens(self, likely: float) -> bool:
        return likely > 0 and self._chance.random() < likely

    def _do(self, question: Question, at: int | None = None) -> Answer:
        at = self._now() if at is None else at
        today = self._today(at)
        id, number = question.id, question.number
        borrower = self.borrowers.get(number)
        if borrower is None:
            return Answer(id, number, error="no_patron")
        match question.kind:
            case "account":
                return Answer(id, number, blocked=borrower.blocked, expires_on=borrower.expires_on)
            case "loans":
                all_shown = [shown(each, self._rule(borrower, each, today)) for each in borrower.loans.values()]
                return Answer(id, number, loans=all_shown, count=len(all_shown))
        loan = borrower.loans.get(question.loan)
        if loan is None:
            return Answer(id, number, question.loan, error="no_checkout")
        until = self._rule(borrower, loan, today)
        if isinstance(until, str):
            return Answer(id, number, loan.id, error=until)
        borrower.loans[loan.id] = replace(loan, due_on=until, renewals=(loan.renewals or 0) + 1)
        self.journal.append(Entry(at, number, loan.id, loan.due_on, until, id))
        if self._changed is not None:
            self._changed(self)
        return Answer(id, number, loan.id, due_on=until)

    def _wrong(self, answer: bytes) -> bytes:
        told = _answer(answer)
        ways: list[bytes] = [
            answer[: len(answer) // 2],
            b"<html>Something went wrong</html>",
            _encode(replace(told, number=f"{told.number}0")),
        ]
        if told.loan:
            ways.append(_encode(replace(told, loan=f"{told.loan}0")))
        if told.loans:
            ways.append(_encode(replace(told, loans=told.loans[1:])))
        return self._chance.choice(ways)


# This side


class FakeConnector:
    """A `carrel.connectors.library_system.LibrarySystem` over a `FakeSystem`, however far away that is."""

    def __init__(
        self, carry: Carry, name: Callable[[], str], *, usual_seconds: int = 5, lingers_ms: int = 60_000
    ) -> None:
        """
        Args:
            name: gives a question an id that no other has.
        """
        self._carry = carry
        self._name = name
        self.usual_seconds = usual_seconds
        self.lingers_ms = lingers_ms

    async def loans(self, number: str) -> Loans | NoSuchPatron | Unknown | Down:
        told = await self._ask(Question(self._name(), "loans", number))
        if not isinstance(told, Answer):
            return told
        if told.error == "no_patron":
            return NoSuchPatron()
        if told.error or told.loans is None or told.count != len(told.loans):
            return Unknown("half a list of loans")
        return Loans(tuple(told.loans))

    async def account(self, number: str) -> Account | NoSuchPatron | Unknown | Down:
        told = await self._ask(Question(self._name(), "account", number))
        if not isinstance(told, Answer):
            return told
        if told.error == "no_patron":
            return NoSuchPatron()
        return Unknown("an account with an error") if told.error else Account(told.blocked, told.expires_on)

    async def renew(self, number: str, loan: HeldLoan) -> Renewed | Refused | Unknown | Down:
        told = await self._ask(Question(self._name(), "renew", number, loan.id))
        if not isinstance(told, Answer):
            return told
        if told.error == "no_patron":
            return Refused("not_yours", told.error)
        if told.loan != loan.id:
            return Unknown("an answer about another loan")
        if told.error:
            return Refused(reasons.from_koha(told.error), told.error)
        return Renewed(told.due_on) if told.due_on else Unknown("a renewal without a date")

    async def _ask(self, question: Question) -> Answer | Unknown | Down:
        try:
            told = _answer(await self._carry(_encode(question)))
        except Unreached:
            return Down("could not be reached")
        except NoAnswer:
            return Unknown("no answer in time")
        except (msgspec.DecodeError, UnicodeError):
            return Unknown("an answer that cannot be read")
        if told.id != question.id:
            return Unknown("the answer to another question")
        if told.error == "unavailable":
            return Down("takes no questions just now")
        if told.number != question.number:
            return Unknown("an answer about another patron")
        return told


def memory(system: FakeSystem) -> bytes:
    """Who has what, as JSON, to be kept somewhere."""
    return _encode(system.borrowers)


def remembered(kept: bytes) -> dict[str, Borrower]:
    """
    What `memory` wrote.

    Raises:
        msgspec.DecodeError: it was something else.
    """
    return msgspec.json.decode(kept, type=dict[str, Borrower])
