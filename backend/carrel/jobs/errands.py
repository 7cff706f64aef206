"""
Errands: work for one thing at a time that may come to nothing and is then tried again.

Where a job runs every night, an errand is run for one account or one message when it is due. Each is a
row; whoever takes it has it under a lease, on any number of nodes, and one that dies gives it up by
dying. Knows neither what is done nor whom it concerns.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Struct

from carrel.storage import Closed, Fault, Storage, Transaction

log = logging.getLogger("carrel.jobs")

LEASE_MS = 60_000
"""How long whoever takes an errand has it, milliseconds; `hold` begins that anew."""
STUCK_TRIES = 3
"""After so many tries in vain an errand is shown to staff as stuck."""


class Taken(NamedTuple):
    """An errand in somebody's hands."""

    kind: str
    name: str
    lease: str
    """Whoever shows it has the errand, as long as nobody else has taken it since."""
    tries: int
    """How often in a row it has come to nothing before."""


@dataclass(frozen=True, slots=True)
class ErrandKind:
    """One kind of errand."""

    name: str
    """Where it lives and what it does: "loans.elsewhere"."""
    run: Callable[[Storage, Taken], Awaitable[None]]
    """Does it and puts it down. It may be cut off anywhere, and is then run again: that must do no harm."""
    at_a_time: int = 4
    """So many of the kind are run together by one process."""


class Standing(Struct, frozen=True):
    """How it stands with an errand that has come to nothing so far; instants in epoch milliseconds."""

    kind: str
    name: str
    due_at: int
    tries: int
    since_at: int
    """When it first came to nothing."""
    trouble: str

    @property
    def stuck(self) -> bool:
        """Whether staff should look at it."""
        return self.tries >= STUCK_TRIES


# In the unit of work of whoever needs something done


async def want(tx: Transaction, kind: str, name: str, due_at: int) -> None:
    """
    Have an errand run at an instant (epoch ms), or earlier if it is due earlier already.

    One that came to nothing keeps its own time: asking louder does not mend what is broken.
    """
    await tx.run(
        "insert into errands (kind, name, due_at) values (:kind, :name, :due_at)"
        " on conflict (kind, name) do update set due_at = excluded.due_at"
        " where errands.tries = 0 and errands.due_at > excluded.due_at",
        kind=kind,
        name=name,
        due_at=due_at,
    )


async def hold(tx: Transaction, taken: Taken, now: int) -> bool:
    """
    Whether an errand is still in these hands; if so, for a whole lease from now on.

    What its run writes is to be written in the same unit of work, and only then.
    """
    return await tx.run(
        "update errands set leased_until = :until where kind = :kind and name = :name and lease = :lease",
        kind=taken.kind,
        name=taken.name,
        lease=taken.lease,
        until=now + LEASE_MS,
    ) == 1


async def put_down(tx: Transaction, taken: Taken, due_at: int) -> None:
    """It came to something: look again at this instant (epoch ms), unless it is wanted earlier."""
    await tx.run(
        "update errands set due_at = :due_at, lease = '', leased_until = 0,"
        " tries = 0, since_at = null, trouble = ''"
        " where kind = :kind and name = :name and lease = :lease",
        kind=taken.kind,
        name=taken.name,
        lease=taken.lease,
        due_at=due_at,
    )


async def came_to_nothing(tx: Transaction, taken: Taken, due_at: int, now: int, trouble: str) -> None:
    """Try again at this instant (epoch ms); `trouble` says why, to staff, without naming anybody."""
    await tx.run(
        "update errands set due_at = :due_at, lease = '', leased_until = 0,"
        " tries = tries + 1, since_at = coalesce(since_at, :now), trouble = :trouble"
        " where kind = :kind and name = :name and lease = :lease",
        kind=taken.kind,
        name=taken.name,
        lease=taken.lease,
        due_at=due_at,
        now=now,
        trouble=trouble,
    )


async def drop(tx: Transaction, kind: str, name: str) -> None:
    """It is needed no more."""
    await tx.run("delete from errands where kind = :kind and name = :name", kind=kind, name=name)


