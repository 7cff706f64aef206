"""
The library's memory of its conversations with phones: `carrel_sync.library.Ledger` over a `Transaction`.

The only SQL that writes devices and fates. Decides nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache

import msgspec

from carrel.storage import Fault, Transaction
from carrel.storage.facts import lock
from carrel_sync.library import Decided, Fact, Opened, Page
from carrel_sync.messages import OUTCOME_DAYS

DAY_MS = 86_400_000
FATES_PER_STATEMENT = 20

_list = msgspec.json.Encoder().encode


class StoredLedger:
    """One conversation's view of the ledger."""

    __slots__ = ("_epoch", "_now", "decided", "tx")

    faults: tuple[type[BaseException], ...] = (Fault,)

    def __init__(self, tx: Transaction, epoch: str, now: int) -> None:
        """
        Args:
            epoch: the name of the database's history, see `carrel.storage.about`.
            now: epoch milliseconds; only says which devices have been silent for too long to count.
        """
        self.tx = tx
        self.decided: Sequence[Decided] = ()
        """What was kept by `settle`."""
        self._epoch = epoch
        self._now = now

    async def open(self, dev: str, patron: str, ack: int) -> Opened:
        tx = self.tx
        await lock(tx, patron)
        row = await tx.one(
            "select devices.patron_id, devices.closed_at, devices.upto, devices.acked, devices.seen_at,"
            " streams.seq, streams.sum, streams.horizon, streams.refresh_at"
            " from streams left join devices on devices.dev = :dev where streams.patron_id = :patron_id",
            dev=dev,
            patron_id=patron,
        )
        assert row is not None
        bound_to, closed_at, upto, acked, seen_at, seq, sum, horizon, refresh_at = row
        if bound_to is None:
            counted = await tx.one(
                "select count(*) from devices"
                " where patron_id = :patron_id and closed_at is null and seen_at >= :since",
                patron_id=patron,
                since=self._now - OUTCOME_DAYS * DAY_MS,
            )
            assert counted is not None
            return Opened(
                self._epoch, None, False, 0, 0, 0, counted[0], [], seq, sum, horizon, refresh_at
            )
        decided: Sequence[tuple[int, str, str]] = []
        if bound_to == patron and upto > ack:
            decided = await tx.all(
                "select n, u, fate from fates where dev = :dev and n > :ack order by n", dev=dev, ack=ack
            )  # type: ignore[assignment]
        return Opened(
            self._epoch,
            bound_to,
            closed_at is not None,
            upto,
            acked,
            seen_at,
            0,
            decided,
            seq,
            sum,
            horizon,
            refresh_at,
        )

    async def known(self, patron: str, us: Sequence[str]) -> Mapping[str, str]:
        rows = await self.tx.all(
            # Each identity is looked up by itself: PostgreSQL would rather read all that the patron ever asked.
            "/*sqlite: select u, fate from fates where patron_id = :patron_id and first = 1 and u <> ''"
            " and u in (select value from json_each(:us)) */"
            "/*postgres: select asked.u, found.fate from"
            " (select jsonb_array_elements_text(cast(:us as jsonb)) as u) as asked,"
            " lateral (select fate from fates where patron_id = :patron_id and u = asked.u"
            " and first = 1 and u <> '' offset 0) as found */",
            patron_id=patron,
            us=_list(us).decode(),
        )
        return {u: fate for u, fate in rows}  # noqa: C416 (rows are not pairs to a type checker)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        return self.tx.savepoint()

    async def settle(
        self, dev: str, patron: str, upto: int, ack: int, decided: Sequence[Decided], now: int
    ) -> None:
        tx = self.tx
        self.decided = decided
        await tx.run(
            "insert into devices (dev, patron_id, upto, acked, seen_at)"
            " values (:dev, :patron_id, :upto, :ack, :now)"
            " on conflict (dev) do update set"
            " upto = excluded.upto, acked = excluded.acked, seen_at = excluded.seen_at",
            dev=dev,
            patron_id=patron,
            upto=upto,
            ack=ack,
            now=now,
        )
        for start in range(0, len(decided), FATES_PER_STATEMENT):
            few = decided[start : start + FATES_PER_STATEMENT]
            values: dict[str, object] = {"dev": dev, "patron_id": patron, "now": now}
            for names, each in zip(_NAMES, few, strict=False):
                values.update(zip(names, each, strict=True))
            await tx.run(_keep_fates(len(few)), **values)

    async def odd(self, dev: str, kind: str, value: int, now: int) -> None:
        """
        Keep, for staff, what is odd about a phone.

        Args:
            kind: "clock", with how many milliseconds it is ahead; "anew", with 1 for each time.
        """
        await self.tx.run(
            "insert into oddities (dev, kind, value, since_at, at) values (:dev, :kind, :value, :now, :now)"
            " on conflict (dev, kind) do update set at = excluded.at,"
            " value = case when :kind = 'anew' then oddities.value + excluded.value else excluded.value end",
            dev=dev,
            kind=kind,
            value=value,
            now=now,
        )

    async def refreshed(self, patron: str, refresh_at: int) -> None:
        await self.tx.run(
            "update streams set refresh_at = :refresh_at"
            " where patron_id = :patron_id and refresh_at <> :refresh_at",
            patron_id=patron,
            refresh_at=refresh_at,
        )

    async def read(self, patron: str, after: int, limit: int) -> Page:
        rows = await self.tx.all(
            "select streams.seq, streams.sum, facts.seq, facts.kind, facts.id, facts.version,"
            " case when facts.gone_at is null then facts.body end"
            " from streams left join facts on facts.patron_id = streams.patron_id and facts.seq > :after"
            " where streams.patron_id = :patron_id order by facts.seq limit :limit",
            patron_id=patron,
            after=after,
            limit=limit,
        )
        seq, sum = rows[0][0], rows[0][1]
        # A stream with nothing new is one row without a fact.
        return Page(seq, sum, [Fact(*row[2:]) for row in map(tuple, rows) if row[2] is not None])  # type: ignore[arg-type]

    async def replace(self, patron: str, u: str, fate: str, kept: str, now: int) -> None:
        for places in ("first = 1 and u <> ''", "first = 0"):
            await self.tx.run(
                "update fates set fate = :fate, decided_at = :now,"
                " kept = case when first = 1 then :kept else kept end"
                f" where patron_id = :patron_id and u = :u and {places}",
                patron_id=patron,
                u=u,
                fate=fate,
                kept=kept,
                now=now,
            )

    async def close(self, dev: str, patron: str, now: int) -> bool:
        bound = await self.tx.one("select patron_id from devices where dev = :dev", dev=dev)
        if bound is not None and bound["patron_id"] != patron:
            return False
        await self.tx.run(
            "insert into devices (dev, patron_id, seen_at, closed_at) values (:dev, :patron_id, :now, :now)"
            " on conflict (dev) do update set closed_at = :now where devices.closed_at is null",
            dev=dev,
            patron_id=patron,
            now=now,
        )
        return True


