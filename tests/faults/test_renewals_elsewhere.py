"""
A library system that fails in every way, nodes that die at every step, and an oracle that knows the truth.

A history is drawn from a seed: readers ask from several phones, somebody renews or returns at the desk of
the other system, time passes, and two nodes of the library run its errands: each may be killed before or
after whatever it does, or stand still so long that the other overtakes it. What the made-up system wrote
down is the truth with which everything that phones were told is compared.
"""

import asyncio
import itertools
import json
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from carrel.connectors import fake
from carrel.connectors.fake import Borrower, FakeConnector, FakeSystem, Faults
from carrel.connectors.model import Down, HeldLoan, Loans, Refused, Unknown
from carrel.hours.rules import day_of
from carrel.jobs import errands
from carrel.jobs.errands import LEASE_MS, Errands
from carrel.loans import intents as loans
from carrel.loans.elsewhere import asking, rules, store
from carrel.loans.elsewhere.asking import Asking
from carrel.loans.elsewhere.intents import Elsewhere
from carrel.patrons import store as patrons_store
from carrel.patrons.model import Account, Patron
from carrel.storage import Storage, open_storage
from carrel.storage.ledger import StoredLedger
from carrel_sync import library as library_half
from carrel_sync.messages import Problem, encode

START_MS = 1_801_472_400_000
HISTORIES = int(os.environ.get("CARREL_HISTORIES", "10"))
STEPS = 300
PATRONS = 4
LINGERS_MS = 60_000
MOST_ASKS_IN_A_LOOK = 20
"""A patron has a few loans, and each is asked about once in a look."""
FAULTS = Faults(before=0.08, after=0.08, late=0.06, slow=0.1, again=0.04, wrong=0.06, down=0.01)
FINAL = {"done", "changed", "refused", "expired", "failed"}


class Killed(BaseException):
    """The node is gone, in the middle of whatever it did."""


class Violation(AssertionError):
    """Something was told or done that must never be."""


@dataclass
class Wish:
    """What a reader asked for, and what every phone that asked was told."""

    patron: str
    u: str
    loan: str
    seen_on: date
    kept_at: int
    until: int | None
    told: dict[str, Any] | None = None
    told_at: int | None = None
    ended_at: int | None = None
    """When the library gave it its end, whether a phone has heard it or not."""


@dataclass
class Sent:
    """One question to renew."""

    question: str
    patron: str
    loan: str
    read_on: date
    """The due date that had been read before."""
    at: int
    wishes: list[Wish] = field(default_factory=list)
    """Those that were open then."""
    answer: Any = None


class Phone:
    """One device of a reader: asks, listens, and never forgets what it was told."""

    def __init__(self, patron: str, dev: str) -> None:
        self.patron, self.dev = patron, dev
        self.cur, self.ack, self.upto = "", 0, 0
        self.facts: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
        self.placed: dict[int, Wish] = {}
        self.heard: dict[int, dict[str, Any]] = {}


