"""What a patron is: one person, and an account in each borrowing system they may use."""

from datetime import date
from typing import Literal

from msgspec import Struct

System = Literal["university", "forum"]
"""Borrowing systems: each has its own accounts, rules and sign-in. The Forum is shared with a public library."""

Category = Literal["undergraduate", "postgraduate", "staff", "visitor"]

AccountState = Literal["active", "expired", "blocked"]


class Account(Struct, frozen=True):
    """A patron's account in one borrowing system."""

    system: System
    name: str
    """What readers call the system."""
    borrower: str
    """The borrower category whose loan policies apply: "standard", or "longer_loans" as an adjustment."""
    blocked: bool
    expires_on: date
    """The last day on which it can be used."""
    number: str = ""
    """How the system knows the patron; "": by the number of their library card."""


class Patron(Struct, frozen=True):
    """One person. `accounts` are in the order in which they are shown."""

    id: str
    card_number: str
    name: str
    email: str
    phone: str
    category: Category
    site: str
    """Home campus."""
    expires_on: date
    """Last day of the course or contract."""
    accounts: tuple[Account, ...]
    works_here: bool = False
    """Whether they are a member of the library's staff; kept with what lets them sign in."""


class AccountFact(Struct, frozen=True):
    """An account as its owner sees it."""

    id: System
    name: str
    state: AccountState


class PatronFact(Struct, frozen=True):
    """What a phone knows of the person it belongs to."""

    name: str
    card_number: str
    category: Category
    site: str
    expires_on: date
    systems: list[AccountFact]
    works_here: bool = False
    """A member of the library's staff, who sees what is for staff."""
