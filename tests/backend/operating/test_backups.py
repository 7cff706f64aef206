"""Backup and restore: what was told as done is true again, nothing twice, and nothing is put back by mistake."""

import asyncio
import sqlite3
import stat
from contextlib import closing

import pytest

from carrel.cli import main
from carrel.storage import Refused, about, backups, migrations, open_storage
from tests.backend.phone import SYNC, device, message, note, push, sign_in

NOW = 1_800_000_000_000


@pytest.fixture
def data(tmp_path):
    """A data folder with a library's database in it."""

    async def make():
        storage = await open_storage(tmp_path / "data" / "carrel.sqlite", NOW)
        await storage.write(lambda tx: about.claim(tx, "library"))
        await storage.write(lambda tx: about.epoch(tx, "e_first"))
        await storage.close()

    asyncio.run(make())
    return tmp_path / "data"


def content(path):
    connection = sqlite3.connect(path)
    found = list(connection.execute("select * from meta order by name"))
    connection.close()
    return found


async def notes(client, dev):
    """The texts of all notes of whoever is signed in, one for each fact."""
    return sorted(row[3]["text"] for row in (await push(client, dev))["rows"])


def test_after_a_restore_all_that_was_told_as_done_is_true_again_and_nothing_is_doubled(small_library, tmp_path, capsys):
    databases, folder = small_library.databases, str(small_library.folder / "data")
    dev = device()
    kept, lost = [note(n, f"kept {n}") for n in (1, 2)], [note(n, f"lost {n}") for n in (4, 5)]
    refused = note(3, "refuse me")
    heard = {}

    async def in_the_evening(client):
        await sign_in(client, "p_ada")
        heard["cookies"] = dict(client.cookies)
        await push(client, dev, *kept)
        if databases.kind == "sqlite":
            # The library is open, and phones are being answered.
            assert await asyncio.to_thread(main, ["backup", str(tmp_path / "night"), "--data", folder]) == 0

    async def next_day(client):
        client.cookies.update(heard["cookies"])
        reply = await push(client, dev, refused, *lost)
        assert [each["st"] for each in reply["outcomes"]] == ["refused"]
        heard["epoch"] = reply["epoch"]

    small_library.play(in_the_evening)
    if databases.kind == "postgres":
        databases.copy("night")
    small_library.play(next_day)
    if databases.kind == "sqlite":
        assert main(["restore", str(tmp_path / "night"), "--data", folder]) == 0
    else:
        databases.put_back("night")
        assert main(["restored", "--database", databases.place()]) == 0

    async def after(client):
        client.cookies.update(heard["cookies"])
        waiting = note(6, "asked since")
        answer = await client.post(
            "/sync/1", content=message(dev, waiting, ack=5, epoch=heard["epoch"]), headers=SYNC
        )
        told = answer.json()
        assert (answer.status_code, told["code"], told["upto"]) == (409, "epoch", 2)
        assert told["epoch"] != heard["epoch"]
        # The journal of what was done, and what waits, in new places after that; what was refused is not asked again.
        again = [{**each, "n": told["upto"] + place} for place, each in enumerate([*kept, *lost, waiting], 1)]
        for _ in range(2):
            reply = await push(client, dev, *again, ack=told["upto"], epoch=told["epoch"])
            assert reply["upto"] == 7
            assert not reply.get("outcomes")
        assert await notes(client, dev) == ["asked since", "kept 1", "kept 2", "lost 4", "lost 5"]

    small_library.play(after)
    assert "new history" in capsys.readouterr().out


def test_a_backup_made_among_pushes_is_one_state_of_the_library(small_library, tmp_path):
    if small_library.databases.kind != "sqlite":
        pytest.skip("PostgreSQL is backed up by its own tools")
    place = small_library.folder / "data" / "carrel.sqlite"

    async def test(client):
        await sign_in(client, "p_ada")
        dev, upto, made = device(), 0, []
        for night in range(5):
            copying = asyncio.create_task(asyncio.to_thread(backups.back_up, place, tmp_path / f"{night}", NOW))
            while not copying.done():
                upto = (await push(client, dev, note(upto + 1), note(upto + 2)))["upto"]
            await copying
            with closing(sqlite3.connect(tmp_path / f"{night}")) as copy:
                (decided,) = copy.execute("select coalesce(max(upto), 0) from devices").fetchone()
                (kept,) = copy.execute("select count(*) from facts where kind = 'notes'").fetchone()
            assert decided == kept
            made.append(kept)
        assert made == sorted(made)
        assert made[-1] > 0

    small_library.play(test)


