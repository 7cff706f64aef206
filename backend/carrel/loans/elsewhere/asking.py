"""
The errand that asks another library system about one patron's account, and tells what came of it.

It alternates: read what is on loan there; in one unit of work take that in, tell those who waited, and
write down the next question; ask it. No unit of work is open while the system is waited for. Under the
errand's lease one node at a time does this for an account; what it writes, it writes only while it has
the lease. It may be cut off anywhere: a question is written down before it is sent, so whoever goes on
knows that it may have been.
"""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from carrel.connectors.library_system import LibrarySystem
from carrel.connectors.model import Account, Down, HeldLoan, Loans, NoSuchPatron, Refused, Renewed, Unknown
from carrel.hours.rules import day_of
from carrel.jobs import errands
from carrel.jobs.errands import ErrandKind, Taken
from carrel.loans.elsewhere import rules, store
from carrel.loans.elsewhere.intents import ERRAND, SYSTEM_KIND, publish_standing
from carrel.loans.elsewhere.model import WAITING, Mirrored, Question, Wish
from carrel.loans.model import KIND
from carrel.patrons import intents as patrons
from carrel.patrons.model import System
from carrel.storage import Storage, Transaction
from carrel.storage.facts import lock, publish, stir, withdraw
from carrel.storage.ledger import StoredLedger
from carrel_sync.library import Failed, Final, Received, follow_up

log = logging.getLogger("carrel.loans")

Told = Renewed | Refused | Unknown | Down


class _Account(NamedTuple):
    system: System
    patron: str
    number: str
    waits: bool


class _Ask(NamedTuple):
    """A question that is written down and has yet to be sent."""

    loan: str
    held: HeldLoan
    asked_at: int


class _Answered(NamedTuple):
    loan: str
    answer: Told


class Asking:
    """Asks the library systems of one library."""

    def __init__(
        self,
        systems: Mapping[System, LibrarySystem],
        now: Callable[[], int],
        random: Callable[[], float],
        name: Callable[[], str],
    ) -> None:
        """
        Args:
            now: the library's clock, epoch milliseconds.
            random: from 0 to 1.
            name: a fresh name under which staff find what went wrong.
        """
        self._systems = systems
        self._now = now
        self._random = random
        self._name = name

    def errand(self, at_a_time: int = 4) -> ErrandKind:
        """What a library runs for each account that has to be asked about."""
        return ErrandKind(ERRAND, self.run, at_a_time)

    async def run(self, storage: Storage, taken: Taken) -> None:
        """Ask about one account until nothing more can be asked now."""
        system, patron = taken.name.split(" ", 1)
        asked = self._systems.get(system)  # type: ignore[call-overload]
        account = await storage.read(lambda tx: _account(tx, system, patron))
        if asked is None or account is None:
            now, incident = self._now(), self._name()
            await storage.write(lambda tx: _end(tx, taken, account is None, now, incident))
            return
        answered: _Answered | None = None
        told: Account | None = None
        while True:
            read_at = self._now()
            reading = await asked.loans(account.number)
            if isinstance(reading, Loans) and not account.waits and told is None:
                said = await asked.account(account.number)
                told = said if isinstance(said, Account) else None
            now, incident, random = self._now(), self._name(), self._random()
            turn = _Turn(asked, taken, account, reading, told, answered, read_at, now, incident, random)
            ask = await storage.write(turn.take_in)
            if ask is None:
                return
            answered = None
            if rules.in_time(ask.asked_at, self._now()):
                answered = _Answered(ask.loan, await asked.renew(account.number, ask.held))


async def _end(tx: Transaction, taken: Taken, gone: bool, now: int, incident: str) -> None:
    """
    The patron has no account there any more, or the system is not asked any more: forget its loans.

    A system that comes back is heard of again when somebody looks.
    """
    system, patron = taken.name.split(" ", 1)
    await lock(tx, patron)
    if not await errands.hold(tx, taken, now):
        return
    for wish in await store.wishes(tx, patron, system):
        loan = await store.loan(tx, patron, wish.loan)
        question = Question() if loan is None else loan.question
        await _tell(tx, patron, wish, rules.end_without_system(wish, question, gone, incident), now)
    for loan in await store.loans(tx, patron, system):
        await store.forget(tx, patron, loan.id)
        await withdraw(tx, patron, KIND, loan.id, now)
    await store.forget_account(tx, patron, system)
    await withdraw(tx, patron, SYSTEM_KIND, system, now)
    await errands.drop(tx, taken.kind, taken.name)


async def _account(tx: Transaction, system: str, patron: str) -> _Account | None:
    number = await store.number(tx, patron, system)
    if number is None:
        return None
    return _Account(system, patron, number, bool(await store.wishes(tx, patron, system)))  # type: ignore[arg-type]


