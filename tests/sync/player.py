"""
Plays a dialogue of `sync/conversations/` in the part of the phone, against any library.

The format is told in `sync/conversations/README.md`. A library is anything with the three methods of
`Library`; `ToyLibrary` is one in memory. Others wrap real capabilities, or a server behind HTTP.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec

from carrel_sync import library as library_half
from carrel_sync.messages import Problem, encode
from tests.sync import toys
from tests.sync.memory_ledger import Memory, MemoryLedger

CONVERSATIONS = Path(__file__).resolve().parents[2] / "sync" / "conversations"
START_MS = 1_801_472_400_000
"""t+0: Monday 1 February 2027, 09:00 UTC."""

_SAID_BY_THE_LIBRARY_ONLY_IF_LISTED = ("v", "now", "epoch", "cur", "sum", "whose", "poll", "title", "type")


class Library(Protocol):
    """What a dialogue is played against."""

    async def post(self, body: bytes, patron: str, now: int) -> tuple[int, dict[str, Any]]:
        """POST /sync/1 with this inflated body at this instant: HTTP status and decoded answer."""
        ...

    async def leave(self, dev: str, patron: str, now: int) -> int:
        """DELETE /sync/1/device/{dev}: HTTP status."""
        ...

    async def happen(self, what: dict[str, Any], now: int) -> None:
        """Something happens at the library, in the words of the dialogue's own capability."""
        ...


class ToyLibrary:
    """A library in memory that has nothing but toys."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.backups: dict[str, Memory] = {}
        self.incidents: list[tuple[str, str, Exception]] = []
        self.signed_in = True

    async def post(self, body: bytes, patron: str, now: int) -> tuple[int, dict[str, Any]]:
        if not self.signed_in:
            return 401, {"code": "auth", "status": 401}
        request = library_half.read_request(body)
        if isinstance(request, Problem):
            return request.status, msgspec.to_builtins(request)
        work = copy.deepcopy(self.memory)
        reply = await library_half.converse(
            MemoryLedger(work),
            toys.OPERATIONS,
            (),
            request,
            patron,
            now,
            incident="i1",
            on_fault=lambda *fault: self.incidents.append(fault),
        )
        if isinstance(reply, Problem):
            return reply.status, msgspec.to_builtins(reply)
        self.memory = work
        return 200, msgspec.json.decode(encode(reply))

    async def leave(self, dev: str, patron: str, now: int) -> int:
        said = await library_half.leave(MemoryLedger(self.memory), dev, patron, now)
        return 204 if said is None else said.status

    async def happen(self, what: dict[str, Any], now: int) -> None:
        ledger = MemoryLedger(self.memory)
        for event, value in what.items():
            match event:
                case "fact":
                    patron, kind, id, body = value
                    ledger.publish(patron, kind, id, json.dumps(body))
                case "gone":
                    patron, kind, id = value
                    ledger.publish(patron, kind, id, None)
                case "took":
                    patron, toy = value
                    self.memory.shelf[toy] = patron
                case "backup":
                    self.backups[value] = copy.deepcopy(self.memory)
                case "restore":
                    name, epoch = value
                    self.memory = copy.deepcopy(self.backups[name])
                    self.memory.epoch = epoch
                case "tombstones_forgotten":
                    stream = ledger.stream(value)
                    stream.horizon = stream.seq
                    stream.facts = {k: each for k, each in stream.facts.items() if each.body is not None}
                case "settled":
                    patron, u, outcome = value
                    decision = _decision(outcome)
                    assert await library_half.follow_up(ledger, patron, u, decision, now)
                case "session_ended":
                    self.signed_in = False
                case "session_begun":
                    self.signed_in = True
                case _:
                    raise ValueError(f"expected something that happens in a toy library, got {event!r}")


def _decision(told: dict[str, Any]) -> library_half.Received | library_half.Final:
    match told:
        case {"st": "received", "code": code, "eta": eta}:
            return library_half.Received(code, eta)
        case {"st": "refused", "code": code}:
            return library_half.Refused(code)
        case {"st": "failed", "code": code, "incident": incident}:
            return library_half.Failed(incident, code)
        case {"st": "expired"}:
            return library_half.Expired()
        case {"st": "done"}:
            return library_half.Done()
    raise ValueError(f"expected the end of a wish that was received, got {told!r}")


def dialogues(folder: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(file name, dialogue) of every dialogue in a folder of `sync/conversations/`, sorted by name."""
    for place in sorted((CONVERSATIONS / folder).glob("*.json")):
        yield place.name, json.loads(place.read_text("utf-8"))


