"""Health: said in words, to anybody, in time, and without anything private."""

import asyncio

import pytest

from carrel.operating import health
from carrel.serving import Door
from carrel.storage import Fault
from tests.backend.phone import device, note, push, sign_in


class Clock:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


class Store:
    """A store whose writer does as it is told."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0

    async def write(self, work, *, brief=False):
        self.asked += 1
        return await self.answer()


async def never():
    await asyncio.Event().wait()


async def broken():
    raise Fault("the disk at /srv/secret is full")


async def older():
    return 0


async def well():
    return 10_000


def test_anybody_hears_that_it_lives_and_is_ready_and_nothing_else(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        await push(client, device(), note(1))
        client.cookies.clear()
        for path, told in (("/health/live", {"live": True}), ("/health/ready", {"ready": True, "catalogue": False})):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (200, told)
            assert answer.headers["cache-control"] == "no-store"
            assert "set-cookie" not in answer.headers

    small_library.play(test)


@pytest.mark.parametrize(("answer", "code"), [(never, "store-silent"), (broken, "store-silent"), (older, "store-older")])
def test_a_node_whose_store_cannot_is_not_ready_but_lives(small_library, answer, code):
    async def test(client):
        client.app.state.health = health.Health(lambda: True, Clock(), limit=0.01)
        client.app.state.health.storage = Store(answer)
        told = await client.get("/health/ready")
        assert told.status_code == 503
        assert told.headers["content-type"] == "application/problem+json"
        assert told.headers["retry-after"] == "5"
        assert told.json()["code"] == code
        assert "database" in told.json()["title"]
        assert "secret" not in told.text
        assert (await client.get("/health/live")).status_code == 200

    small_library.play(test)


def test_a_store_that_was_away_is_found_again(small_library):
    async def test(client):
        clock = Clock()
        client.app.state.health = made = health.Health(lambda: True, clock, limit=0.01)
        made.storage = store = Store(never)
        assert await made.trouble() == "store-silent"
        store.answer = well
        clock.at = health.GOOD_SECONDS
        assert (await client.get("/health/ready")).json() == {"ready": True, "catalogue": True}

    small_library.play(test)


def test_the_store_is_asked_once_a_second_however_many_ask():
    async def test():
        clock = Clock()
        made = health.Health(lambda: True, clock)
        made.storage = store = Store(well)
        assert set(await asyncio.gather(*(made.trouble() for _ in range(50)))) == {""}
        assert store.asked == 1
        clock.at = health.GOOD_SECONDS
        await asyncio.gather(*(made.trouble() for _ in range(50)))
        assert store.asked == 2

    asyncio.run(test())


def test_a_node_without_an_open_store_is_not_ready():
    assert asyncio.run(health.Health(lambda: True, Clock()).trouble()) == "store-silent"


def test_a_node_that_is_stopping_is_not_ready(small_library):
    async def test(client):
        door = Door(client.app)
        assert await door.close(1)
        sent = []

        async def send(message):
            sent.append(message)

        await door({"type": "http", "path": "/health/ready", "method": "GET", "headers": []}, None, send)
        assert sent[0]["status"] == 503
        assert (b"content-type", b"application/problem+json") in sent[0]["headers"]

    small_library.play(test)
