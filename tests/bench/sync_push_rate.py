"""
Durable pushes of 10 intents from 32 phones, against an endpoint that does nothing, by the same client.

Two servers run in the same way, each in one process: `carrel demo` and `nothing.py`. 32 phones in
this process, each with a connection of its own, push as fast as they are answered. The two are measured in
turn, several times; the figure is the ratio of the medians. A push carries 4 renewals, 3 bookings and 3
cancellations of these, all of them really decided and written. Both get the same bytes.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import brotli
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
    headers: dict[str, str]
    body: bytes


class Connection:
    """HTTP/1.1 kept alive over one socket, and nothing more, so that the client costs little."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Answer:
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Accept-Encoding: br, gzip\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        )
        self.writer.write(head.encode() + body)
        first, *rest = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest) if name}
        content = b""
        if told.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                content += await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
        elif length := int(told.get("content-length", "0")):
            content = await self.reader.readexactly(length)
        if told.get("content-encoding") == "br":
            content = brotli.decompress(content)
        elif told.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(int(first.split()[1]), told, content)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


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
        intents: list[tuple[str, dict[str, Any]]] = []
        identities = [self.identity() for _ in range(10)]
        for place in range(3):
            intents += [("bookings.book@1", self.slot), ("bookings.cancel@1", {"booking": identities[2 * place]})]
        for place in range(4):
            intents.append(("loans.renew@1", {"loan": self.loans[place % len(self.loans)]}))
        return self.request(intents, identities)

    def headers(self) -> str:
        return f"Cookie: {self.cookie}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"

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
            "POST", "/session/demo", json.dumps({"patron": self.patron}).encode(), "Content-Type: application/json\r\n"
        )
        if answer.status >= 300:
            raise RuntimeError(f"expected to be signed in, got {answer.status}: {answer.body[:300]!r}")
        self.cookie = answer.headers["set-cookie"].split(";")[0]
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
                answer = await phone.nothing.ask("POST", "/nothing", body, phone.headers())
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
        try:
            connection = Connection(port)
            await connection.ask("GET", path)
            connection.close()
            return
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.05)
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
    first.close()
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
            continue
        if phone.loans:
            phones.append(phone)
    rates: dict[str, list[float]] = {"nothing": [], "library": []}
    for _ in range(TURNS):
        for where, found in rates.items():
            found.append(await turn(phones, where))
    for phone in phones:
        phone.library.close()
        phone.nothing.close()
    return statistics.median(rates["library"]), statistics.median(rates["nothing"])


def main() -> None:
    data = tempfile.mkdtemp(prefix="carrel-bench-")
    library, nothing = free_port(), free_port()
    scripts = Path(sys.executable).parent
    servers = [
        started([str(scripts / "carrel"), "demo", "--data", data, "--port", str(library)]),
        started([sys.executable, str(Path(__file__).parent / "nothing.py"), str(nothing)]),
    ]
    try:
        pushes, most = asyncio.run(measured(library, nothing))
    finally:
        for server in servers:
            ended(server)
        shutil.rmtree(data, ignore_errors=True)
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
                "about": f"{pushes:.0f} pushes/s against {most:.0f}/s, {PHONES} phones, 3 bookings, "
                "3 cancellations and 4 renewals each",
            }
        )
    )


if __name__ == "__main__":
    main()
