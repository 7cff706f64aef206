"""
Moving a library from its file to PostgreSQL: every row, counted and compared on both sides.

Both databases are held for as long as it takes, so what is moved is one state and nothing comes in
between. Either everything is in the new place and was read back the same, or nothing is.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from carrel.storage import Refused, about, migrations
from carrel.storage.postgres import (
    STATEMENT_SECONDS,
    bring_up_to_date,
    connected,
    without_nul,
    without_password,
)
from carrel.storage.sqlite import SqliteStorage, alone

ROWS_AT_A_TIME = 5_000


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds, whatever the order of its rows."""

    rows: int
    checksum: int
    """Sum of the digests of all rows, 128 bit."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved."""

    tables: int
    rows: int


async def move(
    source: Path,
    target: str,
    now: int,
    say: Callable[[str], None],
    known: Sequence[migrations.Migration] | None = None,
) -> Moved:
    """
    Copy a library's accounts from a file to an empty PostgreSQL database, and read them back.

    The file remains as it was, but for a word in it that it was moved: it is
    not served any more until somebody says that it was put back
    (`about.new_history`).

    Args:
        target: address of the database; its tables are made.
        now: epoch milliseconds.
        say: told a sentence for each table.

    Raises:
        Refused: there is no such file, it is in use or was moved before, the
            target is not empty or cannot be reached, or a table was not the
            same when it was read back. Then nothing was moved.
    """
    _there_is(source)
    every = list(known or migrations.known())
    await bring_up_to_date(target, every, now)
    there = await connected(target)
    try:
        await there.execute("set idle_in_transaction_session_timeout = 0")
        async with there.transaction():
            tables = await _hold_empty(there, target)
            await (await SqliteStorage.open(source, now, every)).close()
            here = _held(source)
            try:
                moved = await _copied(here, there, tables, say)
                here.execute(
                    "insert into meta (name, value) values (?, ?)", (about.MOVED_TO, without_password(target))
                )
            except BaseException:
                here.rollback()
                here.close()
                raise
        # The new place has everything; only then is the old one told.
        here.commit()
        here.close()
        await there.execute("analyze", timeout=STATEMENT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as said:
        raise Refused(f"PostgreSQL could not go on ({said}). Look whether anything is in it before trying again.") from said
    finally:
        await there.close()
    return moved


async def _hold_empty(there: Any, target: str) -> list[str]:
    """Lock every table of the target, and see that there is nothing in any; their names."""
    found = await there.fetch(
        "select table_name from information_schema.tables"
        " where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> 'migrations'"
        " order by table_name"
    )
    tables = [row[0] for row in found]
    await there.execute(f"lock table {', '.join(tables)} in exclusive mode")
    for table in tables:
        count = await there.fetchval(f"select count(*) from {table}")
        if count:
            raise Refused(
                f"The database at {without_password(target)} is not empty: {table} has {_rows(count)}. "
                "Nothing was moved. Make a new database and name that."
            )
    return tables


def _there_is(source: Path) -> None:
    if not source.is_file():
        raise Refused(f"There is no database at {source}. Name the file, or the folder that holds carrel.sqlite.")


def _held(source: Path) -> sqlite3.Connection:
    """The file, which nobody else has open until this connection is done."""
    here = alone(source)
    moved = here.execute("select value from meta where name = :name", {"name": about.MOVED_TO}).fetchone()
    if moved is not None:
        here.close()
        raise Refused(f"{source} was moved to {moved[0]} before. Nothing was moved.")
    return here


async def _copied(here: sqlite3.Connection, there: Any, tables: list[str], say: Callable[[str], None]) -> Moved:
    rows = 0
    for table in _parents_first(here, tables):
        columns = [row[1] for row in here.execute(f"pragma table_info({table})")]
        for some in _read(here, table, columns):
            try:
                await there.copy_records_to_table(table, records=some, columns=columns, timeout=STATEMENT_SECONDS)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, TypeError, ValueError) as said:
                raise Refused(f"PostgreSQL does not take a row of {table}: {said}. Nothing was moved.") from said
        before, after = _here(here, table, columns), await _there(there, table, columns)
        if before != after:
            raise Refused(
                f"{table} is not the same on both sides: {_rows(before.rows)} with checksum {before.checksum:032x} "
                f"in the file, {_rows(after.rows)} with {after.checksum:032x} in PostgreSQL. Nothing was moved."
            )
        say(f"{table}: {_rows(before.rows)}, checksum {before.checksum:032x} on both sides")
        rows += before.rows
    return Moved(len(tables), rows)


def _parents_first(here: sqlite3.Connection, tables: list[str]) -> list[str]:
    """In an order in which whatever a row refers to is there before it."""
    known = {row[0] for row in here.execute("select name from sqlite_master where type = 'table'")}
    if missing := set(tables) - known:
        raise ValueError(f"expected the same tables on both sides, got none of {sorted(missing)} in the file")
    ordered: list[str] = []

    def add(table: str) -> None:
        for parent in sorted({row[2] for row in here.execute(f"pragma foreign_key_list({table})")} - {table}):
            if parent not in ordered:
                add(parent)
        if table not in ordered:
            ordered.append(table)

    for table in tables:
        add(table)
    return ordered


def _read(here: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    cursor = here.execute(f"select {', '.join(columns)} from {table}")
    while some := cursor.fetchmany(ROWS_AT_A_TIME):
        yield [tuple(map(without_nul, row)) for row in some]


def _here(here: sqlite3.Connection, table: str, columns: list[str]) -> Content:
    rows, checksum = 0, 0
    for some in _read(here, table, columns):
        rows += len(some)
        checksum += sum(map(_digest, some))
    return Content(rows, checksum % 2**128)


async def _there(there: Any, table: str, columns: list[str]) -> Content:
    rows, checksum = 0, 0
    async for row in there.cursor(f"select {', '.join(columns)} from {table}", prefetch=ROWS_AT_A_TIME):
        rows += 1
        checksum += _digest(tuple(row))
    return Content(rows, checksum % 2**128)


def _digest(row: tuple[Any, ...]) -> int:
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(row), digest_size=16).digest())


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