def test_a_backup_is_whole_private_and_takes_no_files_place(data, tmp_path, capsys):
    night = tmp_path / "kept" / "night"
    assert main(["backup", str(night), "--data", str(data)]) == 0
    assert stat.S_IMODE(night.stat().st_mode) == 0o600
    assert [path.name for path in night.parent.iterdir()] == ["night"]
    assert f"{night.stat().st_size:,} bytes" in capsys.readouterr().out
    assert main(["backup", str(night), "--data", str(data)]) == 1
    assert "there already" in capsys.readouterr().err


def test_there_is_no_backup_of_nothing(tmp_path, capsys):
    assert main(["backup", str(tmp_path / "night"), "--data", str(tmp_path / "none")]) == 1
    assert "no database" in capsys.readouterr().err
    assert not (tmp_path / "night").exists()


def test_nothing_is_put_back_under_a_server_that_runs(data, tmp_path):
    backups.back_up(data / "carrel.sqlite", tmp_path / "night", NOW)

    async def served():
        storage = await open_storage(data / "carrel.sqlite", NOW)
        try:
            with pytest.raises(Refused, match="in use.*Stop the server"):
                await asyncio.to_thread(backups.put_back, tmp_path / "night", data / "carrel.sqlite", NOW, "e_next")
            assert await storage.write(lambda tx: about.epoch(tx, "e_never")) == "e_first"
        finally:
            await storage.close()

    asyncio.run(served())
    assert [path.name for path in data.iterdir()] == ["carrel.sqlite"]


def test_what_was_there_before_is_kept_beside_it(data, tmp_path):
    place = data / "carrel.sqlite"
    backups.back_up(place, tmp_path / "night", NOW)
    before = content(place)
    put = backups.put_back(tmp_path / "night", place, NOW + 5, "e_next")
    assert put.made_at == NOW
    assert content(put.before) == before
    assert dict(content(place)) == {**dict(before), "epoch": "e_next"}


def test_a_backup_takes_the_place_of_a_broken_database_or_of_none(data, tmp_path):
    place = data / "carrel.sqlite"
    backups.back_up(place, tmp_path / "night", NOW)
    place.write_bytes(b"no longer a database " * 400)
    put = backups.put_back(tmp_path / "night", place, NOW, "e_next")
    assert put.before.read_bytes().startswith(b"no longer")
    place.unlink()
    assert backups.put_back(tmp_path / "night", place, NOW, "e_third").before is None
    assert dict(content(place))["epoch"] == "e_third"


@pytest.mark.parametrize("what", ["text", "empty", "other database", "a copy by hand", "cut short", "nothing"])
def test_what_is_no_backup_is_refused_and_changes_nothing(data, tmp_path, what):
    place, file = data / "carrel.sqlite", tmp_path / "file"
    if what == "text":
        file.write_text("Dear reader, " * 500)
    elif what == "empty":
        file.touch()
    elif what == "other database":
        connection = sqlite3.connect(file)
        connection.execute("create table meta (name, value)")
        connection.close()
    elif what == "a copy by hand":
        file.write_bytes(place.read_bytes())
    elif what == "cut short":
        backups.back_up(place, file, NOW)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    before = place.read_bytes()
    with pytest.raises(Refused, match="not a backup|damaged|no file"):
        backups.put_back(file, place, NOW, "e_next")
    assert place.read_bytes() == before
    assert [path.name for path in data.iterdir()] == ["carrel.sqlite"]


def test_a_backup_of_a_newer_carrel_is_refused(data, tmp_path):
    backups.back_up(data / "carrel.sqlite", tmp_path / "night", NOW)
    with pytest.raises(Refused, match="newer Carrel"):
        backups.put_back(tmp_path / "night", data / "carrel.sqlite", NOW, "e_next", migrations.known()[:-1])
    assert dict(content(data / "carrel.sqlite"))["epoch"] == "e_first"


def test_of_postgresql_it_is_said_which_tools_do_it(capsys, monkeypatch):
    monkeypatch.setenv("CARREL_DATABASE", "postgresql://carrel@db.example.org/carrel")
    assert main(["backup", "night"]) == 1
    assert "pg_dump" in capsys.readouterr().err
    assert main(["restore", "night"]) == 1
    said = capsys.readouterr().err
    assert "pg_restore" in said
    assert "carrel restored" in said
