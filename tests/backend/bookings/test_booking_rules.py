"""What may be booked, case by case; what is free; and the days on which the clock is changed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from carrel.bookings import rules
from carrel.bookings.model import Access, Booking, Room, RoomRules
from carrel.bookings.rules import Person, Terms, Wish, refusal
from carrel.hours.rules import ALWAYS_OPEN, Calendar

ACCESS = Access(True, False, False, False, False, 0)
ROOMS = {
    "r1": Room("r1", "Group Room 1", "room", "c", "2", (1, 6), [], ACCESS),
    "r2": Room(
        "r2", "Group Room 2", "room", "c", "3", (2, 12), [], Access(True, True, False, False, False, 0)
    ),
    "r3": Room(
        "r3", "Group Room 3", "room", "c", "3", (1, 6), [], Access(False, True, False, False, False, 2)
    ),
    "p1": Room("p1", "Pod 1", "pod", "c", "2", (1, 1), [], Access(True, False, True, True, True, 0)),
    "far": Room("far", "Group Room 9", "room", "d", "1", (1, 6), [], Access(True, True, True, True, True, 0)),
}
WEEKDAYS = ((("10:00", "18:00"),),) * 5 + ((), ())
POD_DAYS = ((("09:00", "18:00"),),) * 5 + ((), ())
STUDENTS = ("undergraduate", "postgraduate")
RULES = [
    RoomRules("c", "room", date(2022, 9, 1), 30, 30, 180, 14, True, 10, STUDENTS, WEEKDAYS),
    RoomRules("c", "pod", date(2022, 9, 1), 30, 30, 180, 14, False, 10, (*STUDENTS, "staff"), POD_DAYS),
    RoomRules("d", "room", date(2022, 9, 1), 30, 30, 180, 14, True, 10, STUDENTS, WEEKDAYS),
]
WORKS = date(2027, 2, 10)
SHORT = date(2027, 2, 11)
CALENDAR = Calendar(ALWAYS_OPEN.weekly, {WORKS: (), SHORT: (("08:00", "13:00"),)})


def terms() -> Terms:
    return Terms(ROOMS, RULES, {"c": CALENDAR})


def at(text: str) -> int:
    """Epoch milliseconds of an instant in UTC: "02-01 14:00"."""
    return int(datetime.strptime(f"2027-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp() * 1000)


NOW = at("02-01 09:20")
"""Monday 1 February 2027; wall clock and UTC agree."""


def wish(room="r1", starts="02-02 14:00", minutes=60, party=2, access=()) -> Wish:
    return Wish(room, at(starts), at(starts) + minutes * 60_000, party, access)


def booking(room="r1", starts="02-02 14:00", minutes=60, id="b1", **more) -> Booking:
    starts_at = at(starts)
    return Booking(
        id, "ada", room, starts_at, starts_at + minutes * 60_000, 2, (), starts_at + 600_000, **more
    )


def person(category="undergraduate", account="active", ends=date(2027, 12, 31), own=()) -> Person:
    return Person(category, account, ends, own)


CASES = {
    "a room tomorrow": (wish(), person(), None),
    "a room that is not there": (wish("r99"), person(), "no_such_room"),
    "no account": (wish(), None, "not_eligible"),
    "staff may not book a group room": (wish(), person("staff"), "not_eligible"),
    "staff may book a pod": (wish("p1", party=1), person("staff"), None),
    "visitors may not": (wish("p1", party=1), person("visitor"), "not_eligible"),
    "a blocked account": (wish(), person(account="blocked"), "account_blocked"),
    "an account that ends that day": (wish(), person(ends=date(2027, 2, 2)), None),
    "an account that ends the day before": (wish(), person(ends=date(2027, 2, 1)), "not_eligible"),
    "nobody comes": (wish(party=0), person(), "party_size"),
    "one too many": (wish(party=7), person(), "party_size"),
    "one too few": (wish("r2", party=1), person(), "party_size"),
    "as many as it seats": (wish("r2", party=12), person(), None),
    "half an hour": (wish(minutes=30), person(), None),
    "nothing": (wish(minutes=0), person(), "too_short"),
    "backwards": (wish(minutes=-60), person(), "too_short"),
    "three hours": (wish(minutes=180), person(), None),
    "three hours and a half": (wish(minutes=210), person(), "too_long"),
    "a quarter past": (wish(starts="02-02 14:15"), person(), "off_slot"),
    "three quarters of an hour": (wish(minutes=45), person(), "off_slot"),
    "today, later": (wish(starts="02-01 14:00"), person(), None),
    "a pod today": (wish("p1", "02-01 14:00", party=1), person(), "same_day"),
    "two weeks ahead": (wish(starts="02-15 14:00"), person(), None),
    "a day further": (wish(starts="02-16 14:00"), person(), "too_far_ahead"),
    "Saturday": (wish(starts="02-06 14:00"), person(), "closed"),
    "a day on which the building is closed": (wish(starts="02-10 14:00"), person(), "closed"),
    "the building shuts early, before that": (wish(starts="02-11 12:00"), person(), None),
    "the building shuts early, after that": (wish(starts="02-11 12:30"), person(), "outside_hours"),
    "from the opening": (wish(starts="02-02 10:00"), person(), None),
    "half an hour before it": (wish(starts="02-02 09:30"), person(), "outside_hours"),
    "until the end": (wish(starts="02-02 17:00"), person(), None),
    "half an hour beyond it": (wish(starts="02-02 17:30"), person(), "outside_hours"),
    "yesterday": (wish(starts="01-29 14:00"), person(), "in_the_past"),
    "back to back with one's own": (wish(), person(own=[booking(starts="02-02 13:00"), booking(starts="02-02 15:00")]), None),
    "into one's own": (wish(), person(own=[booking("r2", "02-02 14:30")]), "overlaps_own"),
    "over one's own that nobody came to": (
        wish(starts="02-01 10:00"), person(own=[booking("r2", "02-01 10:00")]), "overlaps_own",
    ),
    "3 hours that day in all": (wish(minutes=60), person(own=[booking("r2", "02-02 10:00", 120)]), None),
    "more than 3 hours that day": (wish(minutes=90), person(own=[booking("r2", "02-02 10:00", 120)]), "daily_limit"),
    "pods and rooms are counted apart": (wish(minutes=90), person(own=[booking("p1", "02-02 10:00", 120)]), None),
    "what was cancelled does not count": (
        wish(minutes=90), person(own=[booking("r2", "02-02 10:00", 120, cancelled_at=NOW)]), None,
    ),
    "another day does not count": (wish(minutes=180), person(own=[booking("r2", "02-03 10:00", 180)]), None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_wish_is_judged_by_the_published_rules(name):
    wished, who, expected = CASES[name]
    assert refusal(wished, terms(), who, NOW) == expected


def test_a_slot_can_be_booked_until_its_grace_time_is_over():
    wished = wish(starts="02-01 10:00")
    assert refusal(wished, terms(), person(), at("02-01 10:10") - 1) is None
    assert refusal(wished, terms(), person(), at("02-01 10:10")) == "in_the_past"


def test_who_did_not_come_may_book_again():
    own = [booking("r2", "02-01 10:00", 180)]
    later = wish(starts="02-01 10:30", minutes=150)
    assert refusal(later, terms(), person(own=own), at("02-01 10:09")) == "overlaps_own"
    assert refusal(later, terms(), person(own=own), at("02-01 10:10")) is None


def test_new_rules_begin_on_their_day_even_for_what_is_booked_before():
    longer = RoomRules("c", "room", date(2027, 2, 4), 60, 60, 240, 14, True, 10, STUDENTS, WEEKDAYS)
    changed = Terms(ROOMS, [*RULES, longer], {"c": CALENDAR})
    assert refusal(wish(starts="02-03 14:00", minutes=240), changed, person(), NOW) == "too_long"
    assert refusal(wish(starts="02-04 14:00", minutes=240), changed, person(), NOW) is None
    assert refusal(wish(starts="02-04 14:30", minutes=60), changed, person(), NOW) == "off_slot"


@pytest.mark.parametrize(
    ("now", "more", "state", "can_cancel", "changes_at"),
    [
        ("02-02 13:59", {}, "confirmed", True, "02-02 14:00"),
        ("02-02 14:00", {}, "confirmed", False, "02-02 14:10"),
        ("02-02 14:10", {}, "released", False, "02-05 15:00"),
        ("02-02 13:55", {"checked_in_at": 1}, "checked_in", True, "02-02 14:00"),
        ("02-02 14:10", {"checked_in_at": 1}, "checked_in", False, "02-02 15:00"),
        ("02-02 15:00", {"checked_in_at": 1}, "completed", False, "02-05 15:00"),
        ("02-02 13:00", {"cancelled_at": 1}, "cancelled", False, "02-02 15:00"),
        ("02-02 15:00", {"cancelled_at": 1}, "cancelled", False, None),
        ("02-05 15:00", {"checked_in_at": 1}, "completed", False, None),
    ],
)
def test_time_alone_moves_a_booking_on(now, more, state, can_cancel, changes_at):
    told = booking(**more)
    assert rules.fact(told, ROOMS["r1"], at(now)).can_cancel is can_cancel
    assert rules.state_at(told, at(now)) == state
    assert rules.changes_at(told, at(now)) == (changes_at and at(changes_at))


@pytest.mark.parametrize(
    ("now", "more", "cancel", "check_in"),
    [
        ("02-02 13:49", {}, None, "too_early"),
        ("02-02 13:50", {}, None, None),
        ("02-02 14:00", {}, "already_started", None),
        ("02-02 14:10", {}, "already_over", "already_over"),
        ("02-02 14:10", {"checked_in_at": 1}, "already_started", "already_over"),
        ("02-02 15:00", {"checked_in_at": 1}, "already_over", "already_over"),
    ],
)
def test_a_booking_can_be_cancelled_until_it_starts_and_checked_in_to_around_its_start(
    now, more, cancel, check_in
):
    told = booking(**more)
    assert rules.cancel_refusal(told, at(now)) == cancel
    assert rules.check_in_refusal(told, at(now)) == check_in


# What is free


def test_free_spans_are_the_windows_without_what_is_taken():
    taken = {at("02-01 12:00"), at("02-01 12:30"), at("02-02 10:00"), at("02-02 17:30")}
    spans = rules.free_spans(ROOMS["r1"], terms(), taken, at("02-01 10:45"))
    assert spans[:4] == [
        (at("02-01 11:00"), at("02-01 12:00")),
        (at("02-01 13:00"), at("02-01 18:00")),
        (at("02-02 10:30"), at("02-02 17:30")),
        (at("02-03 10:00"), at("02-03 18:00")),
    ]
    assert (at("02-11 10:00"), at("02-11 13:00")) in spans
    assert spans[-1] == (at("02-15 10:00"), at("02-15 18:00"))
    assert len(spans) == 11


def test_a_pod_is_not_offered_on_the_day_itself():
    spans = rules.free_spans(ROOMS["p1"], terms(), (), NOW)
    assert spans[0] == (at("02-02 09:00"), at("02-02 18:00"))


def test_every_slot_that_is_shown_as_free_can_be_booked():
    for room in ("r1", "p1"):
        for starts_at, ends_at in rules.free_spans(ROOMS[room], terms(), (), at("02-01 10:45")):
            for slot_at in rules.slots(starts_at, ends_at, 30):
                told = Wish(room, slot_at, slot_at + 1_800_000, 1)
                assert refusal(told, terms(), person(), at("02-01 10:45")) is None


# Alternatives


def offered(wished: Wish, taken=None, who=None, now=NOW):
    return rules.alternatives(wished, terms(), who or person(), taken or {}, now)


def slots_of(*spans: tuple[str, int]) -> set[int]:
    return {at(starts) + slot * 1_800_000 for starts, count in spans for slot in range(count)}


def test_alternatives_name_the_nearest_of_each_kind_first():
    taken = {"r1": slots_of(("02-02 14:00", 2))}
    assert [(each.why, each.room.id, each.starts_at) for each in offered(wish(), taken)] == [
        ("same_time_elsewhere", "r3", at("02-02 14:00")),
        ("same_room_later", "r1", at("02-02 15:00")),
        ("same_room_another_day", "r1", at("02-03 14:00")),
        ("same_time_elsewhere", "r2", at("02-02 14:00")),
        ("near_time_elsewhere", "r3", at("02-02 14:30")),
    ]


def test_alternatives_keep_campus_access_needs_and_party():
    taken = {"r1": slots_of(("02-02 10:00", 16))}
    for each in offered(wish(access=("step_free",)), taken):
        assert each.room.site == "c"
        assert each.room.access.step_free
    assert {
        each.room.id for each in offered(wish("r2", party=10, access=("hearing_loop",)), {"r2": set()})
    } == {"r2"}


def test_a_pod_may_stand_in_for_a_room_for_one():
    taken = {room: slots_of(("02-02 10:00", 16)) for room in ("r1", "r2", "r3")}
    first = offered(wish(party=1), taken)[0]
    assert (first.why, first.room.id) == ("same_time_elsewhere", "p1")


def test_a_room_without_what_is_needed_is_not_offered_itself():
    assert all(each.room.id != "r3" for each in offered(wish("r3", access=("step_free",))))


def test_a_closed_day_is_answered_with_the_days_around_it():
    first = offered(wish(starts="02-06 14:00"))[0]
    assert (first.why, first.starts_at) == ("same_room_another_day", at("02-05 14:00"))


@given(
    some.sampled_from(["r1", "r2", "r3", "p1"]),
    some.integers(-4, 40),
    some.integers(0, 15),
    some.integers(1, 6),
    some.integers(1, 8),
    some.sets(some.sampled_from(["step_free", "hearing_loop", "quiet"]), max_size=2),
    some.dictionaries(
        some.sampled_from(["r1", "r2", "r3", "p1"]), some.sets(some.integers(0, 300), max_size=200)
    ),
    some.integers(0, 20),
)
def test_each_alternative_is_free_and_keeps_every_rule(
    room, slot, days, length, party, needs, taken, own_slot
):
    starts_at = at("02-01 08:00") + days * 86_400_000 + slot * 1_800_000
    wished = Wish(room, starts_at, starts_at + length * 1_800_000, party, tuple(needs))
    slots = {
        each: {at("02-01 10:00") + n // 16 * 86_400_000 + n % 16 * 1_800_000 for n in places}
        for each, places in taken.items()
    }
    own_at = at("02-01 10:00") + own_slot * 1_800_000
    who = person(own=[Booking("b1", "ada", "far", own_at, own_at + 3_600_000, 1, (), own_at + 600_000)])
    offers = offered(wished, slots, who)
    assert len(offers) <= 5
    assert len({(each.room.id, each.starts_at) for each in offers}) == len(offers)
    for each in offers:
        told = Wish(each.room.id, each.starts_at, each.ends_at, party, wished.access)
        assert refusal(told, terms(), who, NOW) is None
        assert not set(rules.slots(each.starts_at, each.ends_at, 30)) & slots.get(each.room.id, set())
        assert set(wished.access) <= set(each.room.access.meets())
        assert each.ends_at - each.starts_at == length * 1_800_000
        assert (each.room.id, each.starts_at) != (room, starts_at) or starts_at not in slots.get(room, set())


# The clock on the wall


@pytest.mark.parametrize(
    ("on", "opens", "shuts"),
    [
        ("2027-03-26", "10:00", "18:00"),
        ("2027-03-29", "09:00", "17:00"),
        ("2027-10-29", "09:00", "17:00"),
        ("2027-11-01", "10:00", "18:00"),
    ],
)
def test_windows_follow_the_clock_on_the_wall_when_it_is_changed(on, opens, shuts):
    windows = terms().day("c", "room", date.fromisoformat(on)).windows
    assert windows == [(at(f"{on[5:]} {opens}"), at(f"{on[5:]} {shuts}"))]


@pytest.mark.parametrize(("on", "hours"), [("2027-03-28", 23), ("2027-10-31", 25), ("2027-10-30", 24)])
def test_a_day_on_which_the_clock_is_changed_has_23_or_25_hours_of_slots(on, hours):
    all_day = ((("00:00", "24:00"),),) * 7
    nights = RoomRules("c", "room", date(2022, 9, 1), 30, 30, 180, 14, True, 10, STUDENTS, all_day)
    night = Terms(ROOMS, [nights], {})
    day = date.fromisoformat(on)
    starts_at, ends_at = night.day("c", "room", day).windows[0]
    slots = rules.slots(starts_at, ends_at, 30)
    assert len(slots) == hours * 2
    now = starts_at - 86_400_000
    spans = rules.free_spans(ROOMS["r1"], night, (), now)
    assert len(spans) == 1
    for slot_at in slots:
        told = Wish("r1", slot_at, slot_at + 1_800_000, 1)
        assert refusal(told, night, person(), now) is None


def test_the_daily_limit_counts_the_day_on_the_wall():
    # in summer the day begins at 23:00 UTC of the day before
    all_day = ((("00:00", "24:00"),),) * 7
    nights = RoomRules("c", "room", date(2022, 9, 1), 30, 30, 180, 14, True, 10, STUDENTS, all_day)
    night = Terms(ROOMS, [nights], {})
    own = [booking("r2", "06-01 20:00", 180)]
    now = at("06-01 08:00")
    assert refusal(wish("r1", "06-01 23:00", 60), night, person(own=own), now) is None
    assert refusal(wish("r1", "06-01 19:00", 60), night, person(own=own), now) == "daily_limit"


def test_the_same_time_on_another_day_is_the_same_on_the_wall():
    first = offered(wish(starts="03-26 14:00"), {"r1": slots_of(("03-26 10:00", 16))}, now=at("03-26 08:00"))
    another_day = next(each for each in first if each.why == "same_room_another_day")
    assert another_day.starts_at == at("03-29 13:00")
    assert timedelta(milliseconds=another_day.ends_at - another_day.starts_at) == timedelta(hours=1)