async def in_trouble(tx: Transaction) -> list[Standing]:
    """Every errand that has come to nothing so far, the oldest trouble first."""
    rows = await tx.all(
        "select kind, name, due_at, tries, since_at, trouble from errands"
        " where since_at is not null order by since_at, kind, name"
    )
    return [Standing(*row) for row in rows]  # type: ignore[misc]


async def standing_now(tx: Transaction, now: int) -> dict[tuple[str, ...], float]:
    """How many errands there are, by kind and state: waiting for their time, due, or stuck."""
    rows = await tx.all(
        "select kind, case when tries >= :stuck then 'stuck' when due_at <= :now then 'due' else 'waiting' end"
        " as state, count(*) from errands group by 1, 2",
        stuck=STUCK_TRIES,
        now=now,
    )
    return {(row[0], row[1]): row[2] for row in rows}


# Running them


class Errands:
    """The errands of one process."""

    def __init__(self, storage: Storage, kinds: Iterable[ErrandKind], now: Callable[[], int]) -> None:
        """
        Args:
            now: the library's clock, epoch milliseconds.
        """
        self._storage = storage
        self._kinds = {kind.name: kind for kind in kinds}
        self._now = now
        self._running: dict[asyncio.Task[None], str] = {}

    async def keep_running(self, seconds: float) -> None:
        """Look for due errands again and again, until cancelled; what was begun is cut off then."""
        try:
            while self._kinds:
                try:
                    await self.begin_due()
                except Exception as raised:
                    log.error("due errands could not be looked for", exc_info=raised)
                if self._running:
                    await asyncio.wait(self._running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(seconds)
        finally:
            left = set(self._running)
            for each in left:
                each.cancel()
            if left:
                await asyncio.wait(left)

    async def begin_due(self) -> set["asyncio.Task[None]"]:
        """Take what is due and nobody has, as much as may run together, and begin with it."""
        for kind in self._kinds.values():
            free = kind.at_a_time - sum(each == kind.name for each in self._running.values())
            if free <= 0 or not await self._storage.read(lambda tx, kind=kind: self._is_due(tx, kind.name)):
                continue
            for taken in await self._storage.write(lambda tx, kind=kind, free=free: self._take(tx, kind.name, free)):
                task = asyncio.create_task(self._run(kind, taken))
                self._running[task] = kind.name
                task.add_done_callback(self._running.pop)
        return set(self._running)

    async def _is_due(self, tx: Transaction, kind: str) -> bool:
        found = await tx.one(
            "select 1 from errands where kind = :kind and due_at <= :now and leased_until <= :now limit 1",
            kind=kind,
            now=self._now(),
        )
        return found is not None

    async def _take(self, tx: Transaction, kind: str, most: int) -> list[Taken]:
        now = self._now()
        lease = secrets.token_hex(8)
        # What another node is just taking is passed over; the condition is said twice in case it is not.
        rows = await tx.all(
            "update errands set lease = :lease, leased_until = :until"
            " where kind = :kind and due_at <= :now and leased_until <= :now and name in"
            " (select name from errands where kind = :kind and due_at <= :now and leased_until <= :now"
            " order by due_at limit :most /*postgres: for update skip locked */)"
            " returning name, tries",
            kind=kind,
            lease=lease,
            until=now + LEASE_MS,
            now=now,
            most=most,
        )
        return [Taken(kind, row["name"], lease, row["tries"]) for row in rows]

    async def _run(self, kind: ErrandKind, taken: Taken) -> None:
        try:
            await kind.run(self._storage, taken)
        except (Closed, Fault) as said:
            # The lease ends by itself; then it is run again.
            log.warning("errand %s was cut off: %s", kind.name, said)
        except Exception as raised:
            log.error("errand %s failed", kind.name, exc_info=raised)
            now = self._now()
            trouble = f"{type(raised).__name__}, told in the log"
            due_at = now + LEASE_MS * 2 ** min(taken.tries, 5)
            with suppress(Closed, Fault):
                await self._storage.write(lambda tx: came_to_nothing(tx, taken, due_at, now, trouble))
