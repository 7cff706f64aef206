"""What a room is, the dated rules under which it is booked, and what a phone knows of a booking."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from carrel.patrons.model import Category

RoomKind = Literal["room", "pod"]

Need = Literal["step_free", "hearing_loop", "adjustable_desk", "adjustable_light", "quiet"]
"""What a person may need of a room."""

BookingState = Literal["confirmed", "checked_in", "released", "cancelled", "completed"]
"""released: nobody came within the grace time, so the rest was given on. completed: its time is over."""

BookingRefusal = Literal[
    "room_taken",
    "closed",
    "outside_hours",
    "too_long",
    "too_short",
    "off_slot",
    "daily_limit",
    "too_far_ahead",
    "same_day",
    "in_the_past",
    "party_size",
    "not_eligible",
    "overlaps_own",
    "account_blocked",
    "no_such_room",
]
"""
Why a room is not booked.

closed: not bookable at all on that day. outside_hours: on that day, but not at that time. daily_limit: with
what is booked already it would be more than one person may have of this kind in a day. same_day: has to be
booked the day before at the latest. not_eligible: this kind is for others. overlaps_own: one cannot be in two
rooms at once.
"""

CancelRefusal = Literal["already_started", "already_over", "not_yours"]

CheckInRefusal = Literal["too_early", "already_over", "not_yours"]

AlternativeReason = Literal[
    "same_room_later",
    "same_room_earlier",
    "same_time_elsewhere",
    "same_room_another_day",
    "near_time_elsewhere",
]
"""How an alternative differs from what was wished for."""

Span = tuple[int, int]
"""From and to, epoch milliseconds; includes its start, excludes its end."""


class Access(Struct, frozen=True):
    """What a person needs to know before choosing a room, barriers included."""

    step_free: bool
    hearing_loop: bool
    adjustable_desk: bool
    adjustable_light: bool
    quiet: bool
    steps_at_entrance: int
    """Steps up to the room itself; 0 when there are none."""

    def meets(self) -> list[Need]:
        """The needs it meets, always in the same order."""
        told: dict[Need, bool] = {
            "step_free": self.step_free,
            "hearing_loop": self.hearing_loop,
            "adjustable_desk": self.adjustable_desk,
            "adjustable_light": self.adjustable_light,
            "quiet": self.quiet,
        }
        return [need for need, met in told.items() if met]


class Room(Struct, frozen=True):
    """A study room for a group, or a pod for one person."""

    id: str
    name: str
    kind: RoomKind
    site: str
    floor: str
    seats: tuple[int, int]
    """Least and most people."""
    equipment: list[str]
    access: Access
    note: str = ""


class RoomRules(Struct, frozen=True):
    """Under which rules one kind of room at one site is booked, from one day on."""

    site: str
    kind: RoomKind
    from_on: date
    """First day that is booked under them; they stay so until a later row for the same two begins."""
    slot_minutes: int
    """Bookings begin and end on a grid this wide, which begins when the day's window opens."""
    least_minutes: int
    most_minutes: int
    """Longest for one booking, and for all of one person's bookings of this kind in a day together."""
    days_ahead: int
    same_day: bool
    """Whether a room may be booked on the day itself."""
    grace_minutes: int
    """Who has not checked in this long after the start gives the room up."""
    categories: tuple[Category, ...]
    """Who may book."""
    weekly: tuple[tuple[tuple[str, str], ...], ...]
    """Monday to Sunday: the windows in which it can be booked, "HH:MM" by the clock on the wall."""


class Booking(Struct, frozen=True):
    """A room for one patron, from one instant to another."""

    id: str
    """Identity of the wish that made it; unique for its patron."""
    patron: str
    room: str
    starts_at: int
    ends_at: int
    party: int
    access: tuple[Need, ...]
    """What was asked for, so that an alternative keeps to it."""
    grace_ends_at: int
    checked_in_at: int | None = None
    cancelled_at: int | None = None


class BookingFact(Struct, frozen=True):
    """What a phone knows of a booking."""

    room: str
    room_name: str
    kind: RoomKind
    site: str
    floor: str
    starts_at: int
    ends_at: int
    party: int
    state: BookingState
    grace_ends_at: int
    """Be there and check in before this instant."""
    check_in_from: int
    """From this instant on one can check in."""
    can_cancel: bool
    access: list[Need]
    """What the room offers."""


Instant = Annotated[int, Meta(ge=0, le=8_640_000_000_000_000)]


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of `bookings.book@1`."""

    room: str
    starts_at: Instant
    ends_at: Instant
    party: int
    access: tuple[Need, ...] = ()
    """What any alternative has to offer too."""


class Cancel(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of `bookings.cancel@1`."""

    booking: str


class CheckIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of `bookings.check_in@1`."""

    booking: str


class Shown(Struct, frozen=True):
    """What a person needs to see to choose an alternative, also without a network."""

    room_name: str
    kind: RoomKind
    site: str
    floor: str
    seats: tuple[int, int]
    access: list[Need]
    equipment: list[str]
    starts_at: int
    ends_at: int


class ShownRules(Struct, frozen=True):
    """The rules in force today, for a form that asks only for what can be booked."""

    slot_minutes: int
    least_minutes: int
    most_minutes: int
    days_ahead: int
    same_day: bool
    grace_minutes: int


class RoomView(Struct, frozen=True):
    """A room with the times at which it can be booked."""

    id: str
    name: str
    kind: RoomKind
    site: str
    floor: str
    seats: tuple[int, int]
    equipment: list[str]
    access: Access
    note: str
    rules: ShownRules
    free: list[Span]
    """In order, none touching another; every slot in them could be booked when it was read."""


class SiteRooms(Struct, frozen=True):
    """GET /pub/1/rooms/{site}."""

    as_of: int
    site: str
    rooms: list[RoomView]
