"""
A library in memory round the real `carrel_sync/library.py`: toys, one patron at a time, three at most for each.

It keeps what a store would keep and writes down what took effect, when, and for whom, so that an oracle
can look. Knows no chance and no phones.
"""

import importlib.util
import json
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

import carrel_sync.library
from carrel_sync.library import Asked, Decided, Decision, Fact, Opened, Page
from carrel_sync.messages import OUTCOME_DAYS, Alternative, Problem, Request, checksum, encode

DAY_MS = 86_400_000
QUOTA = 3
TOYS = ("ball", "kite", "top", "doll", "drum", "yo-yo")


class Effect(NamedTuple):
    """Something that became true because it was asked for."""

    patron: str
    u: str
    what: str
    """take, give_back or say."""
    toy: str
    at: int
    """When it was decided, by the library's clock."""
    until: int | None


@dataclass(slots=True)
class Device:
    patron: str
    upto: int = 0
    acked: int = 0
    seen_at: int = 0
    closed: bool = False
    fates: dict[int, Decided] = field(default_factory=dict)

    def copied(self) -> "Device":
        return Device(self.patron, self.upto, self.acked, self.seen_at, self.closed, dict(self.fates))


@dataclass(slots=True)
class Stream:
    seq: int = 0
    horizon: int = 0
    refresh_at: int = 0
    facts: dict[tuple[str, str], Fact] = field(default_factory=dict)

    def copied(self) -> "Stream":
        return Stream(self.seq, self.horizon, self.refresh_at, dict(self.facts))


@dataclass(slots=True)
class Memory:
    """Everything the library remembers."""

    epoch: str = "e1"
    devices: dict[str, Device] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    shelf: dict[str, str] = field(default_factory=dict)
    """Toy to the patron who has it."""
    effects: list[Effect] = field(default_factory=list)
    elsewhere: dict[tuple[str, str], str] = field(default_factory=dict)
    """(patron, identity) of what another system has yet to answer, to the toy."""

    def copied(self) -> "Memory":
        """The same again, sharing only what never changes: a backup, or a unit of work."""
        return Memory(
            self.epoch,
            {dev: each.copied() for dev, each in self.devices.items()},
            {patron: each.copied() for patron, each in self.streams.items()},
            dict(self.known),
            dict(self.shelf),
            list(self.effects),
            dict(self.elsewhere),
        )

    def held(self, patron: str) -> dict[tuple[str, str], tuple[int, Any]]:
        """(kind, id) to (version, body) of every fact of a patron that is not gone."""
        stream = self.streams.get(patron)
        facts = stream.facts.values() if stream else ()
        return {(each.kind, each.id): (each.version, json.loads(each.body)) for each in facts if each.body is not None}


@lru_cache(maxsize=50_000)
def _hash(kind: str, id: str, version: int) -> int:
    return int(checksum([(kind, id, version)]), 16)


class StoreFault(Exception):
    """The store itself cannot go on."""


