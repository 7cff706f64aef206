"""Reading is nobody's business: what was returned is soon nobody's."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from carrel.hours.rules import day_of
from carrel.jobs import Job
from carrel.loans import store
from carrel.storage import Storage

DAYS = 30
"""So many days after its return a loan loses its patron: the time in which a return may be questioned."""


async def forget_returned(storage: Storage, now: int) -> Mapping[str, Any]:
    """Cut the link between patron and item from what was returned more than 30 days ago."""
    before = day_of(now) - timedelta(days=DAYS)
    return {"forgotten": await storage.write(lambda tx: store.forget_returned(tx, before))}


jobs = [Job("loans.forget_returned", time(3, 10), forget_returned)]
