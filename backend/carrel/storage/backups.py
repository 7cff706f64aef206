"""
A copy of the account database that is whole, made while the library is open; and putting one back.

For the store in a file. A PostgreSQL is copied and put back by its own tools; either way a new history
begins afterwards (`about.new_history`), so that phones send again what the copy lacks.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from carrel.storage import Refused, about, migrations
from carrel.storage.sqlite import alone

_MADE_AT = "backup_made_at"
"""Beside this name a backup, and nothing else, says when it was made (epoch milliseconds)."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    made_at: int
    """When the backup was made, epoch milliseconds."""
    before: Path | None
    """Where the database is now that was there before; None: there was none."""


def back_up(source: Path, target: Path, now: int) -> int:
    """
    Copy the account database into one file, whole, while a server may be writing.

    It is read back before it gets its name, and only its owner may read it.

    Args:
        now: epoch milliseconds.

    Returns:
        Its size in bytes.

    Raises:
        Refused: there is no database, something is at `target` already, or
            the copy could not be made. Then there is nothing at `target`.
    """
    if not source.is_file():
        raise Refused(f"There is no database at {source}. Name the folder that holds carrel.sqlite with --data.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        if target.exists():
            raise Refused(f"{target} is there already. Name a file that is not.")
        target.parent.mkdir(parents=True, exist_ok=True)
        _new_file(unfinished)
        with closing(_opened(source)) as here, closing(_opened(unfinished)) as copy:
            here.backup(copy)
            copy.execute("pragma journal_mode=delete")
            moved = copy.execute("select value from meta where name = ?", (about.MOVED_TO,)).fetchone()
            if moved is not None:
                raise Refused(f"What was in {source} was moved to {moved[0]}: back that up, with its own tools.")
            copy.execute("insert or replace into meta (name, value) values (?, ?)", (_MADE_AT, str(now)))
            _check_whole(copy, source)
        _to_the_disk(unfinished)
        unfinished.rename(target)
        _to_the_disk(target.parent)
        return target.stat().st_size
    except (OSError, sqlite3.Error) as said:
        raise Refused(f"The backup could not be made: {said}. There is none at {target}.") from said
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def put_back(
    backup: Path, place: Path, now: int, fresh: str, known: Sequence[migrations.Migration] | None = None
) -> Restored:
    """
    Put a backup in the place of the account database, as the beginning of a new history.

    What was there before is kept beside it.

    Args:
        now: epoch milliseconds, for the name of what was there before.
        fresh: the new history's name, which was never used.

    Raises:
        Refused: it is no backup of Carrel's, a newer program made it, it is
            damaged, or a server runs on the database. Then nothing was changed.
    """
    made_at = _checked(backup, known)
    unfinished = place.with_name(f"{place.name}.unfinished")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _new_file(unfinished)
        with closing(_opened(backup)) as here, closing(_opened(unfinished)) as copy:
            here.backup(copy)
            copy.execute("begin")
            copy.execute("delete from meta where name in (?, ?)", (_MADE_AT, about.MOVED_TO))
            copy.execute("insert or replace into meta (name, value) values ('epoch', ?)", (fresh,))
            copy.execute("commit")
            _check_whole(copy, backup)
        _to_the_disk(unfinished)
        return Restored(made_at, _swapped(unfinished, place, now))
    except (OSError, sqlite3.Error) as said:
        raise Refused(f"The backup could not be put back: {said}. The database is as it was.") from said
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _checked(backup: Path, known: Sequence[migrations.Migration] | None) -> int:
    """When a backup was made, if it is one and this program can read it."""
    if not backup.is_file():
        raise Refused(f"There is no file at {backup}. Name one that carrel backup made.")
    no_backup = f"{backup} is not a backup that carrel backup made. Nothing was changed."
    try:
        with closing(_opened(backup)) as here:
            made = here.execute("select value from meta where name = ?", (_MADE_AT,)).fetchone()
            if made is None:
                raise Refused(no_backup)
            applied = dict(here.execute("select number, digest from migrations").fetchall())
            migrations.due(applied, known or migrations.known())
            _check_whole(here, backup)
            return int(made[0])
    except sqlite3.DatabaseError as said:
        raise Refused(f"{no_backup} ({said})") from said


def _swapped(fresh: Path, place: Path, now: int) -> Path | None:
    """Put one file in the place of another that nobody has open; where the other one is then."""
    if not place.exists():
        for ending in ("-wal", "-shm"):
            place.with_name(place.name + ending).unlink(missing_ok=True)
        fresh.rename(place)
        _to_the_disk(place.parent)
        return None
    before = place.with_name(f"{place.stem}-before-{now}{place.suffix}")
    try:
        held: sqlite3.Connection | None = alone(place)
    except sqlite3.DatabaseError:
        # A broken file is why backups are put back: nobody serves it, and it is kept as it is.
        held = None
    try:
        for ending in ("-wal", "-shm"):
            if place.with_name(place.name + ending).exists():
                place.with_name(place.name + ending).rename(before.with_name(before.name + ending))
        os.link(place, before)
        # One step: at every instant there is one database or the other.
        fresh.replace(place)
        _to_the_disk(place.parent)
    finally:
        if held is not None:
            held.close()
    return before


def _opened(place: Path) -> sqlite3.Connection:
    return sqlite3.connect(place, isolation_level=None, timeout=10)


def _new_file(place: Path) -> None:
    place.unlink(missing_ok=True)
    os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _check_whole(copy: sqlite3.Connection, source: Path) -> None:
    said = copy.execute("pragma integrity_check(1)").fetchone()[0]
    if said != "ok":
        raise Refused(f"{source} is damaged ({said}). Nothing was changed.")


def _to_the_disk(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
