"""
Durable pushes of 10 intents from 32 phones: one SQLite file, one node on PostgreSQL, two nodes on it.

The same phones and the same pushes as in `sync_push_rate.py`, measured in turn, so that the ratios hold
whatever else the machine does. The PostgreSQL waits for the disk, as the file does. With two nodes every
second phone talks to the other one. How busy the processors were is told beside the rates: where they are
full with one node already, a second one has nothing to run on.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "backend"), str(ROOT / "sync"), str(Path(__file__).parent)]

import msgspec  # noqa: E402
from sync_push_rate import PHONES, TURN_SECONDS, Connection, Phone, ended, free_port, reachable  # noqa: E402

from tests.databases import Postgres, started  # noqa: E402

TURNS = 5
GOAL = 0.3


@dataclass
class Turn:
    """What one turn came to: pushes a second, and the part of all processors' time that nobody used."""

    rate: float
    idle: float


def processors() -> tuple[int, int]:
    """Ticks that nobody used, and all ticks, since the machine was started."""
    ticks = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


async def settled(port: int) -> list[Phone]:
    """32 phones of patrons who have loans and may book, signed in and up to date."""
    first = Connection(port)
    patrons = msgspec.json.decode((await first.ask("GET", "/session/demo")).body)
    sites = msgspec.json.decode((await first.ask("GET", "/pub/1/library")).body)["sites"]
    rooms = []
    for site in sites:
        rooms += msgspec.json.decode((await first.ask("GET", f"/pub/1/rooms/{site['id']}")).body)["rooms"]
    phones: list[Phone] = []
    for place in range(4 * PHONES):
        phone = Phone(patrons[place % len(patrons)]["id"], Connection(port), first)
        try:
            await phone.settle(rooms)
        except RuntimeError:
            # A blocked or expired patron may book nothing.
            phone.loans = []
        if phone.loans:
            phones.append(phone)
        else:
            await phone.library.close()
        if len(phones) == PHONES:
            await first.close()
            return phones
    raise RuntimeError("too few demo patrons can book")


async def turn(phones: list[Phone]) -> Turn:
    """All phones together, as fast as they are answered."""
    loop = asyncio.get_running_loop()
    stop = loop.time() + TURN_SECONDS
    pushes = 0

    async def one(phone: Phone) -> None:
        nonlocal pushes
        while loop.time() < stop:
            before = phone.upto
            await phone.converse(phone.push())
            if phone.upto != before + 10:
                raise RuntimeError(f"expected {before + 10} decided, got {phone.upto}")
            pushes += 1

    began, (unused, whole) = loop.time(), processors()
    await asyncio.gather(*(one(phone) for phone in phones))
    after = processors()
    return Turn(pushes / (loop.time() - began), (after[0] - unused) / max(1, after[1] - whole))


async def measured(file: int, nodes: tuple[int, int], postgres: Postgres, database: str) -> dict[str, Turn]:
    for port in (file, *nodes):
        await reachable(port, "/session")
    of_file, of_nodes = await settled(file), await settled(nodes[0])
    # A database that has run for a minute knows how many rows it has.
    postgres.tell("analyze", database)
    first = [phone.library for phone in of_nodes]
    either = [Connection(nodes[1]) if place % 2 else each for place, each in enumerate(first)]
    turns: dict[str, list[Turn]] = {"file": [], "one node": [], "two nodes": []}
    for _ in range(TURNS):
        turns["file"].append(await turn(of_file))
        for where, connections in (("one node", first), ("two nodes", either)):
            for phone, connection in zip(of_nodes, connections, strict=True):
                phone.library = connection
            turns[where].append(await turn(of_nodes))
    for connection in {*first, *either, *(phone.library for phone in of_file)}:
        await connection.close()
    return {
        where: Turn(statistics.median(t.rate for t in found), statistics.median(t.idle for t in found))
        for where, found in turns.items()
    }


def library(folder: Path, port: int, database: str = "") -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).parent / "carrel"), "demo", "--data", str(folder), "--port", str(port)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "CARREL_DATABASE": database},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def figure(name: str, value: float, goal: str, met: bool, about: str) -> None:
    unit = "of the rate on one SQLite file" if name.endswith("one_node") else "of the rate of one node"
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "met": met, "about": about}))


def main() -> None:
    postgres = started(durable=True)
    if isinstance(postgres, str):
        for name in ("sync_push_postgres_one_node", "sync_push_postgres_two_nodes"):
            print(json.dumps({"name": name, "value": None, "unit": "", "goal": "", "met": None, "about": postgres}))
        return
    servers: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        file, nodes = free_port(), (free_port(), free_port())
        try:
            database = postgres.without_tables()
            servers.append(library(Path(folder) / "file", file))
            servers.append(library(Path(folder) / "first", nodes[0], postgres.address(database)))
            asyncio.run(reachable(nodes[0], "/session"))
            servers.append(library(Path(folder) / "second", nodes[1], postgres.address(database)))
            found = asyncio.run(measured(file, nodes, postgres, database))
        finally:
            for each in servers:
                ended(each)
            postgres.close()
    for where, each in found.items():
        print(f"{where}: {each.rate:,.0f} pushes/s, {each.idle:.0%} of the processors' time unused")
    one, two = found["one node"], found["two nodes"]
    ratio, second = one.rate / found["file"].rate, two.rate / one.rate
    full = one.idle < 0.1
    figure(
        "sync_push_postgres_one_node", ratio, f">= {GOAL}", ratio >= GOAL,
        f"{one.rate:.0f} pushes/s against {found['file'].rate:.0f}/s on SQLite; {PHONES} phones, 10 intents each",
    )  # fmt: skip
    figure(
        "sync_push_postgres_two_nodes", second, "> 1, unless the processors are full", second > 1 or full,
        f"{two.rate:.0f} pushes/s against {one.rate:.0f}/s; with one node {one.idle:.0%} of {os.cpu_count()} processors "
        "were unused, phones and PostgreSQL included",
    )  # fmt: skip


if __name__ == "__main__":
    main()
