"""GET /pub/1/availability: which records have a copy lent out, the same for everybody."""

from typing import Any

from litestar import Request, Response, get

from carrel.loans import store
from carrel.loans.model import Availability
from carrel.public import answered


@get("/pub/1/availability")
async def availability(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Counts and dates only: nothing tells who has what."""
    state = request.app.state
    records = await state.storage.read(store.availability)
    return answered(request, Availability(0, records), state.now(), max_age=60)


handlers = [availability]
