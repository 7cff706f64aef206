"""
A library with real operations over a real database, small enough for a dialogue to know by heart.

One campus, Colchester: three group rooms and a pod, open as in the demo. Readers ada, bob and cy, each a student
with an account until the end of 2027. Beside it the Forum, a library system of its own that is asked when a
dialogue says so. What else there is, a dialogue lets happen.
"""

import asyncio
import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from carrel.bookings import intents as bookings
from carrel.bookings import store as bookings_store
from carrel.bookings.model import Access, Book, Room, RoomRules
from carrel.connectors.fake import Borrower, FakeConnector, FakeSystem, Faults, NoAnswer
from carrel.connectors.model import HeldLoan
from carrel.demo.lending import POLICIES
from carrel.hours import store as hours_store
from carrel.hours.model import HoursException, ServicePoint, Site
from carrel.hours.rules import day_of
from carrel.jobs import errands
from carrel.jobs.errands import Errands
from carrel.loans import intents as loans
from carrel.loans import store as loans_store
from carrel.loans.elsewhere.asking import Asking
from carrel.loans.elsewhere.intents import ERRAND, Elsewhere, errand_of
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
        self.now = START_MS
        self.forum = FakeSystem({}, lambda: self.now, day_of)
        names = itertools.count(1)
        self.mute = False
        systems: dict[Any, Any] = {"forum": FakeConnector(self._carry, lambda: f"q{next(names)}")}
        elsewhere = Elsewhere(systems)
        self.operations = {
            each.name: each for each in (*loans.operations(elsewhere.renew), *bookings.operations())
        }
        self.refreshers = (loans.refresh, bookings.refresh, elsewhere.refresh)
        asking = Asking(systems, lambda: self.now, lambda: 1.0, lambda: "i1")
        self.errands = Errands(storage, [asking.errand(1)], lambda: self.now)

    @classmethod
    async def open(cls, place: Path | str) -> "RealLibrary":
        """Make the library in an empty store."""
        storage = await open_storage(place, START_MS)

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
                self.operations,
                self.refreshers,
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

        At the Forum: lent_elsewhere: [patron, loan, title, due date];
        requested_elsewhere: [patron, loan]; elsewhere_fails: a fault of the
        fake system, or "after renewing": it renews and does not say so;
        asked_elsewhere: what has to be asked is.
        """
        self.now = now
        for event, value in what.items():
            if event == "renews_itself":
                await auto_renew(self.storage, now)
            elif event.endswith("elsewhere") or event.startswith("elsewhere"):
                await self._happen_elsewhere(event, value)
            else:
                await self.storage.write(
                    lambda tx, event=event, value=value: self._happen(tx, event, value, now)
                )

    async def _happen_elsewhere(self, event: str, value: Any) -> None:
        match event:
            case "lent_elsewhere":
                patron, loan, title, due_on = value
                held = HeldLoan(
                    loan,
                    f"item-{loan}",
                    title,
                    date.fromisoformat(due_on),
                    "Chinua Achebe",
                    "823.914 ACH",
                    site="southend",
                    issued_on=date(2027, 1, 18),
                    renewals=0,
                )
                self.forum.borrowers.setdefault(
                    f"SF-{patron}", Borrower(expires_on=date(2027, 12, 31), loans={})
                ).loans[loan] = held
                account = Account("forum", "The Forum", "standard", False, date(2027, 12, 31), f"SF-{patron}")
                both = structs.replace(student(patron), accounts=(*student(patron).accounts, account))

                async def known(tx: Transaction) -> None:
                    await patrons_store.keep_system(tx, "forum", "The Forum")
                    await patrons_store.keep(tx, both)
                    await errands.want(tx, ERRAND, errand_of("forum", patron), self.now)

                await self.storage.write(known)
                await self._ask_elsewhere()
            case "requested_elsewhere":
                patron, loan = value
                held = self.forum.borrowers[f"SF-{patron}"].loans
                held[loan] = structs.replace(held[loan], requested=True)
            case "elsewhere_fails":
                self.mute = value == "after renewing"
                self.forum.faults = Faults(**({value: 1} if value and not self.mute else {}))
            case "asked_elsewhere":
                await self._ask_elsewhere()
            case _:
                raise ValueError(f"expected something that happens at the Forum, got {event!r}")

    async def _carry(self, asked: bytes) -> bytes:
        told = await self.forum.ask(asked)
        if self.mute and b'"renew"' in asked:
            raise NoAnswer
        return told

    async def _ask_elsewhere(self) -> None:
        while tasks := await self.errands.begin_due():
            await asyncio.gather(*tasks)

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
