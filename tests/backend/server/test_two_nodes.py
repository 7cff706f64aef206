"""Two nodes of `carrel serve` on one PostgreSQL: a reader who is sent from one to the other notices nothing."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from httpx import AsyncClient

from carrel.bookings import store as bookings_store
from carrel.hours import store as hours_store
from carrel.patrons import store as patrons_store
from carrel.storage import open_storage
from tests.backend.phone import OUR_PAGE, device, identity, push
from tests.conversations.real_library import ROOMS, RULES, SITE, student
from tests.databases import Databases

DAY_MS = 86_400_000


def now() -> int:
    return time.time_ns() // 1_000_000


async def furnish(place) -> None:
    """One campus with its rooms, and two students whose accounts do not end soon."""
    until = (datetime.now(UTC) + timedelta(days=400)).date()

    async def work(tx):
        await hours_store.keep_sites(tx, [SITE])
        await patrons_store.keep_system(tx, "university", "University libraries")
        await bookings_store.keep_rooms(tx, ROOMS, RULES)
        for name in ("ada", "bob"):
            reader = student(name)
            accounts = tuple(msgspec.structs.replace(each, expires_on=until) for each in reader.accounts)
            await patrons_store.keep(
                tx, msgspec.structs.replace(reader, expires_on=until, accounts=accounts)
            )

    storage = await open_storage(place, now())
    await storage.write(work)
    await storage.close()


@contextmanager
def serving(folder, place, count=2):
    """That many nodes; the address of each."""
    environment = {**os.environ, "CARREL_DATABASE": place}
    processes, addresses = [], []
    try:
        for number in range(count):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            command = [sys.executable, "-m", "carrel", "serve", "--data", str(folder / str(number)), "--port", str(port)]
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
            addresses.append(f"http://127.0.0.1:{port}")
        for process in processes:
            assert "Carrel is open" in process.stdout.readline()
        yield addresses
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            assert process.wait(20) == 0
            process.stdout.close()


@pytest.fixture
def nodes(tmp_path, postgres):
    databases = Databases("postgres", tmp_path, postgres)
    asyncio.run(furnish(databases.place()))
    with serving(tmp_path, databases.place()) as addresses:
        yield databases.place(), addresses
    databases.close()


def code_for(place: str, card: str) -> str:
    """What staff do at the desk, on any machine."""
    command = [sys.executable, "-m", "carrel", "patrons", "code", card]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "CARREL_DATABASE": place}
    )
    return said.stdout.split()[0]


class Reader:
    """One reader with one phone, whose messages a proxy sends to whichever node it likes."""

    def __init__(self, addresses) -> None:
        self.clients = [AsyncClient(base_url=address, timeout=30) for address in addresses]
        self.dev = device()
        self.n = 0
        self.cur = ""

    async def sign_in(self, place, name) -> None:
        told = await self.clients[0].post(
            "/session/code",
            json={"card_number": f"2960 {name}", "code": await asyncio.to_thread(code_for, place, f"2960 {name}")},
            headers=OUR_PAGE,
        )
        assert told.status_code == 200, told.text
        for client in self.clients[1:]:
            client.cookies = self.clients[0].cookies

    async def ask(self, node, op="", **args):
        """Send a wish, or nothing, to one of the nodes."""
        wishes = []
        if op:
            self.n += 1
            wishes = [{"n": self.n, "u": identity(), "op": op, "at": 0, "args": args}]
        reply = await push(self.clients[node], self.dev, *wishes, cur=self.cur)
        self.cur = reply["cur"]
        return reply

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()


async def free_hour(client) -> dict:
    """An hour in a room that is free from tomorrow on."""
    rooms = (await client.get("/pub/1/rooms/colchester")).json()["rooms"]
    room = next(each for each in rooms if each["id"] == "room-1")
    starts_at = next(start for start, end in room["free"] if start > now() + DAY_MS and end - start >= 3_600_000)
    return {"room": room["id"], "starts_at": starts_at, "ends_at": starts_at + 3_600_000, "party": 2, "access": []}


def test_a_reader_is_the_same_on_both_nodes_and_a_room_taken_on_one_is_refused_on_the_other(nodes):
    place, addresses = nodes

    async def play():
        ada, bob = Reader(addresses), Reader(addresses)
        await ada.sign_in(place, "ada")
        await bob.sign_in(place, "bob")
        for client in ada.clients:
            assert (await client.get("/session")).json()["patron"]["id"] == "ada"
        metas = [(await client.get("/sync/1/meta")).json() for client in ada.clients]
        assert metas[0] == metas[1]

        hour = await free_hour(ada.clients[0])
        reply = await ada.ask(0, "bookings.book@1", **hour)
        assert reply["done"] == [[1, 1]]
        (booked,) = [row for row in reply["rows"] if row[0] == "bookings"]
        # The other node goes on where the first one stopped: nothing anew, nothing twice.
        onward = await ada.ask(1)
        assert (onward.get("rows", []), onward["sum"], onward["upto"]) == ([], reply["sum"], 1)

        refused = await bob.ask(1, "bookings.book@1", **hour)
        (outcome,) = refused["outcomes"]
        assert (outcome["st"], outcome["code"]) == ("refused", "room_taken")
        assert outcome["alt"]

        cancelled = await ada.ask(1, "bookings.cancel@1", booking=booked[1])
        assert [2, 2] in cancelled["done"] or [1, 2] in cancelled["done"]
        assert [2, 2] in (await bob.ask(0, "bookings.book@1", **hour))["done"]
        await ada.close()
        await bob.close()

    asyncio.run(play())


def test_what_one_node_decides_pokes_the_page_that_listens_to_the_other(nodes):
    place, addresses = nodes

    async def play():
        ada = Reader(addresses)
        await ada.sign_in(place, "ada")
        await ada.ask(0)
        async with ada.clients[1].stream("GET", "/sync/1/events") as stream:
            said = stream.aiter_text()

            async def number_above(least: int) -> int:
                heard = ""
                while True:
                    heard += await asyncio.wait_for(anext(said), 30)
                    numbers = [int(each) for each in re.findall(r'"me":(\d+)', heard)]
                    if numbers and numbers[-1] > least:
                        return numbers[-1]

            first = await number_above(0)
            assert (await ada.ask(0, "bookings.book@1", **await free_hour(ada.clients[0])))["done"]
            await number_above(first)
        await ada.close()

    asyncio.run(play())
