"""
What may be booked, by whom and when, what becomes of a booking, and what else there is. Pure.

Everything is counted in UTC; windows are written by the clock on the wall and turned into instants one day at
a time. An interval includes its start and excludes its end, so that one booking may begin when another ends.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from carrel.bookings.model import (
    AlternativeReason,
    Booking,
    BookingFact,
    BookingRefusal,
    BookingState,
    CancelRefusal,
    CheckInRefusal,
    Need,
    Room,
    RoomKind,
    RoomRules,
    Span,
)
from carrel.hours.rules import ALWAYS_OPEN, LONDON, Calendar, day_of, instant, spans_on
from carrel.patrons.model import Category

MINUTE_MS = 60_000
CHECK_IN_EARLY_MS = 10 * MINUTE_MS
"""So long before the start one can check in."""
FORGOTTEN_AFTER_MS = 72 * 60 * MINUTE_MS
"""So long after its end a booking stays on the phone: over a weekend."""
ALTERNATIVES = 5

WITH_ALTERNATIVES: frozenset[BookingRefusal] = frozenset(
    {
        "room_taken",
        "closed",
        "outside_hours",
        "daily_limit",
        "too_far_ahead",
        "same_day",
        "in_the_past",
        "party_size",
        "overlaps_own",
    }
)
"""Refusals for which another room or time helps; for the others the wish itself has to change."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who wants to book, and what they have booked already."""

    category: Category
    account: Literal["active", "blocked"]
    expires_on: date
    """Last day of the account."""
    own: Sequence[Booking] = ()
    """Their bookings of today and later that are not cancelled."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A room, a time, how many come, and what they need."""

    room: str
    starts_at: int
    ends_at: int
    party: int
    access: Sequence[Need] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """What one day is like for one kind of room at one site."""

    rules: RoomRules | None
    windows: Sequence[Span]
    """When it can be booked; none when it is closed."""


@dataclass(slots=True)
class Terms:
    """All rooms, the rules in force on each day, and when each site is open."""

    rooms: Mapping[str, Room]
    rules: Sequence[RoomRules]
    calendars: Mapping[str, Calendar]
    _days: dict[tuple[str, RoomKind, date], Day] = field(default_factory=dict)

    def day(self, site: str, kind: RoomKind, on: date) -> Day:
        """What a day is like for a kind of room."""
        key = (site, kind, on)
        if key not in self._days:
            if len(self._days) > 1_000:
                self._days.clear()
            rules = rules_on(self.rules, site, kind, on)
            windows = () if rules is None else _windows(rules, self.calendars.get(site, ALWAYS_OPEN), on)
            self._days[key] = Day(rules, windows)
        return self._days[key]


def rules_on(rules: Iterable[RoomRules], site: str, kind: RoomKind, on: date) -> RoomRules | None:
    """The rules in force on a day: those that began last. None: this kind cannot be booked there."""
    begun = [each for each in rules if each.site == site and each.kind == kind and each.from_on <= on]
    return max(begun, key=lambda each: each.from_on, default=None)


def _windows(rules: RoomRules, calendar: Calendar, on: date) -> list[Span]:
    building = spans_on(calendar.openings(on), on)
    return [
        (max(starts_at, opens_at), min(ends_at, shuts_at))
        for starts_at, ends_at in spans_on(rules.weekly[on.weekday()], on)
        for opens_at, shuts_at in building
        if max(starts_at, opens_at) < min(ends_at, shuts_at)
    ]


def refusal(wish: Wish, terms: Terms, person: Person | None, now: int) -> BookingRefusal | None:
    """
    Why a wish may not be booked, whether or not the room is free; None when it may.

    Args:
        person: None for who has no account in the university's libraries.

    Source:
        Published rules for study rooms and pods: half-hour slots, up to three
        hours a day, up to two weeks ahead, be there within ten minutes; pods
        not on the day itself.
    """
    room = terms.rooms.get(wish.room)
    if room is None:
        return "no_such_room"
    return _refusal(wish, room, day_of(wish.starts_at), terms, person, day_of(now), now)


