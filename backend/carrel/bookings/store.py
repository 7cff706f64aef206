"""
Where rooms, their rules and bookings are kept.

The primary key of `booked_slots` is the last word on who has a room. A slot that nobody came to lapses: from
that instant the same statement that books a free slot takes it over.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

import msgspec

from carrel.bookings.model import Booking, Need, Room, RoomRules
from carrel.patrons.model import Category
from carrel.storage import Row, Transaction

_json = msgspec.json.Encoder(order="deterministic").encode
_room = msgspec.json.Decoder(Room).decode
_rules = msgspec.json.Decoder(RoomRules).decode
_needs = msgspec.json.Decoder(tuple[Need, ...]).decode

_BOOKING = (
    "bookings.patron_id, bookings.id, bookings.room_id, bookings.starts_at, bookings.ends_at, bookings.party,"
    " bookings.access, bookings.grace_ends_at, bookings.checked_in_at, bookings.cancelled_at"
)


def _booking(row: Row) -> Booking:
    return Booking(
        row["id"],
        row["patron_id"],
        row["room_id"],
        row["starts_at"],
        row["ends_at"],
        row["party"],
        _needs(row["access"]),
        row["grace_ends_at"],
        row["checked_in_at"],
        row["cancelled_at"],
    )


class Standing(NamedTuple):
    """What booking depends on beside rooms and rules, read in one statement."""

    rooms: str
    """Edition of the rooms and their rules."""
    hours: str
    """Edition of the hours."""
    category: Category | None
    """None: no account in the university's libraries."""
    blocked: bool
    expires_on: date | None


async def standing(tx: Transaction, patron_id: str) -> Standing:
    """How a patron stands with the university's libraries, and which editions are in force."""
    row = await tx.one(
        "select (select digest from editions where name = 'rooms') as rooms,"
        " (select digest from editions where name = 'hours') as hours,"
        " standings.category, standings.blocked, standings.expires_on"
        " from (select 1 as one) as always"
        " left join standings on standings.patron_id = :patron_id and standings.system = 'university'",
        patron_id=patron_id,
    )
    assert row is not None
    category = row["category"]
    return Standing(
        row["rooms"] or "",
        row["hours"] or "",
        category,
        bool(row["blocked"]),
        None if category is None else date.fromisoformat(row["expires_on"]),
    )


async def editions(tx: Transaction) -> tuple[str, str]:
    """The editions in force of the rooms with their rules, and of the hours."""
    digests = {row["name"]: row["digest"] for row in await tx.all("select name, digest from editions")}
    return digests.get("rooms", ""), digests.get("hours", "")


async def rooms(tx: Transaction) -> dict[str, Room]:
    """Every room by its id, in the order in which they are shown."""
    rows = await tx.all("select body from rooms order by site, place")
    return {room.id: room for room in (_room(row["body"]) for row in rows)}


async def room_rules(tx: Transaction) -> list[RoomRules]:
    """All rules, past and future ones too."""
    rows = await tx.all("select body from room_rules order by site, kind, from_on")
    return [_rules(row["body"]) for row in rows]


async def keep_rooms(tx: Transaction, kept: Sequence[Room], rules: Sequence[RoomRules]) -> None:
    """Keep these rooms beside those kept before, and these rules instead of all others."""
    await tx.run("delete from room_rules")
    for each in rules:
        await tx.run(
            "insert into room_rules (site, kind, from_on, body) values (:site, :kind, :from_on, :body)",
            site=each.site,
            kind=each.kind,
            from_on=each.from_on.isoformat(),
            body=_json(each).decode(),
        )
    for place, room in enumerate(kept):
        await tx.run(
            "insert into rooms (id, site, place, body) values (:id, :site, :place, :body)"
            " on conflict (id) do update set site = excluded.site, place = excluded.place, body = excluded.body",
            id=room.id,
            site=room.site,
            place=place,
            body=_json(room).decode(),
        )
    whole = [await rooms(tx), await room_rules(tx)]
    digest = hashlib.sha256(_json(whole)).hexdigest()
    await tx.run(
        "insert into editions (name, digest) values ('rooms', :digest)"
        " on conflict (name) do update set digest = excluded.digest",
        digest=digest,
    )


async def own(tx: Transaction, patron_id: str, since: int) -> list[Booking]:
    """A patron's bookings that start at an instant or later and are not cancelled."""
    rows = await tx.all(
        f"select {_BOOKING} from bookings"
        " where patron_id = :patron_id and starts_at >= :since and cancelled_at is null order by starts_at",
        patron_id=patron_id,
        since=since,
    )
    return [_booking(row) for row in rows]


class Found(NamedTuple):
    """A booking with the edition of the rooms in force."""

    booking: Booking
    rooms: str


async def booking(tx: Transaction, patron_id: str, booking_id: str) -> Found | None:
    """One of a patron's own bookings; None when they have none of that name."""
    row = await tx.one(
        f"select {_BOOKING}, (select digest from editions where name = 'rooms') as rooms from bookings"
        " where patron_id = :patron_id and id = :id",
        patron_id=patron_id,
        id=booking_id,
    )
    return None if row is None else Found(_booking(row), row["rooms"] or "")


async def changed(tx: Transaction, patron_id: str, now: int) -> list[Booking]:
    """What time alone has changed by `now` and was not told yet, the earliest first."""
    rows = await tx.all(
        f"select {_BOOKING} from bookings"
        " where patron_id = :patron_id and changes_at <= :now order by changes_at, id",
        patron_id=patron_id,
        now=now,
    )
    return [_booking(row) for row in rows]