async def play(dialogue: dict[str, Any], library: Library) -> None:
    """
    Say the phone's lines to a library and compare its answers.

    Raises:
        AssertionError: naming the step, what was expected and what came.
    """
    names: dict[str, str] = {}
    for number, written in enumerate(dialogue["steps"], 1):
        step = _spelt(written)
        if step.get("only") == "phone":
            continue
        where = f"{dialogue['title']!r}, step {number}"
        patron = step.get("as", dialogue.get("patron", "ada"))
        now = START_MS + round(step.get("at", 0) * 1000)
        if "library" in step:
            await library.happen(step["library"], now)
        elif "leaves" in step:
            assert await library.leave(step["leaves"], patron, now) == step["status"], where
        elif "sends" in step and step.get("lost") != "request":
            body = _complete(step["sends"], dialogue, now)
            body["cur"] = names.get(body["cur"], body["cur"])
            text = step.get("body", json.dumps(body))
            status, answer = await library.post(text.encode(), patron, now)
            expected = step["gets"]
            assert status == step.get("status", 200), f"{where}: {answer}"
            if "cur" in expected:
                assert names.setdefault(expected["cur"], answer["cur"]) == answer["cur"], f"{where}: cursor"
                answer = {**answer, "cur": expected["cur"]}
            for key in _SAID_BY_THE_LIBRARY_ONLY_IF_LISTED:
                if key not in expected:
                    answer.pop(key, None)
            assert _alike(expected, answer), (
                f"{where}: expected {json.dumps(expected)}, got {json.dumps(answer)}"
            )


def _complete(sends: dict[str, Any], dialogue: dict[str, Any], now: int) -> dict[str, Any]:
    defaults = {"v": 1, "dev": _spelt(dialogue.get("dev", "d:1")), "epoch": "e1", "cur": "", "now": now}
    intents = [
        {"at": START_MS, "args": {}, **intent} if isinstance(intent, dict) else intent
        for intent in sends.get("intents", [])
    ]
    return {**defaults, **sends, "intents": intents}


_NAMES = re.compile(r"^(?:u:(?P<u>\d+)|d:(?P<d>\d+)|t(?P<t>[+-]\d+)|(?P<unit>.)\*(?P<times>\d+))$")


def _spelt(value: Any) -> Any:
    """The short names of a dialogue as they are on the wire."""
    if isinstance(value, dict):
        return {_spelt(key): _spelt(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_spelt(each) for each in value]
    found = _NAMES.match(value) if isinstance(value, str) else None
    if found is None:
        return value
    if found["u"]:
        return f"01900000-0000-7000-8000-{int(found['u']):012x}"
    if found["d"]:
        return f"d_{int(found['d']):032x}"
    if found["t"]:
        return START_MS + int(found["t"]) * 1000
    return found["unit"] * int(found["times"])


def _alike(expected: Any, answer: Any) -> bool:
    """Equal, where "*" stands for anything."""
    if expected == "*":
        return True
    if isinstance(expected, dict) and isinstance(answer, dict):
        return expected.keys() == answer.keys() and all(_alike(expected[k], answer[k]) for k in expected)
    if isinstance(expected, list) and isinstance(answer, list):
        return len(expected) == len(answer) and all(
            _alike(one, other) for one, other in zip(expected, answer, strict=True)
        )
    return expected == answer
