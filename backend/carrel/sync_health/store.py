"""Reads the ledger of devices and fates, for staff. Writes nothing."""

from typing import NamedTuple

import msgspec
from msgspec import Struct

from carrel.storage import Transaction
from carrel.sync_health import rules
from carrel.sync_health.model import FailedWish, OddClock, ReadAnew, RefusedFor, StuckDevice, SyncHealth

MOST = 100


class _Fate(Struct):
    st: str = "done"
    code: str = ""
    said: dict[str, object] = {}


class _Unacknowledged(NamedTuple):
    dev: str
    seen_at: int
    op: str
    fate: str
    decided_at: int


_fate = msgspec.json.Decoder(_Fate)


def _told(fate: str) -> _Fate:
    return _fate.decode(fate) if fate else _Fate()


async def health(tx: Transaction, now: int) -> SyncHealth:
    """All that staff are shown, as it is at `now` (epoch milliseconds)."""
    since = now - rules.LOOKED_BACK_MS
    counted = await tx.one("select count(*) from devices where closed_at is null and seen_at >= :since", since=since)
    assert counted is not None
    return SyncHealth(
        now, since, counted[0], await _stuck(tx, since, now), await _failed(tx, since), await _refused(tx, since),
        await _clocks(tx, since), await _anew(tx, since),
    )  # fmt: skip


async def _stuck(tx: Transaction, since: int, now: int) -> list[StuckDevice]:
    rows = await tx.all(
        "select devices.dev, devices.seen_at, fates.op, fates.fate, fates.decided_at from devices"
        " join fates on fates.dev = devices.dev and fates.n = devices.acked + 1"
        " where devices.closed_at is null and devices.upto > devices.acked and devices.seen_at >= :since"
        " and fates.decided_at <= :before order by fates.decided_at, devices.dev",
        since=since,
        before=now - rules.HOUR_MS,
    )
    stuck = []
    for row in (_Unacknowledged(*each) for each in rows):  # type: ignore[misc]
        why = rules.why_stuck(_told(row.fate).st, row.decided_at, row.seen_at, now)
        if why:
            stuck.append(StuckDevice(rules.shown(row.dev), why, row.op, row.decided_at, row.seen_at))
    return stuck[:MOST]


async def _failed(tx: Transaction, since: int) -> list[FailedWish]:
    rows = await tx.all(
        "select op, fate, decided_at, kept from fates where kept <> '' and first = 1 and decided_at >= :since"
        " order by decided_at desc, dev, n limit :most",
        since=since,
        most=MOST,
    )
    return [
        FailedWish(str(told.said.get("incident", "")), row["op"], told.code, row["decided_at"], row["kept"])
        for row in rows
        if (told := _told(row["fate"])).st == "failed"
    ]


async def _refused(tx: Transaction, since: int) -> list[RefusedFor]:
    rows = await tx.all(
        "select op, code, count(*) as times from (select op,"
        "/*sqlite: json_extract(fate, '$.st') as st, json_extract(fate, '$.code') as code */"
        "/*postgres: cast(fate as jsonb) ->> 'st' as st, cast(fate as jsonb) ->> 'code' as code */"
        " from fates where first = 1 and fate <> '' and decided_at >= :since) as told"
        " where st in ('refused', 'invalid') group by op, code order by count(*) desc, op, code limit :most",
        since=since,
        most=MOST,
    )
    return [RefusedFor(row["op"], row["code"] or "", row["times"]) for row in rows]


async def _clocks(tx: Transaction, since: int) -> list[OddClock]:
    rows = await tx.all(
        "select dev, value, at from oddities where kind = 'clock' and at >= :since"
        " order by abs(value) desc, dev limit :most",
        since=since,
        most=MOST,
    )
    return [OddClock(rules.shown(row["dev"]), row["value"], row["at"]) for row in rows]


async def _anew(tx: Transaction, since: int) -> list[ReadAnew]:
    rows = await tx.all(
        "select dev, value, at from oddities where kind = 'anew' and at >= :since order by value desc, dev limit :most",
        since=since,
        most=MOST,
    )
    return [ReadAnew(rules.shown(row["dev"]), row["value"], row["at"]) for row in rows]
