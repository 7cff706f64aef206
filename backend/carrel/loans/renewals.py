"""The recurring work of loans: what is due renews itself, as the library promises."""

import asyncio
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from carrel.hours.rules import day_of
from carrel.jobs import Job
from carrel.loans import intents, store
from carrel.storage import Storage, Transaction
from carrel.storage.facts import lock

PATRONS_AT_A_TIME = 64
"""So many units of work are under way together, so that they share commits."""


async def auto_renew(storage: Storage, now: int) -> Mapping[str, Any]:
    """
    Renew every loan that is due and renews itself, once for each period that has ended.

    Running it again does nothing more. After days on which it did not run it
    catches up, as of the days on which the loans were due. One unit of work
    for each patron: a run that is cut off has done whole patrons, and the next
    one does the rest.

    Returns:
        How many were renewed, and how many were not for each reason.
    """
    today = day_of(now)
    through = await storage.read(store.renewed_through)
    after = today - timedelta(days=1) if through is None else min(through, today - timedelta(days=1))
    patrons = await storage.read(lambda tx: store.patrons_due_between(tx, after, today))
    report: dict[str, int] = {"renewed": 0}

    async def one(patron_id: str) -> dict[str, int]:
        async def work(tx: Transaction) -> dict[str, int]:
            await lock(tx, patron_id)
            return await intents.renew_due(tx, patron_id, after, today, now)

        return await storage.write(work)

    for first in range(0, len(patrons), PATRONS_AT_A_TIME):
        together = patrons[first : first + PATRONS_AT_A_TIME]
        for counts in await asyncio.gather(*map(one, together)):
            for reason, count in counts.items():
                report[reason] = report.get(reason, 0) + count
    await storage.write(lambda tx: store.keep_renewed_through(tx, today))
    return report


jobs = [Job("loans.auto_renew", time(6, 0), auto_renew)]
