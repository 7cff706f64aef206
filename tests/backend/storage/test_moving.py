"""Moving a library from its file to PostgreSQL: all of it, the same, or nothing."""

import asyncio
import sqlite3

import pytest

from carrel import demo
from carrel.cli import main
from carrel.hours.rules import day_of
from carrel.storage import Refused, about, moving, open_storage
from tests.backend.phone import device, note, push, sign_in
from tests.databases import Databases

NOW = 1_800_000_000_000


@pytest.fixture
def target(postgres, tmp_path):
    """An empty PostgreSQL database."""
    databases = Databases("postgres", tmp_path, postgres)
    yield databases
    databases.close()


@pytest.fixture
def source(tmp_path):
    """A library in a file, with something in nearly every table."""

    async def make():
        storage = await open_storage(tmp_path / "carrel.sqlite", NOW)
        await demo.furnish(storage, day_of(NOW), NOW, 1)
        await storage.write(lambda tx: about.claim(tx, "library"))
        await storage.write(lambda tx: about.epoch(tx, "e_first"))
        await storage.write(lambda tx: tx.run("update patrons set name = :name where id = 'patron-02'", name="Åsa 雪 🐈"))
        await storage.close()

    asyncio.run(make())
    return tmp_path / "carrel.sqlite"


def tables_of(source):
    connection = sqlite3.connect(source)
    names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table' order by name")]
    content = {
        name: sorted(connection.execute(f"select * from {name}"), key=str)
        for name in names
        if not name.startswith("sqlite_") and name != "migrations"
    }
    connection.close()
    return content


async def content_of(place, tables):
    storage = await open_storage(place, NOW)

    async def work(tx):
        return {name: sorted(map(tuple, await tx.all(f"select * from {name}")), key=str) for name in tables}

    try:
        return await storage.read(work)
    finally:
        await storage.close()


def test_every_row_of_every_table_arrives_and_is_told(source, target, capsys):
    before = tables_of(source)
    assert sum(map(len, before.values())) > 500
    assert main(["migrate-database", "--from", str(source.parent), "--to", target.place()]) == 0
    told = capsys.readouterr().out
    after = asyncio.run(content_of(target.place(), before))
    assert after == before
    for name, rows in before.items():
        assert f"{name}: {len(rows):,} row" in told
    assert f"{sum(map(len, before.values())):,} rows in {len(before)} tables were moved and read back the same" in told


def test_a_moved_file_is_not_served_again_until_it_is_said_to_have_been_put_back(source, target, capsys):
    command = ["migrate-database", "--from", str(source), "--to", target.place()]
    assert main(command) == 0
    assert main(["serve", "--data", str(source.parent)]) == 1
    assert "was moved to postgresql://" in capsys.readouterr().err
    assert main(["migrate-database", "--from", str(source), "--to", target.place("another")]) == 1
    assert "was moved to" in capsys.readouterr().err
    assert main(["restored", "--data", str(source.parent)]) == 0

    async def claimed():
        storage = await open_storage(source, NOW)
        await storage.write(lambda tx: about.claim(tx, "library"))
        await storage.close()

    asyncio.run(claimed())


def test_a_database_that_has_something_in_it_is_refused_and_left_alone(source, target, capsys):
    async def put():
        storage = await open_storage(target.place(), NOW)
        await storage.write(lambda tx: about.claim(tx, "library"))
        await storage.close()

    asyncio.run(put())
    assert main(["migrate-database", "--from", str(source), "--to", target.place()]) == 1
    assert "is not empty: meta has 1 row. Nothing was moved. Make a new database" in capsys.readouterr().err
    assert asyncio.run(content_of(target.place(), ["meta", "loans"])) == {"meta": [("purpose", "library")], "loans": []}
    assert about.MOVED_TO not in dict(tables_of(source)["meta"])


def test_a_file_that_a_server_has_open_is_refused_even_if_it_writes_nothing(source, target):
    async def play():
        storage = await open_storage(source, NOW)
        try:
            with pytest.raises(Refused, match="is in use.*Stop the server"):
                await moving.move(source, target.place(), NOW, lambda _: None)
        finally:
            await storage.close()
        await moving.move(source, target.place(), NOW, lambda _: None)

    asyncio.run(play())


def test_a_row_that_is_not_the_same_afterwards_is_noticed_and_nothing_is_kept(source, target, monkeypatch):
    read = moving._here

    def one_less(here, table, columns):
        found = read(here, table, columns)
        return moving.Content(found.rows, found.checksum ^ 1) if table == "loans" else found

    monkeypatch.setattr(moving, "_here", one_less)
    with pytest.raises(Refused, match="loans is not the same on both sides.*Nothing was moved"):
        asyncio.run(moving.move(source, target.place(), NOW, lambda _: None))
    assert asyncio.run(content_of(target.place(), ["patrons", "loans"])) == {"patrons": [], "loans": []}
    assert about.MOVED_TO not in dict(tables_of(source)["meta"])


@pytest.mark.parametrize(
    ("there_is", "target_address", "code", "told"),
    [
        (False, "postgresql://127.0.0.1:1/none", 1, "There is no database at"),
        (True, "postgresql://127.0.0.1:1/none", 1, "cannot be opened"),
        (True, "carrel.sqlite", 2, "begins with postgresql://"),
    ],
)
def test_what_cannot_be_moved_is_refused_in_words(tmp_path, capsys, there_is, target_address, code, told):
    if there_is:
        (tmp_path / "carrel.sqlite").touch()
    assert main(["migrate-database", "--from", str(tmp_path / "carrel.sqlite"), "--to", target_address]) == code
    assert told in capsys.readouterr().err
    assert (tmp_path / "carrel.sqlite").exists() == there_is


def test_no_table_gives_out_numbers_by_itself_for_these_would_begin_anew(target):
    async def work(tx):
        return await tx.all(
            "select table_name from information_schema.columns where table_schema = current_schema()"
            " and (is_identity = 'YES' or column_default like 'nextval%')"
        )

    async def play():
        storage = await open_storage(target.place(), NOW)
        try:
            assert await storage.read(work) == []
        finally:
            await storage.close()

    asyncio.run(play())


def test_phones_go_on_after_the_move_as_if_nothing_had_happened(tmp_path, target, postgres):
    from tests.backend.conftest import SmallLibrary

    dev = device()
    here = SmallLibrary(tmp_path, Databases("sqlite", tmp_path, None))
    there = SmallLibrary(tmp_path, target)
    wishes = [note(n, f"note {n}") for n in range(1, 6)]
    replies = []

    async def before(client):
        await sign_in(client, "p_ada")
        replies.append(await push(client, dev, *wishes[:3]))
        replies.append(dict(client.cookies))

    async def after(client):
        client.cookies = replies[1]
        first = replies[0]
        reply = await push(client, dev, *wishes[2:], cur=first["cur"], epoch=first["epoch"])
        assert reply["upto"] == 5
        assert [row[3]["text"] for row in reply["rows"]] == ["note 4", "note 5"]

    here.play(before)
    (data,) = tmp_path.rglob("carrel.sqlite")
    asyncio.run(moving.move(data, target.place(), NOW, lambda _: None))
    there.play(after)
