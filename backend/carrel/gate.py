"""
What every message passes on its way in and every answer on its way out.

In: only our own pages may change anything, bodies have a size, HEAD is asked like GET. Out: the
security headers, and compression of what is worth it. Knows nobody's name and no capability.
"""

import gzip
from collections.abc import Iterable
from urllib.parse import urlsplit

import brotli
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from carrel import problems

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types carrel-workers",
    )
)

SECURITY_HEADERS: dict[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
DATA_HEADERS: dict[str, str] = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
"""
What JSON bears: it runs nothing, loads nothing and stands in no frame. What a page may do is none of its
business, and 600 bytes about it would be most of an answer that says that nothing is new.
"""
STRICT_TRANSPORT = "max-age=31536000"

ASKED_BY_HEAD = "carrel.asked_by_head"
"""In the scope of a message that was HEAD before it was asked like GET: what has no end need not begin."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
WORTH_COMPRESSING_BYTES = 600
QUICKLY_COMPRESSED_BYTES = 4_000
"""Below this size more effort saves a few bytes and costs as much time as the answer itself."""
DRAINED_BYTES = 16 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that the sender hears the answer."""

_DATA = (b"application/json", b"application/problem+json")
_COMPRESSIBLE = (*_DATA, b"text/")


def accepted_encoding(accept_encoding: bytes) -> str:
    """The better of the encodings a phone takes: "br", "gzip", or "" for neither."""
    taken = {}
    for part in accept_encoding.lower().split(b","):
        name, _, weight = part.strip().partition(b";")
        taken[name.strip()] = weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    if taken.get(b"br"):
        return "br"
    return "gzip" if taken.get(b"gzip") else ""


def compressed(body: bytes, encoding: str) -> bytes:
    """A body in one of the encodings that `accepted_encoding` names."""
    if encoding == "br":
        return brotli.compress(body, quality=4 if len(body) > QUICKLY_COMPRESSED_BYTES else 2)
    return gzip.compress(body, 5, mtime=0)


def is_loopback(host: str) -> bool:
    """Whether a host name, with or without a port, means this very machine."""
    name = host if host.startswith("[") and host.endswith("]") else host.rpartition(":")[0] or host
    return name in LOOPBACK or host in LOOPBACK


def cookies(scope: Scope) -> bytes:
    """The cookies of a message, in one line (HTTP/2 may have sent each on its own)."""
    return b"; ".join(value for name, value in scope["headers"] if name == b"cookie")


class Gate:
    """Wraps the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        public_origin: str,
        tls: bool,
        loopback_only: bool,
        body_bytes: int,
        own_limits: Iterable[str],
    ) -> None:
        """
        Args:
            public_origin: the only origin that may change anything; "" means
                the host the message was sent to.
            tls: readers reach this library through TLS.
            loopback_only: messages for any other host name are turned away
                (a page elsewhere may have had its name point here).
            body_bytes: the largest body, for paths not among `own_limits`.
            own_limits: paths that measure their bodies themselves.
        """
        self._app = app
        self._public_origin = public_origin.rstrip("/").lower()
        self._scheme = "https" if tls else "http"
        self._loopback_only = loopback_only
        self._body_bytes = body_bytes
        self._own_limits = frozenset(own_limits)
        always = {"strict-transport-security": STRICT_TRANSPORT} if tls else {}
        self._headers = _encoded({**SECURITY_HEADERS, **always})
        self._data_headers = _encoded({**DATA_HEADERS, **always})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
            return
        asked = dict(scope["headers"])
        method = scope["method"]
        answer = _Answer(send, self._headers, self._data_headers, asked.get(b"accept-encoding", b""), method == "HEAD")
        if method == "HEAD":
            scope["method"] = "GET"
            scope[ASKED_BY_HEAD] = True  # type: ignore[typeddict-unknown-key]
        elif method not in SAFE_METHODS:
            if not self._from_our_own_page(asked):
                await refuse(answer, "origin")
                return
            length = asked.get(b"content-length", b"0")
            if (length != b"0" or b"transfer-encoding" in asked) and not _is_json(asked):
                await refuse(answer, "not-json")
                return
            if scope["path"] not in self._own_limits:
                body = await whole_body(receive, self._body_bytes, length)
                if body is None:
                    await refuse(answer, "too-large")
                    return
                receive = _again(body)
        if self._loopback_only and not is_loopback(asked.get(b"host", b"").decode("latin-1").lower()):
            await refuse(answer, "origin")
            return
        await self._app(scope, receive, answer)

    def _from_our_own_page(self, asked: dict[bytes, bytes]) -> bool:
        """The rule that stands in for a token: what the browser says about where a message comes from."""
        site = asked.get(b"sec-fetch-site")
        if site is not None:
            return site in (b"same-origin", b"none")
        origin = asked.get(b"origin", b"").decode("latin-1").lower()
        if not origin:
            return False
        if self._public_origin:
            return origin == self._public_origin
        host = asked.get(b"host", b"").decode("latin-1").lower()
        return urlsplit(origin).netloc == host and origin.startswith(f"{self._scheme}://")


class _Answer:
    """The way out."""

    __slots__ = ("_data_headers", "_encoding", "_head", "_headers", "_held", "_send")

    def __init__(
        self,
        send: Send,
        headers: list[tuple[bytes, bytes]],
        data_headers: list[tuple[bytes, bytes]],
        accepted: bytes,
        head: bool,
    ) -> None:
        self._send = send
        self._headers = headers
        self._data_headers = data_headers
        self._encoding = accepted
        self._head = head
        self._held: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            said = message.get("headers", ())
            headers = [*said, *(self._data_headers if _is_data(said) else self._headers)]
            message["headers"] = headers  # type: ignore[typeddict-item]
            if _may_compress(headers):
                if not any(name.lower() == b"vary" for name, _ in headers):
                    headers.append((b"vary", b"accept-encoding"))
                self._held = message
                return
        elif self._held is not None:
            start, self._held = self._held, None
            if message["type"] == "http.response.body" and not message.get("more_body"):
                body = message.get("body", b"")
                encoding = accepted_encoding(self._encoding) if len(body) >= WORTH_COMPRESSING_BYTES else ""
                if encoding:
                    body = compressed(body, encoding)
                    message["body"] = body  # type: ignore[typeddict-item]
                    kept = [each for each in start["headers"] if each[0].lower() != b"content-length"]  # type: ignore[typeddict-item]
                    kept.append((b"content-encoding", encoding.encode()))
                    kept.append((b"content-length", str(len(body)).encode()))
                    start["headers"] = kept  # type: ignore[typeddict-item]
            await self._send(start)
        if self._head and message["type"] == "http.response.body":
            message["body"] = b""  # type: ignore[typeddict-item]
        await self._send(message)


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _is_data(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(_DATA) for name, value in headers)


def _may_compress(headers: list[tuple[bytes, bytes]]) -> bool:
    worth = False
    for name, value in headers:
        name = name.lower()
        if name == b"content-encoding":
            return False
        if name == b"content-type":
            worth = value.startswith(_COMPRESSIBLE) and value != b"text/event-stream"
    return worth


def _is_json(asked: dict[bytes, bytes]) -> bool:
    return asked.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/json"


async def whole_body(receive: Receive, limit: int, length: bytes) -> bytes | None:
    """
    Read a body, or find it too large.

    Args:
        limit: bytes.
        length: its Content-Length, as sent; "" or "0" when not told.

    Returns:
        None when it is larger than `limit`; it was read to its end (or to
        16 MB) and thrown away, as a sender that is cut off hears no answer.
        Nothing at all when the sender went away in the middle.
    """
    too_large = length.isdigit() and int(length) > limit
    if too_large and int(length) > DRAINED_BYTES:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            too_large = True
            parts.clear()
        elif part:
            parts.append(part)
        if size > DRAINED_BYTES or not message.get("more_body"):
            break
    if too_large:
        return None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _again(body: bytes) -> Receive:
    """A body that was read, to be read once more."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive  # type: ignore[return-value]


async def answer_bytes(
    send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]
) -> None:
    """Send an answer of known length."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def refuse(send: Send, code: str, *headers: tuple[bytes, bytes]) -> None:
    """Answer with one of the problems of `carrel.problems.SAID`."""
    told = problems.problem(code)
    await answer_bytes(
        send,
        told.status,
        problems.encoded(told),
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"cache-control", b"no-store"),
        *headers,
    )
