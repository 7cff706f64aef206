"""
2,000 phones that come back at once after an outage, three times over.

Each has made 5 wishes while nobody answered. The library, one process of its own on SQLite serving the small house,
was killed and is started again; before it listens all phones already knock, each over a connection of its own, and
one that was refused or told to wait comes back as the protocol says (Retry-After, or a little later each time with
full jitter). A round ends when every phone has all its outcomes. Anything but an answer or a 503 with Retry-After
counts as an error, and so does a wish without a fact. Memory is the server's highest; flat means that the third herd
needs hardly more than the first.
"""

import asyncio
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "sync"), str(ROOT), str(Path(__file__).parent)]

import aiohttp  # noqa: E402
import msgspec  # noqa: E402
from pokes_open_streams import free_port, furnished  # noqa: E402

from tests.backend.phone import SYNC, device, message, note  # noqa: E402

PHONES = 2_000
WISHES = 5
ROUNDS = 3
GROWTH_GOAL = 1.1
PATIENCE_SECONDS = 120


async def serve(folder: str, port: str) -> int:
    """The server's process."""
    from carrel import serving
    from carrel.app import build_app
    from carrel.settings import settings
    from tests.backend.small_house import small_house

    chosen = settings({"data": folder, "port": port, "jobs_seconds": 0})
    return await serving.serve(build_app(chosen, small_house(), demo=True), chosen, lambda: print("open", flush=True))


def highest_kib(pid: int) -> int:
    """The most memory that a process has really had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise RuntimeError("expected VmHWM in /proc, got none")


class Tally:
    """What the phones met with in one round."""

    def __init__(self) -> None:
        self.refused = 0
        self.told_to_wait = 0
        self.broken = 0
        self.errors: list[str] = []


class Phone:
    def __init__(self, cookie: str) -> None:
        self.headers = {**SYNC, "cookie": cookie}
        self.dev = device()
        self.upto = 0
        self.epoch = ""
        self.cur = ""
        self.facts = 0

    async def come_back(self, session: aiohttp.ClientSession, url: str, tally: Tally) -> None:
        """Send what waits until all of it has its outcome and every fact is here."""
        wishes = [note(self.upto + 1 + place, f"wish {place}") for place in range(WISHES)]
        tries, wanted = 0, self.upto + WISHES
        while self.upto < wanted or self.facts < wanted:
            left = wishes[len(wishes) - (wanted - self.upto) :] if self.upto < wanted else []
            body = message(self.dev, *left, epoch=self.epoch, ack=self.upto, cur=self.cur, max=65536)
            pause = random.uniform(0, min(10.0, 0.5 * 2**tries))
            tries += 1
            try:
                async with session.post(url, data=body, headers=self.headers) as answer:
                    told = await answer.read()
                    if answer.status == 200:
                        reply = msgspec.json.decode(told)
                        self.upto, self.epoch, self.cur = reply["upto"], reply["epoch"], reply["cur"]
                        self.facts += len(reply.get("rows", []))
                        continue
                    if answer.status == 503 and "retry-after" in answer.headers:
                        tally.told_to_wait += 1
                        pause = float(answer.headers["retry-after"]) * random.uniform(1, 2)
                    else:
                        tally.errors.append(f"{answer.status}: {told[:200]!r}")
                        return
            except aiohttp.ClientConnectorError:
                tally.refused += 1
            except (aiohttp.ClientError, TimeoutError) as said:
                # A connection that breaks after it was made: no error that a reader sees, but told here.
                tally.broken += 1
                if tally.broken < 3:
                    print(f"a connection broke: {said!r}")
            await asyncio.sleep(pause)


def started(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, __file__, "serve", str(folder), str(port)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def herds(folder: Path, port: int) -> tuple[list[int], list[float], list[Tally], int]:
    """Highest memory of each server (KiB), seconds until all were drained, what was met with; phones not drained."""
    phones = [Phone(cookie) for cookie in await furnished(folder, PHONES)]
    memory, seconds, tallies = [], [], []
    for _ in range(ROUNDS):
        tally = Tally()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(30)
        ) as session:
            url = f"http://127.0.0.1:{port}/sync/1"
            back = [asyncio.create_task(phone.come_back(session, url, tally)) for phone in phones]
            await asyncio.sleep(0.2)
            began = time.perf_counter()
            server = started(folder, port)
            try:
                await asyncio.wait(back, timeout=PATIENCE_SECONDS)
                seconds.append(time.perf_counter() - began)
                memory.append(highest_kib(server.pid))
            finally:
                # The next outage: no goodbye.
                server.send_signal(signal.SIGKILL)
                server.wait()
            for each in back:
                each.cancel()
            for each in await asyncio.gather(*back, return_exceptions=True):
                if isinstance(each, Exception):
                    tally.errors.append(repr(each))
        tallies.append(tally)
    left = sum(phone.upto != ROUNDS * WISHES or phone.facts != ROUNDS * WISHES for phone in phones)
    return memory, seconds, tallies, left


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = Path(tempfile.mkdtemp(prefix="carrel-bench-"))
    try:
        memory, seconds, tallies, left = asyncio.run(herds(folder, free_port()))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for took, most, tally in zip(seconds, memory, tallies, strict=True):
        print(
            f"{took:.1f} s until all were drained, {most / 1024:.0f} MiB at most; knocked in vain {tally.refused}, "
            f"told to wait {tally.told_to_wait}, connections broken {tally.broken}, errors {len(tally.errors)}"
        )
    errors = [each for tally in tallies for each in tally.errors]
    for each in errors[:5]:
        print(each)
    about = (
        f"{PHONES} phones with {WISHES} wishes each, {ROUNDS} outages; drained in "
        f"{', '.join(f'{took:.1f}' for took in seconds)} s after the start was begun; told to wait "
        f"{sum(tally.told_to_wait for tally in tallies)} times, connections broken {sum(t.broken for t in tallies)}"
    )
    growth = memory[-1] / memory[0]
    for told in (
        {"name": "sync_herd_not_drained", "value": left, "unit": "phones", "goal": "0", "met": left == 0, "about": about},
        {
            "name": "sync_herd_errors", "value": len(errors), "unit": "answers", "goal": "0", "met": not errors,
            "about": "anything but 200 and 503 with Retry-After",
        },
        {
            "name": "sync_herd_memory", "value": round(growth, 3), "unit": "x the first herd's",
            "goal": f"<= {GROWTH_GOAL}", "met": growth <= GROWTH_GOAL,
            "about": "at most " + ", ".join(f"{most / 1024:.0f}" for most in memory) + " MiB",
        },
    ):  # fmt: skip
        print(json.dumps(told))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        sys.exit(asyncio.run(serve(*sys.argv[2:])))
    main()
