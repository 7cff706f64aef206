"""What is known of a loan that another library system decides about, and of who waits for it."""

from datetime import date
from typing import Literal

from msgspec import Struct

from carrel.connectors.model import HeldLoan
from carrel.loans.model import RenewalRefusal
from carrel.patrons.model import System

Waiting = Literal["library_system_waiting"]
"""The code of `received`: the library system that lends it has not answered yet."""
WAITING: Waiting = "library_system_waiting"


class Wish(Struct, frozen=True):
    """A renewal that a reader waits for."""

    u: str
    """Its identity."""
    loan: str
    seen_on: date
    """The due date they were looking at."""
    kept_at: int
    """Since when it is known here, epoch milliseconds."""
    until: int | None
    """Not to be asked for from this instant on."""


class Question(Struct, frozen=True):
    """What the system was last asked about a loan; instants in epoch milliseconds."""

    asked_at: int | None = None
    """When it was asked to renew it, if that may yet take effect or nobody knows whether it did."""
    before_on: date | None = None
    """When the loan was due before that."""
    before_renewals: int | None = None
    """How often it had been renewed before that, if the system says such things."""
    asks: int = 0
    """How often it was asked for those who wait now."""
    ask_from: int = 0
    """Not to be asked again before this instant."""
    refused: RenewalRefusal | None = None
    """Why it would not, when it was last asked."""
    refused_at: int | None = None
    """When that was asked."""


class Mirrored(Struct, frozen=True):
    """A loan as the system last told it, under the name by which phones know it."""

    id: str
    system: System
    held: HeldLoan
    due_version: int
    """Version of its fact that first told the due date of the latest renewal; 0: none yet."""
    question: Question


class Standing(Struct, frozen=True):
    """How it stands with a patron's account in a system; instants in epoch milliseconds."""

    system: System
    name: str
    """What readers call the system."""
    heard_at: int | None
    silent_since: int | None
