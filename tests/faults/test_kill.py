"""A library that is killed while it answers: nothing acknowledged is missing, nothing is done twice."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient, HTTPError

from carrel_sync.messages import INTENTS_PER_REQUEST
from tests.backend.phone import SYNC, device, message, note, sign_in
from tests.databases import Databases

LIBRARY = Path(__file__).resolve().parent.parent / "backend" / "small_library.py"
ROUNDS = 6
KILLS = int(os.environ.get("CARREL_TEST_KILLS", ROUNDS))
"""How often each database's library is killed, in rounds of six with phones of their own."""
PHONES = 8


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def opened(folder: Path, port: int, databases: Databases) -> "subprocess.Popen[str]":
    """A node, in a process of its own."""
    database = {f"CARREL_{name.upper()}": value for name, value in databases.settings().items()}
    process = subprocess.Popen(
        [sys.executable, str(LIBRARY), str(folder), str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **database},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def gone(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


class ComeBack(Exception):
    """The library is stopping and did nothing with the message."""


class Phone:
    """Asks until it is answered, in its own words each time, and remembers what was acknowledged."""

    def __init__(self, patron: str, base: str, chance: random.Random) -> None:
        self.patron = patron
        self.base = base
        self.chance = chance
        self.dev = device()
        self.cookie = ""
        self.asked: list[dict] = []
        self.upto = 0
        self.facts: dict[str, str] = {}

    async def sign_in(self) -> None:
        async with AsyncClient(base_url=self.base) as client:
            await sign_in(client, self.patron)
            self.cookie = f"carrel={client.cookies['carrel']}"

    async def send(self, client: AsyncClient, wishes: list[dict]) -> dict:
        body = message(self.dev, *wishes)
        answer = await client.post("/sync/1", content=body, headers={**SYNC, "cookie": self.cookie})
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            raise ComeBack
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def keep_asking(self, killed: asyncio.Event) -> None:
        async with AsyncClient(base_url=self.base, timeout=10) as client:
            while not killed.is_set():
                while len(self.asked) - self.upto < self.chance.randint(1, 8):
                    n = len(self.asked) + 1
                    self.asked.append(note(n, f"{self.patron} {n}"))
                try:
                    reply = await self.send(client, self.asked[self.upto :])
                except (HTTPError, ComeBack):
                    return
                self.upto = reply["upto"]


async def one_round(process: "subprocess.Popen[str]", phones: list[Phone], chance: random.Random) -> None:
    killed = asyncio.Event()
    asking = [asyncio.create_task(phone.keep_asking(killed)) for phone in phones]
    await asyncio.sleep(chance.uniform(0.1, 0.5))
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed.set()
    await asyncio.gather(*asking)


async def check(phone: Phone) -> None:
    """Ask again for everything, as a phone does that never heard an answer."""
    async with AsyncClient(base_url=phone.base, timeout=10) as client:
        told = await phone.send(client, [])
        assert told["upto"] >= phone.upto, "something that was acknowledged is missing"
        for first in range(0, len(phone.asked), INTENTS_PER_REQUEST):
            reply = await phone.send(client, phone.asked[first : first + INTENTS_PER_REQUEST])
        assert reply["upto"] == len(phone.asked)
        assert reply["done"] == [[1, len(phone.asked)]]
        facts = {row[1]: (row[2], row[3]["text"]) for row in reply["rows"]}
        while reply.get("more"):
            reply = (await client.post(
                "/sync/1",
                content=message(phone.dev, cur=reply["cur"], ack=reply["upto"]),
                headers={**SYNC, "cookie": phone.cookie},
            )).json()
            facts |= {row[1]: (row[2], row[3]["text"]) for row in reply.get("rows", [])}
        # Each wish publishes one fact under its own identity: a version of 2 would be one done twice.
        assert facts == {wish["u"]: (1, wish["args"]["text"]) for wish in phone.asked}
        phone.upto = len(phone.asked)


@pytest.mark.parametrize("seed", range(20_261, 20_261 + max(1, -(-KILLS // ROUNDS))))
def test_after_kill_9_nothing_acknowledged_is_missing_and_nothing_is_done_twice(seed, tmp_path, databases):
    chance = random.Random(seed)
    port = free_port()
    phones = [Phone(f"p_{10 + place}", f"http://127.0.0.1:{port}", chance) for place in range(PHONES)]

    async def play() -> None:
        for each in range(ROUNDS):
            process = opened(tmp_path, port, databases)
            try:
                for phone in phones:
                    if not phone.cookie:
                        await phone.sign_in()
                if each:
                    await asyncio.gather(*(check(phone) for phone in phones))
                await one_round(process, phones, chance)
            finally:
                gone(process)
        process = opened(tmp_path, port, databases)
        try:
            await asyncio.gather(*(check(phone) for phone in phones))
            assert sum(len(phone.asked) for phone in phones) > ROUNDS * PHONES
        finally:
            gone(process)

    asyncio.run(play())


class Roamer(Phone):
    """Goes to the other node whenever one does not answer, and asks it for what it has not heard."""

    def __init__(self, patron: str, bases: list[str], chance: random.Random) -> None:
        super().__init__(patron, bases[0], chance)
        self.bases = bases

    async def roam(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            await self.keep_asking(stopped)
            self.base = self.chance.choice(self.bases)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "told to stop"])
def test_when_nodes_go_in_turn_phones_go_on_with_the_other_and_lose_nothing(how, tmp_path, postgres):
    chance = random.Random(20_262)
    databases = Databases("postgres", tmp_path, postgres)
    ports = [free_port(), free_port()]
    bases = [f"http://127.0.0.1:{port}" for port in ports]
    phones = [Roamer(f"p_{10 + place}", bases, chance) for place in range(PHONES)]

    async def play() -> None:
        nodes = [opened(tmp_path / str(port), port, databases) for port in ports]
        try:
            for phone in phones:
                await phone.sign_in()
            stopped = asyncio.Event()
            asking = [asyncio.create_task(phone.roam(stopped)) for phone in phones]
            for turn in range(ROUNDS):
                await asyncio.sleep(chance.uniform(0.1, 0.4))
                nodes[turn % 2].send_signal(how)
                await asyncio.to_thread(nodes[turn % 2].wait, 15)
                gone(nodes[turn % 2])
                nodes[turn % 2] = await asyncio.to_thread(
                    opened, tmp_path / str(ports[turn % 2]), ports[turn % 2], databases
                )
            stopped.set()
            await asyncio.gather(*asking)
            for place, phone in enumerate(phones):
                phone.base = bases[place % 2]
            await asyncio.gather(*(check(phone) for phone in phones))
            assert sum(len(phone.asked) for phone in phones) > ROUNDS * PHONES
        finally:
            for node in nodes:
                gone(node)
            databases.close()

    asyncio.run(play())


def test_told_to_stop_it_ends_in_order_and_keeps_what_it_answered(tmp_path, databases):
    port = free_port()
    chance = random.Random(2)
    phones = [Phone(f"p_{10 + place}", f"http://127.0.0.1:{port}", chance) for place in range(PHONES)]

    async def play() -> None:
        process = opened(tmp_path, port, databases)
        try:
            for phone in phones:
                await phone.sign_in()
            stopped = asyncio.Event()
            asking = [asyncio.create_task(phone.keep_asking(stopped)) for phone in phones]
            await asyncio.sleep(0.3)
            process.terminate()
            assert await asyncio.to_thread(process.wait, 15) == 0
            stopped.set()
            await asyncio.gather(*asking)
            gone(process)
            process = opened(tmp_path, port, databases)
            await asyncio.gather(*(check(phone) for phone in phones))
        finally:
            gone(process)

    asyncio.run(play())


async def half_a_message(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A reader's phone that went into a tunnel while it was sending."""
    phone = Phone("p_10", f"http://127.0.0.1:{port}", random.Random(3))
    await phone.sign_in()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    headers = {**SYNC, "host": f"127.0.0.1:{port}", "cookie": phone.cookie, "content-length": "400"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /sync/1 HTTP/1.1\r\n{head}\r\n{{".encode())
    await writer.drain()
    await asyncio.sleep(0.2)
    return reader, writer


def test_told_to_stop_it_does_not_wait_for_ever_for_half_a_message(tmp_path, databases):
    port = free_port()

    async def play() -> None:
        process = opened(tmp_path, port, databases)
        try:
            reader, writer = await half_a_message(port)
            process.terminate()
            assert await asyncio.to_thread(process.wait, 15) == 0
            told = await reader.read()
            assert told == b"" or b" 503 " in told.splitlines()[0], told
            writer.close()
        finally:
            gone(process)

    asyncio.run(play())


def test_while_it_stops_it_asks_new_ones_to_come_back(tmp_path, databases):
    port = free_port()

    async def play() -> None:
        process = opened(tmp_path, port, databases)
        try:
            _, held = await half_a_message(port)
            process.terminate()
            await asyncio.sleep(0.2)
            async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                answer = await client.get("/sync/1/meta")
            assert answer.status_code == 503
            assert answer.headers["connection"] == "close"
            assert answer.json()["code"] == "unavailable"
            held.close()
            assert await asyncio.to_thread(process.wait, 15) == 0
        finally:
            gone(process)

    asyncio.run(play())


async def listening(port: int, patron: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A page that is looked at: its stream, once it has begun."""
    phone = Phone(patron, f"http://127.0.0.1:{port}", random.Random(4))
    await phone.sign_in()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /sync/1/events HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: {phone.cookie}\r\n\r\n".encode())
    await writer.drain()
    await reader.readuntil(b"retry: 5000\n\n\r\n")
    return reader, writer


def test_told_to_stop_it_ends_every_open_stream_and_waits_for_none(tmp_path, databases):
    port = free_port()

    async def play() -> None:
        process = opened(tmp_path, port, databases)
        try:
            pages = [await listening(port, f"p_{10 + place}") for place in range(5)]
            process.terminate()
            # The last chunk of HTTP/1.1 has no bytes: the stream was ended, not cut off.
            assert [await reader.read() for reader, _ in pages] == [b"0\r\n\r\n"] * 5
            assert await asyncio.to_thread(process.wait, 15) == 0
            for _, writer in pages:
                writer.close()
        finally:
            gone(process)

    asyncio.run(play())
