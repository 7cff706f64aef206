"""
A library that only keeps notes, served as `carrel serve` serves: what the peers' servers do, done by Carrel Sync.

`python tests/bench/peers/notes_library.py PORT FOLDER`; readers are p_1 to p_199.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from carrel import serving
from carrel.app import House, build_app
from carrel.identity.model import DemoPatron, Register
from carrel.settings import settings
from carrel.storage import Transaction
from carrel.storage.facts import publish
from carrel_sync.library import Asked, Done, Operation

READERS = {f"p_{number}": (f"Reader {number}", f"3000 {number:04d}") for number in range(1, 200)}


class Note(Struct):
    """What is asked for, and the fact that comes of it."""

    kind: str
    text: str
    at: int


async def keep(tx: Transaction, asked: Asked[Note]) -> Done:
    await publish(tx, asked.patron, "notes", asked.u, asked.args, asked.now)
    return Done()


async def holder_of(tx: Transaction, card_number: str) -> str | None:
    return next((id for id, (_, card) in READERS.items() if card == card_number), None)


async def name_of(tx: Transaction, patron: str) -> str | None:
    return READERS[patron][0] if patron in READERS else None


async def demo_patrons(tx: Transaction) -> list[DemoPatron]:
    return [DemoPatron(id, name, "") for id, (name, _) in READERS.items()]


def main(port: str, folder: Path) -> int:
    operation: Operation[Any] = Operation("notes.keep@1", Note, keep)
    register = Register(holder_of, name_of, demo_patrons)
    house = House({operation.name: operation}, [], [], [], register, ZoneInfo("Europe/London"))
    chosen = settings({"port": port, "data": str(folder)})
    return asyncio.run(serving.serve(build_app(chosen, house, demo=True), chosen, lambda: None))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
