"""
Durable pushes of 10 intents from 32 phones, against an endpoint that does nothing and against two peers.

`carrel demo` and `nothing.py` run in the same way, each in one process. 32 phones in this process, each with a
connection of its own, push as fast as they are answered. All are measured in turn, several times; the figures are
ratios of the medians. A push is what a reader with a stack of books sends: renew all 8, book a room, cancel a
booking, each really decided, on the disk and its answer kept. The endpoint that does nothing gets the same bytes
and answers as many, and the client (aiohttp, inflating and decoding every answer) costs both the same. The servers'
processor time for a push is told beside the rates, as it depends less on what else the machine does.

The peers are sent 10 new documents a push by the same client. Kinto gets one batch, as kinto.js sends it.
pouchdb-server gets what a PouchDB that replicates sends for each batch of changes: which of these are missing, the
documents, the checkpoint; it keeps them in LevelDB, as it ships, which does not wait for the disk. Kinto keeps them in
memory only. Neither decides anything, and what their phones ask besides is left out.
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
from collections.abc import Awaitable, Callable, Mapping
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
PEERS = {"pouchdb": "pouchdb-server on LevelDB", "kinto": "Kinto in memory"}
PEER_GOALS = {"pouchdb": 4, "kinto": 30}
SPREAD_GOAL = 2.5


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


@dataclass
class Turn:
    """What one turn of all phones came to."""

    rate: float
    """Pushes a second."""
    processor_ms: float
    """Processor time of the server's process for a push."""
    waits: list[float]
    """How long each push waited for its answer, seconds."""


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used, its own and the system's for it."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


Push = Callable[[Phone], Awaitable[None]]


async def turn(phones: list[Phone], push: Push, pid: int) -> Turn:
    """All phones together, as fast as they are answered."""
    waits: list[float] = []
    before, began = processor_seconds(pid), time.perf_counter()
    stop = began + TURN_SECONDS

    async def one(phone: Phone) -> None:
        while (asked := time.perf_counter()) < stop:
            await push(phone)
            waits.append(time.perf_counter() - asked)

    await asyncio.gather(*(one(phone) for phone in phones))
    took = time.perf_counter() - began
    return Turn(len(waits) / took, 1000 * (processor_seconds(pid) - before) / len(waits), waits)


async def to_library(phone: Phone) -> None:
    before = phone.upto
    await phone.converse(phone.push())
    if phone.upto != before + 10:
        raise RuntimeError(f"expected {before + 10} decided, got {phone.upto}")


async def to_nothing(phone: Phone) -> None:
    answer = await phone.nothing.ask("POST", "/pub/nothing", phone.push(), phone.headers())
    msgspec.json.decode(answer.body)


