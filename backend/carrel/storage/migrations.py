"""
The numbered SQL files that make the database what it is, and which of them are still to be applied.

Reads files and decides; carrying them out is the store's part, under its own lock.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from carrel.storage import Refused

FOLDER = Path(__file__).with_name("migrations")

TABLE = """
create table if not exists migrations (
    number integer primary key,
    name text not null,
    digest text not null,
    applied_at bigint not null
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file `NNNN_name.sql`, never edited once a database has it."""

    number: int
    name: str
    sql: str
    digest: str
    """SHA-256 over its text, in hexadecimal."""


def known(folder: Path = FOLDER) -> list[Migration]:
    """
    The migrations this program knows, in order.

    Raises:
        ValueError: a file is not called NNNN_name.sql, or two bear one number.
    """
    found: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        called = re.fullmatch(r"(\d{4})_([a-z_]+)", path.stem)
        if not called:
            raise ValueError(f"expected a migration called NNNN_name.sql, got {path.name!r}")
        number = int(called[1])
        if number in found:
            raise ValueError(f"two migrations bear number {number}: {found[number].name!r} and {called[2]!r}")
        sql = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        found[number] = Migration(number, called[2], sql, hashlib.sha256(sql.encode()).hexdigest())
    return [found[number] for number in sorted(found)]


def due(applied: Mapping[int, str], migrations: Sequence[Migration]) -> list[Migration]:
    """
    Which migrations a database still needs.

    Args:
        applied: digest by number, as the database remembers them.
        migrations: what this program knows.

    Raises:
        Refused: the database was written by a newer program, an applied
            migration was edited, or one was slipped in before applied ones.
    """
    by_number = {migration.number: migration for migration in migrations}
    for number, digest in sorted(applied.items()):
        migration = by_number.get(number)
        if migration is None:
            raise Refused(
                f"this database has migration {number:04d}, which this program does not know: "
                "a newer Carrel wrote it. Run that one, or restore a backup made before it."
            )
        if migration.digest != digest:
            raise Refused(
                f"migration {number:04d}_{migration.name} was edited after this database applied it. "
                "Put the file back as it was and add a new one."
            )
    newest = max(applied, default=0)
    waiting = [migration for migration in migrations if migration.number not in applied]
    for migration in waiting:
        if migration.number < newest:
            raise Refused(
                f"migration {migration.number:04d}_{migration.name} comes before {newest:04d}, "
                "which this database has already. Give it a number after that."
            )
    return waiting


def statements(sql: str) -> Iterator[str]:
    """Cut SQL text into statements, one at a time, triggers whole."""
    gathered = ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if gathered.rstrip().endswith(";") and sqlite3.complete_statement(gathered):
            yield gathered.strip()
            gathered = ""
    if re.sub(r"--[^\n]*|/\*.*?\*/|\s", "", gathered, flags=re.DOTALL):
        raise ValueError(f"expected a statement that ends with a semicolon, got {gathered.strip()!r}")