def _refusal(
    wish: Wish, room: Room, on: date, terms: Terms, person: Person | None, today: date, now: int
) -> BookingRefusal | None:
    day = terms.day(room.site, room.kind, on)
    rules = day.rules
    if person is None or rules is None or person.category not in rules.categories:
        return "not_eligible"
    if person.account == "blocked":
        return "account_blocked"
    if on > person.expires_on:
        return "not_eligible"
    if not room.seats[0] <= wish.party <= room.seats[1]:
        return "party_size"
    length = wish.ends_at - wish.starts_at
    if length < rules.least_minutes * MINUTE_MS:
        return "too_short"
    if length > rules.most_minutes * MINUTE_MS:
        return "too_long"
    if wish.starts_at + rules.grace_minutes * MINUTE_MS <= now:
        return "in_the_past"
    if on == today and not rules.same_day:
        return "same_day"
    if on > today + timedelta(days=rules.days_ahead):
        return "too_far_ahead"
    if not day.windows:
        return "closed"
    window = next(
        (each for each in day.windows if each[0] <= wish.starts_at and wish.ends_at <= each[1]), None
    )
    if window is None:
        return "outside_hours"
    slot = rules.slot_minutes * MINUTE_MS
    if (wish.starts_at - window[0]) % slot or length % slot:
        return "off_slot"
    used = length
    for booking in person.own:
        if not _counts(booking, now):
            continue
        if wish.starts_at < booking.ends_at and booking.starts_at < wish.ends_at:
            return "overlaps_own"
        other = terms.rooms.get(booking.room)
        if other is not None and other.kind == room.kind and day_of(booking.starts_at) == on:
            used += booking.ends_at - booking.starts_at
    return "daily_limit" if used > rules.most_minutes * MINUTE_MS else None


def _counts(booking: Booking, now: int) -> bool:
    return state_at(booking, now) not in ("cancelled", "released")


def same_as_before(wish: Wish, own: Iterable[Booking], now: int) -> Booking | None:
    """The booking that the person already has for exactly this room and time, if any."""
    for booking in own:
        same = (booking.room, booking.starts_at, booking.ends_at) == (wish.room, wish.starts_at, wish.ends_at)
        if same and _counts(booking, now):
            return booking
    return None


def slots(starts_at: int, ends_at: int, slot_minutes: int) -> range:
    """The instants at which the slots of an interval begin."""
    return range(starts_at, ends_at, slot_minutes * MINUTE_MS)


# What becomes of a booking


def grace_end(starts_at: int, ends_at: int, rules: RoomRules) -> int:
    """The instant from which a booking nobody came to is released."""
    return min(starts_at + rules.grace_minutes * MINUTE_MS, ends_at)


def state_at(booking: Booking, now: int) -> BookingState:
    """A booking's state, by the clock alone where nobody did anything."""
    if booking.cancelled_at is not None:
        return "cancelled"
    if booking.checked_in_at is not None:
        return "completed" if now >= booking.ends_at else "checked_in"
    return "released" if now >= booking.grace_ends_at else "confirmed"


def changes_at(booking: Booking, now: int) -> int | None:
    """The next instant at which time alone changes what the phone is told; None: it is to be forgotten now."""
    match state_at(booking, now):
        case "cancelled":
            steps = [booking.ends_at]
        case "confirmed":
            steps = [booking.starts_at, booking.grace_ends_at]
        case "checked_in":
            steps = [booking.starts_at, booking.ends_at]
        case _:
            steps = [booking.ends_at + FORGOTTEN_AFTER_MS]
    return next((at for at in steps if at > now), None)


def cancel_refusal(booking: Booking, now: int) -> CancelRefusal | None:
    """Why a booking can be cancelled no more; None when it can: until the instant it starts."""
    match state_at(booking, now):
        case "completed" | "released":
            return "already_over"
    return "already_started" if now >= booking.starts_at else None


def check_in_refusal(booking: Booking, now: int) -> CheckInRefusal | None:
    """Why nobody can check in to a booking now; None when they can."""
    if state_at(booking, now) != "confirmed":
        return "already_over"
    return "too_early" if now < booking.starts_at - CHECK_IN_EARLY_MS else None


