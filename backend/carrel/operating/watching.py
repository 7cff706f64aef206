"""
What one node does, in figures and in one line of log for each message.

A line tells the route, never the path; the status, how long it took, how many bytes went out, and the
number of an incident. Nothing that a reader, a phone or a browser has sent is written anywhere: what is
not one of our own words counts as "other".
"""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TextIO

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from carrel.operating import figures
from carrel_sync.library import WITHDRAW, Decided
from carrel_sync.messages import Problem, Reply, Request

log = logging.getLogger("carrel.requests")

INCIDENT = "carrel.incident"
"""In the scope of a message in which something broke: the number under which the log tells what."""
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})
NO_END = "/sync/1/events"
"""Its answers are streams: how long they last says nothing."""


class _Told(msgspec.Struct):
    st: str
    code: str = ""


_fate = msgspec.json.Decoder(_Told)


class Watching:
    """The figures of one process."""

    def __init__(self, operations: Container[str], streams: Callable[[], int]) -> None:
        """
        Args:
            operations: the names that may stand in a label; all others are "other".
            streams: how many are open.
        """
        self._operations = operations
        self.errands: dict[tuple[str, ...], float] = {}
        """By kind and state, as last looked at."""
        self.requests = figures.Counter(
            "carrel_requests_total", "Messages answered, by route and status.", "method", "route", "status"
        )
        self.seconds = figures.Histogram(
            "carrel_request_seconds", "How long answers took, streams not counted.",
            (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10), "route",
        )  # fmt: skip
        self.wishes = figures.Counter(
            "carrel_sync_intents_total", "Wishes decided, by operation and state.", "op", "state"
        )
        self.refusals = figures.Counter(
            "carrel_sync_refusals_total", "Wishes refused or invalid, by operation and code.", "op", "code"
        )
        self.copied = figures.Counter("carrel_sync_copied_total", "Outcomes copied by the identity of their wish.")
        self.repeated = figures.Counter("carrel_sync_repeated_total", "Wishes that came again in a decided place.")
        self.gaps = figures.Counter("carrel_sync_gaps_total", "Requests that lacked the place that was expected.")
        self.problems = figures.Counter(
            "carrel_sync_problems_total", "Requests that the library's half could not take, by code.", "code"
        )
        self.beginnings = figures.Counter(
            "carrel_sync_beginnings_total",
            "Facts read from the beginning. asked: no cursor (a checksum differed, or the phone was restored); "
            "cursor: it could not be continued.",
            "why",
        )
        self.skew = figures.Histogram(
            "carrel_sync_clock_skew_seconds", "How far phones' clocks are off, either way.",
            (1, 5, 30, 60, 300, 3600, 86_400), "way",
        )  # fmt: skip
        self.writer_wait = figures.Histogram(
            "carrel_sync_writer_wait_seconds", "How long requests waited for their turn to write.",
            (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
        )  # fmt: skip
        self.commits = figures.Histogram(
            "carrel_commit_units", "Units of work that shared a commit.", (1, 2, 4, 8, 16, 32, 64)
        )
        self._all: Sequence[figures.Counter | figures.Gauge | figures.Histogram] = (
            self.requests, self.seconds, self.wishes, self.refusals, self.copied, self.repeated, self.gaps,
            self.problems, self.beginnings, self.skew, self.writer_wait, self.commits,
            figures.Gauge("carrel_open_streams", "Phones that are told of changes at once.", lambda: {(): streams()}),
            figures.Gauge("carrel_errands", "Errands, by kind and state.", lambda: self.errands, "kind", "state"),
        )  # fmt: skip

    def text(self) -> str:
        """All figures as Prometheus reads them."""
        return figures.text(self._all)

    def conversed(
        self, request: Request, told: Reply | Problem, decided: Iterable[Decided], now: int, waited: float
    ) -> None:
        """
        Count one conversation, once it is kept.

        Args:
            decided: what was decided in it for the first time or copied.
            now: the library's clock, epoch milliseconds.
            waited: seconds until its unit of work began.
        """
        self.writer_wait.add(waited)
        if request.now:
            off = (request.now - now) / 1000
            self.skew.add(abs(off), "ahead" if off > 0 else "behind")
        if isinstance(told, Problem):
            self.problems.add(told.code)
            return
        fresh = 0
        for each in decided:
            fresh += 1
            op = each.op if each.op in self._operations or each.op == WITHDRAW else "other"
            if not each.first and each.u:
                self.copied.add()
                continue
            fate = _fate.decode(each.fate) if each.fate else _Told("done")
            self.wishes.add(op, fate.st)
            if fate.st in ("refused", "invalid"):
                self.refusals.add(op, fate.code)
        if told.gap is not None:
            self.gaps.add()
        elif len(request.intents) > fresh:
            self.repeated.add(by=len(request.intents) - fresh)
        if told.reset and (request.cur or request.epoch):
            self.beginnings.add("cursor" if request.cur else "asked")


class Watched:
    """Wraps the whole application: counts every message and logs a line for it."""

    def __init__(self, app: ASGIApp, watching: Watching) -> None:
        self._app = app
        self._watching = watching

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = scope["method"]
        method = asked if asked in METHODS else "other"
        began = time.perf_counter()
        status = size = 0

        async def out(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, out)
        finally:
            took = time.perf_counter() - began
            route = str(scope.get("path_template") or "other")
            self._watching.requests.add(method, route, str(status))
            if route != NO_END:
                self._watching.seconds.add(took, route)
            if log.isEnabledFor(logging.INFO):
                line = {"method": method, "route": route, "status": status, "ms": round(took * 1000, 1), "bytes": size}
                incident = scope.get(INCIDENT)
                if incident:
                    line["incident"] = str(incident)
                log.info("answered", extra={"told": line})


class JsonLines(logging.Formatter):
    """
    Every record as one JSON object in a line.

    Of an exception it tells the type and the places it came through, not its
    message: that may quote a row or a body.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        line: dict[str, object] = {
            "at": int(record.created * 1000),
            "level": record.levelname.lower(),
            "from": record.name,
            "said": record.getMessage(),
        }
        line |= getattr(record, "told", {})
        if record.exc_info and record.exc_info[0] is not None:
            line["raised"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            line["through"] = [f"{'/'.join(each.filename.split('/')[-2:])}:{each.lineno}" for each in frames]
        return json.dumps(line, ensure_ascii=False)


def log_json_lines(to: TextIO | None = None) -> None:
    """Write everything that is logged in this process to a stream (stderr), a JSON object in a line."""
    handler = logging.StreamHandler(to)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(logging.INFO)


@asynccontextmanager
async def told_at(
    address: str, port: int, watching: Watching, look: Callable[[], Awaitable[Mapping[tuple[str, ...], float]]]
) -> AsyncIterator[None]:
    """
    Answer GET /metrics on a port of its own, as long as this is open. Port 0: on none.

    Args:
        look: counts the errands; what it raises leaves them out this time.
    """
    if not port:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            if head.split(b" ")[:2] == [b"GET", b"/metrics"]:
                watching.errands = {}
                with suppress(Exception):
                    watching.errands = dict(await asyncio.wait_for(look(), 2))
                status, body = b"200 OK", watching.text().encode()
            else:
                status, body = b"404 Not Found", b"The figures are at /metrics.\n"
            writer.write(
                b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
                % (status, figures.MEDIA_TYPE.encode(), len(body), body)
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, address, port)
    try:
        yield
    finally:
        server.close()