async def next_change(tx: Transaction, patron_id: str) -> int | None:
    """The next instant at which time alone changes one of a patron's bookings, if any."""
    row = await tx.one(
        "select min(changes_at) from bookings where patron_id = :patron_id and changes_at is not null",
        patron_id=patron_id,
    )
    return None if row is None else row[0]


async def take(tx: Transaction, booking: Booking, site: str, slots: Collection[int], now: int) -> bool:
    """
    Take all slots of a booking, or none.

    Slots of a booking that has lapsed by `now` are taken over in the same
    statement; of two who take at once, the primary key lets one through.

    Returns:
        False: at least one is another booking's.
    """
    held = await tx.run(
        _take(len(slots)),
        room_id=booking.room,
        site=site,
        patron_id=booking.patron,
        booking_id=booking.id,
        lapses_at=booking.grace_ends_at,
        now=now,
        **{f"slot_{place}": slot_at for place, slot_at in enumerate(slots)},
    )
    if held == len(slots):
        return True
    if held:
        await give_up(tx, booking)
    return False


@cache
def _take(slots: int) -> str:
    rows = ", ".join(
        f"(:room_id, :slot_{place}, :site, :patron_id, :booking_id, :lapses_at)" for place in range(slots)
    )
    return (
        "insert into booked_slots (room_id, slot_at, site, patron_id, booking_id, lapses_at)"
        f" values {rows} on conflict (room_id, slot_at) do update set patron_id = excluded.patron_id,"
        " booking_id = excluded.booking_id, lapses_at = excluded.lapses_at"
        " where booked_slots.lapses_at <= :now"
    )


async def give_up(tx: Transaction, booking: Booking) -> None:
    """Free the slots that are still this booking's."""
    await tx.run(
        "delete from booked_slots where patron_id = :patron_id and booking_id = :id",
        patron_id=booking.patron,
        id=booking.id,
    )


async def taken(tx: Transaction, site: str, since: int, now: int) -> dict[str, set[int]]:
    """Where the taken slots of a site's rooms begin, from an instant on, by room; lapsed ones are free."""
    found: dict[str, set[int]] = {}
    for row in await tx.all(
        "select room_id, slot_at from booked_slots"
        " where site = :site and slot_at >= :since and (lapses_at is null or lapses_at > :now)",
        site=site,
        since=since,
        now=now,
    ):
        found.setdefault(row["room_id"], set()).add(row["slot_at"])
    return found


async def keep(tx: Transaction, booking: Booking, booked_at: int, changes_at: int | None) -> None:
    """
    Keep a new booking.

    Args:
        booked_at: when the library decided it.
        changes_at: when time alone next changes what the phone is told of it.

    Raises:
        Conflict: this patron has a booking of that identity.
    """
    await tx.run(
        "insert into bookings (patron_id, id, room_id, starts_at, ends_at, party, access, booked_at,"
        " grace_ends_at, checked_in_at, cancelled_at, changes_at)"
        " values (:patron_id, :id, :room_id, :starts_at, :ends_at, :party, :access, :booked_at,"
        " :grace_ends_at, :checked_in_at, :cancelled_at, :changes_at)",
        patron_id=booking.patron,
        id=booking.id,
        room_id=booking.room,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        party=booking.party,
        access=_json(booking.access).decode(),
        booked_at=booked_at,
        grace_ends_at=booking.grace_ends_at,
        checked_in_at=booking.checked_in_at,
        cancelled_at=booking.cancelled_at,
        changes_at=changes_at,
    )


async def cancelled(tx: Transaction, booking: Booking, now: int, changes_at: int | None) -> None:
    """Keep that a booking was cancelled, and free its slots."""
    await give_up(tx, booking)
    await tx.run(
        "update bookings set cancelled_at = :now, changes_at = :changes_at"
        " where patron_id = :patron_id and id = :id",
        now=now,
        changes_at=changes_at,
        patron_id=booking.patron,
        id=booking.id,
    )


async def checked_in(tx: Transaction, booking: Booking, now: int, changes_at: int | None) -> None:
    """Keep that somebody came, so that the slots lapse no more."""
    await tx.run(
        "update booked_slots set lapses_at = null where patron_id = :patron_id and booking_id = :id",
        patron_id=booking.patron,
        id=booking.id,
    )
    await tx.run(
        "update bookings set checked_in_at = :now, changes_at = :changes_at"
        " where patron_id = :patron_id and id = :id",
        now=now,
        changes_at=changes_at,
        patron_id=booking.patron,
        id=booking.id,
    )


async def told(tx: Transaction, booking: Booking, changes_at: int | None) -> None:
    """Keep when time next changes what the phone is told; None: never again."""
    await tx.run(
        "update bookings set changes_at = :changes_at where patron_id = :patron_id and id = :id",
        changes_at=changes_at,
        patron_id=booking.patron,
        id=booking.id,
    )


async def untold(tx: Transaction, before: int) -> list[str]:
    """Whose phones were not told yet that a booking which ended before an instant is over."""
    rows = await tx.all(
        "select distinct patron_id from bookings where ends_at < :before and changes_at is not null",
        before=before,
    )
    return [row["patron_id"] for row in rows]


async def forget_over(tx: Transaction, before: int) -> int:
    """
    Forget who had which room until an instant, as far as phones have been told that it is over.

    Returns:
        How many bookings were forgotten.
    """
    await tx.run("delete from booked_slots where slot_at < :before", before=before)
    return await tx.run("delete from bookings where ends_at < :before and changes_at is null", before=before)
