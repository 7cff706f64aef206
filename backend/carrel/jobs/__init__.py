"""
Recurring work: rows with a next run and a lease, so that any number of processes run each once.

There is no leader. Whoever finds a job due takes it for a while; one that dies gives it up by dying.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from carrel.storage import Storage, Transaction

log = logging.getLogger("carrel.jobs")

LEASE_MS = 10 * 60_000
"""A job whose process died is taken up again after this long, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done again and again; doing it twice must do no harm."""

    name: str
    """Where it lives and what it does: "loans.auto_renew"."""
    every: int | time
    """Milliseconds between two runs, or the time of day in the library's own time zone."""
    run: Callable[[Storage, int], Awaitable[Mapping[str, Any]]]
    """(storage, now in epoch ms) to a report: what was done, in a few figures."""


class Standing(Struct, frozen=True):
    """How it stands with a job; instants in epoch milliseconds."""

    name: str
    next_run_at: int
    leased_until: int
    last_run_at: int | None
    last_report: str
    """The report as JSON; "" before the first run."""
    last_failure: str
    """What the last run failed with; "" when it did not."""


def next_run(every: int | time, now: int, zone: ZoneInfo) -> int:
    """The first instant after `now` (epoch ms) at which a job is due."""
    if isinstance(every, int):
        return now + every
    here = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    on = here.date()
    while True:
        at = datetime.combine(on, every, zone)
        due = int(at.timestamp() * 1000)
        if due > now:
            return due
        on += timedelta(days=1)


class Jobs:
    """The jobs of one library."""

    def __init__(self, storage: Storage, jobs: list[Job], zone: ZoneInfo) -> None:
        self._storage = storage
        self._jobs = {job.name: job for job in jobs}
        self._zone = zone

    async def enrol(self, now: int) -> None:
        """Make a row for each job that has none: intervals are due at once, times of day when they come."""

        async def work(tx: Transaction) -> None:
            for job in self._jobs.values():
                first = now if isinstance(job.every, int) else next_run(job.every, now, self._zone)
                await tx.run(
                    "insert into jobs (name, next_run_at) values (:name, :first) on conflict (name) do nothing",
                    name=job.name,
                    first=first,
                )

        await self._storage.write(work)

    async def standing(self) -> list[Standing]:
        """Every job, by name."""

        async def work(tx: Transaction) -> list[Standing]:
            rows = await tx.all(
                "select name, next_run_at, leased_until, last_run_at, last_report, last_failure"
                " from jobs order by name"
            )
            return [Standing(*row) for row in rows if row["name"] in self._jobs]  # type: ignore[misc]

        return await self._storage.read(work)

    async def run_due(self, now: int) -> list[str]:
        """Run every job that is due and that nobody else has taken; tells which."""
        ran: list[str] = []
        for name in self._jobs:
            if await self._run(name, now, due_only=True):
                ran.append(name)
        return ran

    async def run(self, name: str, now: int) -> Standing | None:
        """
        Run one job now, due or not.

        Returns:
            How it stands afterwards; None when another process is at it.

        Raises:
            KeyError: there is no such job.
        """
        if name not in self._jobs:
            raise KeyError(name)
        if not await self._run(name, now, due_only=False):
            return None
        return next(each for each in await self.standing() if each.name == name)

    async def _run(self, name: str, now: int, due_only: bool) -> bool:
        job = self._jobs[name]
        lease = secrets.token_hex(8)

        async def take(tx: Transaction) -> bool:
            taken = await tx.run(
                "update jobs set lease = :lease, leased_until = :until where name in ("
                "select name from jobs where name = :name and leased_until <= :now and next_run_at <= :due"
                " /*postgres: for update skip locked */)",
                name=name,
                lease=lease,
                until=now + LEASE_MS,
                now=now,
                due=now if due_only else 2**62,
            )
            return taken == 1

        if not await self._storage.write(take):
            return False
        report, failure = "", ""
        try:
            report = msgspec.json.encode(dict(await job.run(self._storage, now))).decode()
        except Exception as raised:
            log.error("job %s failed", name, exc_info=raised)
            failure = f"{type(raised).__name__}: {raised}"

        async def give_back(tx: Transaction) -> None:
            await tx.run(
                "update jobs set lease = '', leased_until = 0, next_run_at = :next_run_at,"
                " last_run_at = :now, last_failure = :failure,"
                " last_report = case when :failure = '' then :report else last_report end"
                " where name = :name and lease = :lease",
                name=name,
                lease=lease,
                next_run_at=next_run(job.every, now, self._zone),
                now=now,
                report=report,
                failure=failure,
            )

        await self._storage.write(give_back)
        return True
