"""What earlier releases left on phones is still sent, understood and answered, by both of today's halves."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.real_library import RealLibrary
from tests.sync.player import START_MS

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "workshop"))

from node import brought  # noqa: E402

NODE = brought()
STORES = sorted(HERE.glob("*/*.json"))
ROUNDS = 12
"""More exchanges than any of these lives takes."""
OPERATIONS = {"bookings.book@1", "bookings.cancel@1", "bookings.check_in@1", "loans.renew@1"}


class Phone:
    """Today's phone half, started with a kept store."""

    def __init__(self, store: Path, epoch: str = "") -> None:
        assert NODE is not None
        command = [str(NODE.program), str(HERE / "phone.ts"), str(store), epoch]
        self.run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.held = self._heard()

    def _heard(self) -> dict[str, Any]:
        assert self.run.stdout is not None
        return json.loads(self.run.stdout.readline())

    def tell(self, do: str, **more: Any) -> dict[str, Any]:
        assert self.run.stdin is not None
        self.run.stdin.write(json.dumps({"do": do, "now": START_MS + 60_000, **more}) + "\n")
        self.run.stdin.flush()
        return self._heard()

    def __enter__(self) -> "Phone":
        return self

    def __exit__(self, *_: object) -> None:
        assert self.run.stdin is not None
        assert self.run.stdout is not None
        self.run.stdin.close()
        self.run.wait()
        self.run.stdout.close()


async def remember(library: RealLibrary, life: dict[str, Any]) -> None:
    """Let the library have decided what this phone had answered, and something else in its other places."""
    state = life["state"]
    known = {each["n"]: each for each in state["answers"]}
    intents = []
    for n in range(1, life["upto"] + 1):
        other = f"0193ec00-0000-7000-8000-ffff{n:08x}"
        was = known.get(n, {"u": other, "op": "sync.withdraw@1", "args": {"u": other}})
        intents.append({"n": n, "u": was["u"], "op": was["op"], "args": was["args"], "at": START_MS})
    body = {"v": 1, "dev": state["dev"], "epoch": "e1", "intents": intents}
    status, told = await library.post(json.dumps(body).encode(), life["patron"], START_MS)
    assert status == 200, told


async def drain(phone: Phone, library: RealLibrary, patron: str) -> dict[str, Any]:
    held = phone.held
    if held["status"] == "sign_in":
        held = phone.tell("sign_in")
    for _ in range(ROUNDS):
        request = phone.tell("compose")["request"]
        if request is None:
            break
        status, told = await library.post(request.encode(), patron, START_MS + 60_000)
        assert status in (200, 409), told
        held = phone.tell("hear", status=status, told=told)
        if status == 200 and not held["waiting"] and not held["again"]:
            break
    return held


@pytest.mark.skipif(NODE is None, reason="there is no Node to run the phone's half with")
@pytest.mark.parametrize("remembers", [True, False], ids=["remembered", "forgotten"])
@pytest.mark.parametrize("store", STORES, ids=lambda each: f"{each.parent.name}-{each.stem}")
def test_what_a_phone_had_waiting_is_answered(store: Path, remembers: bool, tmp_path: Path) -> None:
    life = json.loads(store.read_text("utf-8"))

    async def whole() -> tuple[list[str], dict[str, Any]]:
        library = await RealLibrary.open(tmp_path / "library.db")
        try:
            if remembers:
                await remember(library, life)
            with Phone(store, "" if remembers else "e0") as phone:
                before = phone.held["waiting"]
                held = await drain(phone, library, life["patron"])
            assert library.faults == []
            return before, held
        finally:
            await library.storage.close()

    before, held = asyncio.run(whole())
    if life["state"]["status"] == "closed":
        assert (before, held["status"]) == ([], "closed")
        return
    assert (held["waiting"], held["status"]) == ([], "idle")
    kept_by_phone = {each["u"] for each in life["state"]["answers"]}
    for u in before:
        st, code = held["answers"][u]
        assert st not in ("failed", "received"), (u, st, code)
        # What the phone itself once told to be unreadable stays as it was told.
        assert st != "invalid" or (code == "unreadable" and u in kept_by_phone), (u, st, code)


def test_every_operation_of_the_first_release_waits_in_some_store() -> None:
    lives = [json.loads(store.read_text("utf-8"))["state"] for store in STORES]
    waiting = [each for life in lives for each in life["outbox"]]
    assert {each["op"] for each in waiting} == OPERATIONS
    assert any(each["withdrawn"] for each in waiting)
    assert any(each["until"] for each in waiting)
    assert any(each["after"] for each in waiting)
    assert {life["status"] for life in lives} == {
        "idle",
        "sending",
        "backing_off",
        "sign_in",
        "update",
        "closed",
    }
    assert any(life["shadow"] for life in lives)
    assert any(life["answers"] for life in lives)
