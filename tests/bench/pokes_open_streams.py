"""
As many open streams on one node as this machine lets it have, up to 10,000, and what they cost.

One server in a process of its own serves the small house; this process opens the streams over plain
sockets, each with a session of its own. Measured in one run: memory of the server for each stream, how
long a poke takes (one patron's, and all patrons' at once), and how many ordinary requests are answered a second
while nothing is open and while everything is, in turns, by the same clients.
"""

import asyncio
import contextlib
import json
import os
import resource
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "sync"), str(ROOT)]

from carrel.app import build_app  # noqa: E402
from carrel.identity import rules, store  # noqa: E402
from carrel.settings import settings  # noqa: E402
from carrel.storage import Storage, about, facts, open_storage  # noqa: E402
from tests.backend.phone import device, message, note  # noqa: E402
from tests.backend.small_house import Note, small_house  # noqa: E402

WANTED = 10_000
OPENED_TOGETHER = 200
CLIENTS = 16
TURN_SECONDS = 3.0
TURNS = 3
POKES = 200
RATIO_GOAL = 0.9
KIB_GOAL = 40
DAY = 86_400_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_many_as_allowed() -> int:
    """How many sockets this process may open, kept below what is wanted."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard - 1_000)


def resident_kib(pid: int) -> int:
    """Memory of a process that is really there."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("expected VmRSS in /proc, got none")


async def serve(folder: str, port: str) -> int:
    """The server's process: also changes every patron's facts when it is told to (SIGUSR1)."""
    from carrel import serving

    chosen = settings({"data": folder, "port": port, "jobs_seconds": 0})
    app = build_app(chosen, small_house(), demo=True)
    changing: set[asyncio.Task[None]] = set()

    async def change_all() -> None:
        patrons = [f"bench_{place}" for place in range(WANTED)]
        now = app.state.now()

        async def work(tx) -> None:  # type: ignore[no-untyped-def]
            for patron in patrons:
                await facts.publish(tx, patron, "notes", secrets.token_hex(4), Note(str(now)), now)

        await app.state.storage.write(work)
        print(f"changed {time.time()}", flush=True)

    def changed() -> None:
        changing.add(asyncio.create_task(change_all()))

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, changed)
    return await serving.serve(app, chosen, lambda: print("open", flush=True))


async def furnished(folder: Path, count: int) -> list[str]:
    """Sessions of as many patrons, made where the sign-in would have made them; their cookies."""
    now = time.time_ns() // 1_000_000
    storage: Storage = await open_storage(folder / "carrel.sqlite", now)
    tokens = [secrets.token_urlsafe(32) for _ in range(count)]

    async def work(tx) -> None:  # type: ignore[no-untyped-def]
        await about.claim(tx, "demo")
        for place, token in enumerate(tokens):
            await store.begin(tx, f"bench_{place}", rules.token_hash(token), "", now, now + DAY)

    await storage.write(work)
    await storage.close()
    return [f"carrel={token}" for token in tokens]


class Page(asyncio.Protocol):
    """One open stream, as cheap as can be: notes when a poke comes."""

    def __init__(self, cookie: str, port: int) -> None:
        self.request = (
            f"GET /sync/1/events HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: {cookie}\r\n"
            "accept: text/event-stream\r\n\r\n"
        ).encode()
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.poked: asyncio.Future[float] | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.begun.done():
            if b"retry:" in data:
                self.begun.set_result(None)
            elif not data.startswith(b"HTTP/1.1 200"):
                self.begun.set_exception(RuntimeError(f"expected a stream, got {data[:80]!r}"))
        if b'"me"' in data and self.poked is not None and not self.poked.done():
            self.poked.set_result(time.time())

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        if not self.begun.done():
            self.begun.set_exception(exc or ConnectionResetError())


async def opened(cookies: list[str], port: int) -> list[Page]:
    loop = asyncio.get_running_loop()
    pages: list[Page] = []
    for start in range(0, len(cookies), OPENED_TOGETHER):
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda c=cookie: Page(c, port), "127.0.0.1", port)  # type: ignore[misc]
                for cookie in cookies[start : start + OPENED_TOGETHER]
            )
        )
        few = [page for _, page in made]
        await asyncio.gather(*(page.begun for page in few))
        pages += few
    return pages


class Client:
    """Sends POST /sync/1 with one wish over one connection, again and again."""

    def __init__(self, cookie: str, port: int) -> None:
        self.cookie, self.port = cookie, port
        self.dev, self.n = device(), 0

    async def ask(self, wishes: int = 1) -> None:
        notes = [note(self.n + place) for place in range(1, wishes + 1)]
        self.n += wishes
        body = message(self.dev, *notes, ack=self.n - wishes)
        self.writer.write(
            f"POST /sync/1 HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\ncookie: {self.cookie}\r\n"
            "sec-fetch-site: same-origin\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"expected 200, got {head[:80]!r}")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        await self.reader.readexactly(length)

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)