def fact(booking: Booking, room: Room, now: int) -> BookingFact:
    """What the patron's phone may know of a booking at an instant."""
    state = state_at(booking, now)
    return BookingFact(
        room=room.id,
        room_name=room.name,
        kind=room.kind,
        site=room.site,
        floor=room.floor,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        party=booking.party,
        state=state,
        grace_ends_at=booking.grace_ends_at,
        check_in_from=booking.starts_at - CHECK_IN_EARLY_MS,
        can_cancel=state in ("confirmed", "checked_in") and now < booking.starts_at,
        access=room.access.meets(),
    )


# What is free


def free_spans(room: Room, terms: Terms, taken: Collection[int], now: int) -> list[Span]:
    """
    When a room can be booked, from now to the last day that may be booked.

    Args:
        taken: where its taken slots begin; epoch milliseconds.

    Returns:
        Spans in order that neither touch nor overlap, none shorter than the
        shortest booking. Each slot in them keeps every rule that does not
        depend on who books.
    """
    today = day_of(now)
    spans: list[Span] = []
    ahead = 0
    while (day := terms.day(room.site, room.kind, today + timedelta(days=ahead))).rules is not None:
        rules = day.rules
        assert rules is not None
        if ahead > rules.days_ahead:
            break
        if ahead or rules.same_day:
            for opens_at, shuts_at in day.windows:
                for span in _gaps(opens_at, shuts_at, rules, taken, now):
                    if spans and spans[-1][1] == span[0]:
                        spans[-1] = (spans[-1][0], span[1])
                    else:
                        spans.append(span)
        ahead += 1
    return spans


def _gaps(opens_at: int, shuts_at: int, rules: RoomRules, taken: Collection[int], now: int) -> Iterator[Span]:
    slot = rules.slot_minutes * MINUTE_MS
    last = now - rules.grace_minutes * MINUTE_MS
    from_at: int | None = None
    for slot_at in range(opens_at, shuts_at - slot + 1, slot):
        if slot_at in taken or slot_at <= last:
            if from_at is not None and slot_at - from_at >= rules.least_minutes * MINUTE_MS:
                yield (from_at, slot_at)
            from_at = None
        elif from_at is None:
            from_at = slot_at
    if from_at is not None:
        end = opens_at + (shuts_at - opens_at) // slot * slot
        if end - from_at >= rules.least_minutes * MINUTE_MS:
            yield (from_at, end)


# What else there is


@dataclass(frozen=True, slots=True)
class Offer:
    """A room and time that this person could book at this instant."""

    room: Room
    starts_at: int
    ends_at: int
    why: AlternativeReason


def alternatives(
    wish: Wish, terms: Terms, person: Person | None, taken: Mapping[str, Collection[int]], now: int
) -> list[Offer]:
    """
    Find what could be booked instead: up to five, the most alike first.

    They keep the campus, the length, the party and the access needs, and each
    is checked against every rule and every taken slot, so it can be booked if
    nobody is quicker. The nearest of each kind comes first (the same time in
    another room; the same room at another time; the same room on another day;
    another room near that time), then more of the same.

    Args:
        taken: where the taken slots of each room of the site begin.
    """
    wished = terms.rooms.get(wish.room)
    if wished is None or person is None:
        return []
    search = _Search(wish, wished, terms, person, taken, now)
    elsewhere = search.same_time_elsewhere()
    at_another_time = search.same_room_same_day()
    near = search.near_time_elsewhere()
    another_day = search.same_room_another_day()
    first_round = (elsewhere, at_another_time, another_day, elsewhere, near, at_another_time)
    sources = itertools.chain(first_round, itertools.cycle((another_day, elsewhere, near)))
    offers: list[Offer] = []
    dry = 0
    while len(offers) < ALTERNATIVES and dry < len(first_round):
        offer = next(next(sources), None)
        if offer is None:
            dry += 1
        else:
            dry = 0
            offers.append(offer)
    return offers


