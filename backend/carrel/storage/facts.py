"""
Facts: what a patron's phones hold of the library's state, and how a change gets into their stream.

Every change takes the next number of the patron's own sequence, so a phone that has read up to one
number misses nothing after it. Knows no capability: a kind, an id and a body are all it sees.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from carrel.storage import Transaction
from carrel_sync.messages import fact_id

PATRONS_PER_STATEMENT = 500

_encode = msgspec.json.Encoder(order="deterministic").encode


async def publish(
    tx: Transaction, patron_id: str, kind: str, id: str, body: msgspec.Struct, now: int
) -> None:
    """
    Let a patron's phones know a fact, as it is now.

    Written only when the body differs from what they were told; then the
    version rises by one and the fact moves to the end of the patron's stream.
    A fact that was withdrawn comes back with the next version.

    Args:
        now: epoch milliseconds; kept so that it can be seen when a fact last changed.

    Raises:
        ValueError: the id begins with "#", as short ones on the wire do.
    """
    id = fact_id(id)
    text = _encode(body).decode()
    known = await tx.one(
        "select version, body, gone_at from facts where patron_id = :patron_id and kind = :kind and id = :id"
        " /*postgres: for update */",
        patron_id=patron_id,
        kind=kind,
        id=id,
    )
    if known is None:
        version, change = 1, weight(kind, id, 1)
    elif known["gone_at"] is not None:
        version = known["version"] + 1
        change = weight(kind, id, version)
    elif known["body"] == text:
        return
    else:
        version = known["version"] + 1
        change = weight(kind, id, version) - weight(kind, id, known["version"])
    await tx.run(
        "insert into facts (patron_id, kind, id, version, seq, body, changed_at, gone_at)"
        " values (:patron_id, :kind, :id, :version, :seq, :body, :now, null)"
        " on conflict (patron_id, kind, id) do update set"
        " version = excluded.version, seq = excluded.seq, body = excluded.body,"
        " changed_at = excluded.changed_at, gone_at = null",
        patron_id=patron_id,
        kind=kind,
        id=id,
        version=version,
        seq=await _next(tx, patron_id, change),
        body=text,
        now=now,
    )


async def withdraw(tx: Transaction, patron_id: str, kind: str, id: str, now: int) -> None:
    """
    Let a patron's phones know that a fact is no more.

    Leaves a tombstone, with the next version, until the phones have had time
    to hear of it. A fact that is not there, or gone already, is left alone.
    """
    known = await tx.one(
        "select version from facts"
        " where patron_id = :patron_id and kind = :kind and id = :id and gone_at is null"
        " /*postgres: for update */",
        patron_id=patron_id,
        kind=kind,
        id=id,
    )
    if known is None:
        return
    await tx.run(
        "update facts set version = version + 1, seq = :seq, body = '{}', changed_at = :now, gone_at = :now"
        " where patron_id = :patron_id and kind = :kind and id = :id",
        patron_id=patron_id,
        kind=kind,
        id=id,
        seq=await _next(tx, patron_id, -weight(kind, id, known["version"])),
        now=now,
    )


async def lock(tx: Transaction, patron_id: str) -> None:
    """
    Take this patron's turn: nobody else changes anything of theirs until this unit of work ends.

    SQLite has one writer, so there it is free. Elsewhere it comes before
    anything that is read in order to be changed.
    """
    if await tx.one(
        "select 1 from streams where patron_id = :patron_id /*postgres: for update */", patron_id=patron_id
    ):
        return
    await tx.run(
        "insert into streams (patron_id) values (:patron_id)"
        " on conflict (patron_id) do /*sqlite: nothing */ /*postgres: update set seq = streams.seq */",
        patron_id=patron_id,
    )


async def stir(tx: Transaction, patron_id: str) -> None:
    """Have a patron's phones look again, although no fact has changed: an outcome has come for one of them."""
    await _next(tx, patron_id, 0)


async def _next(tx: Transaction, patron_id: str, change: int) -> int:
    stream = await tx.one(
        "insert into streams (patron_id, seq, sum) values (:patron_id, 1, :change)"
        " on conflict (patron_id) do update set"
        " seq = streams.seq + 1, sum = (streams.sum + excluded.sum) & 4294967295"
        " returning seq",
        patron_id=patron_id,
        change=change % 2**32,
    )
    assert stream is not None
    tx.tell(patron_id, stream["seq"])
    return stream["seq"]


@lru_cache(8192)
def _begun(kind: str, id: str) -> int:
    return _fnv(0x811C9DC5, f"{kind}:{id}:".encode())


def _fnv(h: int, text: bytes) -> int:
    for byte in text:
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def weight(kind: str, id: str, version: int) -> int:
    """What one fact adds to `carrel_sync.messages.checksum`, where most of it is worked out only once."""
    return _fnv(_begun(kind, id), b"%d" % version)


async def numbers(tx: Transaction, patrons: Sequence[str]) -> dict[str, int]:
    """The number of the latest change to the facts of each of these patrons; who has none is left out."""
    found: dict[str, int] = {}
    for start in range(0, len(patrons), PATRONS_PER_STATEMENT):
        rows = await tx.all(
            "select patron_id, seq from streams where patron_id in ("
            "/*sqlite: select value from json_each(:patrons) */"
            "/*postgres: select jsonb_array_elements_text(cast(:patrons as jsonb)) */)",
            patrons=_encode(patrons[start : start + PATRONS_PER_STATEMENT]).decode(),
        )
        found.update((row[0], row[1]) for row in rows)
    return found