class History:
    """One history and everything it knows."""

    def __init__(self, seed: int, storage: Storage) -> None:
        self.chance = random.Random(seed)
        self.storage = storage
        self.now = START_MS
        self.names = itertools.count(1)
        self.wishes: dict[str, Wish] = {}
        self.sent: list[Sent] = []
        self.kills = 0
        self.overtaken = 0
        self.ran_away = False
        self.done = 0
        """How many things nodes have done."""
        self.failing: Faults | None = None
        """How the next questions to renew fail, where that is not left to chance."""
        self.kill_at: tuple[int, str] | None = None
        self.calm = False
        self.dues: dict[str, list[date]] = {}
        self.system = FakeSystem(
            {}, lambda: self.now, day_of, faults=FAULTS, seed=seed, lingers_ms=LINGERS_MS, wait=self._wait
        )
        self.connector = FakeConnector(self.system.ask, self._question, lingers_ms=LINGERS_MS)
        self.elsewhere = Elsewhere({"forum": self.connector})
        self.operations = {each.name: each for each in loans.operations(self.elsewhere.renew)}
        self.nodes = [Node(self), Node(self)]
        self.phones: list[Phone] = []

    def _question(self) -> str:
        return f"q{next(self.names)}"

    def _name(self) -> str:
        return f"i{next(self.names)}"

    async def _wait(self, slow: bool) -> None:
        self.now += self.chance.randrange(20_000 if slow else 500)

    # ------------------------------------------------------------------ the world

    async def furnish(self) -> None:
        async def work(tx):
            await patrons_store.keep_system(tx, "forum", "The Forum")
            for number in range(PATRONS):
                account = Account("forum", "The Forum", "standard", False, date(2030, 1, 1), f"F{number}")
                await patrons_store.keep(
                    tx,
                    Patron(
                        f"p{number}",
                        f"2960 {number}",
                        "A Reader",
                        "reader@example.org",
                        "01632 960 001",
                        "visitor",
                        "southend",
                        date(2030, 1, 1),
                        (account,),
                    ),
                )

        await self.storage.write(work)
        for number in range(PATRONS):
            borrower = Borrower(loans={})
            self.system.borrowers[f"F{number}"] = borrower
            for place in range(3):
                self.lend(number, f"{number}{place}")
            for device in range(2):
                self.phones.append(Phone(f"p{number}", f"d_{number * 10 + device:032x}"))
        for phone in self.phones:
            await self.converse(phone)

    def lend(self, number: int, loan: str) -> None:
        due_on = day_of(self.now) + timedelta(days=self.chance.randrange(1, 20))
        held = HeldLoan(loan, f"B{loan}", f"Book {loan}", due_on, renewals=0)
        self.system.borrowers[f"F{number}"].loans[loan] = held
        self.dues[loan] = [due_on]

    def note_dues(self) -> None:
        """Remember every due date that a loan has ever had, from what the system wrote down."""
        for entry in self.system.journal[sum(len(each) - 1 for each in self.dues.values()) :]:
            self.dues[entry.loan].append(entry.after)

    async def step(self) -> None:
        kind = self.chance.choices(
            ("ask", "look", "run", "wait", "long", "desk"), (25, 15, 40, 14, 3, 10)
        )[0]
        match kind:
            case "ask":
                await self.ask(self.chance.choice(self.phones))
            case "look":
                await self.converse(self.chance.choice(self.phones))
            case "run":
                await self.run(self.chance.choice(self.nodes))
            case "wait":
                self.now += self.chance.choice((500, 5_000, 30_000, 90_000))
            case "long":
                self.now += self.chance.choice((3_600_000, 7 * 3_600_000, 26 * 3_600_000))
            case "desk":
                self.at_the_desk()
        self.note_dues()

    def at_the_desk(self) -> None:
        number = self.chance.randrange(PATRONS)
        borrower = self.system.borrowers[f"F{number}"]
        if not borrower.loans:
            self.lend(number, f"{number}n{next(self.names)}")
            return
        loan = self.chance.choice(list(borrower.loans.values()))
        match self.chance.choice(("renew", "request", "request", "return", "block", "lend")):
            case "renew":
                self.system.renew_at_the_desk(f"F{number}", loan.id)
            case "request":
                borrower.loans[loan.id] = replace(loan, requested=not loan.requested)
            case "return":
                del borrower.loans[loan.id]
            case "block":
                borrower.blocked = not borrower.blocked
            case "lend":
                self.lend(number, f"{number}n{next(self.names)}")

    # ------------------------------------------------------------------ phones

    async def ask(self, phone: Phone) -> None:
        held = [(id, version, body) for (kind, id), (version, body) in phone.facts.items() if kind == "loans"]
        if not held:
            await self.converse(phone)
            return
        id, version, body = self.chance.choice(held)
        u = f"01900000-0000-7000-8000-{next(self.names):012x}"
        until = self.now + 120_000 if self.chance.random() < 0.15 else None
        intent = {"u": u, "op": "loans.renew@1", "at": 0, "args": {"loan": id, "due_on": body["due_on"]}}
        if until is not None:
            intent["until"] = until
        if self.chance.random() < 0.8:
            intent["base"] = {f"loans:{id}": version}
        seen_on = date.fromisoformat(body["due_on"])
        self.wishes[u] = Wish(phone.patron, u, id.removeprefix("forum-"), seen_on, self.now, until)
        await self.converse(phone, intent)
        if self.chance.random() < 0.2:
            other = next(each for each in self.phones if each.patron == phone.patron and each is not phone)
            await self.converse(other, intent)

    async def converse(self, phone: Phone, *wishes: dict[str, Any]) -> None:
        intents = []
        for wish in wishes:
            n = phone.upto + len(intents) + 1
            intents.append({"n": n, **wish})
            phone.placed[n] = self.wishes[wish["u"]]
        more = True
        while more:
            body = {"v": 1, "dev": phone.dev, "epoch": "", "ack": phone.ack, "cur": phone.cur, "intents": intents}
            request = library_half.read_request(json.dumps(body).encode())
            assert not isinstance(request, Problem)

            async def work(tx, request=request):
                return await library_half.converse(
                    StoredLedger(tx, "e1", self.now),
                    self.operations,
                    [self.elsewhere.refresh],
                    request,
                    phone.patron,
                    self.now,
                )

            reply = json.loads(encode(await self.storage.write(work)))
            assert "code" not in reply, reply
            self.hear(phone, reply)
            intents, more = [], reply.get("more", False)

    def hear(self, phone: Phone, reply: dict[str, Any]) -> None:
        if reply.get("reset"):
            phone.facts = {}
        for kind, id, version, body in reply.get("rows", []):
            phone.facts[kind, id] = (version, body)
        for kind, id, _ in reply.get("gone", []):
            phone.facts.pop((kind, id), None)
        phone.cur, phone.upto = reply["cur"], reply["upto"]
        told = {each["n"]: each for each in reply.get("outcomes", [])}
        for first, last in reply.get("done", []):
            told |= {n: {"n": n, "st": "done"} for n in range(first, last + 1)}
        for n, outcome in told.items():
            outcome = {key: value for key, value in outcome.items() if key != "n"}
            before = phone.heard.get(n)
            if before is not None and before["st"] in FINAL and before != outcome:
                raise Violation(f"told {before}, then {outcome}")
            phone.heard[n] = outcome
            if outcome["st"] in FINAL:
                wish = phone.placed[n]
                if wish.told is not None and wish.told != outcome:
                    raise Violation(f"one phone was told {wish.told}, another {outcome}")
                wish.told = outcome
                wish.told_at = wish.told_at or self.now
                wish.ended_at = wish.ended_at or self.now
        while phone.heard.get(phone.ack + 1, {}).get("st") in FINAL:
            phone.ack += 1

    # ------------------------------------------------------------------ nodes

    async def run(self, node: "Node") -> None:
        """One look for errands; what it begins is carried to its end, or to its death."""
        node.asks = 0
        try:
            for task in await node.errands.begin_due():
                await task
        except Killed:
            self.kills += 1

    async def stand_still(self, node: "Node") -> None:
        """So long that a lease ends; the other node, and readers, go on meanwhile."""
        other = next(each for each in self.nodes if each is not node)
        if other.stands:
            return
        node.stands = True
        self.overtaken += 1
        self.now += LEASE_MS + self.chance.randrange(30_000)
        for _ in range(3):
            await self.run(other)
            await self.ask(self.chance.choice(self.phones))
        node.stands = False

    # ------------------------------------------------------------------ the end

    async def calm_down(self) -> None:
        """Everything works again, and a day goes by."""
        self.calm = True
        self.system.faults = Faults()
        self.system.down_until = 0
        for _ in range(80):
            self.now += 40 * 60_000
            for _ in range(PATRONS + 1):
                await self.run(self.nodes[0])
        for phone in self.phones:
            await self.converse(phone)
        self.note_dues()

    async def judge(self) -> None:
        """
        Compare what was told with what is true.

        Raises:
            Violation: saying which wish or renewal, and what is wrong.
        """
        if self.ran_away:
            raise Violation("one look for errands asked without end")
        entries = {entry.question: entry for entry in self.system.journal if entry.question}
        effects = [(sent, entries[sent.question]) for sent in self.sent if sent.question in entries]
        for sent, entry in effects:
            if not any(wish.seen_on >= sent.read_on for wish in sent.wishes):
                raise Violation(f"loan {sent.loan} was renewed at {entry.at} although nobody waited for that")
        for (one, first), (other, second) in itertools.permutations(effects, 2):
            if one.loan == other.loan and one.at <= other.at < first.at:
                raise Violation(f"loan {one.loan} was doubled: {first} and {second}")
        for wish in self.wishes.values():
            if wish.told is None:
                raise Violation(f"{wish} has no final outcome")
            self.judge_told(wish, [pair for pair in effects if wish in pair[0].wishes])
        left = await self.storage.read(lambda tx: tx.all("select * from elsewhere_renewals"))
        if left:
            raise Violation(f"{len(left)} wishes are still kept")
        for phone in self.phones:
            shown = {
                (id.removeprefix("forum-"), body["due_on"])
                for (kind, id), (_, body) in phone.facts.items()
                if kind == "loans"
            }
            borrower = self.system.borrowers[f"F{phone.patron[1:]}"]
            true = {(each.id, each.due_on.isoformat()) for each in borrower.loans.values()}
            if shown != true:
                raise Violation(f"{phone.dev} shows {sorted(shown)}, true is {sorted(true)}")

    def judge_told(self, wish: Wish, effects: list[tuple[Sent, fake.Entry]]) -> None:
        told = wish.told or {}
        asked = [sent for sent in self.sent if wish in sent.wishes]
        if wish.until is not None and any(sent.at >= wish.until and sent.wishes == [wish] for sent in asked):
            raise Violation(f"{wish} was asked for after its time")
        due_on = told.get("said", {}).get("due_on")
        match told["st"], told.get("code", ""):
            case "done", _:
                if date.fromisoformat(due_on) not in self.dues[wish.loan]:
                    raise Violation(f"{wish} was told a date that the loan never had")
                if date.fromisoformat(due_on) <= wish.seen_on:
                    raise Violation(f"{wish} was told to be done, and nothing was renewed")
                return
            case "failed", "not_known":
                if (wish.ended_at or 0) < wish.kept_at + rules.GIVE_UP_MS:
                    raise Violation(f"{wish} was given up too early")
                return
            case "refused", "not_yours":
                borrower = self.system.borrowers[f"F{wish.patron[1:]}"]
                if wish.loan in borrower.loans:
                    raise Violation(f"{wish} was told not to be theirs, and it is")
                return
            case "refused", "system_silent":
                if (wish.ended_at or 0) < wish.kept_at + rules.GIVE_UP_MS:
                    raise Violation(f"{wish} was given up too early")
            case "refused", code:
                if not any(isinstance(sent.answer, Refused) and sent.answer.why == code for sent in asked):
                    raise Violation(f"{wish} was refused, but not by the system")
            case "expired", _:
                if wish.until is None or (wish.ended_at or 0) < wish.until:
                    raise Violation(f"{wish} expired before its time")
            case other:
                raise Violation(f"{wish} was told {other}")
        if effects:
            raise Violation(f"{wish} was told not to be done, and was: {effects[0][1]}")


