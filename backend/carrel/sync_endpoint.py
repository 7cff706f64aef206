"""
HTTP around `carrel_sync.library`: bytes in, one unit of work, bytes out. Decides nothing itself.

Everything that needs no database (reading, inflating, decoding, encoding, compressing) happens
outside the writer; who is asking is looked up inside the same unit of work, which spares a hop.
"""

import logging
import re
import secrets
import time
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, asgi, delete, get
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from carrel import problems
from carrel.gate import accepted_encoding, answer_bytes, compressed, cookies, refuse, whole_body
from carrel.operating.watching import INCIDENT
from carrel.problems import Broken
from carrel.storage import Closed, Fault, Transaction
from carrel.storage.ledger import StoredLedger
from carrel_sync import library
from carrel_sync.library import Decided
from carrel_sync.messages import REQUEST_BYTES_COMPRESSED, REQUEST_BYTES_INFLATED, Problem, Reply, encode

PATH = "/sync/1"
LEAST_TO_COMPRESS_BYTES = 400
CLOCK_OFF_MS = 5 * 60_000
"""A phone's clock that is further off than this is shown to staff."""

log = logging.getLogger("carrel.sync")

_JSON = (b"content-type", b"application/json")
_NOT_KEPT = (b"cache-control", b"no-store")
_DEVICE = re.compile(r"d_[0-9a-f]{32}")


def inflated(body: bytes, encoding: bytes) -> bytes | str:
    """
    A body as it was before it was compressed.

    Returns:
        The bytes, or the code of the problem: larger than 512 KB
        ("too-large"), cut short or not gzip ("malformed"), or in an encoding
        that is not understood ("not-json").
    """
    if encoding in (b"", b"identity"):
        return body
    if encoding != b"gzip":
        return "not-json"
    if len(body) > REQUEST_BYTES_COMPRESSED:
        return "too-large"
    engine = zlib.decompressobj(31)
    try:
        whole = engine.decompress(body, REQUEST_BYTES_INFLATED + 1)
    except zlib.error:
        return "malformed"
    if len(whole) > REQUEST_BYTES_INFLATED:
        return "too-large"
    return whole if engine.eof else "malformed"


@asgi(PATH, copy_scope=False)
async def sync(scope: Scope, receive: Receive, send: Send) -> None:
    """POST /sync/1."""
    if scope["method"] != "POST":  # type: ignore[typeddict-item]
        await refuse(send, "method", (b"allow", b"POST"))
        return
    asked = dict(scope["headers"])
    body = await whole_body(receive, REQUEST_BYTES_INFLATED, asked.get(b"content-length", b""))
    if body is None:
        await refuse(send, "too-large")
        return
    plain = inflated(body, asked.get(b"content-encoding", b"").strip().lower())
    if isinstance(plain, str):
        await refuse(send, plain)
        return
    request = library.read_request(plain)
    if isinstance(request, Problem):
        await _tell(send, request)
        return
    state = scope["litestar_app"].state
    sessions, house, epoch = state.sessions, state.house, state.epoch
    now = state.now()
    incident = secrets.token_hex(4)
    signed = cookies(scope)
    asked_at = time.perf_counter()
    begun_at = 0.0

    def note(name: str, operation: str, raised: Exception) -> None:
        scope[INCIDENT] = incident  # type: ignore[typeddict-unknown-key]
        _note(name, operation, raised)

    async def work(tx: Transaction) -> tuple[Reply | Problem, Sequence[Decided]]:
        nonlocal begun_at
        begun_at = begun_at or time.perf_counter()
        patron = await sessions.patron_in_use(tx, signed, now)
        if patron is None:
            return problems.problem("auth"), ()
        ledger = StoredLedger(tx, epoch, now)
        reply = await library.converse(
            ledger,
            house.operations,
            house.refreshers,
            request,
            patron,
            now,
            incident=incident,
            on_fault=note,
        )
        if isinstance(reply, Reply):
            if request.now and abs(request.now - now) > CLOCK_OFF_MS:
                await ledger.odd(request.dev, "clock", request.now - now, now)
            if reply.reset and request.epoch and not request.cur:
                await ledger.odd(request.dev, "anew", 1, now)
        return reply, ledger.decided

    try:
        reply, decided = await state.storage.write(work, brief=True)
    except (Fault, Closed) as said:
        log.warning("the store cannot go on: %s", said)
        await refuse(send, "unavailable", (b"retry-after", b"5"))
        return
    state.watching.conversed(request, reply, decided, now, begun_at - asked_at)
    if isinstance(reply, Problem):
        await _tell(send, reply)
        return
    answer = encode(reply)
    headers = [_JSON, _NOT_KEPT]
    encoding = accepted_encoding(asked.get(b"accept-encoding", b""))
    if encoding and len(answer) >= LEAST_TO_COMPRESS_BYTES:
        answer = compressed(answer, encoding)
        headers.append((b"content-encoding", encoding.encode()))
    await answer_bytes(send, 200, answer, *headers)


@delete(PATH + "/device/{dev:str}", status_code=204)
async def sign_device_out(request: Request[Any, Any, Any], dev: FromPath[str]) -> None:
    """DELETE /sync/1/device/{dev}: nothing that this device still has on its way has any effect."""
    if not _DEVICE.fullmatch(dev):
        raise Broken("malformed")
    state = request.app.state
    now = state.now()
    signed = cookies(request.scope)

    async def work(tx: Transaction) -> Problem | None:
        patron = await state.sessions.patron(tx, signed, now)
        if patron is None:
            return problems.problem("auth")
        return await library.leave(StoredLedger(tx, state.epoch, now), dev, patron, now)

    told = await state.storage.write(work)
    if told is not None:
        raise Told(told)


@get(PATH + "/meta")
async def meta(request: Request[Any, Any, Any]) -> Response[bytes]:
    """GET /sync/1/meta: what this library understands."""
    state = request.app.state
    return Response(
        msgspec.json.encode(library.meta(state.house.operations, state.epoch)),
        media_type="application/json",
        headers={"cache-control": "public, max-age=300"},
    )


class Told(Exception):
    """A problem that the library's half itself has with a message."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def tell(_: Request[Any, Any, Any], raised: Told) -> Response[bytes]:
    """Litestar's exception handler for `Told`."""
    return problems.response(raised.problem)


async def _tell(send: Send, told: Problem) -> None:
    await answer_bytes(
        send,
        told.status,
        problems.encoded(told),
        (b"content-type", problems.MEDIA_TYPE.encode()),
        _NOT_KEPT,
    )


def _note(incident: str, operation: str, raised: Exception) -> None:
    log.error("wish failed: incident %s, operation %s", incident, operation, exc_info=raised)


handlers = [sync, sign_device_out, meta]
