"""The demo's study rooms and pods, and the rules under which they are booked."""

from datetime import date

from carrel.bookings.model import Access, Room, RoomRules

_WEEKEND: tuple[tuple[tuple[str, str], ...], ...] = ((), ())


def _access(words: str, steps: int = 0) -> Access:
    told = set(words.split())
    known = {"step_free", "hearing_loop", "adjustable_desk", "adjustable_light", "quiet"}
    assert told <= known, f"expected words of {sorted(known)}, got {words!r}"
    return Access(*(word in told for word in Access.__struct_fields__[:5]), steps)


def _room(
    site: str,
    number: int,
    floor: str,
    most: int,
    equipment: str,
    access: Access,
    note: str = "",
    least: int = 1,
) -> Room:
    words = [each.strip() for each in equipment.split(",")]
    return Room(
        f"{site}-room-{number}",
        f"Group Room {number}",
        "room",
        site,
        floor,
        (least, most),
        words,
        access,
        note,
    )


def _pod(site: str, number: int, floor: str, access: Access, note: str = "") -> Room:
    equipment = ["Mains socket", "2 USB sockets", "Dimmable light"]
    return Room(f"{site}-pod-{number}", f"Pod {number}", "pod", site, floor, (1, 1), equipment, access, note)


_STEP = "A small step, 12 cm, at the entrance."

ROOMS = [
    _room("colchester", 1, "Floor 2", 4, "Whiteboard, Sockets", _access("step_free")),
    _room("colchester", 2, "Floor 2", 6, "Whiteboard, Screen, Sockets", _access("step_free hearing_loop")),
    _room("colchester", 3, "Floor 3", 6, "Whiteboard, Screen, Sockets", _access("step_free")),
    _room("colchester", 4, "Floor 3", 8, "Whiteboard, Sockets", _access("step_free adjustable_desk")),
    _room(
        "colchester",
        5,
        "Floor 3",
        6,
        "Whiteboard, Screen, Sockets",
        _access("step_free hearing_loop adjustable_desk"),
        "Screen and lectern can be lowered.",
    ),
    _room(
        "colchester",
        6,
        "Floor 4",
        12,
        "Whiteboard, Screen, Video camera, Sockets",
        _access("step_free hearing_loop"),
    ),
    _room(
        "colchester",
        7,
        "Floor 5",
        4,
        "Whiteboard, Sockets",
        _access("quiet", 3),
        "Three steps up from the landing.",
    ),
    _room("loughton", 1, "Ground floor", 4, "Whiteboard, Sockets", _access("step_free adjustable_light")),
    _room(
        "loughton",
        2,
        "Floor 1",
        8,
        "Screen, Mirror wall, Sockets",
        _access("", 14),
        "Up one flight of stairs, no lift.",
    ),
    _room("southend", 1, "Floor 1", 4, "Whiteboard, Sockets", _access("step_free quiet")),
    _room("southend", 2, "Floor 1", 6, "Whiteboard, Screen, Sockets", _access("step_free hearing_loop")),
    _room("southend", 3, "Floor 2", 6, "Whiteboard, Sockets", _access("step_free adjustable_light")),
    _room(
        "southend",
        4,
        "Floor 2",
        10,
        "Whiteboard, Screen, Video camera, Sockets",
        _access("step_free hearing_loop adjustable_desk"),
    ),
    _pod("colchester", 1, "Floor 2, south wing", _access("adjustable_desk adjustable_light quiet", 1), _STEP),
    _pod(
        "colchester",
        2,
        "Floor 2, south wing",
        _access("step_free adjustable_desk adjustable_light quiet"),
        "Ramp at the entrance.",
    ),
    _pod("colchester", 3, "Floor 2, south wing", _access("adjustable_desk adjustable_light quiet", 1), _STEP),
    _pod(
        "colchester",
        4,
        "Floor 2, north wing",
        _access("step_free adjustable_desk adjustable_light quiet"),
        "Ramp at the entrance.",
    ),
    _pod("colchester", 5, "Floor 2, north wing", _access("adjustable_desk adjustable_light quiet", 1), _STEP),
    _pod("colchester", 6, "Floor 2, north wing", _access("adjustable_desk adjustable_light quiet", 1), _STEP),
    _pod(
        "colchester",
        7,
        "Floor 2, north wing",
        _access("step_free hearing_loop adjustable_desk adjustable_light quiet"),
        "Ramp at the entrance; room to turn a wheelchair.",
    ),
    _pod("colchester", 8, "Floor 2, north wing", _access("adjustable_desk adjustable_light quiet", 1), _STEP),
    _pod("southend", 1, "Floor 1", _access("step_free adjustable_desk quiet")),
    _pod("southend", 2, "Floor 1", _access("step_free hearing_loop adjustable_desk quiet")),
]

RULES = [
    rules
    for site in ("colchester", "loughton", "southend")
    for rules in (
        RoomRules(
            site,
            "room",
            date(2022, 9, 1),
            slot_minutes=30,
            least_minutes=30,
            most_minutes=180,
            days_ahead=14,
            same_day=True,
            grace_minutes=10,
            categories=("undergraduate", "postgraduate"),
            weekly=((("10:00", "18:00"),),) * 5 + _WEEKEND,
        ),
        RoomRules(
            site,
            "pod",
            date(2022, 9, 1),
            slot_minutes=30,
            least_minutes=30,
            most_minutes=180,
            days_ahead=14,
            same_day=False,
            grace_minutes=10,
            categories=("undergraduate", "postgraduate", "staff"),
            weekly=((("09:00", "18:00"),),) * 5 + _WEEKEND,
        ),
    )
]
"""As a university library publishes them for its study rooms and pods."""
