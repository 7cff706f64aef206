"""The ledger over a real store: devices, places, fates."""

import asyncio

import pytest

from carrel.storage import Conflict, open_storage
from carrel.storage.ledger import FATES_PER_STATEMENT, StoredLedger, prune
from carrel_sync.library import Decided, Done, Expired, Received, Refused, follow_up

NOW = 1_800_000_000_000
DAY = 86_400_000


def played(databases, work):
    async def play():
        storage = await open_storage(databases.place(), NOW)
        try:
            return await storage.write(work)
        finally:
            await storage.close()

    return asyncio.run(play())


def fates(first, last):
    return [Decided(n, f"u{n}", "" if n % 2 else '{"n":0,"st":"refused"}', True, "a.b@1") for n in range(first, last)]


def test_a_device_that_was_never_seen_is_told_so_and_not_written(databases):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        opened = await ledger.open("d_1", "p", 0)
        assert (opened.epoch, opened.patron, opened.upto, opened.devices) == ("e1", None, 0, 0)
        assert await tx.one("select 1 from devices") is None

    played(databases, work)


@pytest.mark.parametrize("count", [1, FATES_PER_STATEMENT, FATES_PER_STATEMENT + 1, 500])
def test_fates_are_told_from_the_acknowledged_one_on_in_order(databases, count):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        await ledger.settle("d_1", "p", count, 0, fates(1, count + 1), NOW)
        opened = await ledger.open("d_1", "p", 0)
        assert (opened.patron, opened.upto, opened.acked, opened.seen_at) == ("p", count, 0, NOW)
        assert [tuple(fate) for fate in opened.decided] == [(d.n, d.u, d.fate) for d in fates(1, count + 1)]
        assert len((await ledger.open("d_1", "p", count - 1)).decided) == 1
        assert list((await ledger.open("d_1", "p", count)).decided) == []

    played(databases, work)


def test_a_wish_is_known_under_any_device_of_its_patron_and_of_nobody_else(databases):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        await ledger.settle("d_1", "p", 2, 0, fates(1, 3), NOW)
        assert await ledger.known("p", ["u1", "u2", "u3"]) == {"u1": "", "u2": '{"n":0,"st":"refused"}'}
        assert await ledger.known("q", ["u1", "u2"]) == {}
        await ledger.settle("d_2", "p", 1, 0, [Decided(1, "u1", "", False, "a.b@1")], NOW)
        with pytest.raises(Conflict):
            async with ledger.savepoint():
                await ledger.settle("d_2", "p", 2, 0, [Decided(2, "u1", "", True, "a.b@1")], NOW)

    played(databases, work)


def test_nothing_of_a_devices_fates_is_told_to_another_patron(databases):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        await ledger.settle("d_1", "p", 2, 0, fates(1, 3), NOW)
        opened = await ledger.open("d_1", "q", 0)
        assert (opened.patron, list(opened.decided)) == ("p", [])

    played(databases, work)


def test_a_closed_device_stays_closed_and_a_foreign_one_cannot_be_closed(databases):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        await ledger.settle("d_1", "p", 0, 0, [], NOW)
        assert not await ledger.close("d_1", "q", NOW)
        assert not (await ledger.open("d_1", "p", 0)).closed
        assert await ledger.close("d_1", "p", NOW)
        assert await ledger.close("d_1", "p", NOW + 1)
        assert (await ledger.open("d_1", "p", 0)).closed
        assert await ledger.close("d_never_seen", "p", NOW)
        assert (await ledger.open("d_never_seen", "p", 0)).closed

    played(databases, work)


def test_only_open_devices_heard_of_lately_count(databases):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        await ledger.settle("d_old", "p", 0, 0, [], NOW - 401 * DAY)
        await ledger.settle("d_1", "p", 0, 0, [], NOW)
        await ledger.settle("d_2", "p", 0, 0, [], NOW)
        await ledger.close("d_2", "p", NOW)
        assert (await ledger.open("d_new", "p", 0)).devices == 1

    played(databases, work)


def test_old_fates_and_then_their_silent_devices_are_forgotten(databases):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        await ledger.settle("d_1", "p", 2, 2, fates(1, 3), NOW)
        await ledger.settle("d_2", "p", 1, 0, [Decided(1, "u9", "", True, "a.b@1")], NOW + 2 * DAY)
        assert await prune(tx, 0, NOW + DAY) == {"tombstones": 0, "fates": 2, "oddities": 0, "devices": 1}
        assert await ledger.known("p", ["u1", "u9"]) == {"u9": ""}

    played(databases, work)


def test_what_becomes_of_a_received_wish_replaces_it_wherever_it_was_decided_and_nowhere_else(databases):
    waiting = '{"n":0,"st":"received","code":"waiting"}'

    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        wish = Decided(1, "u1", waiting, True, "a.b@1")
        await ledger.settle("d_1", "p", 1, 0, [wish], NOW)
        await ledger.settle("d_2", "p", 1, 0, [wish._replace(first=False)], NOW)
        await ledger.settle("d_3", "q", 1, 0, [wish], NOW)
        assert await follow_up(ledger, "p", "u1", Received("waiting", 60), NOW + 1)
        assert await follow_up(ledger, "p", "u1", Refused("requested"), NOW + 2, "the wish")
        assert not await follow_up(ledger, "p", "u1", Done(), NOW + 3)
        assert not await follow_up(ledger, "p", "never asked", Done(), NOW + 3)
        refused = '{"n":0,"st":"refused","code":"requested"}'
        rows = await tx.all("select dev, fate, kept, decided_at from fates order by dev")
        assert [tuple(row) for row in rows] == [
            ("d_1", refused, "the wish", NOW + 2),
            ("d_2", refused, "", NOW + 2),
            ("d_3", waiting, "", NOW),
        ]

    played(databases, work)


def test_a_wish_that_was_done_has_its_end_and_no_other(databases):
    async def work(tx):
        ledger = StoredLedger(tx, "e1", NOW)
        await ledger.settle("d_1", "p", 2, 0, fates(1, 3), NOW)
        for u in ("u1", "u2"):
            assert not await follow_up(ledger, "p", u, Expired(), NOW + 1)
        assert await ledger.known("p", ["u1", "u2"]) == {"u1": "", "u2": '{"n":0,"st":"refused"}'}

    played(databases, work)
