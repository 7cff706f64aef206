"""What a site and a service point are, and what everybody may know of them."""

from datetime import date
from typing import Literal

from msgspec import Struct

PointKind = Literal["building", "desk", "phone", "chat", "lift", "venue"]

Opening = tuple[str, str]
"""From and to, "HH:MM" by the clock on the wall; "24:00" is the end of the day. Includes its start, excludes its end."""


class HoursException(Struct, frozen=True):
    """Other hours on one day."""

    on: date
    open: list[Opening]
    """Instead of the weekly hours; empty: closed all day."""
    why: str


class ServicePoint(Struct, frozen=True):
    """Something with hours of its own: a building, a desk, a telephone, a chat, a lift, a venue."""

    id: str
    name: str
    kind: PointKind
    contact: str
    """Telephone number, address or e-mail; "" when there is none."""
    weekly: list[list[Opening]]
    """Monday to Sunday."""
    exceptions: list[HoursException]
    note: str


class Site(Struct, frozen=True):
    """A campus library. Its first point of kind "building" says on which days things can be returned."""

    id: str
    name: str
    points: list[ServicePoint]


class Contact(Struct, frozen=True):
    """A way to reach the library that belongs to no one site."""

    kind: Literal["phone", "email", "chat", "desk", "online"]
    label: str
    value: str


class LibraryInfo(Struct, frozen=True):
    """GET /pub/1/library."""

    as_of: int
    name: str
    timezone: str
    demo: bool
    sites: list[Site]
    contacts: list[Contact]
