"""
Both kinds of store for one test: a file of its own, or a database of its own on a PostgreSQL of this run.

The PostgreSQL is the one that CARREL_TEST_POSTGRES names (an address whose role may make databases), else one
that the package `pgserver` starts, once for a run. Where neither can be had the tests are skipped, saying why.
"""

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from carrel.storage import migrations

NOW = 1_800_000_000_000
KINDS = ("sqlite", "postgres")
_EXAMPLES = itertools.count(1)


class Postgres:
    """
    A running PostgreSQL on which every test gets databases of its own.

    Making one costs more than most tests do, so one that was used is emptied and given to the next test.
    """

    def __init__(self, address: str, end: Callable[[], None]) -> None:
        self._address = address
        self._end = end
        self._numbers = itertools.count(1)
        self._name = f"carrel_test_{os.getpid()}"
        self._made: list[str] = []
        self._empty: list[str] = []

    def close(self) -> None:
        for name in self._made:
            self.tell(f"drop database if exists {name} with (force)")
        self._end()

    def address(self, name: str) -> str:
        """The address of a database of that name."""
        head, _, asked = self._address.partition("?")
        origin = head.rsplit("/", 1)[0] if head.count("/") > 2 else head
        return f"{origin}/{name}" + (f"?{asked}" if asked else "")

    def without_tables(self) -> str:
        """The name of a database in which there is nothing at all."""
        name = f"{self._name}_{next(self._numbers)}"
        self.tell(f"create database {name} template template0 encoding 'UTF8'")
        self._made.append(name)
        return name

    def without_rows(self) -> str:
        """The name of a database that is up to date and has nothing in it."""
        from carrel.storage import open_storage

        if self._empty:
            return self._empty.pop()
        name = self.without_tables()

        async def up_to_date() -> None:
            await (await open_storage(self.address(name), NOW)).close()

        beside(up_to_date)
        return name

    def give_back(self, name: str) -> None:
        """Take a database back from a test."""
        if self.tell(_EMPTIED, name) == self._as_new():
            self._empty.append(name)
        else:
            self._made.remove(name)
            self.tell(f"drop database {name} with (force)")

    def _as_new(self) -> str:
        return " ".join(f"{each.number}:{each.digest}" for each in migrations.known())

    def tell(self, sql: str, name: str = "") -> str:
        """Carry out statements as whoever owns the databases; what the last one yields, if that is a text."""
        import asyncpg

        yielded = ""

        async def told() -> None:
            nonlocal yielded
            connection = await asyncpg.connect(self.address(name) if name else self._address)
            try:
                *first, last = sql.split(";;")
                for each in first:
                    await connection.execute(each)
                if first:
                    yielded = await connection.fetchval(last) or ""
                else:
                    await connection.execute(last)
            finally:
                await connection.close()

        beside(told)
        return yielded


_HANG_UP = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()"

# All tables in one statement, so that nothing that refers to something else stands in the way.
_EMPTIED = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
;;
do $$
declare
    emptied text;
begin
    select 'with ' || string_agg(format('t%s as (delete from %I)', number, name), ', ') || ' select 1' into emptied
    from (
        select row_number() over () as number, table_name as name from information_schema.tables
        where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> 'migrations'
    ) as tables;
    execute emptied;