_NAMES = [[f"{name}{place}" for name in Decided._fields] for place in range(FATES_PER_STATEMENT)]


@cache
def _keep_fates(count: int) -> str:
    rows = ", ".join(
        f"(:dev, :n{i}, :patron_id, :u{i}, :fate{i}, :first{i}, :op{i}, :kept{i}, :now)" for i in range(count)
    )
    return f"insert into fates (dev, n, patron_id, u, fate, first, op, kept, decided_at) values {rows}"


async def prune(tx: Transaction, tombstones_before: int, fates_before: int) -> dict[str, int]:
    """
    Forget what no phone needs any more.

    Args:
        tombstones_before: facts gone before this instant (epoch ms) leave no
            trace; a phone that has not read since then begins anew.
        fates_before: fates decided before this instant are forgotten, and
            with them the devices that have been silent since.

    Returns:
        How many of each were removed.
    """
    await tx.run(
        "update streams set horizon = (select max(seq) from facts"
        " where facts.patron_id = streams.patron_id and facts.gone_at < :before)"
        " where exists (select 1 from facts where facts.patron_id = streams.patron_id"
        " and facts.gone_at < :before and facts.seq > streams.horizon)",
        before=tombstones_before,
    )
    return {
        "tombstones": await tx.run("delete from facts where gone_at < :before", before=tombstones_before),
        "fates": await tx.run(
            "delete from fates where decided_at < :before and n <="
            " (select devices.upto from devices where devices.dev = fates.dev)",
            before=fates_before,
        ),
        "oddities": await tx.run("delete from oddities where at < :before", before=fates_before),
        "devices": await tx.run(
            "delete from devices where seen_at < :before"
            " and not exists (select 1 from fates where fates.dev = devices.dev)",
            before=fates_before,
        ),
    }
