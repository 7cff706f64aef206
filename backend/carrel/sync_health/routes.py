"""GET /staff/sync-health: how phones fare, for members of staff; each look is noted."""

from typing import Any

from litestar import Request, Response, get

from carrel.gate import cookies
from carrel.storage import Transaction
from carrel.sync_health import store
from carrel.sync_health.model import SyncHealth


@get("/staff/sync-health")
async def sync_health(request: Request[Any, Any, Any]) -> Response[SyncHealth]:
    """401 when nobody is signed in, 403 when it is nobody of the staff."""
    state = request.app.state
    signed, now = cookies(request.scope), state.now()

    async def work(tx: Transaction) -> SyncHealth:
        await state.sessions.staff_reading(tx, signed, "sync-health", now)
        return await store.health(tx, now)

    return Response(await state.storage.write(work), headers={"cache-control": "no-store"})


handlers = [sync_health]
