"""What a sign-in is made of, and what a browser is told of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec import Struct

from carrel.storage import Transaction


class Someone(Struct, frozen=True):
    """A patron, as far as the page has to greet them."""

    id: str
    name: str


class SessionView(Struct, frozen=True):
    """GET /session."""

    patron: Someone | None
    demo: bool
    """Whether this library is a demo, where anyone may sign in as anyone."""


class DemoPatron(Struct, frozen=True):
    """One of the made-up people a demo lets you be."""

    id: str
    name: str
    about: str
    """What makes their account worth a look, in a few words."""


class DemoSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /session/demo."""

    patron: str


class CodeSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /session/code."""

    card_number: str
    code: str


@dataclass(frozen=True, slots=True)
class Register:
    """What identity needs to ask about patrons; whoever keeps the patrons answers."""

    holder_of: Callable[[Transaction, str], Awaitable[str | None]]
    """(tx, card number) to the id of the patron whose card it is."""
    name_of: Callable[[Transaction, str], Awaitable[str | None]]
    """(tx, patron id) to their name; None when there is no such patron."""
    demo_patrons: Callable[[Transaction], Awaitable[list[DemoPatron]]]
    """Those whom a demo offers, in the order in which to offer them."""
