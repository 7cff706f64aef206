"""Who sat where is not kept: bookings are forgotten when nothing can be asked about them any more."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from carrel.bookings import intents, store
from carrel.jobs import Job
from carrel.storage import Storage, Transaction
from carrel.storage.facts import lock

DAYS = 30
"""So many days after its end a booking is forgotten."""
DAY_MS = 86_400_000


async def forget_over(storage: Storage, now: int) -> Mapping[str, Any]:
    """Take bookings that ended more than 30 days ago from the facts of those who never look, and forget them."""
    before = now - DAYS * DAY_MS
    for patron_id in await storage.read(lambda tx: store.untold(tx, before)):
        await storage.write(lambda tx, patron_id=patron_id: _tell(tx, patron_id, now))
    return {"forgotten": await storage.write(lambda tx: store.forget_over(tx, before))}


async def _tell(tx: Transaction, patron_id: str, now: int) -> None:
    await lock(tx, patron_id)
    await intents.refresh(tx, patron_id, now)


jobs = [Job("bookings.forget_over", time(3, 20), forget_over)]
