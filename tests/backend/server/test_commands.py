"""The commands, as they are typed."""

import asyncio
import socket

import pytest

from carrel.cli import main
from carrel.jobs import errands
from carrel.storage import about, open_storage

NOW = 1_800_000_000_000


@pytest.fixture
def database(databases, monkeypatch):
    """Makes a database for a purpose; commands find it in the data folder, or by the environment."""

    def made(purpose):
        async def make():
            storage = await open_storage(databases.place(), NOW)
            await storage.write(lambda tx: about.claim(tx, purpose))
            await storage.close()

        asyncio.run(make())
        for name, value in databases.settings().items():
            monkeypatch.setenv(f"CARREL_{name.upper()}", value)

    return made


@pytest.fixture(autouse=True)
def free_port(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("CARREL_PORT", str(probe.getsockname()[1]))


def test_serve_refuses_a_demo_database_in_words(database, tmp_path, capsys):
    database("demo")
    assert main(["serve", "--data", str(tmp_path)]) == 1
    assert "made for a demo" in capsys.readouterr().err


def test_demo_refuses_a_librarys_database_in_words(database, tmp_path, capsys):
    database("library")
    assert main(["demo", "--data", str(tmp_path)]) == 1
    assert "belongs to a library" in capsys.readouterr().err


def test_a_demo_refuses_to_leave_this_machine(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CARREL_ADDRESS", "0.0.0.0")
    assert main(["demo", "--data", str(tmp_path / "new")]) == 1
    assert "this machine only" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_serving_the_network_without_tls_is_refused(tmp_path, capsys):
    assert main(["serve", "--data", str(tmp_path), "--address", "0.0.0.0"]) == 1
    assert "TLS" in capsys.readouterr().err


def test_a_value_that_makes_no_sense_is_named(tmp_path, capsys):
    assert main(["serve", "--data", str(tmp_path), "--port", "many"]) == 2
    assert "--port" in capsys.readouterr().err


def test_what_is_stuck_is_listed_with_since_when_and_why(database, databases, tmp_path, capsys):
    database("library")

    async def come_to_nothing(times, *names):
        storage = await open_storage(databases.place(), NOW)
        for name in names:
            await storage.write(lambda tx, name=name: errands.want(tx, "loans.elsewhere", name, NOW))
            for _ in range(times):
                taken = errands.Taken("loans.elsewhere", name, "", 0)
                await storage.write(
                    lambda tx, taken=taken: errands.came_to_nothing(tx, taken, NOW + 5_000, NOW, "forum gave no answer")
                )
        await storage.close()

    asyncio.run(come_to_nothing(errands.STUCK_TRIES - 1, "forum p1"))
    assert main(["jobs", "--data", str(tmp_path)]) == 0
    assert "stuck" not in capsys.readouterr().out
    asyncio.run(come_to_nothing(1, "forum p1"))
    asyncio.run(come_to_nothing(errands.STUCK_TRIES, *(f"forum q{number}" for number in range(25))))
    assert main(["jobs", "--data", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "loans.elsewhere forum p1: stuck" in said
    assert "2027-01-15 08:00:00 GMT, 3 times in vain" in said
    assert "forum gave no answer" in said
    assert "and 6 more that are stuck" in said


def test_jobs_are_listed_and_run_by_name(database, tmp_path, capsys):
    database("library")
    assert main(["jobs", "--data", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert "loans.auto_renew" in listed
    assert "next run" in listed
    assert main(["jobs", "run", "loans.auto_renew", "--data", str(tmp_path)]) == 0
    assert "renewed" in capsys.readouterr().out
    assert main(["jobs", "run", "loans.none", "--data", str(tmp_path)]) == 2
    assert "no job loans.none" in capsys.readouterr().err


def test_a_code_is_not_made_for_a_card_nobody_holds(database, tmp_path, capsys):
    database("library")
    assert main(["patrons", "code", "12345", "--data", str(tmp_path)]) == 1
    assert "No reader has the card" in capsys.readouterr().err


def test_only_the_holder_of_a_card_becomes_staff(database, tmp_path, capsys):
    database("library")
    assert main(["patrons", "staff", "12345", "--data", str(tmp_path)]) == 1
    assert "No reader has the card" in capsys.readouterr().err


def test_a_restored_database_begins_a_new_history(database, databases, tmp_path, capsys):
    database("library")

    async def epoch():
        storage = await open_storage(databases.place(), NOW)
        name = await storage.write(lambda tx: about.epoch(tx, "e_first"))
        await storage.close()
        return name

    before = asyncio.run(epoch())
    assert main(["restored", "--data", str(tmp_path)]) == 0
    assert asyncio.run(epoch()) != before
    assert "new history" in capsys.readouterr().out
