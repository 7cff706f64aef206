"""What only the store on SQLite can meet: another process that writes, a disk that is full."""

import asyncio
import sqlite3

import pytest

from carrel.storage import Fault, open_storage, sqlite

NOW = 1_800_000_000_000


async def put(tx, name, value="x"):
    await tx.run("insert into meta (name, value) values (:name, :value)", name=name, value=value)


async def names(tx):
    return [row["name"] for row in await tx.all("select name from meta where name like 'test%' order by name")]


def played(tmp_path, test):
    async def play():
        store = await open_storage(tmp_path / "store.sqlite", NOW)
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(play())


def writers(store, count):
    return [store.write(lambda tx, n=n: put(tx, f"test {n:03}"), brief=n % 2 == 0) for n in range(count)]


def test_it_waits_for_another_process_that_writes(tmp_path):
    async def test(store):
        other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
        other.execute("begin immediate")
        writing = asyncio.gather(*writers(store, 100))
        await asyncio.sleep(0.1)
        assert not writing.done()
        other.execute("commit")
        other.close()
        await writing
        assert len(await store.read(names)) == 100

    played(tmp_path, test)


def test_when_another_process_holds_on_for_too_long_each_is_told_and_none_waits_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_MS", 20)

    async def test(store):
        other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
        other.execute("begin immediate")
        told = await asyncio.wait_for(asyncio.gather(*writers(store, 5), return_exceptions=True), 30)
        assert [type(each) for each in told] == [Fault] * 5
        other.execute("commit")
        other.close()
        await asyncio.gather(*writers(store, 5))
        assert len(await store.read(names)) == 5

    played(tmp_path, test)


def test_a_full_disk_is_told_to_whom_it_concerns_and_nothing_is_half_kept(tmp_path):
    async def test(store):
        await store.write(lambda tx: put(tx, "test before"))
        pages = store._writer._conn.execute("pragma page_count").fetchone()[0]
        store._writer._conn.execute(f"pragma max_page_count={pages + 2}")
        with pytest.raises(Fault, match="full"):
            await store.write(lambda tx: put(tx, "test large", "x" * 100_000), brief=True)
        told = await asyncio.gather(
            store.write(lambda tx: put(tx, "test small")),
            store.write(lambda tx: put(tx, "test large", "x" * 100_000)),
            return_exceptions=True,
        )
        assert isinstance(told[1], Fault)
        kept = await store.read(names)
        assert "test large" not in kept
        assert ("test small" in kept) == (told[0] is None)
        store._writer._conn.execute("pragma max_page_count=1000000")
        await store.write(lambda tx: put(tx, "test large", "x" * 100_000))
        assert "test large" in await store.read(names)

    played(tmp_path, test)


def test_every_answered_write_was_synchronised_with_the_disk(tmp_path):
    async def test(store):
        writer = store._writer._conn
        assert writer.execute("pragma journal_mode").fetchone()[0] == "wal"
        assert writer.execute("pragma synchronous").fetchone()[0] == 2
        assert writer.execute("pragma foreign_keys").fetchone()[0] == 1

    played(tmp_path, test)


@pytest.mark.parametrize("bad", [0, 1, 4])
def test_of_brief_units_that_run_together_only_the_one_that_raises_is_undone(tmp_path, bad):
    async def test(store):
        runs = [0] * 5

        def work(n):
            async def writes(tx):
                runs[n] += 1
                await put(tx, f"test {n}")
                tx.tell(f"p_{n}", runs[n])
                if n == bad:
                    raise ZeroDivisionError
                return n

            return writes

        told = await asyncio.gather(*(store.write(work(n), brief=True) for n in range(5)), return_exceptions=True)
        assert [type(each) for each in told] == [ZeroDivisionError if n == bad else int for n in range(5)]
        assert await store.read(names) == [f"test {n}" for n in range(5) if n != bad]
        # Those before it were undone with it and run again; those after it ran once, as nobody had gone wrong by then.
        assert runs == [2 if n <= bad else 1 for n in range(5)]

    played(tmp_path, test)


def test_a_brief_unit_that_is_run_again_undoes_its_inner_savepoint_alone(tmp_path):
    async def test(store):
        async def half(tx):
            await put(tx, "test outer")
            try:
                async with tx.savepoint():
                    await put(tx, "test inner")
                    raise ZeroDivisionError
            except ZeroDivisionError:
                await put(tx, "test after")

        await asyncio.gather(
            store.write(lambda tx: put(tx, "test one"), brief=True),
            store.write(half, brief=True),
            store.write(lambda tx: put(tx, "test unhurried")),
            store.write(lambda tx: put(tx, "test two"), brief=True),
        )
        assert await store.read(names) == ["test after", "test one", "test outer", "test two", "test unhurried"]

    played(tmp_path, test)


def test_values_are_put_in_places_wherever_their_name_stands_outside_of_texts():
    text, bind = sqlite.in_places("select ':no', \":nor\", :b, a::int, :a + :b from t where x = :a_1")
    assert text == "select ':no', \":nor\", ?, a::int, ? + ? from t where x = ?"
    assert bind({"a": 1, "b": 2, "a_1": 3, "unused": 4}) == (2, 1, 2, 3)
    assert sqlite.in_places("select :a")[1]({"a": (1,)}) == ((1,),)
    assert sqlite.in_places("select 1")[1]({}) == ()
