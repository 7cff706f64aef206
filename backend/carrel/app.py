"""
The one place where everything is wired. Decides nothing.

Handlers find what they need in `request.app.state`: `storage`, `settings`, `searching`, `now` (the library's
clock, epoch milliseconds), `house`, `sessions`, `register`, `jobs`, `epoch`, `pokes`, `demo`, `health`, `watching`.
"""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Litestar

from carrel import problems, sync_endpoint
from carrel.app_files import AppFiles, app_files
from carrel.bookings import intents as bookings_intents
from carrel.bookings import retention as bookings_retention
from carrel.bookings import routes as bookings_routes
from carrel.catalogue import routes as catalogue_routes
from carrel.catalogue.search import Searching
from carrel.connectors.library_system import LibrarySystem
from carrel.gate import Gate
from carrel.hours import routes as hours_routes
from carrel.hours.rules import LONDON
from carrel.identity import routes as identity
from carrel.identity.model import DemoPatron, Register
from carrel.identity.sessions import Sessions
from carrel.jobs import Job, Jobs, housekeeping
from carrel.jobs import errands as errands_kept
from carrel.jobs.errands import ErrandKind, Errands
from carrel.loans import intents as loans_intents
from carrel.loans import renewals
from carrel.loans import retention as loans_retention
from carrel.loans import routes as loans_routes
from carrel.loans.elsewhere.asking import Asking
from carrel.loans.elsewhere.intents import Elsewhere
from carrel.operating import health, watching
from carrel.patrons import intents as patrons_intents
from carrel.patrons import store as patrons_store
from carrel.patrons.model import System
from carrel.pokes import routes as pokes_routes
from carrel.pokes.streams import Pokes
from carrel.settings import Settings
from carrel.storage import Refused, Storage, Transaction, about, facts, open_storage
from carrel.sync_health import routes as sync_health_routes
from carrel_sync.library import Operation, Refresh

log = logging.getLogger("carrel")


@dataclass(frozen=True, slots=True)
class House:
    """The capabilities of a library, as the server meets them."""

    operations: Mapping[str, Operation]
    """What may be asked for, by name."""
    refreshers: Sequence[Refresh]
    """What publishes anew the facts that time alone has changed."""
    handlers: Sequence[Any]
    """What is served beside /sync and /session."""
    jobs: Sequence[Job]
    """Recurring work beside the housekeeping."""
    register: Register
    zone: ZoneInfo
    """Where the library's clocks hang."""
    errands: Sequence[ErrandKind] = ()
    """Work for one thing at a time, when it is due."""


def clock() -> int:
    """The library's clock: epoch milliseconds."""
    return time.time_ns() // 1_000_000


def build_app(
    settings: Settings, house: House | None = None, *, demo: bool = False, now: Callable[[], int] = clock
) -> Litestar:
    """
    The whole application, to be run by any ASGI server.

    Args:
        house: the capabilities; None for all of Carrel's own.
        demo: anyone may sign in as a made-up patron; only on loopback, only
            with a database made for it.
        now: the library's clock.

    Raises:
        Refused: readers would send their session without TLS through a
            network, or a demo would be reached from one.
    """
    house = house or the_house()
    tls = bool(settings.tls_certificate) or settings.public_origin.startswith("https://")
    check_reach(settings, demo)

    @asynccontextmanager
    async def opened(app: Litestar) -> AsyncIterator[None]:
        storage = await open_storage(settings.place, now(), settings.database_connections)
        try:
            await storage.write(lambda tx: about.claim(tx, "demo" if demo else "library"))
            app.state.health.storage = storage
            storage.on_commit = app.state.watching.commits.add
            app.state.storage = storage
            app.state.epoch = await storage.write(lambda tx: about.epoch(tx, f"e{secrets.token_hex(6)}"))
            app.state.jobs = jobs_of(house, storage)
            await app.state.jobs.enrol(now())
            running = [
                asyncio.create_task(each)
                for each in (
                    _run_jobs(app.state.jobs, settings.jobs_seconds, now),
                    pokes.listen(storage.told, partial(_numbers, storage)),
                    pokes.keep_alive(),
                    _run_errands(Errands(storage, house.errands, now), settings.errands_seconds),
                )
            ]
            try:
                async with watching.told_at(
                    settings.metrics_address,
                    settings.metrics_port,
                    app.state.watching,
                    lambda: storage.read(lambda tx: errands_kept.standing_now(tx, now())),
                ):
                    yield
            finally:
                pokes.end()
                for task in running:
                    task.cancel()
                await asyncio.wait(running)
        finally:
            searching.close()
            await storage.close()

    searching = Searching(settings.catalogue)
    pokes = Pokes(settings.streams)
    app = Litestar(
        [
            *sync_endpoint.handlers,
            *pokes_routes.handlers,
            *identity.handlers,
            *health.handlers,
            *sync_health_routes.handlers,
            *(identity.demo_handlers if demo else ()),
            *house.handlers,
        ],
        lifespan=[opened],
        exception_handlers={Exception: problems.handle, sync_endpoint.Told: sync_endpoint.tell},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=settings.body_bytes,
    )
    app.state.settings = settings
    app.state.searching = searching
    app.state.now = now
    app.state.house = house
    app.state.sessions = Sessions(tls, settings.session_days)
    app.state.register = house.register
    app.state.pokes = pokes
    app.state.demo = demo
    app.state.watching = watching.Watching(house.operations, lambda: pokes.count)
    app.state.health = health.Health(searching.present, time.monotonic)
    gate = Gate(
        AppFiles(
            app.asgi_handler,
            app_files(settings.built_app),
            {"pub", "sync", "catalogue", "session"} | {route.path.split("/")[1] for route in app.routes},
        ),
        public_origin=settings.public_origin,
        tls=tls,
        loopback_only=demo,
        body_bytes=settings.body_bytes,
        own_limits={sync_endpoint.PATH},
    )
    app.asgi_handler = watching.Watched(gate, app.state.watching)
    return app


