"""The contract that every kind of store keeps."""

import asyncio
import threading

import pytest

from carrel.storage import Closed, Conflict, Refused, open_storage

NOW = 1_800_000_000_000


class Opened:
    """A store of one kind that can be closed and opened again at the same place."""

    def __init__(self, place) -> None:
        self.place = place

    async def __aenter__(self):
        self.store = await open_storage(self.place, NOW)
        return self.store

    async def __aexit__(self, *_):
        await self.store.close()


@pytest.fixture
def opened(databases):
    return Opened(databases.place())


async def put(tx, name, value="x"):
    await tx.run("insert into meta (name, value) values (:name, :value)", name=name, value=value)


async def names(tx):
    return [row["name"] for row in await tx.all("select name from meta where name like 'test%' order by name")]


def test_what_was_written_is_there_after_reopening(opened):
    async def play():
        async with opened as store:
            await store.write(lambda tx: put(tx, "test a"))
        async with opened as store:
            assert await store.read(names) == ["test a"]

    asyncio.run(play())


def test_a_unit_of_work_that_raises_leaves_nothing_and_disturbs_nobody(opened):
    async def torn(tx):
        await put(tx, "test torn")
        raise LookupError("changed my mind")

    async def play():
        async with opened as store:
            told = await asyncio.gather(
                store.write(lambda tx: put(tx, "test a")),
                store.write(torn),
                store.write(lambda tx: put(tx, "test b")),
                return_exceptions=True,
            )
            assert [type(each) for each in told] == [type(None), LookupError, type(None)]
            assert await store.read(names) == ["test a", "test b"]

    asyncio.run(play())


def test_a_savepoint_undoes_only_what_was_inside_it(opened):
    async def work(tx):
        await put(tx, "test before")
        with pytest.raises(LookupError):
            async with tx.savepoint():
                await put(tx, "test inside")
                async with tx.savepoint():
                    await put(tx, "test deep inside")
                raise LookupError
        async with tx.savepoint():
            await put(tx, "test kept")

    async def play():
        async with opened as store:
            await store.write(work)
            assert await store.read(names) == ["test before", "test kept"]

    asyncio.run(play())


def test_writing_what_is_there_already_is_a_conflict(opened):
    async def work(tx):
        await put(tx, "test a")
        with pytest.raises(Conflict):
            async with tx.savepoint():
                await put(tx, "test a", "again")
        return await tx.one("select value from meta where name = :name", name="test a")

    async def play():
        async with opened as store:
            row = await store.write(work)
            assert (row["value"], row[0]) == ("x", "x")

    asyncio.run(play())


def test_run_tells_how_many_rows_changed(opened):
    async def work(tx):
        await put(tx, "test a")
        await put(tx, "test b")
        return (
            await tx.run("update meta set value = 'y' where name like 'test%'"),
            await tx.run("insert into meta (name, value) values ('test a', 'z') on conflict do nothing"),
        )

    async def play():
        async with opened as store:
            assert await store.write(work) == (2, 0)

    asyncio.run(play())


def test_a_reading_cannot_write(opened):
    async def play():
        async with opened as store:
            with pytest.raises(Exception, match="(?i)read-?only"):
                await store.read(lambda tx: put(tx, "test a"))
            assert await store.read(names) == []

    asyncio.run(play())


def test_a_reading_sees_every_write_that_was_answered_before_it(opened):
    async def play():
        async with opened as store:
            for number in range(50):
                await store.write(lambda tx, name=f"test {number:02}": put(tx, name))
                assert len(await store.read(names)) == number + 1

    asyncio.run(play())


def test_brief_and_other_units_mix(opened):
    async def torn(tx):
        await put(tx, "test torn")
        raise LookupError

    async def play():
        async with opened as store:
            told = await asyncio.gather(
                *(store.write(lambda tx, n=n: put(tx, f"test {n:03}"), brief=n % 3 == 0) for n in range(200)),
                store.write(torn, brief=True),
                store.write(lambda tx: put(tx, "test 000"), brief=True),
                return_exceptions=True,
            )
            assert [type(each) for each in told[200:]] == [LookupError, Conflict]
            assert told[:200] == [None] * 200
            assert len(await store.read(names)) == 200

    asyncio.run(play())


