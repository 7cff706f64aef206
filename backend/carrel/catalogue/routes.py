"""GET /catalogue/1/…: the snapshot's manifest and parts, and the same search for a phone that has no copy."""

import asyncio
import re
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import Parameter

from carrel import problems
from carrel.catalogue.search import LIMIT_MOST, OFFSET_MOST, NoSnapshot, Searching

IMMUTABLE = "public, max-age=31536000, immutable"
TYPED_MOST = 200
"""Characters of a query; nobody types more, and each costs."""


def _searching(request: Request[Any, Any, Any]) -> Searching:
    searching: Searching = request.app.state.searching
    return searching


@get("/catalogue/1/manifest")
async def manifest(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What to fetch for a whole copy."""
    try:
        told, written = _searching(request).manifest()
    except NoSnapshot:
        raise problems.Broken("no-catalogue") from None
    headers = {"etag": f'"{told.version[:24]}"', "cache-control": "no-cache"}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(written, media_type="application/json", headers=headers)


@get("/catalogue/1/parts/{sha256:str}")
async def part(request: Request[Any, Any, Any], sha256: str) -> Response[bytes]:
    """A piece of the snapshot, in the best compression that the asker takes."""
    path = _searching(request).part(sha256) if re.fullmatch("[0-9a-f]{64}", sha256) else None
    if path is None:
        raise problems.Broken("no-part")
    taken = {each.split(";")[0].strip() for each in request.headers.get("accept-encoding", "").split(",")}
    headers = {"cache-control": IMMUTABLE, "vary": "accept-encoding"}
    for name, ending in (("br", ".br"), ("gzip", ".gz")):
        smaller = path.with_name(path.name + ending)
        if name in taken and smaller.is_file():
            headers["content-encoding"] = name
            path = smaller
            break
    body = await asyncio.to_thread(path.read_bytes)
    return Response(body, media_type="application/octet-stream", headers=headers)


@get("/catalogue/1/search")
async def search(
    request: Request[Any, Any, Any],
    q: Annotated[str, Parameter(max_length=TYPED_MOST)] = "",
    offset: Annotated[int, Parameter(ge=0, le=OFFSET_MOST)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=LIMIT_MOST)] = 20,
) -> Response[Any]:
    """The same hits as on a phone; nobody is told who asked, and nothing is kept."""
    try:
        results = await _searching(request).search(q, offset, limit)
    except NoSnapshot:
        raise problems.Broken("no-catalogue") from None
    return Response(results, headers={"cache-control": "no-store"})


@get("/catalogue/1/records/{id:str}")
async def record(request: Request[Any, Any, Any], id: str) -> Response[Any]:
    """One record, whole."""
    try:
        found = await _searching(request).record(id)
    except NoSnapshot:
        raise problems.Broken("no-catalogue") from None
    if found is None:
        raise problems.Broken("no-record")
    return Response(found, headers={"cache-control": "no-store"})


handlers = [manifest, part, search, record]