class Node:
    """
    One node of the library: it may die or stand still before and after anything it does.

    It stands before the store and before the connector, and writes down everything that goes through.
    """

    usual_seconds = 5
    lingers_ms = LINGERS_MS

    def __init__(self, history: History) -> None:
        self.history = history
        self.stands = False
        self.asks = 0
        systems: Any = {"forum": self}
        errand = Asking(systems, lambda: history.now, history.chance.random, history._name).errand(1)
        self.errands = Errands(self, [errand], lambda: history.now)  # type: ignore[arg-type]

    async def interrupted(self, whole: Callable[[], Awaitable[Any]], stands: bool = True) -> Any:
        history = self.history
        drawn = 1.0 if history.calm else history.chance.random()
        history.done += 1
        done = history.done
        if drawn < 0.03 or history.kill_at == (done, "before"):
            raise Killed
        if stands and 0.06 < drawn < 0.09:
            await history.stand_still(self)
        came = await whole()
        if 0.03 < drawn < 0.06 or history.kill_at == (done, "after"):
            raise Killed
        if stands and 0.09 < drawn < 0.12:
            await history.stand_still(self)
        return came

    async def write(self, work, *, brief=False):
        return await self.interrupted(lambda: self.history.storage.write(work))

    async def read(self, work):
        return await self.history.storage.read(work)

    async def loans(self, number):
        return await self.interrupted(lambda: self.history.connector.loans(number))

    async def account(self, number):
        return await self.history.connector.account(number)

    async def renew(self, number, loan):
        history = self.history
        self.asks += 1
        if self.asks > MOST_ASKS_IN_A_LOOK:
            history.ran_away = True
            raise Killed
        open_then = await self._open(number, loan)
        sent = Sent("", f"p{number[1:]}", loan.id, loan.due_on, history.now, open_then)
        history.sent.append(sent)

        async def whole():
            sent.question = f"q{next(history.names)}"
            connector = FakeConnector(history.system.ask, lambda: sent.question, lingers_ms=LINGERS_MS)
            before, history.system.faults = history.system.faults, history.failing or history.system.faults
            sent.answer = await connector.renew(number, loan)
            history.system.faults = before
            return sent.answer

        # It does not stand still between its last look at the clock and the sending: that takes no time.
        return await self.interrupted(whole, stands=False)

    async def _open(self, number, loan):
        rows = await self.history.storage.read(
            lambda tx: tx.all(
                "select u from elsewhere_renewals where patron_id = :patron and loan_id = :loan",
                patron=f"p{number[1:]}",
                loan=f"forum-{loan.id}",
            )
        )
        return [self.history.wishes[row["u"]] for row in rows]


