"""What a database says about itself: the name of its history, and whether it was made for a demo."""

from typing import Literal

from carrel.storage import Refused, Transaction

Purpose = Literal["demo", "library"]

MOVED_TO = "moved_to"
"""Beside this name stands where a database's content was moved to, after which it is not served any more."""


async def epoch(tx: Transaction, fresh: str) -> str:
    """
    The name of this database's history, which every phone remembers.

    Args:
        fresh: a name that was never used, taken when there is none yet. After
            a backup was restored the old name is taken away (`new_history`),
            so that phones send again what the backup does not know.
    """
    await tx.run(
        "insert into meta (name, value) values ('epoch', :fresh) on conflict (name) do nothing", fresh=fresh
    )
    row = await tx.one("select value from meta where name = 'epoch'")
    assert row is not None
    return row["value"]


async def new_history(tx: Transaction, fresh: str) -> None:
    """Begin a new history under the name `fresh`: to be said once, after a backup was restored."""
    await tx.run("delete from meta where name = :name", name=MOVED_TO)
    await tx.run(
        "insert into meta (name, value) values ('epoch', :fresh)"
        " on conflict (name) do update set value = excluded.value",
        fresh=fresh,
    )


async def newest_migration(tx: Transaction) -> int:
    """The number of the latest migration that this database has; 0: none."""
    row = await tx.one("select coalesce(max(number), 0) from migrations")
    assert row is not None
    return row[0]


async def claim(tx: Transaction, purpose: Purpose) -> None:
    """
    Say what this database is for, or find that it is for that already.

    Raises:
        Refused: it is for the other purpose. Demo patrons sign in without
            proof, so the two never meet in one database. Or it was moved:
            phones would be told what is true no more.
    """
    moved = await tx.one("select value from meta where name = :name", name=MOVED_TO)
    if moved is not None:
        raise Refused(
            f"What was in this database was moved to {moved['value']}: start with --database. "
            "To go back to what it was before the move, run carrel restored on it first."
        )
    await tx.run(
        "insert into meta (name, value) values ('purpose', :purpose) on conflict (name) do nothing",
        purpose=purpose,
    )
    row = await tx.one("select value from meta where name = 'purpose'")
    assert row is not None
    if row["value"] == purpose:
        return
    if purpose == "library":
        raise Refused(
            "This database was made for a demo, where anyone signs in as anyone. "
            "It cannot serve a library: choose another with --data or --database."
        )
    raise Refused(
        "This database belongs to a library, and a demo lets anyone sign in as anyone. "
        "Choose another with --data or --database."
    )