class Peer:
    """A peer's server, started by `peers/others.mjs`, and how 10 documents are pushed to it."""

    def __init__(self, name: str, folder: str, kinto: str, node: str) -> None:
        self.name = name
        self.port = free_port()
        self.connections: dict[str, Connection] = {}
        self.kept = tempfile.mkdtemp(prefix="carrel-bench-")
        self.points: dict[str, dict[str, str]] = {}
        self.run = subprocess.Popen(
            [node, "others.mjs"], cwd=folder, env={**os.environ, "KINTO": kinto}, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.run.stdin is not None
        assert self.run.stdout is not None
        self.run.stdin.write(json.dumps({"command": "start", "name": name, "port": self.port, "folder": self.kept}) + "\n")
        self.run.stdin.flush()
        for line in self.run.stdout:
            if line.startswith('{"'):
                if "told" not in json.loads(line):
                    raise RuntimeError(line)
                break
        children = Path(f"/proc/{self.run.pid}/task/{self.run.pid}/children").read_text().split()
        self.pid = int(children[0])
        self.headers = {"Content-Type": "application/json"}
        if name == "kinto":
            self.headers["Authorization"] = "Basic cmVhZGVyOnNlY3JldA=="

    async def open(self) -> None:
        made = ["/bench"] if self.name == "pouchdb" else ["/v1/buckets/bench", "/v1/buckets/bench/collections/things"]
        connection = Connection(self.port)
        for path in made:
            body = b"" if self.name == "pouchdb" else b"{}"
            answer = await connection.ask("PUT", path, body, self.headers)
            if answer.status >= 300:
                raise RuntimeError(f"expected a {path}, got {answer.status}: {answer.body[:300]!r}")
        await connection.close()

    async def push(self, phone: Phone) -> None:
        if phone.dev not in self.connections:
            self.connections[phone.dev] = Connection(self.port)
        docs = {phone.identity(): {"op": "loans.renew@1", "at": 0, "loan": phone.loans[0]} for _ in range(10)}
        await (self._replicated if self.name == "pouchdb" else self._batch)(phone, docs)

    async def _ask(self, phone: Phone, method: str, path: str, told: dict[str, Any]) -> Any:
        answer = await self.connections[phone.dev].ask(method, path, msgspec.json.encode(told), self.headers)
        if answer.status >= 300:
            raise RuntimeError(f"expected {self.name} to take {path}, got {answer.status}: {answer.body[:300]!r}")
        return msgspec.json.decode(answer.body)

    async def _replicated(self, phone: Phone, docs: dict[str, dict[str, Any]]) -> None:
        revs = {u: secrets.token_hex(16) for u in docs}
        missing = await self._ask(phone, "POST", "/bench/_revs_diff", {u: [f"1-{rev}"] for u, rev in revs.items()})
        whole = [
            {"_id": u, "_rev": f"1-{revs[u]}", "_revisions": {"start": 1, "ids": [revs[u]]}, **docs[u]} for u in missing
        ]
        refused = await self._ask(phone, "POST", "/bench/_bulk_docs", {"docs": whole, "new_edits": False})
        if len(missing) != 10 or refused:
            raise RuntimeError(f"expected 10 kept, got {len(missing)} missing and {refused}")
        path = f"/bench/_local/{phone.dev}"
        point = {"_id": f"_local/{phone.dev}", "last_seq": phone.upto, **self.points.get(phone.dev, {})}
        self.points[phone.dev] = {"_rev": (await self._ask(phone, "PUT", path, point))["rev"]}

    async def _batch(self, phone: Phone, docs: dict[str, dict[str, Any]]) -> None:
        told = {
            "defaults": {"method": "PUT"},
            "requests": [
                {"path": f"/buckets/bench/collections/things/records/{u}", "body": {"data": doc}}
                for u, doc in docs.items()
            ],
        }
        kept = sum(each["status"] == 201 for each in (await self._ask(phone, "POST", "/v1/batch", told))["responses"])
        if kept != 10:
            raise RuntimeError(f"expected 10 kept, got {kept}")

    async def close(self) -> None:
        for connection in self.connections.values():
            await connection.close()


def peers() -> tuple[list[Peer], dict[str, str]]:
    """Those that could be had, and why others could not."""
    node = shutil.which("node")
    brought = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "peers" / "bring.py")], stdout=subprocess.PIPE, check=False
    )
    if node is None or brought.returncode != 0:
        return [], dict.fromkeys(PEER_GOALS, "the peers could not be installed")
    place = json.loads(brought.stdout)
    found, missing = [], {}
    for name in PEER_GOALS:
        if name == "kinto" and not place["kinto"]:
            missing[name] = "Kinto could not be installed"
            continue
        try:
            found.append(Peer(name, place["folder"], place["kinto"], node))
        except (RuntimeError, OSError, IndexError) as said:
            missing[name] = f"it did not start: {said}"
    return found, missing


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