def lived(seed: int, folder: Any, steps: int = STEPS) -> History:
    """Live through a history and judge it."""

    async def whole() -> History:
        storage = await open_storage(folder / f"{seed}.sqlite", START_MS)
        try:
            history = History(seed, storage)
            await history.furnish()
            for _ in range(steps):
                await history.step()
            await history.calm_down()
            await history.judge()
            return history
        finally:
            await storage.close()

    return asyncio.run(whole())


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_no_renewal_is_doubled_or_told_falsely_and_every_wish_has_one_end(seed, tmp_path):
    history = lived(seed, tmp_path)
    told = [wish.told["st"] for wish in history.wishes.values() if wish.told]
    assert len(told) > 20
    assert {"done", "refused"} <= set(told)
    assert history.kills > 5
    assert history.overtaken > 5


@pytest.mark.parametrize("faults", [Faults(), Faults(after=1), Faults(late=1)], ids=["answered", "after", "late"])
def test_killed_at_any_step_a_renewal_is_done_once_and_told(faults, tmp_path):
    async def whole(kill_at: tuple[int, str]) -> bool:
        storage = await open_storage(tmp_path / f"{kill_at}.sqlite", START_MS)
        try:
            history = History(1, storage)
            history.calm = True
            history.system.faults = Faults()
            await history.furnish()
            for _ in range(PATRONS):
                await history.run(history.nodes[0])
            for phone in history.phones:
                await history.converse(phone)
            history.done, history.kill_at = 0, kill_at
            await history.ask(next(each for each in history.phones if each.patron == "p1"))
            history.failing = faults
            for _ in range(3):
                await history.run(history.nodes[0])
                history.now += LEASE_MS + LINGERS_MS
                await history.run(history.nodes[1])
                history.failing = None
            reached = history.done >= kill_at[0]
            history.kill_at = None
            await history.calm_down()
            await history.judge()
            (wish,) = history.wishes.values()
            assert wish.told is not None
            assert wish.told["st"] == "done"
            assert len(history.system.journal) == 1
            assert history.kills == reached
            return reached
        finally:
            await storage.close()

    steps = 0
    while asyncio.run(whole((steps + 1, "before"))):
        steps += 1
        assert asyncio.run(whole((steps, "after")))
    assert steps >= 5


