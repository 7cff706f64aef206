"""What a loan is, the dated policy it lives under, and what a phone knows of it."""

from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from carrel.patrons.model import System

KIND = "loans"
"""The kind of a loan's fact, and the address of what may be asked about one."""

ItemKind = Literal["book", "laptop", "inter_library_loan", "short_loan", "reference"]

LoanState = Literal["on_loan", "requested", "overdue", "requested_overdue", "lost"]

RenewalRefusal = Literal[
    "requested",
    "overdue",
    "never_renews",
    "account_blocked",
    "account_expired",
    "max_period",
    "too_soon",
    "lost",
    "not_yours",
    "unexplained",
    "system_silent",
]
"""
Why a loan is not renewed.

requested: another reader has asked for it. overdue: it was due before today. never_renews: its kind does not.
account_blocked, account_expired: nothing can be renewed on the account. max_period: it would be kept longer
than its kind may be. too_soon: today it would gain nothing yet. lost: it was reported lost. not_yours: there
is no such loan of this patron. unexplained: the library system that lends it gave no reason that is known
here. system_silent: that system did not answer, or did not do it, for so long that nobody asks it any more;
it is known that nothing was renewed.
"""

RenewalFault = Literal["not_known"]
"""
What may go wrong with a renewal without anybody knowing whether it was done.

not_known: the library system that lends it was asked, and has told nothing since.
"""


class Policy(Struct, frozen=True):
    """Under which rules one kind of item is lent by one borrowing system, from one day on."""

    system: System
    kind: ItemKind
    borrower: str
    """Borrower category of the account; "standard" also serves every category without rows of its own."""
    from_on: date
    """First day on which it is in force; it stays so until a later row for the same three begins."""
    period_days: int
    """How long one period lasts, at issue and at each renewal."""
    max_days: int
    """How long it may be kept, counted from the day of issue."""
    renews: bool
    renews_itself: bool
    """Whether the library renews it when its period ends, without being asked."""
    counts_from: Literal["due", "today"]
    """What a renewal's period is counted from: the day it is due, or the day of the renewal."""
    earliest_days: int | None = None
    """How many days before it is due it may first be renewed; None: at any time."""


class Item(Struct, frozen=True):
    """One copy with a barcode, and what is printed on a loan slip about it."""

    id: str
    """Barcode."""
    record: str
    """Id of the bibliographic record; "" for what has none, such as a laptop."""
    title: str
    author: str
    shelfmark: str
    kind: ItemKind
    system: System
    site: str


class Loan(Struct, frozen=True):
    """An item in a patron's hands."""

    id: str
    patron: str
    item: Item
    issued_on: date
    due_on: date
    """The last day on which it is not overdue."""
    renewals: int = 0
    requested: bool = False
    """Another reader has asked for it, so its due date is fixed."""
    lost: bool = False
    """Reported lost, not yet settled."""


class Renewal(Struct, frozen=True, omit_defaults=True):
    """
    Whether it can be renewed today, and if not, `why`.

    Where another library system decides and does not say, it can: asking tells.
    """

    can: bool
    until: date | UnsetType = UNSET
    """The day on which it would then be due; left out where another library system decides and does not say."""
    why: RenewalRefusal | UnsetType = UNSET


class LoanFact(Struct, frozen=True):
    """What a phone knows of a loan."""

    record: str
    title: str
    author: str
    shelfmark: str
    item: str
    kind: ItemKind
    system: System
    site: str
    issued_on: date | None
    """None: the library system that lends it does not say."""
    due_on: date
    renewals: int | None
    """None: the library system that lends it does not say."""
    renewal: Renewal
    renews_itself: bool
    """It is renewed without asking when it is due, as things stand."""
    keep_until: date
    """The day beyond which it cannot be kept, however often it is renewed."""
    state: LoanState
    shelf: str
    """Class letters of the shelfmark, for the colour of its cloth; "" when it has none."""


class SystemFact(Struct, frozen=True):
    """What a phone knows of a library system that is not Carrel and decides about some of the patron's loans."""

    name: str
    """What readers call it."""
    heard_at: int | None
    """When it last answered, epoch milliseconds: the age of everything it said. None: not yet."""
    silent_since: int | None
    """The first time since then that it did not answer; None: it has answered."""


class Renew(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of `loans.renew@1`."""

    loan: str
    due_on: date | None = None
    """The due date that the person was looking at: one that is later now is what they wanted."""


class RecordAvailability(Struct, frozen=True):
    """How many copies of a record are lent out."""

    copies: int
    out: int
    first_due_on: date
    """When the first of those lent out is due."""


class Availability(Struct, frozen=True):
    """GET /pub/1/availability: every record of which a copy is lent out; all others stand on their shelves."""

    as_of: int
    records: dict[str, RecordAvailability]