async def measured(
    library: int, nothing: int, pids: dict[str, int], others: list[Peer], missing: dict[str, str]
) -> dict[str, list[Turn]]:
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
    reply = await phones[0].converse(phones[0].push())
    await phones[0].nothing.ask(
        "POST", "/pub/nothing/answer", msgspec.json.encode(reply), {"Content-Type": "application/json"}
    )
    pushes: dict[str, tuple[Push, int]] = {
        "nothing": (to_nothing, pids["nothing"]),
        "library": (to_library, pids["library"]),
    }
    for peer in others:
        try:
            await peer.open()
            await peer.push(phones[0])
            pushes[peer.name] = (peer.push, peer.pid)
        except (RuntimeError, aiohttp.ClientError, OSError, ValueError) as said:
            missing[peer.name] = f"it did not take a push: {said}"
    turns: dict[str, list[Turn]] = {where: [] for where in pushes}
    for _ in range(TURNS):
        for where, (push, pid) in pushes.items():
            turns[where].append(await turn(phones, push, pid))
    for phone in phones:
        await phone.library.close()
        await phone.nothing.close()
    for peer in others:
        await peer.close()
    return turns


def figure(name: str, value: float | None, unit: str, goal: str, met: bool | None, about: str) -> None:
    rounded = None if value is None else round(value, 3)
    print(json.dumps({"name": name, "value": rounded, "unit": unit, "goal": goal, "met": met, "about": about}))


def main() -> None:
    data, other = tempfile.mkdtemp(prefix="carrel-bench-"), tempfile.mkdtemp(prefix="carrel-bench-")
    library, nothing = free_port(), free_port()
    scripts = Path(sys.executable).parent
    others, missing = peers()
    servers = [
        started([str(scripts / "carrel"), "demo", "--data", data, "--port", str(library)]),
        started([sys.executable, str(Path(__file__).parent / "nothing.py"), str(nothing), other]),
    ]
    pids = {"library": servers[0].pid, "nothing": servers[1].pid}
    try:
        turns = asyncio.run(measured(library, nothing, pids, others, missing))
    finally:
        for server in [*servers, *(peer.run for peer in others)]:
            ended(server)  # type: ignore[arg-type]
        for peer in others:
            shutil.rmtree(peer.kept, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(other, ignore_errors=True)
    rates = {where: statistics.median(each.rate for each in found) for where, found in turns.items()}
    costs = {where: statistics.median(each.processor_ms for each in found) for where, found in turns.items()}
    for where, rate in rates.items():
        print(f"{where}: {rate:,.0f} pushes a second, {costs[where]:.2f} ms of its processor time each")
    mine = rates["library"]
    figure(
        "sync_push_rate", mine / rates["nothing"], "of an endpoint that does nothing", f">= {GOAL}",
        mine / rates["nothing"] >= GOAL,
        f"{mine:.0f} pushes/s against {rates['nothing']:.0f}/s, {PHONES} phones, 8 renewals, a booking and a "
        f"cancellation each; processor time {costs['library']:.2f} ms against {costs['nothing']:.2f} ms, "
        f"a ratio of {costs['nothing'] / costs['library']:.2f}",
    )  # fmt: skip
    for name, goal in PEER_GOALS.items():
        if name in rates:
            ratio = mine / rates[name]
            figure(
                f"sync_push_{name}", ratio, f"x the rate of {PEERS[name]}", f">= {goal}", ratio >= goal,
                f"{mine:.0f} pushes/s against {rates[name]:.0f}/s; processor time {costs['library']:.2f} ms "
                f"against {costs[name]:.2f} ms",
            )  # fmt: skip
        else:
            figure(f"sync_push_{name}", None, "", f">= {goal}", None, missing[name])
    waits = sorted(wait for each in turns["library"] for wait in each.waits)
    p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    figure(
        "sync_push_p99", p99 / p50, "x the median wait", f"<= {SPREAD_GOAL}", p99 / p50 <= SPREAD_GOAL,
        f"{1000 * p99:.0f} ms and {1000 * p50:.0f} ms, {len(waits)} pushes, {PHONES} phones that never pause",
    )  # fmt: skip


if __name__ == "__main__":
    main()
