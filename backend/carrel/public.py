"""How public facts are served: the same bytes for everybody, with an age, a validator and a life in caches."""

import hashlib
from typing import Any

import msgspec
from litestar import Request, Response
from msgspec import Struct, structs

_encode = msgspec.json.Encoder(order="deterministic").encode
KEPT_SECONDS = 86_400
"""For so long a cache may answer with an old one while it asks for a new one."""


def answered(request: Request[Any, Any, Any], told: Struct, now: int, max_age: int) -> Response[bytes]:
    """
    Answer with a public fact.

    Args:
        told: has a field `as_of`, which becomes `now`. The validator leaves it
            out: the same fact a minute later is the same fact.
        max_age: seconds for which nobody need ask again.
    """
    etag = f'"{hashlib.sha256(_encode(structs.replace(told, as_of=0))).hexdigest()[:24]}"'
    headers = {
        "etag": etag,
        "cache-control": f"public, max-age={max_age}, stale-while-revalidate={KEPT_SECONDS}",
    }
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if etag in known or "*" in known:
        return Response(b"", status_code=304, headers=headers)
    body = _encode(structs.replace(told, as_of=now))
    return Response(body, status_code=200, media_type="application/json", headers=headers)
