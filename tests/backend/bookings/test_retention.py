"""What nobody can ask about any more is forgotten: who sat where, who read what."""

import asyncio
from datetime import date

from carrel.bookings.retention import forget_over
from carrel.loans.retention import forget_returned
from tests.conversations.real_library import RealLibrary
from tests.sync.player import START_MS

DAY_MS = 86_400_000
FIRST = START_MS + 3_600_000


def played(databases, test):
    async def whole():
        library = await RealLibrary.open(databases.place())
        try:
            await test(library)
        finally:
            await library.storage.close()

    asyncio.run(whole())


async def count(library, sql):
    return (await library.storage.read(lambda tx: tx.one(sql)))[0]


def test_a_booking_is_forgotten_30_days_after_its_end_also_when_its_patron_never_looked(databases):
    async def test(library):
        await library.happen({"booked": ["ada", "u-1", "room-1", FIRST, FIRST + 3_600_000]}, START_MS)
        ended = FIRST + 3_600_000
        assert await forget_over(library.storage, ended + 30 * DAY_MS) == {"forgotten": 0}
        assert await forget_over(library.storage, ended + 30 * DAY_MS + 1) == {"forgotten": 1}
        assert await count(library, "select count(*) from bookings") == 0
        assert await count(library, "select count(*) from booked_slots") == 0
        assert await count(library, "select count(*) from facts where gone_at is null") == 0

    played(databases, test)


def test_a_returned_loan_loses_its_patron_after_30_days_and_stays_to_be_counted(databases):
    async def test(library):
        await library.happen({"lent": ["ada", "l1", "The Waves", "2027-02-04"]}, START_MS)
        await library.happen({"lent": ["ada", "l2", "Orlando", "2027-02-04"]}, START_MS)
        await library.happen({"returned": "l1"}, START_MS)
        assert await forget_returned(library.storage, START_MS + 30 * DAY_MS) == {"forgotten": 0}
        assert await forget_returned(library.storage, START_MS + 31 * DAY_MS) == {"forgotten": 1}
        assert await forget_returned(library.storage, START_MS + 32 * DAY_MS) == {"forgotten": 0}
        rows = await library.storage.read(
            lambda tx: tx.all("select id, patron_id, returned_on from loans order by id")
        )
        assert [tuple(row) for row in rows] == [("l1", "", date(2027, 2, 1).isoformat()), ("l2", "ada", None)]

    played(databases, test)
