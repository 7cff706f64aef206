"""What may be asked about rooms and bookings, and what time changes about them."""

import msgspec

from carrel.bookings import rules, store
from carrel.bookings.model import Book, Booking, Cancel, CheckIn, Room, Shown
from carrel.hours.calendars import calendars
from carrel.hours.rules import day_of, instant
from carrel.storage import Transaction
from carrel.storage.facts import publish, withdraw
from carrel_sync.library import Asked, Decision, Done, Operation, Refused
from carrel_sync.messages import Alternative

KIND = "bookings"
BOOK = "bookings.book@1"

_read: dict[tuple[str, str], rules.Terms] = {}


def operations() -> list[Operation]:
    """What may be asked about bookings."""
    return [
        Operation(BOOK, Book, book, stirs=(refresh,)),
        Operation("bookings.cancel@1", Cancel, cancel, stirs=(refresh,)),
        Operation("bookings.check_in@1", CheckIn, check_in, stirs=(refresh,)),
    ]


async def book(tx: Transaction, asked: Asked[Book]) -> Decision:
    """
    Book a room.

    Who has booked exactly this already, from another device, has what they
    wanted: done, and nothing is booked twice.

    Returns:
        Done; Refused with a reason of `BookingRefusal`, and with alternatives where another room or time
        helps: each could be booked by this person at this instant.
    """
    args, now = asked.args, asked.now
    standing = await store.standing(tx, asked.patron)
    terms = await _terms(tx, standing.rooms, standing.hours)
    person = None
    if standing.category is not None and standing.expires_on is not None:
        own = await store.own(tx, asked.patron, instant(day_of(now), "00:00"))
        person = rules.Person(
            standing.category, "blocked" if standing.blocked else "active", standing.expires_on, own
        )
    wish = rules.Wish(args.room, args.starts_at, args.ends_at, args.party, args.access)
    if person is not None and rules.same_as_before(wish, person.own, now):
        return Done()
    why = rules.refusal(wish, terms, person, now)
    if why is None:
        room = terms.rooms[wish.room]
        in_force = terms.day(room.site, room.kind, day_of(wish.starts_at)).rules
        assert in_force is not None
        booking = Booking(
            asked.u,
            asked.patron,
            room.id,
            wish.starts_at,
            wish.ends_at,
            wish.party,
            args.access,
            rules.grace_end(wish.starts_at, wish.ends_at, in_force),
        )
        slots = rules.slots(wish.starts_at, wish.ends_at, in_force.slot_minutes)
        if await store.take(tx, booking, room.site, slots, now):
            await store.keep(tx, booking, now, rules.changes_at(booking, now))
            await publish(tx, asked.patron, KIND, booking.id, rules.fact(booking, room, now), now)
            return Done()
        why = "room_taken"
    if why not in rules.WITH_ALTERNATIVES:
        return Refused(why)
    site = terms.rooms[wish.room].site
    taken = await store.taken(tx, site, instant(day_of(now), "00:00"), now)
    offers = rules.alternatives(wish, terms, person, taken, now)
    return Refused(why, alternatives=[_alternative(offer, wish) for offer in offers])


async def _terms(tx: Transaction, rooms: str, hours: str) -> rules.Terms:
    """Rooms, rules and calendars of these editions, read once by this program."""
    editions = (rooms, hours)
    while editions not in _read:
        found = rules.Terms(
            await store.rooms(tx), await store.room_rules(tx), await calendars(tx, editions[1])
        )
        if len(_read) > 8:
            _read.clear()
        read_before, editions = editions, await store.editions(tx)
        if editions == read_before:
            _read[editions] = found
    return _read[editions]


def _alternative(offer: rules.Offer, wish: rules.Wish) -> Alternative:
    room = offer.room
    args = Book(room.id, offer.starts_at, offer.ends_at, wish.party, tuple(wish.access))
    shown = Shown(
        room.name,
        room.kind,
        room.site,
        room.floor,
        room.seats,
        room.access.meets(),
        room.equipment,
        offer.starts_at,
        offer.ends_at,
    )
    return Alternative(BOOK, msgspec.to_builtins(args), offer.why, msgspec.to_builtins(shown))


async def cancel(tx: Transaction, asked: Asked[Cancel]) -> Decision:
    """
    Cancel a booking, at any time before it starts. One that is cancelled already is done.

    Returns:
        Done; Refused with a reason of `CancelRefusal`. Another person's booking is refused in the same
        words as one that does not exist.
    """
    found = await store.booking(tx, asked.patron, asked.args.booking)
    if found is None:
        return Refused("not_yours")
    booking, now = found.booking, asked.now
    if booking.cancelled_at is not None:
        return Done()
    why = rules.cancel_refusal(booking, now)
    if why is not None:
        return Refused(why)
    booking = msgspec.structs.replace(booking, cancelled_at=now)
    await store.cancelled(tx, booking, now, rules.changes_at(booking, now))
    await publish(
        tx,
        asked.patron,
        KIND,
        booking.id,
        rules.fact(booking, await _room(tx, booking, found.rooms), now),
        now,
    )
    return Done()


async def check_in(tx: Transaction, asked: Asked[CheckIn]) -> Decision:
    """
    Say that one is there, so that the room is not released. Saying it twice is done.

    Returns:
        Done; Refused with a reason of `CheckInRefusal`.
    """
    found = await store.booking(tx, asked.patron, asked.args.booking)
    if found is None:
        return Refused("not_yours")
    booking, now = found.booking, asked.now
    if rules.state_at(booking, now) == "checked_in":
        return Done()
    why = rules.check_in_refusal(booking, now)
    if why is not None:
        return Refused(why)
    booking = msgspec.structs.replace(booking, checked_in_at=now)
    await store.checked_in(tx, booking, now, rules.changes_at(booking, now))
    await publish(
        tx,
        asked.patron,
        KIND,
        booking.id,
        rules.fact(booking, await _room(tx, booking, found.rooms), now),
        now,
    )
    return Done()


async def _room(tx: Transaction, booking: Booking, edition: str) -> Room:
    for (rooms, _), terms in list(_read.items()):
        if rooms == edition:
            return terms.rooms[booking.room]
    return (await store.rooms(tx))[booking.room]


async def refresh(tx: Transaction, patron_id: str, now: int) -> int | None:
    """
    Publish anew each booking that time has changed: started, released, completed; forget what is long over.

    Returns:
        The next instant at which time changes one (epoch milliseconds), if any.
    """
    next_at = await store.next_change(tx, patron_id)
    if next_at is None or next_at > now:
        return next_at
    rooms: dict[str, Room] | None = None
    for booking in await store.changed(tx, patron_id, now):
        rooms = await store.rooms(tx) if rooms is None else rooms
        following = rules.changes_at(booking, now)
        if following is None:
            await withdraw(tx, patron_id, KIND, booking.id, now)
        else:
            fact = rules.fact(booking, rooms[booking.room], now)
            await publish(tx, patron_id, KIND, booking.id, fact, now)
        await store.told(tx, booking, following)
    return await store.next_change(tx, patron_id)
