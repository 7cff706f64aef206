"""Runs the application under granian, in this process, until told to stop."""

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send

from carrel import problems
from carrel.settings import Settings
from carrel.storage import Refused

log = logging.getLogger("carrel")

_OTHER_FILES = 256
"""Databases, the catalogue's parts, logs: what is open beside connections."""
_AFTER_STOP_SECONDS = 0.5
"""What granian is given to end the connections on which nothing is being answered."""


def address_of(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}/"


def check_port(settings: Settings) -> None:
    """
    Find out whether the address is free, and that of the figures if they are told, before anything is opened.

    Raises:
        Refused: something else listens there, or this machine has no such address.
    """
    wanted = [(settings.address, settings.port, "--port")]
    if settings.metrics_port:
        wanted.append((settings.metrics_address, settings.metrics_port, "--metrics-port"))
    for address, port, option in wanted:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as said:
                raise Refused(
                    f"Cannot listen on {address} port {port} ({said.strerror}). "
                    f"Stop what uses it, or choose another with {option}."
                ) from said


def check_certificate(settings: Settings) -> None:
    """
    Raises:
        Refused: certificate or key cannot be read, or do not belong together.
    """
    if not settings.tls_certificate:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as said:
        raise Refused(f"The TLS certificate and its key cannot be used: {said}.") from said


class Door:
    """
    Stands before the application and knows who is inside.

    granian alone cannot be stopped in order: it waits for connections that busy clients keep
    alive, and the rest of a body that had not arrived when it was told to stop never arrives.
    So the door is closed first: those inside are waited for, whoever comes now is asked to
    come back, and each answer is the last on its connection (RFC 9112, section 9.6). Only
    then is granian stopped.
    """

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._inside: set[asyncio.Task[object] | None] = set()
        self._closing = False
        self._leaving = False
        self._empty = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one message in and its answer out; ask to come back once the door is closed."""
        if self._closing:
            await _come_back(send)
            return
        started = False

        async def out(message: Message) -> None:
            nonlocal started
            started = True
            if self._closing and message["type"] == "http.response.start" and scope["http_version"] != "2":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        task = asyncio.current_task()
        self._inside.add(task)
        try:
            await self._app(scope, receive, out)
        except asyncio.CancelledError:
            if not self._leaving or started:
                raise
            await _come_back(send)
        finally:
            self._inside.discard(task)
            self._look()

    async def close(self, seconds: float) -> bool:
        """Keep no connection alive from now on; tells whether everybody left within `seconds`."""
        self._closing = True
        self._look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), seconds)
        return not self._inside

    async def send_away(self) -> None:
        """Stop what is still being answered, so that the store can be closed."""
        self._leaving = True
        left = {task for task in self._inside if task}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=1)

    def _look(self) -> None:
        if self._closing and not self._inside:
            self._empty.set()


async def _come_back(send: Send) -> None:
    told = problems.problem("unavailable")
    headers = [
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"2"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": problems.encoded(told), "more_body": False})


def make_room(app: Litestar, settings: Settings) -> None:
    """
    Let this process have as many connections open as it is set to.

    Most systems begin with 1,024 files for a process and allow more when it asks. Where they do not,
    fewer phones are told at once, lest streams keep others from being answered.
    """
    wanted = settings.streams + settings.backpressure + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != resource.RLIM_INFINITY and soft < wanted:
        app.state.pokes.most = max(0, min(settings.streams, soft - soft // 4 - _OTHER_FILES))
        log.warning(
            "this process may have %s files open and wants %s: %s phones at a time are told of changes at once",
            soft, wanted, app.state.pokes.most,
        )  # fmt: skip


async def serve(app: Litestar, settings: Settings, ready: Callable[[], None]) -> int:
    """
    Answer until SIGTERM or SIGINT; answers on their way are given `stop_seconds`.

    One process: SQLite has one writer, and it lives here.

    Args:
        ready: called once, when the first message would be answered.

    Returns:
        The exit code: 0 when it was told to stop, 1 when it could not go on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    make_room(app, settings)
    door = Door(app)
    server = Server(
        door,
        address=settings.address,
        port=settings.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.auto,
        websockets=False,
        backlog=settings.backlog,
        backpressure=app.state.pokes.most + settings.backpressure,
        log_level=LogLevels.error,
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    async with app.lifespan():
        serving = asyncio.create_task(server.serve())
        stop = asyncio.create_task(stopping.wait())
        listening = asyncio.create_task(_listening(settings))
        await asyncio.wait({serving, stop, listening}, return_when=asyncio.FIRST_COMPLETED)
        if listening.done() and not serving.done():
            ready()
            await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if serving.done():
            stop.cancel()
            log.error("the server ended by itself: %s", serving.exception())
            return 1
        # Nobody leaves a stream by themselves: each is ended, and its phone comes back to whoever serves next.
        app.state.pokes.end()
        if not await door.close(settings.stop_seconds):
            log.warning("answers on their way took longer than %s s and were cut off", settings.stop_seconds)
        server.stop()
        await asyncio.wait({serving}, timeout=_AFTER_STOP_SECONDS)
        await door.send_away()
        await asyncio.wait({serving}, timeout=_AFTER_STOP_SECONDS)
        return 0


async def _listening(settings: Settings) -> None:
    """Ends when somebody answers at the door."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.address, settings.address)
    while True:
        try:
            _, writer = await asyncio.open_connection(host, settings.port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return
