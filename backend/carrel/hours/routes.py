"""GET /pub/1/library: sites, service points and hours, the same for everybody."""

from typing import Any

from litestar import Request, Response, get

from carrel.hours import store
from carrel.hours.model import LibraryInfo
from carrel.hours.rules import TIMEZONE
from carrel.public import answered
from carrel.storage import Transaction


@get("/pub/1/library")
async def library(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What the library is called, where it is, and when it serves."""
    state = request.app.state

    async def work(tx: Transaction) -> LibraryInfo:
        name, contacts = await store.library(tx)
        return LibraryInfo(0, name, TIMEZONE, state.demo, list(await store.sites(tx)), contacts)

    told = await state.storage.read(work)
    return answered(request, told, state.now(), max_age=300)


handlers = [library]
