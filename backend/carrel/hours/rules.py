"""
When something is open, and on which days a site is closed. Pure: the instant comes as an argument.

The clock on the wall is London's. Hours are written in it and compared in UTC, so that the two days a year
on which the clock is changed have 23 and 25 hours and nothing else is special about them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from carrel.hours.model import Opening, ServicePoint, Site

TIMEZONE = "Europe/London"
LONDON = ZoneInfo(TIMEZONE)
DAYS_SEARCHED = 400
"""How far ahead an opening is looked for: past any closure of a year."""


@lru_cache(256)
def day_of(now: int) -> date:
    """The date on the wall at an instant (epoch milliseconds)."""
    return datetime.fromtimestamp(now / 1000, LONDON).date()


@lru_cache(4096)
def instant(on: date, clock: str, *, ends: bool = False) -> int:
    """
    The instant at which the clock on the wall shows a time.

    Args:
        clock: "HH:MM"; "24:00" is the first instant of the next day.
        ends: which of two to take when the clock shows it twice in October: False the first, True the last.

    Returns:
        Epoch milliseconds. A time that the clock leaves out in March is as far after the last whole hour
        before it as it says.
    """
    hour, minute = int(clock[:2]), int(clock[3:])
    if hour == 24:
        on, hour = on + timedelta(days=1), 0
    wall = datetime.combine(on, time(hour, minute), LONDON).replace(fold=1 if ends else 0)
    if wall.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != wall.replace(tzinfo=None):
        wall = wall.replace(fold=0)
    return round(wall.timestamp() * 1000)


def midnight_after(now: int) -> int:
    """The first instant of the next day on the wall."""
    return instant(day_of(now), "24:00")


def spans_on(openings: Sequence[Opening], on: date) -> list[tuple[int, int]]:
    """A day's openings as instants; includes starts, excludes ends."""
    return [(instant(on, opens), instant(on, shuts, ends=True)) for opens, shuts in openings]


def openings_on(point: ServicePoint, on: date) -> list[Opening]:
    """The hours of one day: those of its exception if it has one, else the weekly ones."""
    for exception in point.exceptions:
        if exception.on == on:
            return exception.open
    return point.weekly[on.weekday()]


@dataclass(frozen=True, slots=True)
class Open:
    """It is open. `until` is the instant it shuts; None: not within the days searched."""

    until: int | None


@dataclass(frozen=True, slots=True)
class Closed:
    """It is closed. `opens_at` is the next instant it opens; None: not within the days searched."""

    opens_at: int | None


def open_at(point: ServicePoint, now: int, days: int = DAYS_SEARCHED) -> Open | Closed:
    """
    Whether a service point is open at an instant, and when that next changes.

    Openings that touch, also across midnight, are one.
    """
    until: int | None = None
    for starts_at, ends_at in _spans(point, day_of(now), days):
        if until is not None:
            if starts_at > until:
                return Open(until)
            until = max(until, ends_at)
        elif starts_at <= now < ends_at:
            until = ends_at
        elif starts_at > now:
            return Closed(starts_at)
    if until is None:
        return Closed(None)
    return Open(None if until >= instant(day_of(now) + timedelta(days=days), "00:00") else until)


def _spans(point: ServicePoint, today: date, days: int) -> Iterator[tuple[int, int]]:
    for ahead in range(days + 1):
        on = today + timedelta(days=ahead)
        yield from spans_on(openings_on(point, on), on)


@dataclass(frozen=True, slots=True)
class Calendar:
    """On which days a site is open, for due dates and bookings."""

    weekly: tuple[tuple[Opening, ...], ...]
    """Monday to Sunday."""
    exceptions: Mapping[date, tuple[Opening, ...]] = field(default_factory=dict)

    def openings(self, on: date) -> tuple[Opening, ...]:
        """The hours of a day; empty when it is closed."""
        found = self.exceptions.get(on)
        return self.weekly[on.weekday()] if found is None else found

    def is_open(self, on: date) -> bool:
        """Whether it opens at all on that day."""
        return bool(self.openings(on))

    def open_from(self, on: date) -> date:
        """
        That day, or the next one on which it is open.

        A site with no open day within the days searched closes nothing: the
        day itself is returned, for nobody could keep to any other.
        """
        for ahead in range(DAYS_SEARCHED):
            if self.is_open(on + timedelta(days=ahead)):
                return on + timedelta(days=ahead)
        return on

    def open_until(self, on: date, after: date) -> date:
        """That day, or the last open one before it that comes after `after`; `after` when there is none."""
        while on > after and not self.is_open(on):
            on -= timedelta(days=1)
        return max(on, after)


ALWAYS_OPEN = Calendar(((("00:00", "24:00"),),) * 7)


def calendar(site: Site) -> Calendar:
    """A site's calendar: that of its first building. A site without one is always open."""
    for point in site.points:
        if point.kind == "building":
            return Calendar(
                tuple(tuple(day) for day in point.weekly),
                {each.on: tuple(each.open) for each in point.exceptions},
            )
    return ALWAYS_OPEN