class Ledger:
    """One unit of work over a `Memory`; it is its own transaction."""

    faults = (StoreFault,)

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    @property
    def tx(self) -> "Ledger":
        return self

    def stream(self, patron: str) -> Stream:
        return self.memory.streams.setdefault(patron, Stream())

    def publish(self, patron: str, kind: str, id: str, body: dict[str, Any] | None) -> None:
        """Let a patron's phones know a fact; None: that it is gone."""
        stream = self.stream(patron)
        known = stream.facts.get((kind, id))
        text = None if body is None else json.dumps(body)
        if (known.body if known else None) == text:
            return
        stream.seq += 1
        stream.facts[kind, id] = Fact(stream.seq, kind, id, known.version + 1 if known else 1, text)

    def _sum(self, patron: str) -> int:
        facts = self.stream(patron).facts.values()
        return sum(_hash(each.kind, each.id, each.version) for each in facts if each.body is not None) % 2**32

    async def open(self, dev: str, patron: str, ack: int) -> Opened:
        memory, stream = self.memory, self.stream(patron)
        device = memory.devices.get(dev)
        now = max((each.seen_at for each in memory.devices.values()), default=0)
        alive = sum(
            each.patron == patron and not each.closed and each.seen_at > now - OUTCOME_DAYS * DAY_MS
            for each in memory.devices.values()
        )
        facts = (stream.seq, self._sum(patron), stream.horizon, stream.refresh_at)
        if device is None:
            return Opened(memory.epoch, None, False, 0, 0, 0, alive, [], *facts)
        decided = [(n, each.u, each.fate) for n, each in sorted(device.fates.items()) if n > ack]
        kept = (device.patron, device.closed, device.upto, device.acked, device.seen_at)
        return Opened(memory.epoch, *kept, alive, decided, *facts)

    async def known(self, patron: str, us: Sequence[str]) -> Mapping[str, str]:
        return {u: self.memory.known[patron, u] for u in us if (patron, u) in self.memory.known}

    @asynccontextmanager
    async def savepoint(self) -> Any:
        memory = self.memory
        before = memory.copied()
        try:
            yield
        except BaseException:
            memory.shelf, memory.effects, memory.streams = before.shelf, before.effects, before.streams
            memory.elsewhere = before.elsewhere
            raise

    async def settle(
        self, dev: str, patron: str, upto: int, ack: int, decided: Sequence[Decided], now: int
    ) -> None:
        device = self.memory.devices.setdefault(dev, Device(patron))
        device.upto, device.acked, device.seen_at = upto, ack, now
        for each in decided:
            device.fates[each.n] = each
            if each.first and each.u:
                # What a unique index on (patron, u) would refuse.
                assert (patron, each.u) not in self.memory.known, f"expected {each.u} to be new, got it again"
                self.memory.known[patron, each.u] = each.fate

    async def refreshed(self, patron: str, refresh_at: int) -> None:
        self.stream(patron).refresh_at = refresh_at

    async def read(self, patron: str, after: int, limit: int) -> Page:
        stream = self.stream(patron)
        facts = sorted((each for each in stream.facts.values() if each.seq > after), key=lambda fact: fact.seq)
        return Page(stream.seq, self._sum(patron), facts[:limit])

    async def replace(self, patron: str, u: str, fate: str, kept: str, now: int) -> None:
        self.memory.known[patron, u] = fate
        for device in self.memory.devices.values():
            for n, each in device.fates.items():
                if device.patron == patron and each.u == u:
                    device.fates[n] = each._replace(fate=fate, kept=kept if each.first else each.kept)

    async def close(self, dev: str, patron: str, now: int) -> bool:
        device = self.memory.devices.setdefault(dev, Device(patron))
        if device.patron != patron:
            return False
        device.closed, device.seen_at = True, now
        return True


class Toy(Struct, forbid_unknown_fields=True):
    toy: str
    pad: str = ""
    """Weight on the line."""


def operations(half: ModuleType) -> dict[str, Any]:
    """What may be asked for, in the words of this very library's half."""

    def effect(tx: Ledger, asked: Asked[Toy], what: str) -> None:
        tx.memory.effects.append(Effect(asked.patron, asked.u, what, asked.args.toy, asked.now, asked.until))

    async def take(tx: Ledger, asked: Asked[Toy]) -> Decision:
        toy, shelf = asked.args.toy, tx.memory.shelf
        if toy in shelf:
            free = [each for each in TOYS if each not in shelf][:2]
            alternatives = [Alternative("toys.take@1", {"toy": each}, "another_toy") for each in free]
            return half.Refused("taken", {"toy": toy, "for": asked.patron}, alternatives)
        if sum(each == asked.patron for each in shelf.values()) >= QUOTA:
            return half.Refused("quota_used", {"for": asked.patron})
        shelf[toy] = asked.patron
        effect(tx, asked, "take")
        tx.publish(asked.patron, "toys", toy, {"of": asked.patron, "u": asked.u, "pad": asked.args.pad})
        return half.Done()

    async def give_back(tx: Ledger, asked: Asked[Toy]) -> Decision:
        toy = asked.args.toy
        if tx.memory.shelf.get(toy) != asked.patron:
            return half.Refused("not_yours", {"for": asked.patron})
        del tx.memory.shelf[toy]
        effect(tx, asked, "give_back")
        tx.publish(asked.patron, "toys", toy, None)
        return half.Done({"for": asked.patron})

    async def say(tx: Ledger, asked: Asked[Toy]) -> Decision:
        effect(tx, asked, "say")
        # Named after the wish, so that replies have short ids in them.
        tx.publish(asked.patron, "notes", asked.u, {"of": asked.patron, "u": asked.u, "pad": asked.args.pad})
        return half.Changed("said_later", {"for": asked.patron}) if asked.args.toy == "kite" else half.Done()

    async def order(tx: Ledger, asked: Asked[Toy]) -> Decision:
        tx.memory.elsewhere[asked.patron, asked.u] = asked.args.toy
        return half.Received("elsewhere", 30)

    async def crash(tx: Ledger, asked: Asked[Toy]) -> Decision:
        """Take the toy, then fall over."""
        await take(tx, asked)
        tx.memory.effects.append(Effect(asked.patron, asked.u, "say", asked.args.toy, asked.now, asked.until))
        raise RuntimeError("expected a steady hand, got none")

    each = half.Operation
    return {
        "toys.take@1": each("toys.take@1", Toy, take),
        "toys.give_back@1": each("toys.give_back@1", Toy, give_back),
        "toys.say@1": each("toys.say@1", Toy, say),
        "toys.order@1": each("toys.order@1", Toy, order),
        "toys.crash@1": each("toys.crash@1", Toy, crash),
        "toys.rent@1": each("toys.rent@1", Toy, take, gone_after=1_600_000_000_000),
    }


