"""What is due renews itself, once, also after days on which nothing ran."""

import asyncio
from datetime import date

import pytest

from carrel.demo.lending import POLICIES
from carrel.loans import intents, store
from carrel.loans.model import Loan, Policy, Renew
from carrel.loans.renewals import auto_renew
from carrel.storage import Conflict
from carrel_sync.library import Asked
from tests.conversations.real_library import RealLibrary
from tests.sync.player import START_MS

DAY_MS = 86_400_000


def played(databases, test):
    async def whole():
        library = await RealLibrary.open(databases.place())
        try:
            await test(library)
        finally:
            await library.storage.close()

    asyncio.run(whole())


async def lend(library, *loans):
    for each in loans:
        await library.happen({"lent": list(each)}, START_MS)


async def due_on(library, patron, loan):
    found = await library.storage.read(lambda tx: store.standing(tx, patron, loan))
    return found.loan.due_on


def test_what_is_due_today_is_renewed_once_however_often_the_job_runs(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-01"), ("bob", "l2", "Orlando", "2027-02-02"))
        assert await auto_renew(library.storage, START_MS) == {"renewed": 1}
        assert await auto_renew(library.storage, START_MS + 60_000) == {"renewed": 0}
        # 8 February is a closed day
        assert await due_on(library, "ada", "l1") == date(2027, 2, 9)
        assert await due_on(library, "bob", "l2") == date(2027, 2, 2)

    played(databases, test)


def test_the_report_counts_reasons(databases):
    async def test(library):
        await lend(
            library,
            ("ada", "l1", "The Waves", "2027-02-01"),
            ("ada", "l2", "Orlando", "2027-02-01"),
            ("bob", "l3", "Emma", "2027-02-01"),
            ("cy", "l4", "Laptop 14", "2027-02-01", "laptop"),
        )
        await library.happen({"requested": "l2", "blocked": "bob"}, START_MS)
        assert await auto_renew(library.storage, START_MS) == {
            "renewed": 1,
            "requested": 1,
            "account_blocked": 1,
        }

    played(databases, test)


def test_days_on_which_nothing_ran_make_nobody_overdue(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-03"), ("bob", "l2", "Orlando", "2027-02-01"))
        await auto_renew(library.storage, START_MS)
        assert await auto_renew(library.storage, START_MS + 12 * DAY_MS) == {"renewed": 3}
        # ada: due on the 3rd, then on the 10th; bob: due on the 9th; each until after the 13th
        assert await due_on(library, "ada", "l1") == date(2027, 2, 17)
        assert await due_on(library, "bob", "l2") == date(2027, 2, 16)

    played(databases, test)


def test_what_was_overdue_before_the_first_run_stays_so(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-01-30"))
        assert await auto_renew(library.storage, START_MS) == {"renewed": 0}
        assert await due_on(library, "ada", "l1") == date(2027, 1, 30)

    played(databases, test)


def test_what_was_refused_on_its_day_stays_overdue_when_the_reason_goes_later(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-01"))
        await library.happen({"requested": "l1"}, START_MS)
        assert await auto_renew(library.storage, START_MS) == {"renewed": 0, "requested": 1}
        await library.storage.write(lambda tx: intents.request(tx, "l1", False, START_MS + DAY_MS))
        assert await auto_renew(library.storage, START_MS + DAY_MS) == {"renewed": 0}

    played(databases, test)


def test_what_was_refused_is_looked_at_again_on_the_same_day(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-01"))
        await library.happen({"requested": "l1"}, START_MS)
        assert await auto_renew(library.storage, START_MS) == {"renewed": 0, "requested": 1}
        await library.storage.write(lambda tx: intents.request(tx, "l1", False, START_MS + 1))
        assert await auto_renew(library.storage, START_MS + 2) == {"renewed": 1}

    played(databases, test)


def test_what_is_caught_up_is_decided_by_the_policy_of_its_day(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-02"))
        await auto_renew(library.storage, START_MS)
        fortnight = Policy("university", "book", "standard", date(2027, 2, 3), 14, 365, True, True, "due", 14)
        await library.storage.write(lambda tx: store.keep_policies(tx, [*POLICIES, fortnight]))
        assert await auto_renew(library.storage, START_MS + 3 * DAY_MS) == {"renewed": 1}
        assert await due_on(library, "ada", "l1") == date(2027, 2, 9)

    played(databases, test)


def test_the_borrowers_phone_is_told_of_a_renewal_by_itself(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-01"))
        await auto_renew(library.storage, START_MS)
        rows = await library.storage.read(
            lambda tx: tx.all("select version, body from facts where id = 'l1'")
        )
        assert [row["version"] for row in rows] == [2]
        assert '"due_on":"2027-02-09"' in rows[0]["body"]

    played(databases, test)


def test_time_alone_makes_a_loan_overdue_on_the_phone(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-02"))
        midnight = START_MS + 15 * 3_600_000
        for now, next_at, state in (
            (START_MS, midnight, "on_loan"),
            (midnight, midnight + DAY_MS, "on_loan"),
            (midnight + DAY_MS, midnight + 2 * DAY_MS, "overdue"),
        ):
            assert await library.storage.write(lambda tx, now=now: intents.refresh(tx, "ada", now)) == next_at
            body = (await library.storage.read(lambda tx: tx.one("select body from facts")))["body"]
            assert f'"state":"{state}"' in body

    played(databases, test)


def test_an_item_is_in_one_pair_of_hands(databases):
    async def test(library):
        await lend(library, ("ada", "l1", "The Waves", "2027-02-02"))
        found = await library.storage.read(lambda tx: store.standing(tx, "ada", "l1"))
        again = Loan("l2", "bob", found.loan.item, date(2027, 2, 1), date(2027, 2, 8))
        with pytest.raises(Conflict):
            await library.storage.write(lambda tx: store.keep(tx, again))
        await library.happen({"returned": "l1"}, START_MS)
        await library.storage.write(lambda tx: store.keep(tx, again))

    played(databases, test)


class Counting:
    """A transaction that counts its statements."""

    def __init__(self, tx):
        self.tx, self.count = tx, 0

    def __getattr__(self, name):
        def call(*args, **values):
            self.count += name != "tell"
            return getattr(self.tx, name)(*args, **values)

        return call


def test_looking_again_on_the_same_day_costs_one_statement(databases):
    async def test(library):
        await lend(library, *(("ada", f"l{n}", "The Waves", "2027-02-04") for n in range(3)))

        async def work(tx):
            await intents.refresh(tx, "ada", START_MS)
            counting = Counting(tx)
            await intents.refresh(counting, "ada", START_MS)
            return counting.count

        assert await library.storage.write(work) == 1

    played(databases, test)


def test_a_renewal_costs_five_statements_once_policies_are_known(databases):
    async def test(library):
        counts = []
        await lend(library, *(("ada", f"l{n}", "The Waves", "2027-02-04") for n in range(3)))

        async def work(tx):
            for loan in ("l0", "l1", "l2", "l1"):
                counting = Counting(tx)
                await intents.renew(counting, Asked("ada", f"u-{loan}", Renew(loan), 0, None, {}, START_MS))
                counts.append(counting.count)

        await library.storage.write(work)
        assert counts[1:] == [5, 5, 1]

    played(databases, test)


def test_several_renewals_are_decided_alike_when_they_are_read_together(databases):
    async def test(library):
        told = {}
        for patron in ("ada", "bob"):
            await lend(library, *((patron, f"{patron}{n}", "The Waves", "2027-02-04") for n in range(3)))
            wishes = [Renew(f"{patron}{n}") for n in (0, 1, 0)]
            wishes += [Renew("nobody's"), Renew(f"{patron}1", date(2027, 2, 4))]

            async def work(tx, patron=patron, wishes=wishes):
                counting = Counting(tx)
                gathered = await intents.gather(counting, patron, wishes) if patron == "bob" else None
                assert counting.count == (patron == "bob")
                told[patron] = [
                    await intents.renew(tx, Asked(patron, "", each, 0, None, {}, START_MS, gathered))
                    for each in wishes
                ]
                loans = [await store.standing(tx, patron, f"{patron}{n}") for n in range(3)]
                return [each.loan.renewals for each in loans]

            assert await library.storage.write(work) == [2, 2, 1]
        assert told["ada"] == told["bob"]
        assert [type(each).__name__ for each in told["ada"]] == ["Done", "Done", "Refused", "Refused", "Done"]

    played(databases, test)
