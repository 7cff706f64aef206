"""Fills an empty database with the demo library. The same seed and day make the same library."""

import random
from datetime import date, timedelta
from typing import Any

from msgspec import structs

from carrel.bookings import rules as bookings
from carrel.bookings import store as bookings_store
from carrel.bookings.model import Booking, Room
from carrel.connectors.fake import Borrower, shown
from carrel.demo import forum
from carrel.demo.lending import POLICIES
from carrel.demo.people import FIRST_NAMES, INTER_LIBRARY_LOANS, LAST_NAMES, READERS, Booked, Lent, Reader
from carrel.demo.places import CONTACTS, NAME, sites
from carrel.demo.rooms import ROOMS, RULES
from carrel.demo.titles import Title, titles
from carrel.hours import store as hours_store
from carrel.hours.rules import Calendar, calendar, day_of, instant
from carrel.identity import store as identity_store
from carrel.loans import rules as loans
from carrel.loans import store as loans_store
from carrel.loans.elsewhere import rules as elsewhere_rules
from carrel.loans.elsewhere import store as elsewhere_store
from carrel.loans.elsewhere.intents import publish_standing
from carrel.loans.model import KIND, Item, Loan
from carrel.patrons import store as patrons_store
from carrel.patrons.model import Account, Patron
from carrel.storage import Storage, Transaction
from carrel.storage.facts import publish

OTHER_READERS = 48
BUSY = 0.2
"""Share of the slots where somebody else's booking begins, if nobody has the room."""
SLOT_MS = 30 * bookings.MINUTE_MS


async def furnish(storage: Storage, today: date, now: int, seed: int = 1) -> None:
    """
    Make the whole demo in one unit of work.

    Args:
        today: what every date is relative to; the day of `now` in London.
        now: epoch milliseconds; says which bookings have begun.
        seed: which of many made-up libraries.
    """
    await storage.write(lambda tx: _Furnishing(tx, today, now, seed).all())


def patron_id(place: int) -> str:
    """The id of the reader at a place of `READERS`, counted from 1."""
    return f"patron-{place:02d}"


