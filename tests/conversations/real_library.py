"""
A library with real operations over a real database, small enough for a dialogue to know by heart.

One campus, Colchester: three group rooms and a pod, open as in the demo. Readers ada, bob and cy, each a student
with an account until the end of 2027. What else there is, a dialogue lets happen.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from carrel.bookings import intents as bookings
from carrel.bookings import store as bookings_store
from carrel.bookings.model import Access, Book, Room, RoomRules
from carrel.demo.lending import POLICIES
from carrel.hours import store as hours_store
from carrel.hours.model import HoursException, ServicePoint, Site
from carrel.loans import intents as loans
from carrel.loans import store as loans_store
from carrel.loans.model import Item, Loan
from carrel.loans.renewals import auto_renew
from carrel.patrons import store as patrons_store
from carrel.patrons.model import Account, Patron
from carrel.storage import Storage, Transaction, open_storage
from carrel.storage.ledger import StoredLedger
from carrel_sync import library as library_half
from carrel_sync.library import Asked, Done
from carrel_sync.messages import Problem, encode
from tests.sync.player import START_MS

OPERATIONS = {each.name: each for each in (*loans.operations(), *bookings.operations())}
REFRESHERS = (loans.refresh, bookings.refresh)

_ALL_DAY = [[("00:00", "24:00")]] * 7
SITE = Site(
    "colchester",
    "Colchester",
    [
        ServicePoint(
            "building",
            "Colchester library",
            "building",
            "",
            _ALL_DAY,
            [HoursException(date(2027, 2, 8), [], "Works in the building")],
            "",
        )
    ],
)


def _group_room(number: int, most: int, step_free: bool) -> Room:
    access = Access(step_free, False, False, False, False, 0 if step_free else 3)
    return Room(
        f"room-{number}", f"Group Room {number}", "room", "colchester", "2", (1, most), ["Screen"], access
    )


ROOMS = [
    _group_room(1, 6, True),
    _group_room(2, 6, False),
    _group_room(3, 8, True),
    Room("pod-1", "Pod 1", "pod", "colchester", "2", (1, 1), [], Access(True, False, True, True, True, 0)),
]
_WEEKDAYS = ((("10:00", "18:00"),),) * 5 + ((), ())
RULES = [
    RoomRules(
        "colchester", "room", date(2022, 9, 1), 30, 30, 180, 14, True, 10, ("undergraduate",), _WEEKDAYS
    ),
    RoomRules(
        "colchester", "pod", date(2022, 9, 1), 30, 30, 180, 14, False, 10, ("undergraduate",), _WEEKDAYS
    ),
]


class RealLibrary:
    """What a dialogue is played against."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.faults: list[tuple[str, str, Exception]] = []

    @classmethod
    async def open(cls, folder: Path) -> "RealLibrary":
        """Make the library in an empty folder."""
        storage = await open_storage(folder / "carrel.sqlite", START_MS)

        async def work(tx: Transaction) -> None:
            await hours_store.keep_sites(tx, [SITE])
            await patrons_store.keep_system(tx, "university", "University libraries")
            await loans_store.keep_policies(tx, POLICIES)
            await bookings_store.keep_rooms(tx, ROOMS, RULES)
            for name in ("ada", "bob", "cy"):
                await patrons_store.keep(tx, student(name))

        await storage.write(work)
        return cls(storage)

    async def post(self, body: bytes, patron: str, now: int) -> tuple[int, dict[str, Any]]:
        """POST /sync/1."""
        request = library_half.read_request(body)
        if isinstance(request, Problem):
            return request.status, msgspec.to_builtins(request)

        async def work(tx: Transaction) -> Any:
            return await library_half.converse(
                StoredLedger(tx, "e1", now),
                OPERATIONS,
                REFRESHERS,
                request,
                patron,
                now,
                on_fault=lambda *fault: self.faults.append(fault),
            )

        reply = await self.storage.write(work)
        if isinstance(reply, Problem):
            return reply.status, msgspec.to_builtins(reply)
        return 200, json.loads(encode(reply))

    async def leave(self, dev: str, patron: str, now: int) -> int:
        """DELETE /sync/1/device/{dev}."""
        said = await self.storage.write(
            lambda tx: library_half.leave(StoredLedger(tx, "e1", now), dev, patron, now)
        )
        return 204 if said is None else said.status

    async def happen(self, what: dict[str, Any], now: int) -> None:
        """
        Something happens at the desk or on other phones.

        lent: [patron, loan, title, due date] and maybe a kind; requested,
        returned: loan; blocked: patron; renews_itself: what is due today does;
        booked: [patron, identity, room, from, to]; came: [patron, identity].
        """
        for event, value in what.items():
            if event == "renews_itself":
                await auto_renew(self.storage, now)
            else:
                await self.storage.write(
                    lambda tx, event=event, value=value: self._happen(tx, event, value, now)
                )

    async def _happen(self, tx: Transaction, event: str, value: Any, now: int) -> None:
        match event:
            case "lent":
                patron, loan, title, due_on, *kind = value
                shelfmark = "" if kind else "PR 6045 .O72"
                item = Item(
                    f"item-{loan}",
                    f"record-{loan}",
                    title,
                    "" if kind else "Virginia Woolf",
                    shelfmark,
                    *(kind or ["book"]),
                    "university",
                    "colchester",
                )
                await loans_store.keep_item(tx, item)
                await loans_store.keep(
                    tx, Loan(loan, patron, item, date(2027, 1, 18), date.fromisoformat(due_on), 1)
                )
                await loans.look_again(tx, patron, now)
            case "requested":
                await loans.request(tx, value, True, now)
            case "returned":
                await loans.give_back(tx, value, now)
            case "blocked":
                await patrons_store.keep(tx, student(value, blocked=True))
                await loans.look_again(tx, value, now)
            case "booked":
                patron, u, room, starts_at, ends_at = value
                args = Book(room, starts_at, ends_at, 2)
                assert await bookings.book(tx, Asked(patron, u, args, now, None, {}, now)) == Done()
            case "came":
                patron, u = value
                found = await bookings_store.booking(tx, patron, u)
                assert found is not None
                asked = Asked(patron, "", bookings.CheckIn(u), now, None, {}, now)
                assert await bookings.check_in(tx, asked) == Done()
            case _:
                raise ValueError(f"expected something that happens in a library, got {event!r}")


def student(name: str, blocked: bool = False) -> Patron:
    """A student of that name, with an account until the end of 2027."""
    account = Account("university", "University libraries", "standard", blocked, date(2027, 12, 31))
    return Patron(
        name,
        f"2960 {name}",
        name.title(),
        f"{name}@example.org",
        "01632 960 001",
        "undergraduate",
        "colchester",
        date(2027, 12, 31),
        (account,),
    )
