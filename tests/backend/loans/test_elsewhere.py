"""Loans of other library systems: what a reading means, case by case, and what phones get to see."""

import asyncio
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from carrel.connectors.fake import Borrower, FakeConnector, FakeSystem, Faults
from carrel.connectors.model import Down, HeldLoan, Refused, Renewed, Unknown
from carrel.jobs import errands
from carrel.jobs.errands import Errands
from carrel.loans.elsewhere import rules, store
from carrel.loans.elsewhere.asking import Asking
from carrel.loans.elsewhere.intents import ERRAND, Elsewhere, errand_of
from carrel.loans.elsewhere.model import Question, Wish
from carrel.loans.elsewhere.rules import START_WITHIN_MS
from carrel.loans.model import Renew
from carrel.patrons import store as patrons_store
from carrel.storage import open_storage
from carrel_sync import library as told
from carrel_sync.library import Asked, Received
from tests.conversations.real_library import RealLibrary, student
from tests.sync.player import START_MS

NOW = START_MS
MINUTE, HOUR, DAY = 60_000, 3_600_000, 24 * 3_600_000
LINGERS = MINUTE
TODAY = date(2027, 2, 1)
HELD = HeldLoan("9", "B9", "The Waves", TODAY + timedelta(days=4), renewals=2)
LATER = replace(HELD, due_on=TODAY + timedelta(days=25), renewals=3)
SAME_DAY = replace(HELD, renewals=3)
WISH = Wish("u1", "forum-9", HELD.due_on, NOW, None)
OPEN = Question(NOW, HELD.due_on, 2, 1)
"""Asked at the very instant of the wish; nothing is known of it."""
SETTLED = NOW + START_WITHIN_MS + LINGERS

DONE = told.Done({"due_on": LATER.due_on.isoformat()})
STILL = {"due_on": HELD.due_on.isoformat()}

ENDS = {
    "nothing was asked yet": (WISH, Question(), HELD, NOW, None),
    "it is on loan no more": (WISH, OPEN, None, NOW, told.Refused("not_yours")),
    "it was renewed by whomever": (WISH, Question(), LATER, NOW, DONE),
    "it shows that the question took effect": (WISH, OPEN, LATER, NOW, DONE),
    "it counts a renewal that moved no date": (WISH, OPEN, SAME_DAY, NOW, told.Done(STILL)),
    "that count is not this wish's": (replace(WISH, kept_at=NOW + 1), OPEN, SAME_DAY, NOW, None),
    "the question may yet take effect": (WISH, OPEN, HELD, SETTLED - 1, None),
    "though its time has passed": (replace(WISH, until=NOW + 1), OPEN, HELD, SETTLED - 1, None),
    "the question can take effect no more": (WISH, OPEN, HELD, SETTLED, None),
    "its time has passed": (replace(WISH, until=SETTLED), OPEN, HELD, SETTLED, told.Expired()),
    "its time has not passed": (replace(WISH, until=SETTLED + 1), OPEN, HELD, SETTLED, None),
    "the system refused": (
        WISH, Question(refused="requested", refused_at=NOW), HELD, NOW, told.Refused("requested", STILL),
    ),
    "the system refused others, before": (
        replace(WISH, kept_at=NOW + 1), Question(refused="requested", refused_at=NOW), HELD, NOW, None,
    ),
    "it was asked for a day": (WISH, Question(asks=9), HELD, NOW + DAY, told.Refused("system_silent", STILL)),
    "it was not asked yet, for a day": (WISH, Question(), HELD, NOW + DAY, None),
}  # fmt: skip


@pytest.mark.parametrize("case", ENDS)
def test_a_reading_ends_a_wish_only_with_what_it_shows(case):
    wish, question, held, read_at, end = ENDS[case]
    assert rules.end(wish, question, held, read_at, read_at, LINGERS) == end


UNREAD = {
    "it may answer yet": (WISH, Question(), None, NOW + HOUR, None),
    "for a day, but silent only now": (WISH, Question(), None, NOW + DAY, None),
    "silent for a day": (WISH, Question(), NOW + DAY - HOUR, NOW + DAY, told.Refused("system_silent", STILL)),
    "silent for a day, and it had refused": (
        WISH, Question(refused="overdue", refused_at=NOW), NOW, NOW + DAY, told.Refused("overdue", STILL),
    ),
    "asked, and silent for a day": (
        WISH, OPEN, NOW, NOW + DAY, told.Failed("i1", "not_known", STILL),
    ),
    "asked, and silent for less": (WISH, OPEN, NOW, NOW + DAY - 1, None),
    "its time has passed": (replace(WISH, until=NOW + 1), Question(), None, NOW + 1, told.Expired()),
    "its time has passed, and it was asked": (replace(WISH, until=NOW + 1), OPEN, None, NOW + 1, None),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREAD)
def test_without_a_reading_not_done_is_told_only_where_nothing_was_asked(case):
    wish, question, silent_since, now, end = UNREAD[case]
    assert rules.end_unread(wish, question, silent_since, now, "i1") == end


