"""
GET /health/live and /health/ready: for whatever starts, watches and sends messages to nodes.

Live says that this process answers. Ready says that it can do its work: its store answers in time and is
up to date. A node that is told to stop answers both with 503, as it takes nothing new (`carrel.serving`).
Tells nobody anything private, and asks the store once a second however often it is asked itself.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import Request, Response, get

from carrel import problems
from carrel.storage import Closed, Fault, Storage, about, migrations

ANSWER_SECONDS = 2.0
"""A store that takes longer, its writer's queue included, does not answer."""
GOOD_SECONDS = 1.0
"""So long one look at the store is good for."""


class Health:
    """How it stands with one node."""

    def __init__(self, catalogue: Callable[[], bool], clock: Callable[[], float], limit: float = ANSWER_SECONDS) -> None:
        """
        Args:
            catalogue: whether there is one.
            clock: seconds, only ever rising.
            limit: seconds given to the store.
        """
        self._catalogue = catalogue
        self._clock = clock
        self._limit = limit
        self._newest = max(each.number for each in migrations.known())
        self._looking: asyncio.Task[str] | None = None
        self._looked_at = float("-inf")
        self.storage: Storage | None = None
        """None as long as it is not open."""

    def has_catalogue(self) -> bool:
        """Whether there is something to search."""
        return self._catalogue()

    async def trouble(self) -> str:
        """Why this node cannot do its work, as a code of `carrel.problems.SAID`; "": it can."""
        fresh = self._clock() - self._looked_at < GOOD_SECONDS
        if self._looking is None or (self._looking.done() and not fresh):
            self._looked_at = self._clock()
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> str:
        if self.storage is None:
            return "store-silent"
        try:
            # By the way that writes take: it is the one that gets stuck.
            applied = await asyncio.wait_for(self.storage.write(about.newest_migration), self._limit)
        except (Fault, Closed, TimeoutError):
            return "store-silent"
        return "" if applied >= self._newest else "store-older"


@get("/health/live")
async def live() -> Response[dict[str, bool]]:
    """This process answers."""
    return Response({"live": True}, headers={"cache-control": "no-store"})


@get("/health/ready")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, bool]]:
    """This node can do its work; a library without a catalogue has accounts all the same, and says so."""
    health: Health = request.app.state.health
    trouble = await health.trouble()
    if trouble:
        raise problems.Broken(trouble, retry_after="5")
    return Response({"ready": True, "catalogue": health.has_catalogue()}, headers={"cache-control": "no-store"})


handlers = [live, ready]
