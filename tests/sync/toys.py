"""A capability for tests: toys on a shelf that one patron at a time may take."""

import asyncio
import json
from typing import Any

from msgspec import Struct

from carrel_sync.library import Asked, Changed, Decision, Done, Operation, Received, Refused
from carrel_sync.messages import Alternative
from tests.sync.memory_ledger import MemoryLedger, StoreFault


class Toy(Struct, forbid_unknown_fields=True):
    toy: str


class Say(Struct, forbid_unknown_fields=True):
    """What to answer, whatever is true."""

    st: str
    code: str = ""
    said: dict[str, Any] = {}


async def take(tx: MemoryLedger, asked: Asked[Toy]) -> Decision:
    toy, shelf = asked.args.toy, tx.memory.shelf
    if shelf.get(toy, asked.patron) != asked.patron:
        free = [each for each in ("ball", "kite", "top") if each not in shelf]
        return Refused(
            "taken",
            {"toy": toy},
            [Alternative("toys.take@1", {"toy": each}, "another_toy", {"name": each}) for each in free],
        )
    shelf[toy] = asked.patron
    tx.memory.effects.append((asked.patron, asked.u))
    tx.publish(asked.patron, "toys", toy, json.dumps({"name": toy}))
    return Done()


async def give_back(tx: MemoryLedger, asked: Asked[Toy]) -> Decision:
    toy = asked.args.toy
    if tx.memory.shelf.get(toy) != asked.patron:
        return Refused("not_yours")
    del tx.memory.shelf[toy]
    tx.memory.effects.append((asked.patron, asked.u))
    tx.publish(asked.patron, "toys", toy, None)
    return Done()


async def say(tx: MemoryLedger, asked: Asked[Say]) -> Decision:
    args = asked.args
    tx.memory.effects.append((asked.patron, asked.u))
    match args.st:
        case "changed":
            return Changed(args.code, args.said)
        case "received":
            return Received(args.code, 30)
        case "refused":
            return Refused(args.code, args.said)
    return Done(args.said)


async def wind_up(tx: MemoryLedger, asked: Asked[Toy]) -> Decision:
    """Make a thing whose name is the identity of the wish; a second winding of the same toy breaks the first."""
    broken = [
        id
        for (kind, id), each in tx.stream(asked.patron).facts.items()
        if kind == "wound" and each.body is not None and json.loads(each.body)["toy"] == asked.args.toy
    ]
    for id in broken:
        tx.publish(asked.patron, "wound", id, None)
    tx.memory.effects.append((asked.patron, asked.u))
    tx.publish(asked.patron, "wound", asked.u, json.dumps({"toy": asked.args.toy}))
    return Done()


async def crash(tx: MemoryLedger, asked: Asked[Toy]) -> Decision:
    """Take the toy, then fall over."""
    await take(tx, asked)
    raise RuntimeError("expected a steady hand, got none")


async def pull_the_plug(tx: MemoryLedger, asked: Asked[Toy]) -> Decision:
    raise StoreFault("no room on the disk")


async def wait(tx: MemoryLedger, asked: Asked[Toy]) -> Decision:
    await asyncio.sleep(0)
    return Done()


OPERATIONS = {
    each.name: each
    for each in (
        Operation("toys.take@1", Toy, take),
        Operation("toys.give_back@1", Toy, give_back),
        Operation("toys.say@1", Say, say),
        Operation("toys.wind_up@1", Toy, wind_up),
        Operation("toys.crash@1", Toy, crash),
        Operation("toys.pull_the_plug@1", Toy, pull_the_plug),
        Operation("toys.rent@1", Toy, take, gone_after=1_600_000_000_000),
    )
}
