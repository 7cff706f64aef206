"""A library that is killed while it answers: nothing acknowledged is missing, nothing is done twice."""

import asyncio
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

from httpx import AsyncClient, HTTPError

from tests.backend.phone import SYNC, device, message, note, sign_in

LIBRARY = Path(__file__).resolve().parent.parent / "backend" / "small_library.py"
ROUNDS = 6
PHONES = 8


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def opened(folder: Path, port: int) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, str(LIBRARY), str(folder), str(port)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def gone(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


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
                except HTTPError:
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
        reply = await phone.send(client, phone.asked)
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


def test_after_kill_9_nothing_acknowledged_is_missing_and_nothing_is_done_twice(tmp_path):
    seed = 20_261
    chance = random.Random(seed)
    port = free_port()
    phones = [Phone(f"p_{10 + place}", f"http://127.0.0.1:{port}", chance) for place in range(PHONES)]

    async def play() -> None:
        for each in range(ROUNDS):
            process = opened(tmp_path, port)
            try:
                for phone in phones:
                    if not phone.cookie:
                        await phone.sign_in()
                if each:
                    await asyncio.gather(*(check(phone) for phone in phones))
                await one_round(process, phones, chance)
            finally:
                gone(process)
        process = opened(tmp_path, port)
        try:
            await asyncio.gather(*(check(phone) for phone in phones))
            assert sum(len(phone.asked) for phone in phones) > ROUNDS * PHONES
        finally:
            gone(process)

    asyncio.run(play())


def test_told_to_stop_it_ends_in_order_and_keeps_what_it_answered(tmp_path):
    port = free_port()
    chance = random.Random(2)
    phones = [Phone(f"p_{10 + place}", f"http://127.0.0.1:{port}", chance) for place in range(PHONES)]

    async def play() -> None:
        process = opened(tmp_path, port)
        try:
            for phone in phones:
                await phone.sign_in()
            stopped = asyncio.Event()
            asking = [asyncio.create_task(phone.keep_asking(stopped)) for phone in phones]
            await asyncio.sleep(0.3)
            process.terminate()
            assert process.wait(15) == 0
            stopped.set()
            await asyncio.gather(*asking)
            gone(process)
            process = opened(tmp_path, port)
            await asyncio.gather(*(check(phone) for phone in phones))
        finally:
            gone(process)

    asyncio.run(play())