async def rate(clients: list[Client]) -> float:
    """Requests answered a second by all of them together."""
    until = time.perf_counter() + TURN_SECONDS
    answered = 0

    async def one(client: Client) -> None:
        nonlocal answered
        while time.perf_counter() < until:
            await client.ask()
            answered += 1

    began = time.perf_counter()
    await asyncio.gather(*(one(client) for client in clients))
    return answered / (time.perf_counter() - began)


async def one_poked(client: Client, page: Page) -> float:
    """Milliseconds from sending a wish to the poke on another phone of the same patron."""
    page.poked = asyncio.get_running_loop().create_future()
    began = time.time()
    await client.ask()
    return (await asyncio.wait_for(page.poked, 10) - began) * 1_000


async def measured(cookies: list[str], port: int, process: "subprocess.Popen[str]") -> dict[str, float]:
    clients = [Client(cookies[-1 - place], port) for place in range(CLIENTS)]
    for client in clients:
        await client.open()
    await rate(clients)
    alone, beside = [], []
    for turn in range(TURNS):
        alone.append(await rate(clients))
        before = resident_kib(process.pid)
        began = time.perf_counter()
        pages = await opened(cookies[:-CLIENTS], port)
        opening = time.perf_counter() - began
        after = resident_kib(process.pid)
        if turn == 0:
            kib = (after - before) / len(pages)
        beside.append(await rate(clients))
        if turn < TURNS - 1:
            for page in pages:
                page.transport.close()
            await asyncio.gather(*(page.lost.wait() for page in pages))
            await asyncio.sleep(1)
    poked = []
    for place in range(POKES):
        page = pages[place * len(pages) // POKES]
        client = Client(cookies[pages.index(page)], port)
        await client.open()
        poked.append(await one_poked(client, page))
        client.writer.close()
    loop = asyncio.get_running_loop()
    for page in pages:
        page.poked = loop.create_future()
    process.send_signal(signal.SIGUSR1)
    assert process.stdout is not None
    changed = float((await asyncio.to_thread(process.stdout.readline)).split()[1])
    all_poked = max(await asyncio.gather(*(page.poked for page in pages if page.poked)))
    lost = sum(page.lost.is_set() for page in pages)
    if lost:
        raise RuntimeError(f"expected {len(pages)} streams to stay open, lost {lost}")
    began = time.perf_counter()
    process.terminate()
    code = await asyncio.to_thread(process.wait, 120)
    stopping = time.perf_counter() - began
    if code != 0:
        raise RuntimeError(f"expected the server to end in order, got exit code {code}")
    await asyncio.wait_for(asyncio.gather(*(page.lost.wait() for page in pages)), 10)
    return {
        "streams": len(pages),
        "kib": kib,
        "opening": opening,
        "ratio": statistics.median(beside) / statistics.median(alone),
        "alone": statistics.median(alone),
        "beside": statistics.median(beside),
        "p50": statistics.median(poked),
        "p99": statistics.quantiles(poked, n=100)[98],
        "all": all_poked - changed,
        "stopping": stopping,
    }


def main() -> int:
    count = as_many_as_allowed()
    folder = Path(tempfile.mkdtemp(prefix="carrel-bench-"))
    port = free_port()
    cookies = asyncio.run(furnished(folder, count + CLIENTS))
    process = subprocess.Popen(
        [sys.executable, __file__, "serve", str(folder), str(port)], stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "open\n":
            raise RuntimeError("expected the server to open")
        found = asyncio.run(measured(cookies, port, process))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"the last {found['streams']:,.0f} opened in {found['opening']:.1f} s; ended with the server in {found['stopping']:.1f} s")
    for name, value, unit, goal, met, words in (
        ("pokes_open_streams", int(found["streams"]), "streams on one node", f">= {WANTED:,}", found["streams"] >= WANTED,
         "as many as this process and the server may open files"),
        ("pokes_memory", round(found["kib"], 1), "KiB a stream", f"<= {KIB_GOAL}", found["kib"] <= KIB_GOAL,
         "resident memory of the server, before and after"),
        ("pokes_other_requests", round(found["ratio"], 3), "of the rate without streams", f">= {RATIO_GOAL}",
         found["ratio"] >= RATIO_GOAL, f"POST /sync/1 with one wish: {found['beside']:.0f}/s beside {found['alone']:.0f}/s alone"),
        ("pokes_latency_p50", round(found["p50"], 1), "ms from one phone's wish to the other's poke", "", None,
         f"p99 {found['p99']:.1f} ms; the wish's own commit included"),
        ("pokes_all_at_once", round(found["all"], 2), "s from the commit to the last of all streams", "", None, ""),
    ):  # fmt: skip
        print(json.dumps({"name": name, "value": value, "unit": unit, "goal": goal, "met": met, "about": words}))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        sys.exit(asyncio.run(serve(*sys.argv[2:4])))
    sys.exit(main())