def check_reach(settings: Settings, demo: bool) -> None:
    """Refuse to be reached in a way that would give sessions away; see `build_app`."""
    loopback = settings.address in ("127.0.0.1", "::1", "localhost")
    if demo and not loopback:
        raise Refused(
            f"A demo lets anyone sign in as anyone, so it listens on this machine only, not on {settings.address}."
        )
    tls = bool(settings.tls_certificate) or settings.public_origin.startswith("https://")
    if not tls and not loopback:
        raise Refused(
            f"Without TLS a session could be read on its way to {settings.address}. Give --tls-certificate and "
            "--tls-key, or set --public-origin https://… when a proxy in front of this server ends TLS."
        )


def jobs_of(house: House, storage: Storage) -> Jobs:
    """All recurring work of a library."""
    return Jobs(storage, [*housekeeping.jobs, *house.jobs], house.zone)


async def _numbers(storage: Storage, patrons: Iterable[str]) -> dict[str, int]:
    return await storage.read(lambda tx: facts.numbers(tx, list(patrons)))


async def _run_jobs(jobs: Jobs, seconds: int, now: Callable[[], int]) -> None:
    while seconds:
        try:
            await jobs.run_due(now())
        except Exception as raised:
            log.error("due jobs could not be looked for", exc_info=raised)
        await asyncio.sleep(seconds)


async def _run_errands(errands: Errands, seconds: int) -> None:
    if seconds:
        await errands.keep_running(seconds)


def the_house(
    systems: Mapping[System, LibrarySystem] | None = None, now: Callable[[], int] = clock
) -> House:
    """
    Carrel's own capabilities. A new one is a line in each list it has something for.

    Args:
        systems: the borrowing systems that are library systems of their own
            and decide about their loans; Carrel decides about all others.
        now: the library's clock.
    """
    elsewhere = Elsewhere(systems or {})
    stirs = [elsewhere.refresh] if systems else []
    asking = Asking(systems or {}, now, random.random, lambda: secrets.token_hex(4))

    async def demo_patrons(tx: Transaction) -> list[DemoPatron]:
        return [DemoPatron(*each) for each in await patrons_store.demo_patrons(tx)]

    return House(
        operations={
            each.name: each for each in [*loans_intents.operations(elsewhere.renew, stirs), *bookings_intents.operations()]
        },
        refreshers=[
            patrons_intents.refresh,
            loans_intents.refresh,
            bookings_intents.refresh,
            *stirs,
        ],
        handlers=[
            *hours_routes.handlers,
            *loans_routes.handlers,
            *bookings_routes.handlers,
            *catalogue_routes.handlers,
        ],
        jobs=[*renewals.jobs, *loans_retention.jobs, *bookings_retention.jobs],
        register=Register(patrons_store.holder_of, patrons_store.name_of, demo_patrons),
        zone=LONDON,
        errands=[asking.errand()] if systems else (),
    )
