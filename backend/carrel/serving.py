"""Runs the application under granian, in this process, until told to stop."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar

from carrel.settings import Settings
from carrel.storage import Refused

log = logging.getLogger("carrel")


def address_of(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}/"


def check_port(settings: Settings) -> None:
    """
    Find out whether the address is free, before anything is opened.

    Raises:
        Refused: something else listens there, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.address, settings.port))
        except OSError as said:
            raise Refused(
                f"Cannot listen on {settings.address} port {settings.port} ({said.strerror}). "
                "Stop what uses it, or choose another with --port."
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
    server = Server(
        app,
        address=settings.address,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        websockets=False,
        backlog=settings.backlog,
        backpressure=settings.backpressure,
        log_level=LogLevels.error,
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
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
    server.stop()
    done, _ = await asyncio.wait({serving}, timeout=settings.stop_seconds)
    if not done:
        log.warning("answers on their way took longer than %s s and were cut off", settings.stop_seconds)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
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
