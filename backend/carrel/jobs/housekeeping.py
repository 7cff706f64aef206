"""The jobs that keep the account database from growing without end."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from carrel.identity import store as identity
from carrel.jobs import Job
from carrel.storage import Storage, ledger
from carrel_sync.messages import OUTCOME_DAYS, TOMBSTONE_DAYS

DAY_MS = 86_400_000


async def _forget_sessions(storage: Storage, now: int) -> Mapping[str, Any]:
    return await storage.write(lambda tx: identity.prune(tx, now))


async def _forget_ledger(storage: Storage, now: int) -> Mapping[str, Any]:
    return await storage.write(
        lambda tx: ledger.prune(tx, now - TOMBSTONE_DAYS * DAY_MS, now - OUTCOME_DAYS * DAY_MS)
    )


jobs = [
    Job("identity.forget_ended", 3_600_000, _forget_sessions),
    Job("storage.forget_told", time(3, 40), _forget_ledger),
]
