"""
The built app, sent to browsers: each file with its kind, its age and the smallest form the browser takes.

Any other address that a person may have typed gets the app's first page; the app finds the view.
"""

import hashlib
import mimetypes
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from litestar.types import ASGIApp, Receive, Scope, Send

from carrel.gate import accepted_encoding, answer_bytes, refuse

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
FOREVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
HASHED = "/assets/"
"""Files below this address bear a hash of their content in their name."""
COMPRESSED = {".br": "br", ".gz": "gzip"}


@dataclass(frozen=True, slots=True)
class AppFile:
    """One file of the app, in each form it was built in."""

    kind: str
    cache: str
    etag: str
    forms: dict[str, bytes]
    """Content by encoding; "" is as it is."""


def app_files(folder: Path | None) -> dict[str, AppFile]:
    """
    Read the built app, by address ("/index.html"); empty when there is none.

    Precompressed siblings (`x.js.br`, `x.js.gz`) become forms of their file.
    """
    if folder is None:
        return {}
    found: dict[str, AppFile] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in COMPRESSED or path.name.startswith("."):
            continue
        address = "/" + path.relative_to(folder).as_posix()
        content = path.read_bytes()
        forms = {"": content}
        for suffix, encoding in COMPRESSED.items():
            sibling = path.with_name(path.name + suffix)
            if sibling.is_file():
                forms[encoding] = sibling.read_bytes()
        kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        cache = FOREVER if address.startswith(HASHED) else ASK_EACH_TIME
        found[address] = AppFile(kind, cache, f'"{hashlib.sha256(content).hexdigest()[:32]}"', forms)
    return found


class AppFiles:
    """
    Answers whatever address is not the library's own: with a file of the app, or with its first page.

    It stands before the routes rather than among them, as a route for everything would hide those
    that take a part of their address.
    """

    def __init__(self, app: ASGIApp, files: dict[str, AppFile], own: Collection[str]) -> None:
        """
        Args:
            own: first parts of the addresses that `app` answers ("sync", "pub").
        """
        self._app = app
        self._files = files
        self._own = frozenset(own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path[1:].partition("/")[0] in self._own:
            await self._app(scope, receive, send)
            return
        # What the log and the figures call all of it.
        scope["path_template"] = "app"
        file = self._files.get(path)
        page = not path.startswith(HASHED) and PurePosixPath(path).suffix not in KINDS
        if file is None and not page:
            await refuse(send, "not-found")
        elif scope["method"] != "GET":  # type: ignore[typeddict-item]
            await refuse(send, "method", (b"allow", b"GET, HEAD"))
        elif file := file or self._files.get("/index.html"):
            await _serve(file, dict(scope["headers"]), send)
        else:
            await refuse(send, "app-not-built")


async def _serve(file: AppFile, asked: dict[bytes, bytes], send: Send) -> None:
    headers = [
        (b"content-type", file.kind.encode()),
        (b"cache-control", file.cache.encode()),
        (b"etag", file.etag.encode()),
        (b"vary", b"accept-encoding"),
    ]
    if file.etag.encode() in asked.get(b"if-none-match", b""):
        await send({"type": "http.response.start", "status": 304, "headers": headers[1:]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    encoding = accepted_encoding(asked.get(b"accept-encoding", b""))
    if encoding and encoding in file.forms:
        headers.append((b"content-encoding", encoding.encode()))
        await answer_bytes(send, 200, file.forms[encoding], *headers)
    else:
        await answer_bytes(send, 200, file.forms[""], *headers)
