"""GET /pub/1/rooms/{site}: a campus's rooms and when they are free, the same for everybody."""

from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from carrel.bookings import rules, store
from carrel.bookings.model import RoomView, ShownRules, SiteRooms
from carrel.hours.calendars import calendars
from carrel.hours.rules import day_of, instant
from carrel.public import answered
from carrel.storage import Transaction


async def site_rooms(tx: Transaction, site: str, now: int) -> SiteRooms | None:
    """
    The rooms of a site with their free times from now on; None when there is no such site.

    Who has a room is not told, and cannot be found out from what is free.
    """
    calendar = await calendars(tx)
    if site not in calendar:
        return None
    terms = rules.Terms(await store.rooms(tx), await store.room_rules(tx), calendar)
    taken = await store.taken(tx, site, instant(day_of(now), "00:00"), now)
    views = []
    for room in terms.rooms.values():
        in_force = rules.rules_on(terms.rules, room.site, room.kind, day_of(now))
        if room.site != site or in_force is None:
            continue
        views.append(
            RoomView(
                room.id,
                room.name,
                room.kind,
                room.site,
                room.floor,
                room.seats,
                room.equipment,
                room.access,
                room.note,
                ShownRules(
                    in_force.slot_minutes,
                    in_force.least_minutes,
                    in_force.most_minutes,
                    in_force.days_ahead,
                    in_force.same_day,
                    in_force.grace_minutes,
                ),
                rules.free_spans(room, terms, taken.get(room.id, ()), now),
            )
        )
    return SiteRooms(0, site, views)


@get("/pub/1/rooms/{site:str}")
async def rooms(request: Request[Any, Any, Any], site: FromPath[str]) -> Response[bytes]:
    """Every room of a campus, each with its rules, its access facts and its free times for two weeks."""
    state = request.app.state
    now = state.now()
    told = await state.storage.read(lambda tx: site_rooms(tx, site, now))
    if told is None:
        raise NotFoundException
    return answered(request, told, now, max_age=30)


handlers = [rooms]