@pytest.mark.parametrize(
    ("answer", "open_still"),
    [(Renewed(LATER.due_on), True), (Unknown(""), True), (Refused("requested"), False), (Down(""), False)],
)
def test_only_a_refusal_and_a_question_that_was_not_sent_leave_nothing_open(answer, open_still):
    assert (rules.heard(OPEN, answer).asked_at is not None) == open_still


def test_a_question_is_asked_again_only_after_a_reading_from_when_it_cannot_take_effect():
    for answer, held, read_at, open_still in (
        (Unknown(""), HELD, SETTLED - 1, True),
        (Unknown(""), LATER, SETTLED - 1, True),
        (Renewed(), HELD, SETTLED - 1, True),
        (Renewed(), LATER, NOW, False),
        (None, HELD, SETTLED, False),
    ):
        after = rules.read(OPEN, held, answer, read_at, LINGERS)
        assert (after.asked_at is not None) == open_still
        assert rules.may_ask([WISH], after, read_at) != open_still


def test_a_system_that_does_nothing_is_asked_less_and_less_often():
    question, pauses = Question(), []
    for _ in range(10):
        question = rules.asking(question, HELD, NOW)
        pauses.append(question.ask_from - NOW)
        question = replace(question, asked_at=None)
    assert pauses == sorted(pauses)
    assert pauses[:2] == [rules.FIRST_ASK_PAUSE_MS, 2 * rules.FIRST_ASK_PAUSE_MS]
    assert pauses[-1] == rules.LONGEST_ASK_PAUSE_MS
    assert not rules.may_ask([WISH], replace(question, ask_from=NOW + 1), NOW)


@pytest.mark.parametrize(("tries", "most"), [(0, 5_000), (1, 10_000), (30, rules.LONGEST_PAUSE_MS)])
def test_waiting_grows_to_a_bound_and_is_never_the_same_for_all(tries, most):
    assert rules.pause(tries, 1) == most
    assert rules.pause(tries, 0) == most / 2


@pytest.mark.parametrize(
    ("held", "can", "why"),
    [
        (HELD, True, None),
        (replace(HELD, renewable=True), True, None),
        (replace(HELD, renewable=False), False, "unexplained"),
        (replace(HELD, renewable=False, why="overdue"), False, "overdue"),
        (replace(HELD, renewable=False, requested=True), False, "requested"),
        (replace(HELD, lost=True, renewable=True), False, "lost"),
    ],
)
def test_what_a_system_does_not_say_is_not_made_up(held, can, why):
    fact = rules.fact(held, "forum", TODAY)
    assert fact.renewal.can == can
    assert (fact.renewal.why or None) == why
    assert fact.issued_on is None
    assert fact.keep_until == held.due_on


# With the Forum beside a real database


class Forum:
    """A library whose readers have one account more, and the Forum that they have it at."""

    def __init__(self, storage):
        self.storage = storage
        self.now = START_MS
        self.system = FakeSystem({}, lambda: self.now, lambda _: TODAY)
        self.asked = 0
        self.connect()

    def connect(self, *, systems=None):
        numbers = iter(range(10**9))

        async def carry(question):
            self.asked += 1
            return await self.system.ask(question)

        connector = FakeConnector(carry, lambda: f"q{next(numbers)}")
        systems = {"forum": connector} if systems is None else systems
        self.elsewhere = Elsewhere(systems)
        self.errands = Errands(
            self.storage, [Asking(systems, lambda: self.now, lambda: 1.0, lambda: "i1").errand(1)], lambda: self.now
        )

    async def has_account(self, name, *loans):
        number = f"SF-{name}"
        self.system.borrowers[number] = Borrower(loans={each.id: each for each in loans})
        reader = student(name)
        both = replace(reader, accounts=(*reader.accounts, replace(reader.accounts[0], system="forum", number=number)))
        await self.storage.write(lambda tx: patrons_store.keep_system(tx, "forum", "The Forum"))
        await self.storage.write(lambda tx: patrons_store.keep(tx, both))

    async def looked(self, name):
        return await self.storage.write(lambda tx: self.elsewhere.refresh(tx, name, self.now))

    async def run(self):
        while tasks := await self.errands.begin_due():
            await asyncio.gather(*tasks)

    async def renew(self, name, loan="forum-9", u="u1", **args):
        asked = Asked(name, u, Renew(loan, **args), self.now, None, {}, self.now)
        return await self.storage.write(lambda tx: self.elsewhere.renew(tx, asked))

    async def facts(self, name):
        rows = await self.storage.read(
            lambda tx: tx.all("select * from facts where patron_id = :name and gone_at is null", name=name)
        )
        return {(row["kind"], row["id"]): row["body"] for row in rows}


@pytest.fixture
def forum(databases):
    def play(test):
        async def whole():
            library = await RealLibrary.open(databases.place())
            try:
                await test(Forum(library.storage))
            finally:
                await library.storage.close()

        asyncio.run(whole())

    return play


