"""What only the store on PostgreSQL can meet: deadlocks, lost connections, other nodes, a database made by others."""

import asyncio
import logging

import pytest

from carrel.storage import Conflict, Fault, Refused, open_storage
from carrel.storage import postgres as postgres_store
from carrel.storage.postgres import _payloads, definition, in_dialect, without_password
from tests.databases import Databases

NOW = 1_800_000_000_000


@pytest.fixture
def database(postgres, tmp_path):
    made = Databases("postgres", tmp_path, postgres)
    yield made
    made.close()


async def put(tx, name, value="x"):
    await tx.run("insert into meta (name, value) values (:name, :value)", name=name, value=value)


async def names(tx):
    return [row["name"] for row in await tx.all("select name from meta where name like 'test%' order by name")]


def played(database, test, stores=1):
    async def play():
        opened = [await open_storage(database.place(), NOW) for _ in range(stores)]
        try:
            await test(*opened)
        finally:
            for store in opened:
                await store.close()

    asyncio.run(play())


def test_a_statement_is_read_in_its_dialect_and_nothing_in_quotes_is_a_name():
    sql = (
        "select ':a', \":b\", cast(:c as text)::text /*sqlite: , :d */ /*postgres: , :e */ -- :f\n"
        " from x where y = :c and z in (:g_1, :g) /* :h */"
    )
    read = in_dialect[sql]
    assert " ".join(read.sql.split()) == (
        "select ':a', \":b\", cast($1 as text)::text , $2 from x where y = $1 and z in ($3, $4)"
    )
    assert (read.names, read.writes) == (("c", "e", "g_1", "g"), False)
    assert in_dialect["insert into x (y) values (1)"].writes
    assert in_dialect["with a as (delete from x returning 1) select 1"].writes


def test_text_is_compared_byte_by_byte_whatever_the_database_does(database):
    async def test(store):
        async def work(tx):
            for name in ("test b", "test A", "test ä", "test a", "test Z"):
                await put(tx, name)
            columns = await tx.all(
                "select table_name, column_name from information_schema.columns join information_schema.tables"
                " using (table_schema, table_name) where table_schema = current_schema() and data_type = 'text'"
                " and table_type = 'BASE TABLE' and coalesce(collation_name, '') <> 'C'"
            )
            return await names(tx), [tuple(column) for column in columns]

        ordered, otherwise = await store.write(work)
        assert otherwise == []
        assert ordered == ["test A", "test Z", "test a", "test b", "test ä"]

    played(database, test)
    assert definition("create table a (\n  b text primary key,\n  c text,\n  d bigint\n);").count('"C"') == 2


def test_two_who_stand_in_each_others_way_are_both_kept(database):
    runs = []

    async def both(tx, first, second):
        runs.append(first)
        for name in (first, second):
            await tx.run("update meta set value = value || 'x' where name = :name", name=name)

    async def make(tx):
        await put(tx, "test a", "")
        await put(tx, "test b", "")

    async def test(one, other):
        await one.write(make)
        for _ in range(5):
            await asyncio.gather(
                one.write(lambda tx: both(tx, "test a", "test b")),
                other.write(lambda tx: both(tx, "test b", "test a")),
            )
        rows = await one.read(lambda tx: tx.all("select value from meta where name like 'test%'"))
        assert [row["value"] for row in rows] == ["x" * 10] * 2
        assert len(runs) > 10

    played(database, test, stores=2)


HANG_UP = "select pg_terminate_backend(pg_backend_pid())"


def test_a_unit_whose_connection_is_lost_is_run_again_and_kept_once(database):
    runs = []

    async def unlucky(tx):
        await put(tx, "test a")
        runs.append(1)
        if len(runs) == 1:
            await tx.one(HANG_UP)

    async def hopeless(tx):
        await put(tx, "test b")
        await tx.one(HANG_UP)

    async def test(store):
        await store.write(unlucky)
        with pytest.raises(Fault, match="lost"):
            await store.write(hopeless)
        assert await store.read(names) == ["test a"]
        assert len(runs) == 2

    played(database, test)


def test_connections_that_died_while_nobody_used_them_are_made_anew(database):
    async def test(store):
        await store.write(lambda tx: put(tx, "test a"))
        assert await store.read(names) == ["test a"]
        database.hang_up()
        await store.write(lambda tx: put(tx, "test b"))
        assert await store.read(names) == ["test a", "test b"]

    played(database, test)


def test_a_connection_lost_in_the_commit_is_a_fault_for_nobody_knows_what_became_of_it(database):
    async def trap(tx):
        await tx.run(
            "create function pg_temp_trap() returns trigger language plpgsql as"
            " 'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'"
        )
        await tx.run(
            "create constraint trigger trap after insert on meta deferrable initially deferred"
            " for each row execute function pg_temp_trap()"
        )

    async def free(tx):
        await tx.run("drop trigger trap on meta")
        await tx.run("drop function pg_temp_trap")

    async def test(store):
        await store.write(trap)
        with pytest.raises(Fault, match="may have been kept"):
            await store.write(lambda tx: put(tx, "test a"))
        await store.write(free)
        await store.write(lambda tx: put(tx, "test b"))

    played(database, test)


def test_while_the_database_is_away_each_is_told_and_when_it_is_back_all_goes_on(database):
    async def test(store):
        await store.write(lambda tx: put(tx, "test a"))
        with database.away():
            told = await asyncio.gather(
                *(store.write(lambda tx: put(tx, "test b")) for _ in range(20)),
                store.read(names),
                return_exceptions=True,
            )
            assert {type(each) for each in told} == {Fault}
        await store.write(lambda tx: put(tx, "test c"))
        assert await store.read(names) == ["test a", "test c"]

    played(database, test)


