"""
Durable pushes of 10 intents from 32 phones, against an endpoint that does nothing, by the same client.

Two servers run in the same way, each in one process: `carrel demo` and `nothing.py`. 32 phones in
this process, each with a connection of its own, push as fast as they are answered. The two are measured in
turn, several times; the figure is the ratio of the medians. A push is what a reader with a stack of books
sends: renew all 8, book a room, cancel a booking, each really decided and its answer kept. Both servers get
the same bytes, and the client (aiohttp, inflating and decoding every answer) costs both the same.
"""

import asyncio
import gzip
import json
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

ROOT = Path(__file__).resolve().parent.parent.parent
PHONES = 32
TURNS = 5
TURN_SECONDS = 3.0
GOAL = 0.35
HOUR = 3_600_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def ended(process: "subprocess.Popen[bytes]") -> None:
    for what in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, what)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """One phone's own connection to one server, kept open."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Sec-Fetch-Site": "same-origin", "Accept-Encoding": "br, gzip"},
        )

    async def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        async with self.session.request(method, self.origin + path, data=body or None, headers=headers) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    async def close(self) -> None:
        await self.session.close()


@dataclass
class Phone:
    """One phone of one patron: its place in its queue, its cursor, and what it may ask for."""

    patron: str
    library: Connection
    nothing: Connection
    cookie: str = ""
    dev: str = field(default_factory=lambda: "d_" + secrets.token_hex(16))
    epoch: str = ""
    cur: str = ""
    upto: int = 0
    loans: list[str] = field(default_factory=list)
    slot: dict[str, Any] = field(default_factory=dict)

    def identity(self) -> str:
        raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + secrets.token_bytes(10))
        raw[6] = 0x70 | raw[6] & 0x0F
        raw[8] = 0x80 | raw[8] & 0x3F
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def request(self, intents: list[tuple[str, dict[str, Any]]], identities: list[str]) -> bytes:
        now = int(time.time() * 1000)
        wishes = [
            {"n": self.upto + 1 + place, "u": u, "op": op, "at": now, "args": args}
            for place, ((op, args), u) in enumerate(zip(intents, identities, strict=True))
        ]
        told = {
            "v": 1, "dev": self.dev, "epoch": self.epoch, "ack": self.upto, "now": now,
            "cur": self.cur, "max": 65536, "intents": wishes,
        }  # fmt: skip
        return gzip.compress(msgspec.json.encode(told), 1)

    def push(self) -> bytes:
        identities = [self.identity() for _ in range(10)]
        intents: list[tuple[str, dict[str, Any]]] = [
            ("bookings.book@1", self.slot),
            ("bookings.cancel@1", {"booking": identities[0]}),
        ]
        for place in range(8):
            intents.append(("loans.renew@1", {"loan": self.loans[place % len(self.loans)]}))
        return self.request(intents, identities)

    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie, "Content-Type": "application/json", "Content-Encoding": "gzip"}

    async def converse(self, body: bytes) -> dict[str, Any]:
        answer = await self.library.ask("POST", "/sync/1", body, self.headers())
        if answer.status != 200:
            raise RuntimeError(f"expected 200 from /sync/1, got {answer.status}: {answer.body[:300]!r}")
        reply: dict[str, Any] = msgspec.json.decode(answer.body)
        self.epoch, self.cur, self.upto = reply["epoch"], reply["cur"], reply["upto"]
        return reply

    async def settle(self, rooms: list[dict[str, Any]]) -> None:
        """Sign in, read the facts, and find a slot that this patron may book."""
        answer = await self.library.ask(
            "POST", "/session/demo", msgspec.json.encode({"patron": self.patron}), {"Content-Type": "application/json"}
        )
        if answer.status >= 300:
            raise RuntimeError(f"expected to be signed in, got {answer.status}: {answer.body[:300]!r}")
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        more = True
        while more:
            reply = await self.converse(self.request([], []))
            self.loans += [row[1] for row in reply.get("rows", []) if row[0] == "loans"]
            more = reply.get("more", False)
        for room in rooms:
            for begins, ends in list(room["free"]):
                length = room["rules"]["least_minutes"] * 60_000
                if ends - begins < length:
                    continue
                slot = {
                    "room": room["id"], "starts_at": begins, "ends_at": begins + length,
                    "party": room["seats"][0], "access": [],
                }  # fmt: skip
                u = self.identity()
                asked = [("bookings.book@1", slot), ("bookings.cancel@1", {"booking": u})]
                before = self.upto
                reply = await self.converse(self.request(asked, [u, self.identity()]))
                kept = {n for first, last in reply.get("done", []) for n in range(first, last + 1)}
                kept |= {o["n"] for o in reply.get("outcomes", []) if o["st"] == "done"}
                if before + 1 in kept:
                    self.slot = slot
                    room["free"].remove([begins, ends])
                    return
        raise RuntimeError(f"there is no slot that {self.patron} may book")


async def turn(phones: list[Phone], where: str) -> float:
    """Pushes a second of all phones together."""
    stop = time.perf_counter() + TURN_SECONDS
    pushes = 0

    async def one(phone: Phone) -> None:
        nonlocal pushes
        while time.perf_counter() < stop:
            body = phone.push()
            if where == "nothing":
                answer = await phone.nothing.ask("POST", "/pub/nothing", body, phone.headers())
                msgspec.json.decode(answer.body)
            else:
                before = phone.upto
                await phone.converse(body)
                if phone.upto != before + 10:
                    raise RuntimeError(f"expected {before + 10} decided, got {phone.upto}")
            pushes += 1

    began = time.perf_counter()
    await asyncio.gather(*(one(phone) for phone in phones))
    return pushes / (time.perf_counter() - began)


async def reachable(port: int, path: str) -> None:
    for _ in range(1200):
        connection = Connection(port)
        try:
            await connection.ask("GET", path)
            return
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
        finally:
            await connection.close()
    raise RuntimeError(f"nobody answers at port {port}")


async def measured(library: int, nothing: int) -> tuple[float, float]:
    await reachable(library, "/session")
    await reachable(nothing, "/session")
    first = Connection(library)
    patrons = msgspec.json.decode((await first.ask("GET", "/session/demo")).body)
    sites = msgspec.json.decode((await first.ask("GET", "/pub/1/library")).body)["sites"]
    rooms = []
    for site in sites:
        rooms += msgspec.json.decode((await first.ask("GET", f"/pub/1/rooms/{site['id']}")).body)["rooms"]
    await first.close()
    phones: list[Phone] = []
    place = 0
    while len(phones) < PHONES:
        phone = Phone(patrons[place % len(patrons)]["id"], Connection(library), Connection(nothing))
        place += 1
        try:
            await phone.settle(rooms)
        except RuntimeError as reason:
            # a blocked or expired patron may book nothing, and an empty account has nothing to renew
            if place > 4 * PHONES:
                raise RuntimeError("too few demo patrons can book") from reason
            phone.loans = []
        if phone.loans:
            phones.append(phone)
        else:
            await phone.library.close()
            await phone.nothing.close()
    rates: dict[str, list[float]] = {"nothing": [], "library": []}
    for _ in range(TURNS):
        for where, found in rates.items():
            found.append(await turn(phones, where))
    for phone in phones:
        await phone.library.close()
        await phone.nothing.close()
    return statistics.median(rates["library"]), statistics.median(rates["nothing"])


def main() -> None:
    data, other = tempfile.mkdtemp(prefix="carrel-bench-"), tempfile.mkdtemp(prefix="carrel-bench-")
    library, nothing = free_port(), free_port()
    scripts = Path(sys.executable).parent
    servers = [
        started([str(scripts / "carrel"), "demo", "--data", data, "--port", str(library)]),
        started([sys.executable, str(Path(__file__).parent / "nothing.py"), str(nothing), other]),
    ]
    try:
        pushes, most = asyncio.run(measured(library, nothing))
    finally:
        for server in servers:
            ended(server)
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(other, ignore_errors=True)
    ratio = pushes / most
    print(f"{pushes:,.0f} pushes of 10 intents a second; the endpoint that does nothing: {most:,.0f}")
    print(
        json.dumps(
            {
                "name": "sync_push_rate",
                "value": round(ratio, 3),
                "unit": "of an endpoint that does nothing",
                "goal": f">= {GOAL}",
                "met": ratio >= GOAL,
                "about": f"{pushes:.0f} pushes/s against {most:.0f}/s, {PHONES} phones, 8 renewals, "
                "a booking and a cancellation each",
            }
        )
    )


if __name__ == "__main__":
    main()