# Whether the oracle would notice


def reads_what_it_remembers(patch):
    """No reading after a question: what was read in the last ten minutes is taken for true."""
    read: dict[tuple[int, str], tuple[int, Loans]] = {}
    true = Node.loans

    async def loans(node, number):
        at, told = read.get((id(node.history), number), (0, None))
        if told is not None and node.history.now - at < 600_000:
            return told
        told = await true(node, number)
        if isinstance(told, Loans):
            read[id(node.history), number] = (node.history.now, told)
        return told

    patch.setattr(Node, "loans", loans)


def asks_again_at_once(patch):
    """A question that has no answer is taken to have had its chance."""
    patch.setattr(rules, "settled_at", lambda question, _: question.asked_at)
    patch.setattr(rules, "FIRST_ASK_PAUSE_MS", 0)


def takes_no_answer_for_nothing_done(patch):
    true = rules.heard

    def heard(question, answer):
        return true(question, replace(answer) if not isinstance(answer, Unknown) else Down(""))

    patch.setattr(rules, "heard", heard)


def takes_no_answer_for_done(patch):
    patch.setattr(rules, "took_effect", lambda question, _: question.before_on is not None)


def sends_before_it_writes_down(patch):
    patch.setattr(rules, "asking", lambda question, held, now: question)