class _Search:
    """Looks for offers, each source only as far as it is asked."""

    def __init__(
        self,
        wish: Wish,
        wished: Room,
        terms: Terms,
        person: Person,
        taken: Mapping[str, Collection[int]],
        now: int,
    ) -> None:
        self.wish, self.wished, self.terms, self.person, self.taken, self.now = (
            wish,
            wished,
            terms,
            person,
            taken,
            now,
        )
        self.on, self.today = day_of(wish.starts_at), day_of(now)
        self.length = wish.ends_at - wish.starts_at
        wall = datetime.fromtimestamp(wish.starts_at / 1000, UTC).astimezone(LONDON)
        self.clock = wall.strftime("%H:%M")
        self.needs = frozenset(wish.access)
        self.others = self._others()

    def same_time_elsewhere(self) -> Iterator[Offer]:
        for room in self.others:
            if self._bookable(room, self.on, self.wish.starts_at):
                yield self._offer(room, self.wish.starts_at, "same_time_elsewhere")

    def same_room_same_day(self) -> Iterator[Offer]:
        """The nearest later and the nearest earlier start, the nearer first."""
        told: set[bool] = set()
        for starts_at in self._wished_starts(self.on):
            later = starts_at > self.wish.starts_at
            if later not in told and self._bookable(self.wished, self.on, starts_at):
                told.add(later)
                yield self._offer(self.wished, starts_at, "same_room_later" if later else "same_room_earlier")
                if len(told) == 2:
                    return

    def same_room_another_day(self) -> Iterator[Offer]:
        """One on each day, as near as can be to the same time on the wall."""
        for on in self._other_days():
            for starts_at in self._wished_starts(on):
                if self._bookable(self.wished, on, starts_at):
                    yield self._offer(self.wished, starts_at, "same_room_another_day")
                    break

    def near_time_elsewhere(self) -> Iterator[Offer]:
        """One in each room on each day, the nearest to the time first."""
        for on in (self.on, *self._other_days()):
            told: set[str] = set()
            for starts_at in self._starts({room.kind for room in self.others}, on):
                if starts_at == self.wish.starts_at:
                    continue
                for room in self.others:
                    if room.id not in told and self._bookable(room, on, starts_at):
                        told.add(room.id)
                        yield self._offer(room, starts_at, "near_time_elsewhere")

    def _others(self) -> list[Room]:
        """Other rooms of the campus that meet the needs and seat the party, the most alike first."""
        wished = self.wished
        fit = [
            room
            for room in self.terms.rooms.values()
            if room.site == wished.site
            and room.id != wished.id
            and room.seats[0] <= self.wish.party <= room.seats[1]
            and self.needs.issubset(room.access.meets())
        ]
        fit.sort(
            key=lambda room: (
                room.kind != wished.kind,
                abs(room.seats[1] - wished.seats[1]),
                room.floor != wished.floor,
                room.id,
            )
        )
        return fit

    def _wished_starts(self, on: date) -> list[int]:
        if not self.needs.issubset(self.wished.access.meets()):
            return []
        return self._starts({self.wished.kind}, on)

    def _starts(self, kinds: Collection[RoomKind], on: date) -> list[int]:
        """Where a booking of this length could begin on a day, the nearest to the wished time of day first."""
        starts: set[int] = set()
        for kind in kinds:
            day = self.terms.day(self.wished.site, kind, on)
            if day.rules is not None:
                slot = day.rules.slot_minutes * MINUTE_MS
                for opens_at, shuts_at in day.windows:
                    starts.update(range(opens_at, shuts_at - self.length + 1, slot))
        aim = instant(on, self.clock)
        return sorted(starts, key=lambda starts_at: (abs(starts_at - aim), starts_at < aim))

    def _other_days(self) -> list[date]:
        """The days that may be booked at all, the nearest to the wished one first, later before earlier."""
        rules = self.terms.day(self.wished.site, self.wished.kind, self.today).rules
        if rules is None:
            return []
        days = [self.today + timedelta(days=ahead) for ahead in range(rules.days_ahead + 1)]
        return sorted((on for on in days if on != self.on), key=lambda on: (abs(on - self.on), on < self.on))

    def _bookable(self, room: Room, on: date, starts_at: int) -> bool:
        rules = self.terms.day(room.site, room.kind, on).rules
        if rules is None:
            return False
        ends_at = starts_at + self.length
        taken = self.taken.get(room.id, ())
        if taken and any(slot_at in taken for slot_at in slots(starts_at, ends_at, rules.slot_minutes)):
            return False
        wish = Wish(room.id, starts_at, ends_at, self.wish.party)
        return _refusal(wish, room, on, self.terms, self.person, self.today, self.now) is None

    def _offer(self, room: Room, starts_at: int, why: AlternativeReason) -> Offer:
        return Offer(room, starts_at, starts_at + self.length, why)