async def today(tx: Ledger, patron: str, now: int) -> int:
    """A fact that time alone changes: which day it is."""
    tx.publish(patron, "days", "today", {"of": patron, "day": now // DAY_MS})
    return (now // DAY_MS + 1) * DAY_MS


def half_from(source: Path) -> ModuleType:
    """A library's half from another file: one with a planted fault."""
    name = f"planted_library_{abs(hash(str(source)))}"
    spec = importlib.util.spec_from_file_location(name, source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("expected a coroutine that waits for nothing, got one that waits")


class Answered(NamedTuple):
    """What came of one request at the library."""

    status: int
    body: Any
    """The Reply or Problem as decoded JSON."""
    before: Memory
    after: Memory


class ToyLibrary:
    """
    The library's half with its memory.

    Args:
        half: the module that stands for `carrel_sync.library`.
    """

    def __init__(self, half: ModuleType = carrel_sync.library) -> None:
        self.half = half
        self.memory = Memory()
        self.operations = operations(half)
        self.incidents = 0

    def post(self, body: bytes, patron: str, now: int, most: int) -> Answered:
        """POST /sync/1; `most` bytes at most in the reply, where that is less than the phone wants."""
        before = self.memory
        request = self.half.read_request(body)
        if isinstance(request, Problem):
            return Answered(request.status, msgspec.to_builtins(request), before, before)
        assert isinstance(request, Request)
        request = replace(request, max=min(request.max, most))
        work = before.copied()
        self.incidents += 1
        reply = at_once(
            self.half.converse(
                Ledger(work), self.operations, (today,), request, patron, now, incident=f"i{self.incidents}"
            )
        )
        if isinstance(reply, Problem):
            return Answered(reply.status, msgspec.to_builtins(reply), before, before)
        self.memory = work
        return Answered(200, msgspec.json.decode(encode(reply)), before, work)

    def leave(self, dev: str, patron: str, now: int) -> int:
        """DELETE /sync/1/device/{dev}: HTTP status."""
        said = at_once(self.half.leave(Ledger(self.memory), dev, patron, now))
        return 204 if said is None else said.status

    def answer_elsewhere(self, patron: str, u: str, how: str, now: int) -> bool:
        """
        The other system answers a wish that was received: done, refused, failed, expired, or later.

        Returns what `follow_up` said.
        """
        half, work = self.half, self.memory.copied()
        ledger = Ledger(work)
        toy = work.elsewhere.get((patron, u), "")
        if how != "later":
            work.elsewhere.pop((patron, u), None)
        decision = {
            "done": half.Done(),
            "refused": half.Refused("recalled", {"for": patron}),
            "failed": half.Failed("i0", "not_known"),
            "expired": half.Expired(),
            "later": half.Received("elsewhere", 90),
        }[how]
        told = bool(at_once(half.follow_up(ledger, patron, u, decision, now)))
        if told:
            if how == "done":
                work.effects.append(Effect(patron, u, "say", toy, now, None))
                ledger.publish(patron, "orders", toy, {"of": patron, "u": u})
            self.memory = work
        return told

    def restore(self, backup: Memory, epoch: str) -> None:
        """Yesterday's backup is put back."""
        self.memory = backup.copied()
        self.memory.epoch = epoch

    def notice(self, patron: str, id: str, up: bool) -> None:
        """Somebody at the library puts a notice up for a patron, or takes it down."""
        work = self.memory.copied()
        Ledger(work).publish(patron, "notices", id, {"of": patron} if up else None)
        self.memory = work

    def forget_tombstones(self, patron: str) -> None:
        """Ninety days have passed for everything that is gone."""
        work = self.memory.copied()
        stream = work.streams.setdefault(patron, Stream())
        stream.horizon = max((each.seq for each in stream.facts.values() if each.body is None), default=stream.horizon)
        stream.facts = {key: each for key, each in stream.facts.items() if each.body is not None}
        self.memory = work

    def cursor(self, patron: str) -> str:
        """The cursor of a phone that has read everything."""
        stream = self.memory.streams.get(patron, Stream())
        return self.half.mark(stream.seq, patron, self.memory.epoch)
