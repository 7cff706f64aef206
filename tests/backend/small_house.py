"""A library with one small capability, for tests of what carries capabilities: notes that a patron keeps."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from carrel.app import House
from carrel.identity.model import DemoPatron, Register
from carrel.storage.facts import publish
from carrel_sync.library import Asked, Done, Operation, Refused

ZONE = ZoneInfo("Europe/London")
PATRONS = {"p_ada": ("Ada", "2000 0001"), "p_ben": ("Ben", "2000 0002")} | {
    f"p_{number}": (f"Reader {number}", f"3000 00{number}") for number in range(10, 50)
}


class Note(Struct):
    """Arguments of `notes.keep@1`, and the fact it makes."""

    text: str


async def keep(tx, asked: Asked[Note]):
    if asked.args.text == "refuse me":
        return Refused("not_kept")
    if asked.args.text == "break":
        await publish(tx, asked.patron, "notes", asked.u, asked.args, asked.now)
        raise ZeroDivisionError
    await publish(tx, asked.patron, "notes", asked.u, asked.args, asked.now)
    return Done()


async def holder_of(tx, card_number):
    wanted = "".join(card_number.split())
    return next((id for id, (_, card) in PATRONS.items() if card.replace(" ", "") == wanted), None)


async def name_of(tx, patron_id):
    return PATRONS[patron_id][0] if patron_id in PATRONS else None


async def demo_patrons(tx):
    return [DemoPatron(id, name, "somebody") for id, (name, _) in PATRONS.items()]


def small_house(jobs=(), handlers=()) -> House:
    operation = Operation("notes.keep@1", Note, keep)
    return House(
        {operation.name: operation},
        [],
        list(handlers),
        list(jobs),
        Register(holder_of, name_of, demo_patrons),
        ZONE,
    )