def sends_however_late(patch):
    patch.setattr(rules, "in_time", lambda asked_at, now: True)


def writes_without_the_lease(patch):
    async def hold(tx, taken, now):
        return True

    patch.setattr(errands, "hold", hold)


def believes_an_answer_to_another_question(patch):
    async def ask(connector, question):
        try:
            told = fake._answer(await connector._carry(fake._encode(question)))
        except fake.Unreached:
            return Down("")
        except (fake.NoAnswer, fake.msgspec.DecodeError, UnicodeError):
            return Unknown("")
        return Down("") if told.error == "unavailable" else told

    patch.setattr(FakeConnector, "_ask", ask)


def believes_half_a_list(patch):
    true = FakeConnector._ask

    async def ask(connector, question):
        told = await true(connector, question)
        return replace(told, count=len(told.loans)) if getattr(told, "loans", None) is not None else told

    patch.setattr(FakeConnector, "_ask", ask)


def tells_nobody(patch):
    async def tell(tx, patron, wish, end, now):
        await store.ended(tx, patron, wish.u)

    patch.setattr(asking, "_tell", tell)


def forgets_a_wish(patch):
    """Those who ask while the system is being asked already are not kept."""
    true = store.keep_wish

    async def keep_wish(tx, patron_id, system, wish):
        loan = await store.loan(tx, patron_id, wish.loan)
        if loan.question.asked_at is None:
            await true(tx, patron_id, system, wish)

    patch.setattr(store, "keep_wish", keep_wish)


def asks_for_what_was_renewed_already(patch):
    true = rules.end

    def end(wish, *rest):
        return true(replace(wish, seen_on=date(9999, 1, 1)), *rest)

    patch.setattr(rules, "end", end)


def asks_for_what_has_expired(patch):
    end, may_ask = rules.end, rules.may_ask
    patch.setattr(rules, "end", lambda wish, *rest: end(replace(wish, until=None), *rest))
    patch.setattr(
        rules, "may_ask", lambda wishes, *rest: may_ask([replace(each, until=None) for each in wishes], *rest)
    )


def says_no_when_it_does_not_know(patch):
    true = rules.end_unread
    patch.setattr(
        rules, "end_unread", lambda wish, question, *rest: true(wish, replace(question, asked_at=None), *rest)
    )


def believes_that_it_was_renewed(patch):
    """An answer is told without being read."""
    true = rules.end

    def end(wish, question, held, now, read_at, lingers_ms):
        if held is not None and question.asks and question.asked_at is not None:
            return library_half.Done({"due_on": (held.due_on + timedelta(days=21)).isoformat()})
        return true(wish, question, held, now, read_at, lingers_ms)

    patch.setattr(rules, "end", end)


def keeps_the_news_to_itself(patch):
    """The outcome is told, and the loan's new date is not."""
    true = asking.publish

    async def publish(tx, patron, kind, id, fact, now):
        if kind == "systems" or fact.renewals == 0:
            await true(tx, patron, kind, id, fact, now)

    patch.setattr(asking, "publish", publish)


PLANTED = [
    reads_what_it_remembers,
    asks_again_at_once,
    takes_no_answer_for_nothing_done,
    takes_no_answer_for_done,
    sends_before_it_writes_down,
    sends_however_late,
    writes_without_the_lease,
    believes_an_answer_to_another_question,
    believes_half_a_list,
    tells_nobody,
    forgets_a_wish,
    asks_for_what_was_renewed_already,
    asks_for_what_has_expired,
    says_no_when_it_does_not_know,
    believes_that_it_was_renewed,
    keeps_the_news_to_itself,
]
WITHIN = 100


@pytest.mark.parametrize("plant", PLANTED, ids=lambda each: each.__name__)
def test_the_oracle_notices_a_library_that(plant, tmp_path, monkeypatch):
    plant(monkeypatch)
    for seed in range(WITHIN):
        try:
            lived(seed, tmp_path)
        except Violation:
            print(f"noticed in history {seed + 1}")
            return
    pytest.fail(f"expected a violation in {WITHIN} histories, got none")