end $$
;;
select string_agg(number || ':' || digest, ' ' order by number) from migrations
"""


def beside(what: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run something to its end, whether or not an event loop is running here."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(what())
        except BaseException as said:
            raised.append(said)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


class Databases:
    """One kind of store, for one test."""

    def __init__(self, kind: str, folder: Path, postgres: Postgres | None) -> None:
        self.kind = kind
        self._folder = folder
        self._postgres = postgres
        self._made: dict[str, str] = {}

    def place(self, name: str = "carrel") -> Path | str:
        """Where `open_storage` finds a store: the same one for the same name."""
        if self._postgres is None:
            return self._folder / f"{name}.sqlite"
        if name not in self._made:
            self._made[name] = self._postgres.without_rows()
        return self._postgres.address(self._made[name])

    @contextmanager
    def another(self) -> Iterator[Path | str]:
        """A place for one of many examples, given up when it is done."""
        name = f"example {next(_EXAMPLES)}"
        yield self.place(name)
        if self._postgres is not None:
            self._postgres.give_back(self._made.pop(name))

    def without_tables(self, sql: str = "select 1") -> str:
        """A PostgreSQL database in which there is nothing, after that statement about it (`{name}`)."""
        name = self._server.without_tables()
        self._server.tell(sql.format(name=name))
        return self._server.address(name)

    def hang_up(self, name: str = "carrel") -> None:
        """Break every connection to a PostgreSQL database."""
        self._server.tell(_HANG_UP.format(name=self._made[name]))

    @contextmanager
    def away(self, name: str = "carrel") -> Iterator[None]:
        """Let nobody connect to a PostgreSQL database for a while."""
        self._server.tell(f"alter database {self._made[name]} allow_connections false")
        self.hang_up(name)
        try:
            yield
        finally:
            self._server.tell(f"alter database {self._made[name]} allow_connections true")

    def copy(self, backup: str, name: str = "carrel") -> None:
        """Keep a PostgreSQL database as it is now under another name, as its own tools would."""
        self.hang_up(name)
        made = self._made[name]
        self._made[backup] = f"{made}_{backup}"
        self._server.tell(f"create database {made}_{backup} template {made}")

    def put_back(self, backup: str, name: str = "carrel") -> None:
        """Let a PostgreSQL database be what was kept of it under that name."""
        made, kept = self._made[name], self._made.pop(backup)
        self._server.tell(f"drop database {made} with (force)")
        self._server.tell(f"alter database {kept} rename to {made}")

    def notify(self, channel: str, payload: str, name: str = "carrel") -> None:
        """Say something that no node would say."""
        self._server.tell(f"notify {channel}, '{payload}'", self._made[name])

    @property
    def _server(self) -> Postgres:
        if self._postgres is None:
            raise ValueError("expected a PostgreSQL, got a file")
        return self._postgres

    def settings(self) -> dict[str, str]:
        """What `carrel.settings` needs to know beside the data folder."""
        place = self.place()
        return {} if isinstance(place, Path) else {"database": place}

    def close(self) -> None:
        for name in self._made.values():
            if self._postgres is not None:
                self._postgres.give_back(name)


def started(durable: bool = False) -> Postgres | str:
    """
    A PostgreSQL for this run, or why there is none.

    Args:
        durable: as a library would run it. Otherwise it does not wait for the
            disk, for what is lost with the power is no matter to a test.
    """
    given = os.environ.get("CARREL_TEST_POSTGRES", "")
    if given:
        return Postgres(given, lambda: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pgserver
        except ImportError:
            return "no PostgreSQL: pgserver is not made for this Python; set CARREL_TEST_POSTGRES to an address"
        folder = tempfile.mkdtemp(prefix="carrel-postgres-")
        try:
            server = pgserver.get_server(folder, cleanup_mode="stop")
        except Exception as said:
            shutil.rmtree(folder, ignore_errors=True)
            return f"no PostgreSQL: pgserver could not start one ({type(said).__name__}: {said})"

    def end() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    address = f"postgresql://postgres@/postgres?host={quote(str(server.get_postmaster_info().socket_dir))}"
    postgres = Postgres(address, end)
    if not durable:
        postgres.tell("alter system set fsync = off")
        postgres.tell("alter system set deadlock_timeout = '50ms'")
        postgres.tell("select pg_reload_conf()")
    return postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL of this run."""
    found = started()
    if isinstance(found, str):
        pytest.skip(found)
    yield found
    found.close()


@pytest.fixture(params=KINDS)
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Each kind of store in turn."""
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    made = Databases(request.param, tmp_path, server)
    yield made
    made.close()
