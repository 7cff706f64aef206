"""When something is open, across midnight, holidays and the days on which the clock is changed."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from carrel.demo.places import CONTACTS, sites
from carrel.hours import store
from carrel.hours.calendars import calendar_of
from carrel.hours.model import HoursException, ServicePoint
from carrel.hours.rules import (
    ALWAYS_OPEN,
    Calendar,
    Closed,
    Open,
    calendar,
    day_of,
    instant,
    midnight_after,
    open_at,
)
from carrel.storage import open_storage


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def point(*week, exceptions=()) -> ServicePoint:
    weekly = [list(day) for day in week] if len(week) == 7 else [list(week)] * 7
    return ServicePoint("p", "Help desk", "desk", "", weekly, list(exceptions), "")


DAYS = point(("09:00", "12:00"), ("14:00", "18:00"))
NIGHTS = point(("00:00", "02:00"), ("20:00", "24:00"))
WEEKDAYS = point(*[[("09:00", "17:00")]] * 5, [], [])
HOLIDAY = point(
    ("09:00", "17:00"),
    exceptions=[HoursException(date(2027, 2, 2), [], "Holiday"), HoursException(date(2027, 2, 3), [("11:00", "12:00")], "Training")],
)  # fmt: skip


@pytest.mark.parametrize(
    ("where", "now", "expected"),
    [
        (DAYS, "2027-02-01 08:59", Closed(at("2027-02-01 09:00"))),
        (DAYS, "2027-02-01 09:00", Open(at("2027-02-01 12:00"))),
        (DAYS, "2027-02-01 12:00", Closed(at("2027-02-01 14:00"))),
        (DAYS, "2027-02-01 18:00", Closed(at("2027-02-02 09:00"))),
        (NIGHTS, "2027-02-01 23:00", Open(at("2027-02-02 02:00"))),
        (NIGHTS, "2027-02-01 01:00", Open(at("2027-02-01 02:00"))),
        (WEEKDAYS, "2027-02-05 17:00", Closed(at("2027-02-08 09:00"))),
        (HOLIDAY, "2027-02-02 10:00", Closed(at("2027-02-03 11:00"))),
        (HOLIDAY, "2027-02-03 11:30", Open(at("2027-02-03 12:00"))),
        (point(("00:00", "24:00")), "2027-02-03 11:30", Open(None)),
        (point(), "2027-02-03 11:30", Closed(None)),
        # summer time: the desk opens at 09:00 on the wall, 08:00 UTC
        (DAYS, "2027-07-01 07:59", Closed(at("2027-07-01 08:00"))),
        (DAYS, "2027-07-01 08:00", Open(at("2027-07-01 11:00"))),
    ],
)
def test_open_or_closed_and_until_when(where, now, expected):
    assert open_at(where, at(now)) == expected


@pytest.mark.parametrize(
    ("on", "clock", "ends", "expected"),
    [
        ("2027-03-28", "00:30", False, "2027-03-28 00:30"),
        ("2027-03-28", "01:30", False, "2027-03-28 01:30"),
        ("2027-03-28", "01:30", True, "2027-03-28 01:30"),
        ("2027-03-28", "02:00", False, "2027-03-28 01:00"),
        ("2027-03-28", "24:00", False, "2027-03-28 23:00"),
        ("2027-10-31", "01:30", False, "2027-10-31 00:30"),
        ("2027-10-31", "01:30", True, "2027-10-31 01:30"),
        ("2027-10-31", "02:00", False, "2027-10-31 02:00"),
        ("2027-10-31", "24:00", False, "2027-11-01 00:00"),
    ],
)
def test_times_on_the_wall_become_instants_also_when_the_clock_is_changed(on, clock, ends, expected):
    assert instant(date.fromisoformat(on), clock, ends=ends) == at(expected)


def test_a_day_begins_at_midnight_on_the_wall():
    assert day_of(at("2027-06-30 22:59")) == date(2027, 6, 30)
    assert day_of(at("2027-06-30 23:00")) == date(2027, 7, 1)
    assert midnight_after(at("2027-06-30 12:00")) == at("2027-06-30 23:00")


def test_a_calendar_skips_closed_days_and_never_searches_for_ever():
    weekdays = Calendar(((("09:00", "17:00"),),) * 5 + ((), ()), {date(2027, 2, 8): ()})
    assert weekdays.open_from(date(2027, 2, 6)) == date(2027, 2, 9)
    assert weekdays.open_until(date(2027, 2, 7), date(2027, 2, 1)) == date(2027, 2, 5)
    assert weekdays.open_until(date(2027, 2, 7), date(2027, 2, 6)) == date(2027, 2, 6)
    never = Calendar(((),) * 7)
    assert never.open_from(date(2027, 2, 6)) == date(2027, 2, 6)
    assert never.open_until(date(2027, 2, 6), date(2027, 2, 1)) == date(2027, 2, 1)


def test_a_sites_calendar_is_that_of_its_first_building():
    loughton = next(site for site in sites(date(2027, 2, 1)) if site.id == "loughton")
    told = calendar(loughton)
    assert not told.is_open(date(2027, 2, 7))
    assert not told.is_open(date(2027, 12, 25))
    assert told.is_open(date(2027, 2, 6))


def test_hours_are_kept_as_they_were_given(databases):
    async def whole():
        storage = await open_storage(databases.place(), 0)
        given = sites(date(2027, 2, 1))

        async def work(tx):
            assert await calendar_of(tx, "colchester") == ALWAYS_OPEN
            await store.keep_library(tx, "A library", CONTACTS)
            await store.keep_sites(tx, given)
            await store.keep_sites(tx, given)

        await storage.write(work)
        assert await storage.read(store.sites) == tuple(given)
        assert await storage.read(store.library) == ("A library", CONTACTS)
        before = await storage.read(store.edition)
        await storage.write(lambda tx: store.keep_sites(tx, given[:1]))
        assert await storage.read(store.edition) != before
        assert await storage.read(store.sites) == tuple(given[:1])
        await storage.close()

    asyncio.run(whole())