def test_who_looks_has_it_read_and_again_only_when_that_is_old(forum):
    async def test(at):
        await at.has_account("ada", HELD)
        assert await at.looked("ada") == at.now + rules.FRESH_MS
        await at.run()
        assert {kind for kind, _ in await at.facts("ada")} == {"loans", "systems", "patron"}
        asked = at.asked
        at.now += rules.FRESH_MS - 1
        assert await at.looked("ada") == START_MS + rules.FRESH_MS
        await at.run()
        assert at.asked == asked
        at.now += 1
        await at.looked("ada")
        await at.run()
        assert at.asked == asked + 2

    forum(test)


def test_who_does_not_look_is_asked_about_once_a_day(forum):
    async def test(at):
        await at.has_account("ada", HELD)
        await at.looked("ada")
        await at.run()
        asked = at.asked
        at.now += rules.READ_EVERY_MS - 1
        await at.run()
        assert at.asked == asked
        at.now += 1
        await at.run()
        assert at.asked == asked + 2

    forum(test)


def test_another_readers_loan_is_refused_like_one_that_there_is_not(forum):
    async def test(at):
        await at.has_account("ada", HELD)
        await at.has_account("bob")
        await at.looked("ada")
        await at.run()
        asked = at.asked
        assert await at.renew("bob") == told.Refused("not_yours")
        assert await at.renew("bob", "forum-404") == told.Refused("not_yours")
        await at.run()
        assert at.asked == asked

    forum(test)


def test_what_was_renewed_since_it_was_looked_at_is_done_and_not_asked_for(forum):
    async def test(at):
        await at.has_account("ada", HELD)
        await at.looked("ada")
        await at.run()
        asked = at.asked
        assert await at.renew("ada", due_on=HELD.due_on - timedelta(days=7)) == told.Done(STILL)
        await at.run()
        assert at.asked == asked

    forum(test)


def test_two_wishes_for_one_loan_are_asked_for_once(forum):
    async def test(at):
        await at.has_account("ada", HELD)
        await at.looked("ada")
        await at.run()
        for u in ("u1", "u2"):
            assert await at.renew("ada", u=u, due_on=HELD.due_on) == Received("library_system_waiting", 5)
        await at.run()
        assert len(at.system.journal) == 1
        assert await at.storage.read(lambda tx: store.wishes(tx, "ada", "forum")) == []

    forum(test)


def test_a_system_that_is_silent_is_told_as_such_with_the_age_of_its_word(forum):
    async def test(at):
        await at.has_account("ada", HELD)
        await at.looked("ada")
        await at.run()
        at.system.faults = Faults(down=1)
        at.now += HOUR
        await at.looked("ada")
        await at.run()
        assert f'"heard_at":{START_MS},"silent_since":{START_MS + HOUR}' in (await at.facts("ada"))["systems", "forum"]
        assert await at.renew("ada") == Received("library_system_waiting", 60)
        (standing,) = await at.storage.read(errands.in_trouble)
        assert standing.name == errand_of("forum", "ada")
        assert "The Waves" not in standing.trouble

    forum(test)


def test_an_account_is_shown_as_its_system_tells_it(forum):
    async def test(at):
        await at.has_account("ada", HELD)
        at.system.borrowers["SF-ada"].blocked = True
        await at.looked("ada")
        await at.run()
        assert '{"id":"forum","name":"The Forum","state":"blocked"}' in (await at.facts("ada"))["patron", "ada"]

    forum(test)


@pytest.mark.parametrize(("why", "code"), [("gone", "not_yours"), ("disconnected", "system_silent")])
def test_when_there_is_no_account_or_no_system_any_more_its_loans_are_forgotten_and_wishes_end(forum, why, code):
    async def test(at):
        await at.has_account("ada", HELD)
        await at.looked("ada")
        await at.run()
        await at.renew("ada")
        if why == "gone":
            await at.storage.write(lambda tx: patrons_store.keep(tx, student("ada")))
        else:
            at.connect(systems={"university": at.elsewhere._systems["forum"]})
            assert await at.renew("ada", u="u2") == told.Refused("system_silent", STILL)
        await at.run()
        assert {kind for kind, _ in await at.facts("ada")} <= {"patron"}
        assert await at.storage.read(lambda tx: store.wishes(tx, "ada", "forum")) == []
        assert await at.storage.read(lambda tx: tx.all("select * from errands where kind = :kind", kind=ERRAND)) == []
        assert at.system.journal == []

    forum(test)


def test_the_mirror_counts_among_what_is_lent(databases):
    async def whole():
        storage = await open_storage(databases.place(), NOW)
        try:
            from carrel.loans import store as loans_store
            from carrel.loans.model import Item, RecordAvailability

            held = replace(HELD, record="r1")

            async def work(tx):
                item = Item("B9", "r1", "The Waves", "", "", "book", "forum", "southend")
                await loans_store.keep_item(tx, item)
                await store.keep(tx, "ada", "forum-9", "forum", held, False, TODAY)
                await store.keep(tx, "ada", "forum-8", "forum", replace(held, record="not in the catalogue"), False, TODAY)

            await storage.write(work)
            assert await storage.read(loans_store.availability) == {"r1": RecordAvailability(1, 1, held.due_on)}
        finally:
            await storage.close()

    asyncio.run(whole())