class _Turn(NamedTuple):
    """What was heard, to be taken in by one unit of work."""

    asked: LibrarySystem
    taken: Taken
    account: _Account
    reading: Loans | NoSuchPatron | Unknown | Down
    told: Account | None
    """What the system said about the account itself, if it was asked."""
    answered: _Answered | None
    """The answer to the question that was asked just before the reading."""
    read_at: int
    now: int
    incident: str
    random: float

    async def take_in(self, tx: Transaction) -> _Ask | None:
        """
        Keep what was heard and tell those who waited for it.

        Returns:
            The next question, written down; None: nothing can be asked now.
        """
        system, patron, *_ = self.account
        await lock(tx, patron)
        if not await errands.hold(tx, self.taken, self.now):
            return None
        known = {each.id: each for each in await store.loans(tx, patron, system)}
        if self.answered is not None and self.answered.loan in known:
            loan = known[self.answered.loan]
            question = rules.heard(loan.question, self.answered.answer)
            known[loan.id] = replace(loan, question=question)
            await store.keep_question(tx, patron, loan.id, question)
        wishes = list(await store.wishes(tx, patron, system))
        match self.reading:
            case Loans(loans):
                return await self._read(tx, known, wishes, loans)
            case NoSuchPatron():
                log.warning("%s knows nobody of the number that a patron has here", system)
                return await self._read(tx, known, wishes, ())
            case Unknown(why) | Down(why):
                await self._not_read(tx, known, wishes, why)
                return None

    async def _read(
        self,
        tx: Transaction,
        known: Mapping[str, Mirrored],
        wishes: list[Wish],
        loans: tuple[HeldLoan, ...],
    ) -> _Ask | None:
        system, patron, *_ = self.account
        lingers_ms, today = self.asked.lingers_ms, day_of(self.now)
        held = {rules.phones_know(system, each.id): each for each in loans}
        questions: dict[str, Question] = {}
        for id in known.keys() - held.keys():
            await store.forget(tx, patron, id)
            await withdraw(tx, patron, KIND, id, self.now)
        for id, each in held.items():
            before = known.get(id)
            if before is None or before.held != each:
                renewed = before is not None and each.due_on > before.held.due_on
                await store.keep(tx, patron, id, system, each, renewed, today)
                await publish(tx, patron, KIND, id, rules.fact(each, system, today), self.now)
        left: list[Wish] = []
        for wish in wishes:
            loan = known.get(wish.loan)
            question = Question() if loan is None else loan.question
            end = rules.end(wish, question, held.get(wish.loan), self.now, self.read_at, lingers_ms)
            if end is None:
                left.append(wish)
            else:
                await _tell(tx, patron, wish, end, self.now)
        for id, each in held.items():
            question = known[id].question if id in known else Question()
            answer = self.answered.answer if self.answered and self.answered.loan == id else None
            after = rules.read(question, each, answer, self.read_at, lingers_ms)
            if after.asks and not any(wish.loan == id for wish in left):
                after = replace(after, asks=0, ask_from=0)
            if after != question:
                await store.keep_question(tx, patron, id, after)
            questions[id] = after
        await store.heard(tx, patron, system, self.read_at)
        await self._publish_standing(tx)
        if self.told is not None:
            await patrons.account_told(
                tx, patron, system, self.told.blocked, self.told.expires_on, self.now
            )
        trouble = "" if self.answered is None else _trouble(self.answered.answer)
        if not trouble:
            for wish in left:
                question = questions[wish.loan]
                waiting = [each for each in left if each.loan == wish.loan]
                if rules.may_ask(waiting, question, self.now):
                    return await self._ask(tx, wish.loan, held[wish.loan], question)
        look_at = rules.next_look(left, list(questions.values()), self.now, lingers_ms)
        if trouble and left:
            look_at = min(look_at, self.now + rules.pause(self.taken.tries, self.random))
            await self._takes_longer(tx, left, look_at)
            await errands.came_to_nothing(tx, self.taken, look_at, self.now, trouble)
        else:
            await self._takes_longer(tx, left, look_at)
            await errands.put_down(tx, self.taken, look_at)
        return None

    async def _ask(self, tx: Transaction, id: str, held: HeldLoan, question: Question) -> _Ask:
        await store.keep_question(tx, self.account.patron, id, rules.asking(question, held, self.now))
        return _Ask(id, held, self.now)

    async def _not_read(
        self, tx: Transaction, known: Mapping[str, Mirrored], wishes: list[Wish], why: str
    ) -> None:
        system, patron, *_ = self.account
        silent_since = await store.silent_since(tx, patron, system)
        left: list[Wish] = []
        for wish in wishes:
            loan = known.get(wish.loan)
            question = Question() if loan is None else loan.question
            end = rules.end_unread(wish, question, silent_since, self.now, self.incident)
            if end is None:
                left.append(wish)
            else:
                await _tell(tx, patron, wish, end, self.now)
        await store.not_heard(tx, patron, system, self.read_at)
        await self._publish_standing(tx)
        look_at = self.now + rules.pause(self.taken.tries, self.random)
        await self._takes_longer(tx, left, look_at)
        await errands.came_to_nothing(tx, self.taken, look_at, self.now, f"{system} gave {why}")

    async def _publish_standing(self, tx: Transaction) -> None:
        for account in await store.standings(tx, self.account.patron):
            if account.system == self.account.system:
                await publish_standing(tx, self.account.patron, account, self.now)

    async def _takes_longer(self, tx: Transaction, wishes: list[Wish], look_at: int) -> None:
        """Let phones know when to ask again for what is still waited for."""
        eta = max(1, -(-(look_at - self.now) // 1000)) + self.asked.usual_seconds
        for wish in wishes:
            ledger = StoredLedger(tx, "", self.now)
            await follow_up(ledger, self.account.patron, wish.u, Received(WAITING, eta), self.now)


def _trouble(answer: Told) -> str:
    return f"renewal: {answer.why}" if isinstance(answer, Unknown | Down) else ""


async def _tell(tx: Transaction, patron: str, wish: Wish, end: Final, now: int) -> None:
    """Give a wish its end, in the unit of work that also writes the facts, and have the phones look."""
    kept = ""
    if isinstance(end, Failed):
        log.error("it is not known whether a loan was renewed: incident %s", end.incident)
        kept = msgspec.json.encode(
            {"u": wish.u, "op": "loans.renew@1", "args": {"loan": wish.loan, "due_on": wish.seen_on}}
        ).decode()
    await follow_up(StoredLedger(tx, "", now), patron, wish.u, end, now, kept)
    await store.ended(tx, patron, wish.u)
    await stir(tx, patron)