def test_many_at_once_count_right(opened):
    async def one_more(tx):
        await tx.run(
            "insert into meta (name, value) values ('test', '1') on conflict (name) do update"
            " set value = cast(cast(meta.value as bigint) + 1 as text)"
        )
        row = await tx.one("select value from meta where name = 'test'")
        return int(row["value"])

    async def play():
        async with opened as store:
            told = await asyncio.gather(*(store.write(one_more) for _ in range(300)))
            assert sorted(told) == list(range(1, 301))

    asyncio.run(play())


def test_waiting_for_anything_but_the_transaction_is_refused_and_undone(opened):
    async def waits(tx):
        await put(tx, "test a")
        await asyncio.sleep(0)

    async def play():
        async with opened as store:
            with pytest.raises(RuntimeError, match="await only its transaction"):
                await store.write(waits)
            assert await store.read(names) == []

    asyncio.run(play())


def test_a_listener_that_gave_up_does_not_stop_the_writer(opened):
    async def play():
        async with opened as store:
            leaving = [asyncio.ensure_future(store.write(lambda tx: put(tx, "test a"))) for _ in range(3)]
            await asyncio.sleep(0)
            for each in leaving:
                each.cancel()
            await asyncio.gather(*leaving, return_exceptions=True)
            await store.write(lambda tx: put(tx, "test b"))
            assert "test b" in await store.read(names)

    asyncio.run(play())


def test_what_was_kept_is_told_and_nothing_else(opened):
    async def changed(tx, patron, seq):
        await put(tx, f"test {patron} {seq}")
        tx.tell(patron, seq)

    async def torn(tx):
        await changed(tx, "p_torn", 1)
        raise LookupError

    async def play():
        async with opened as store:
            news = store.told()
            await store.write(lambda tx: changed(tx, "p_ada", 1))
            await asyncio.gather(
                store.write(torn),
                store.write(lambda tx: changed(tx, "p_ben", 1), brief=True),
                store.write(lambda tx: changed(tx, "p_ada", 2)),
                store.write(lambda tx: put(tx, "test of nobody")),
                return_exceptions=True,
            )
            heard = {}
            while heard != {"p_ada": 2, "p_ben": 1}:
                heard |= await anext(news)
                assert set(heard) <= {"p_ada", "p_ben"}
        assert [each async for each in news] == []

    asyncio.run(play())


def test_a_slow_listener_is_told_the_newest_once(opened):
    async def changed(tx, seq):
        tx.tell("p_ada", seq)

    async def play():
        async with opened as store:
            slow, quick = store.told(), store.told()
            for seq in range(1, 31):
                await store.write(lambda tx, seq=seq: changed(tx, seq))
            while (await anext(quick))["p_ada"] < 30:
                pass
            assert await anext(slow) == {"p_ada": 30}

    asyncio.run(play())


def test_closing_finishes_what_was_begun_refuses_the_rest_and_leaves_no_thread(opened):
    before = threading.active_count()

    async def play():
        async with opened as store:
            begun = [asyncio.ensure_future(store.write(lambda tx, n=n: put(tx, f"test {n:02}"))) for n in range(20)]
            await asyncio.sleep(0)
            await store.close()
            assert await asyncio.gather(*begun) == [None] * 20
            with pytest.raises(Closed):
                await store.write(lambda tx: put(tx, "test late"))
            with pytest.raises(Closed):
                await store.read(names)
        async with opened as store:
            assert len(await store.read(names)) == 20

    asyncio.run(play())
    assert threading.active_count() == before


def test_a_database_of_a_newer_program_is_refused_and_no_thread_stays(opened):
    before = threading.active_count()

    async def newer(tx):
        await tx.run(
            "insert into migrations (number, name, digest, applied_at) values (9999, 'later', 'x', 0)"
        )

    async def play():
        async with opened as store:
            await store.write(newer)
        with pytest.raises(Refused, match="newer"):
            async with opened:
                pass

    asyncio.run(play())
    assert threading.active_count() == before


def test_a_database_whose_migration_was_edited_is_refused(opened):
    async def edited(tx):
        await tx.run("update migrations set digest = 'x' where number = 1")

    async def play():
        async with opened as store:
            await store.write(edited)
        with pytest.raises(Refused, match="edited"):
            async with opened:
                pass

    asyncio.run(play())