def test_a_unit_that_goes_on_after_a_failed_statement_is_refused_and_nothing_is_kept(database):
    async def goes_on(tx):
        await put(tx, "test a")
        try:
            await put(tx, "test a")
        except Conflict:
            return "as if nothing had happened"

    async def test(store):
        with pytest.raises(RuntimeError, match="leave its savepoint"):
            await store.write(goes_on)
        assert await store.read(names) == []

    played(database, test)


def test_a_database_that_takes_no_writes_is_a_fault_and_not_the_wishes(database):
    async def test(store):
        async def now_read_only(tx):
            await tx.run("set transaction read only")
            await put(tx, "test a")

        with pytest.raises(Fault, match="takes no writes"):
            await store.write(now_read_only)

    played(database, test)


def test_text_that_postgresql_cannot_keep_breaks_nothing(database):
    async def test(store):
        async def work(tx):
            await put(tx, "test a\0b", "c\0")
            assert await tx.one("select 1 from meta where name = :name", name="test\0") is None
            return await names(tx)

        assert await store.write(work) == ["test a\u2400b"]

    played(database, test)


def test_nodes_that_start_together_bring_an_empty_database_up_to_date_once(database):
    place = database.without_tables()

    async def start():
        store = await open_storage(place, NOW)
        applied = await store.read(lambda tx: tx.all("select number from migrations order by number"))
        await store.close()
        return [row["number"] for row in applied]

    async def play():
        first, *others = await asyncio.gather(*(start() for _ in range(4)))
        assert first
        assert others == [first] * 3

    asyncio.run(play())


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("postgresql://carrel:secret@127.0.0.1:1/carrel", "Check that PostgreSQL is running"),
        ("postgresql://carrel:secret@127.0.0.1:many/carrel", "cannot be read as the address"),
    ],
)
def test_a_database_that_cannot_be_reached_is_refused_in_words_and_without_its_password(place, told):
    with pytest.raises(Refused, match=told) as refused:
        asyncio.run(open_storage(place, NOW))
    assert "secret" not in str(refused.value)


def test_a_database_that_does_not_exist_is_refused_in_words(database):
    with pytest.raises(Refused, match="does not exist.*role exist"):
        asyncio.run(open_storage(database.place().replace("carrel_test", "no_such"), NOW))


def test_a_database_that_answers_before_the_disk_has_it_is_refused(database):
    place = database.without_tables("alter database {name} set synchronous_commit = off")
    with pytest.raises(Refused, match="synchronous_commit is off"):
        asyncio.run(open_storage(place, NOW))


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://carrel:s:e@db.example.org/carrel", "postgresql://carrel@db.example.org/carrel"),
        ("postgresql://carrel@db.example.org/carrel", "postgresql://carrel@db.example.org/carrel"),
        ("postgresql://db.example.org/carrel?user=a&password=b&sslmode=require",
         "postgresql://db.example.org/carrel?user=a&password=…&sslmode=require"),
    ],
)  # fmt: skip
def test_no_password_is_ever_shown(dsn, shown):
    assert without_password(dsn) == shown


async def changed(tx, patron, seq):
    await put(tx, f"test {patron} {seq}")
    tx.tell(patron, seq)


def test_what_is_kept_on_one_node_is_told_on_all(database):
    async def test(one, other):
        heard = {}
        news = (one.told(), other.told())
        await asyncio.gather(*(one.write(lambda tx, n=n: changed(tx, f"p_{n}", n)) for n in range(1, 400)))
        await other.write(lambda tx: changed(tx, "p_other", 7))
        for each in news:
            heard = {}
            while len(heard) < 400:
                heard |= await asyncio.wait_for(anext(each), 30)
            assert heard == {f"p_{n}": n for n in range(1, 400)} | {"p_other": 7}

    played(database, test, stores=2)


def test_after_the_way_to_other_nodes_was_lost_everybody_looks_and_news_come_again(database, caplog):
    async def test(one, other):
        news = other.told()
        database.hang_up()
        heard = await asyncio.wait_for(anext(news), 30)
        assert heard is None
        seq = 0
        while heard is None or "p" not in heard:
            seq += 1
            await one.write(lambda tx, seq=seq: changed(tx, "p", seq))
            try:
                heard = await asyncio.wait_for(anext(news), 1)
            except TimeoutError:
                news = other.told()

    with caplog.at_level(logging.ERROR):
        played(database, test, stores=2)


def test_many_news_travel_in_as_few_messages_as_fit():
    news = {f"patron-{n:05}": n for n in range(2000)}
    payloads = _payloads(news)
    assert all(len(each.encode()) < 8000 for each in payloads)
    assert len(payloads) < 15
    assert _payloads({}) == []


def test_a_message_nobody_can_read_makes_everybody_look(database):
    async def test(store):
        news = store.told()
        database.notify("carrel_facts", "{")
        assert await asyncio.wait_for(anext(news), 30) is None

    played(database, test)


def test_a_statement_that_never_answers_costs_its_connection_and_not_the_node(database, monkeypatch):
    monkeypatch.setattr(postgres_store, "BRIEF_SECONDS", 0.2)

    async def hangs(tx):
        await put(tx, "test a")
        await tx.one("select pg_sleep(600)")

    async def test(store):
        with pytest.raises(Fault, match="lost"):
            await store.write(hangs, brief=True)
        await store.write(lambda tx: put(tx, "test b"))
        assert await store.read(names) == ["test b"]

    played(database, test)