class _Furnishing:
    def __init__(self, tx: Transaction, today: date, now: int, seed: int) -> None:
        self.tx, self.today, self.now = tx, today, now
        self.random = random.Random(f"{seed} {today.isoformat()}")
        self.titles = titles()
        self.random.shuffle(self.titles)
        self.standing: dict[str, list[Item]] = {}
        self.things = 0
        self.sites = sites(today)
        self.calendars: dict[str, Calendar] = {site.id: calendar(site) for site in self.sites}
        self.terms = bookings.Terms({room.id: room for room in ROOMS}, RULES, self.calendars)
        self.bookings = 0

    async def all(self) -> None:
        tx = self.tx
        await hours_store.keep_library(tx, NAME, CONTACTS)
        await hours_store.keep_sites(tx, self.sites)
        await patrons_store.keep_system(tx, "university", "University libraries")
        await patrons_store.keep_system(tx, forum.SYSTEM, forum.NAME)
        await loans_store.keep_policies(tx, POLICIES)
        await bookings_store.keep_rooms(tx, ROOMS, RULES)
        for place, reader in enumerate(READERS, 1):
            await self._reader(place, reader)
        await patrons_store.keep_demo_patrons(
            tx, [(patron_id(place), reader.about) for place, reader in enumerate(READERS, 1)]
        )
        await self._others()

    async def _reader(self, place: int, reader: Reader) -> None:
        patron = _patron(patron_id(place), place, reader, self.today)
        await patrons_store.keep(self.tx, patron)
        if reader.works_here:
            await identity_store.keep_staff(self.tx, patron.id, True, self.now)
        if reader.forum != "none":
            await elsewhere_store.heard(self.tx, patron.id, forum.SYSTEM, self.now)
            for standing in await elsewhere_store.standings(self.tx, patron.id):
                if standing.system == forum.SYSTEM:
                    await publish_standing(self.tx, patron.id, standing, self.now)
        named = {lent.title for lent in reader.lent}
        for number, lent in enumerate(reader.lent, 1):
            await self._lend(patron, f"loan-{place:02d}-{number:02d}", lent, named)
        for number, booked in enumerate(reader.booked, 1):
            await self._book(patron, place * 100 + number, booked)

    # Loans

    async def _lend(self, patron: Patron, loan_id: str, lent: Lent, named: set[str]) -> None:
        item = await self._item(lent, named)
        site = self.calendars[lent.site]
        due_on = self.today + timedelta(days=lent.due)
        account = next((each for each in patron.accounts if each.system == lent.system), None)
        borrower = loans.STANDARD if account is None else account.borrower
        policy = loans.policy_on(POLICIES, lent.system, lent.kind, borrower, self.today)
        assert policy is not None, f"expected a policy for {lent!r}, got none"
        if lent.issued is None:
            issued_on = due_on - timedelta(days=policy.period_days * (lent.renewals + 1))
        else:
            issued_on = self.today + timedelta(days=lent.issued)
        if lent.due < 0:
            due_on = site.open_until(due_on, due_on - timedelta(days=7))
        else:
            due_on = site.open_from(due_on)
        if account is not None and lent.due >= 0:
            due_on = (
                max(self.today, min(due_on, account.expires_on))
                if account.expires_on >= self.today
                else due_on
            )
        loan = Loan(
            loan_id,
            patron.id,
            item,
            min(issued_on, self.today),
            due_on,
            lent.renewals,
            lent.requested,
            lent.lost,
        )
        if lent.system == forum.SYSTEM:
            await self._lend_at_the_forum(loan, account)
            return
        await loans_store.keep(self.tx, loan, lost_on=self.today - timedelta(days=1) if lent.lost else None)

    async def _lend_at_the_forum(self, loan: Loan, account: Account | None) -> None:
        """The library has heard of it just now; the Forum's own memory is made from that when it opens."""
        assert account is not None, f"expected an account at the Forum for {loan!r}, got none"
        policy = loans.policy_on(POLICIES, forum.SYSTEM, loan.item.kind, loans.STANDARD, self.today)
        each = forum.held(loan, loans.keep_until(loan, policy, account))
        borrower = Borrower(account.blocked, account.expires_on)
        each = shown(each, forum.rule(self.calendars)(borrower, each, self.today))
        id = elsewhere_rules.phones_know(forum.SYSTEM, each.id)
        await elsewhere_store.keep(self.tx, loan.patron, id, forum.SYSTEM, each, False, self.today)
        await publish(self.tx, loan.patron, KIND, id, elsewhere_rules.fact(each, forum.SYSTEM, self.today), self.now)

    async def _item(self, lent: Lent, named: set[str]) -> Item:
        if lent.kind == "laptop":
            self.things += 1
            item = Item(
                f"L{self.things:05d}",
                "",
                lent.title,
                "Charger included",
                "",
                "laptop",
                lent.system,
                lent.site,
            )
        elif lent.kind == "inter_library_loan":
            self.things += 1
            title, author = INTER_LIBRARY_LOANS[self.things % len(INTER_LIBRARY_LOANS)]
            item = Item(f"ILL{self.things:05d}", "", title, author, "", lent.kind, lent.system, lent.site)
        else:
            item = await self._copy(lent, named)
        await loans_store.keep_item(self.tx, item)
        return item

    async def _copy(self, lent: Lent, named: set[str]) -> Item:
        """
        Take a copy off its shelf: of the wanted title, else of the first title that has one left at the site
        and that this reader does not have by name.
        """
        for title in self.titles:
            if (title.title == lent.title) if lent.title else (title.title not in named):
                standing = await self._standing(title)
                at_site = [copy for copy in standing if copy.site == lent.site]
                if at_site or (lent.title and standing):
                    copy = (at_site or standing)[0]
                    standing.remove(copy)
                    named.add(title.title)
                    return structs.replace(copy, kind=lent.kind, system=lent.system)
        raise LookupError(f"expected a copy for {lent!r} in the demo catalogue, got none")

    async def _standing(self, title: Title) -> list[Item]:
        """The copies that are not lent yet; the first time, all copies of the catalogue are kept."""
        if title.record not in self.standing:
            copies = [(place.site, place.shelfmark) for place in title.places for _ in range(place.copies)]
            items = [
                Item(
                    f"3{title.record.removeprefix('demo-'):0>6}{number:02d}",
                    title.record,
                    title.title,
                    title.author,
                    shelfmark,
                    "book",
                    "university",
                    site,
                )
                for number, (site, shelfmark) in enumerate(copies, 1)
            ]
            for item in items:
                await loans_store.keep_item(self.tx, item)
            self.standing[title.record] = items
        return self.standing[title.record]

    # Bookings

    async def _book(self, patron: Patron, number: int, booked: Booked) -> None:
        room = self.terms.rooms[booked.room]
        span = self._span(room, booked)
        if span is None:
            return
        starts_at, ends_at = span
        came_at = starts_at if booked.came and starts_at <= self.now else None
        await self._keep(
            patron.id,
            number,
            room,
            starts_at,
            ends_at,
            booked.party,
            booked.needs,
            came_at,
            self.now if booked.cancelled else None,
        )

    def _span(self, room: Room, booked: Booked) -> tuple[int, int] | None:
        length = booked.minutes * bookings.MINUTE_MS
        if booked.when == "now":
            for opens_at, shuts_at in self.terms.day(room.site, room.kind, self.today).windows:
                if opens_at <= self.now < shuts_at:
                    starts_at = opens_at + (self.now - opens_at) // SLOT_MS * SLOT_MS
                    return starts_at, min(starts_at + length, shuts_at)
            return None
        if booked.when == "last":
            for ago in range(4):
                on = self.today - timedelta(days=ago)
                for opens_at, shuts_at in reversed(self.terms.day(room.site, room.kind, on).windows):
                    ends_at = min(shuts_at, opens_at + (self.now - opens_at) // SLOT_MS * SLOT_MS)
                    if ends_at - length >= opens_at:
                        return ends_at - length, ends_at
            return None
        days = [
            on
            for on in (self.today + timedelta(days=ahead) for ahead in range(1, 15))
            if self.terms.day(room.site, room.kind, on).windows
        ]
        place = {"next": 0, "after_next": 1, "in_a_week": 5}[booked.when]
        if not days:
            return None
        on = days[min(place, len(days) - 1)]
        starts_at = instant(on, booked.clock)
        opens_at, shuts_at = self.terms.day(room.site, room.kind, on).windows[0]
        starts_at = max(opens_at, min(starts_at, shuts_at - length))
        return starts_at, starts_at + length

    async def _keep(
        self,
        patron: str,
        number: int,
        room: Room,
        starts_at: int,
        ends_at: int,
        party: int,
        needs: Any,
        came_at: int | None,
        cancelled_at: int | None = None,
    ) -> bool:
        in_force = self.terms.day(room.site, room.kind, day_of(starts_at)).rules
        assert in_force is not None
        booking = Booking(
            f"01900000-0000-7000-8000-{number:012x}",
            patron,
            room.id,
            starts_at,
            ends_at,
            party,
            needs,
            bookings.grace_end(starts_at, ends_at, in_force),
            came_at,
            cancelled_at,
        )
        if cancelled_at is None:
            slots = bookings.slots(starts_at, ends_at, in_force.slot_minutes)
            if not await bookings_store.take(self.tx, booking, room.site, slots, starts_at):
                return False
        await bookings_store.keep(self.tx, booking, self.now, 0)
        if came_at is not None:
            await bookings_store.checked_in(self.tx, booking, came_at, 0)
        return True

    async def _others(self) -> None:
        """Other people, who keep rooms as busy as they are."""
        others: list[str] = []
        for place in range(1, OTHER_READERS + 1):
            name = f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}"
            reader = Reader(name, "", self.random.choice(("undergraduate", "postgraduate")))
            patron = _patron(f"reader-{place:02d}", len(READERS) + place, reader, self.today)
            await patrons_store.keep(self.tx, patron)
            others.append(patron.id)
        number = 100_000
        for ahead in range(15):
            on = self.today + timedelta(days=ahead)
            idle = list(others)
            self.random.shuffle(idle)
            for room in ROOMS:
                for opens_at, shuts_at in self.terms.day(room.site, room.kind, on).windows:
                    at = opens_at
                    while at < shuts_at and idle:
                        if self.random.random() > BUSY * 14 / (14 + ahead):
                            at += SLOT_MS
                            continue
                        ends_at = min(at + self.random.choice((2, 3, 4, 6)) * SLOT_MS, shuts_at)
                        party = self.random.randint(*room.seats)
                        number += 1
                        came_at = at if at <= self.now else None
                        if await self._keep(idle[-1], number, room, at, ends_at, party, (), came_at):
                            idle.pop()
                        at = ends_at


def _patron(patron_id: str, place: int, reader: Reader, today: date) -> Patron:
    ends_on = today + timedelta(days=reader.ends)
    accounts = []
    if reader.university:
        accounts.append(
            Account("university", "University libraries", reader.borrower, reader.blocked, ends_on)
        )
    if reader.forum != "none":
        accounts.append(
            Account(
                forum.SYSTEM,
                forum.NAME,
                loans.STANDARD,
                reader.forum == "blocked",
                today - timedelta(days=12) if reader.forum == "expired" else today + timedelta(days=700),
                f"SF{place * 6947 % 100_000:05d}",
            )
        )
    return Patron(
        patron_id,
        f"2960 {place:04d} {place * 7919 % 10_000:04d}",
        reader.name,
        f"{patron_id}@example.org",
        f"01632 960 {place:03d}",
        reader.category,
        reader.site,
        ends_on,
        tuple(accounts),
    )
