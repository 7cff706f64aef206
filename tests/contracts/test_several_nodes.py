"""What holds when several nodes have one database open. On SQLite these are processes beside the server."""

import asyncio
import threading
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from msgspec import Struct

from carrel.jobs import Job, Jobs
from carrel.storage import open_storage
from carrel.storage.facts import lock, publish
from carrel.storage.ledger import StoredLedger

NOW = 1_800_000_000_000


class Fact(Struct):
    text: str


@asynccontextmanager
async def nodes(place, count=2):
    opened = [await open_storage(place, NOW) for _ in range(count)]
    try:
        yield opened
    finally:
        for store in opened:
            await store.close()


def test_a_fact_that_is_committed_late_is_not_passed_over(databases):
    """P21: number 2 of a patron's stream cannot be read before number 1, whoever commits first."""
    begun, go_on = threading.Event(), threading.Event()

    async def slow(tx):
        await lock(tx, "p")
        await publish(tx, "p", "notes", "slow", Fact("first"), NOW)
        begun.set()
        assert go_on.wait(30)

    async def quick(tx):
        await lock(tx, "p")
        await publish(tx, "p", "notes", "quick", Fact("second"), NOW)

    async def one_node():
        store = await open_storage(databases.place(), NOW)
        await store.write(slow)
        await store.close()

    async def play():
        async with nodes(databases.place(), 2) as (other, reading):
            await other.write(lambda tx: lock(tx, "p"))
            thread = threading.Thread(target=lambda: asyncio.run(one_node()))
            thread.start()
            writing = None
            try:
                assert await asyncio.to_thread(begun.wait, 30)
                writing = asyncio.ensure_future(other.write(quick))
                heard, cursor = [], 0

                async def follow():
                    nonlocal cursor
                    page = await reading.read(lambda tx: StoredLedger(tx, "e", NOW).read("p", cursor, 10))
                    heard.extend(fact.id for fact in page.facts)
                    cursor = page.facts[-1].seq if page.facts else cursor

                for _ in range(20):
                    await follow()
                    await asyncio.sleep(0.01)
            finally:
                go_on.set()
                await asyncio.to_thread(thread.join)
                if writing is not None:
                    await writing
            await follow()
            assert heard == ["slow", "quick"]

    asyncio.run(play())


def test_two_nodes_that_change_one_patrons_things_at_once_give_every_number_once(databases):
    async def one(tx, n):
        await lock(tx, "p")
        for part in range(3):
            await publish(tx, "p", "notes", f"{n}-{part}", Fact("x"), NOW)

    async def play():
        async with nodes(databases.place()) as stores:
            await asyncio.gather(*(stores[n % 2].write(lambda tx, n=n: one(tx, n)) for n in range(60)))
            page = await stores[0].read(lambda tx: StoredLedger(tx, "e", NOW).read("p", 0, 1000))
            assert [fact.seq for fact in page.facts] == list(range(1, 181))
            assert page.seq == 180

    asyncio.run(play())


def test_a_due_job_is_claimed_once_however_many_nodes_look(databases):
    every = 3_600_000
    runs = []

    async def run(storage, now):
        runs.append(now)
        return {}

    async def play():
        async with nodes(databases.place(), 3) as stores:
            names = [f"tests.job_{n}" for n in range(10)]
            looking = [
                Jobs(store, [Job(name, every, run) for name in names], ZoneInfo("Europe/London"))
                for store in stores
                for _ in range(4)
            ]
            await asyncio.gather(*(each.enrol(NOW) for each in looking))
            for turn in range(3):
                ran = await asyncio.gather(*(each.run_due(NOW + turn * every) for each in looking))
                assert sorted(name for each in ran for name in each) == names
            assert len(runs) == 30

    asyncio.run(play())


def test_what_one_node_answered_every_node_reads(databases):
    async def put(tx, n):
        await tx.run("insert into meta (name, value) values (:name, 'x')", name=f"test {n:02}")

    async def count(tx):
        return (await tx.one("select count(*) from meta where name like 'test%'"))[0]

    async def play():
        async with nodes(databases.place()) as (first, second):
            for n in range(30):
                await first.write(lambda tx, n=n: put(tx, n))
                assert await second.read(count) == n + 1

    asyncio.run(play())
