"""A library's ledger in memory: what `carrel_sync.library.Ledger` asks for, and facts beside it."""

import copy
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from carrel_sync.library import Decided, Fact, Opened, Page
from carrel_sync.messages import OUTCOME_DAYS, checksum, fact_id

DAY_MS = 86_400_000


@dataclass
class Device:
    patron: str
    upto: int = 0
    acked: int = 0
    seen_at: int = 0
    closed: bool = False
    fates: dict[int, Decided] = field(default_factory=dict)


@dataclass
class Stream:
    seq: int = 0
    horizon: int = 0
    refresh_at: int = 0
    facts: dict[tuple[str, str], Fact] = field(default_factory=dict)


@dataclass
class Memory:
    """Everything the library remembers; a deep copy is a backup."""

    epoch: str = "e1"
    devices: dict[str, Device] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    """What was decided first for (patron, identity)."""
    shelf: dict[str, str] = field(default_factory=dict)
    """What operations keep: here, toys and who has them."""
    effects: list[tuple[str, str]] = field(default_factory=list)
    """(patron, identity) of every wish that took effect, in order."""


class StoreFault(Exception):
    """The store itself cannot go on."""


class MemoryLedger:
    """One unit of work over a `Memory`; it is its own transaction."""

    faults = (StoreFault,)

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.calls: list[str] = []

    @property
    def tx(self) -> "MemoryLedger":
        return self

    def stream(self, patron: str) -> Stream:
        return self.memory.streams.setdefault(patron, Stream())

    def publish(self, patron: str, kind: str, id: str, body: str | None) -> None:
        """Let a patron's phones know a fact, as JSON; None: that it is gone."""
        stream = self.stream(patron)
        known = stream.facts.get((kind, fact_id(id)))
        if known is not None and known.body == body:
            return
        stream.seq += 1
        version = known.version + 1 if known else 1
        stream.facts[kind, id] = Fact(stream.seq, kind, id, version, body)

    def _sum(self, patron: str) -> int:
        facts = self.stream(patron).facts.values()
        return int(
            checksum([(each.kind, each.id, each.version) for each in facts if each.body is not None]), 16
        )

    async def open(self, dev: str, patron: str, ack: int) -> Opened:
        self.calls.append("open")
        memory, stream = self.memory, self.stream(patron)
        device = memory.devices.get(dev)
        now = max((each.seen_at for each in memory.devices.values()), default=0)
        alive = [
            each
            for each in memory.devices.values()
            if each.patron == patron and not each.closed and each.seen_at > now - OUTCOME_DAYS * DAY_MS
        ]
        facts = (stream.seq, self._sum(patron), stream.horizon, stream.refresh_at)
        if device is None:
            return Opened(memory.epoch, None, False, 0, 0, 0, len(alive), [], *facts)
        decided = [(n, each.u, each.fate) for n, each in sorted(device.fates.items()) if n > ack]
        return Opened(
            memory.epoch,
            device.patron,
            device.closed,
            device.upto,
            device.acked,
            device.seen_at,
            len(alive),
            decided,
            *facts,
        )

    async def known(self, patron: str, us: Sequence[str]) -> Mapping[str, str]:
        self.calls.append("known")
        return {u: self.memory.known[patron, u] for u in us if (patron, u) in self.memory.known}

    @asynccontextmanager
    async def savepoint(self) -> Any:
        before = copy.deepcopy((self.memory.shelf, self.memory.effects, self.memory.streams))
        try:
            yield
        except BaseException:
            self.memory.shelf, self.memory.effects, self.memory.streams = before
            raise

    async def settle(
        self, dev: str, patron: str, upto: int, ack: int, decided: Sequence[Decided], now: int
    ) -> None:
        self.calls.append("settle")
        device = self.memory.devices.setdefault(dev, Device(patron))
        assert device.patron == patron
        assert [each.n for each in decided] == list(range(device.upto + 1, upto + 1))
        assert device.acked <= ack <= upto
        device.upto, device.acked, device.seen_at = upto, ack, now
        for each in decided:
            device.fates[each.n] = each
            if each.first and each.u:
                assert (patron, each.u) not in self.memory.known, f"decided twice: {each.u}"
                self.memory.known[patron, each.u] = each.fate

    async def refreshed(self, patron: str, refresh_at: int) -> None:
        self.calls.append("refreshed")
        self.stream(patron).refresh_at = refresh_at

    async def read(self, patron: str, after: int, limit: int) -> Page:
        self.calls.append("read")
        stream = self.stream(patron)
        facts = sorted(each for each in stream.facts.values() if each.seq > after)[:limit]
        return Page(stream.seq, self._sum(patron), facts)

    async def replace(self, patron: str, u: str, fate: str, kept: str, now: int) -> None:
        self.calls.append("replace")
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
