"""A small library in this process, for tests of what carries the capabilities."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from carrel.app import build_app
from carrel.settings import settings
from tests.backend.small_house import small_house
from tests.databases import Databases

BASE = "http://127.0.0.1:8765"


class Clock:
    """A library's clock that a test sets."""

    def __init__(self) -> None:
        self.at = 1_800_000_000_000

    def __call__(self) -> int:
        return self.at


class SmallLibrary:
    """Builds the small house in a folder of its own, and plays a test in it."""

    def __init__(self, folder: Any, databases: Databases) -> None:
        self.folder = folder
        self.databases = databases
        self.clock = Clock()

    @asynccontextmanager
    async def open(self, house: Any = None, demo: bool = True, **chosen: Any):
        given = {"data": self.folder / "data", "jobs_seconds": 0, "app": self.folder / "app"}
        given |= self.databases.settings() | chosen
        app = build_app(settings(given, {}), house or small_house(), demo=demo, now=self.clock)
        async with app.lifespan(), AsyncClient(transport=ASGITransport(app), base_url=BASE) as client:
            client.app = app
            yield client

    def play(self, test: Callable[[Any], Coroutine[Any, Any, None]], **how: Any) -> None:
        """Open the library, play, close it."""

        async def whole() -> None:
            async with self.open(**how) as client:
                await test(client)

        asyncio.run(whole())


@pytest.fixture
def small_library(tmp_path, databases):
    return SmallLibrary(tmp_path, databases)
