"""What library systems tell, and everything that can come of a question to one."""

from datetime import date

from msgspec import Struct

from carrel.loans.model import ItemKind, RenewalRefusal


class HeldLoan(Struct, frozen=True):
    """A loan as a library system tells it. None is what it does not say, never a guess."""

    id: str
    """What the system calls the loan; the item's barcode where it has no name for it."""
    item: str
    """Barcode."""
    title: str
    due_on: date
    """The last day on which it is not overdue."""
    author: str = ""
    shelfmark: str = ""
    record: str = ""
    """Id of the bibliographic record in Carrel's catalogue; "" when it is not in it."""
    kind: ItemKind = "book"
    site: str = ""
    """Where it goes back, by the id of a site of Carrel's; "" when it could be any."""
    issued_on: date | None = None
    renewals: int | None = None
    """How often it was renewed."""
    requested: bool | None = None
    """Whether another reader has asked for it."""
    lost: bool = False
    renewable: bool | None = None
    """Whether the system would renew it now."""
    why: RenewalRefusal | None = None
    """Why it would not."""
    until: date | None = None
    """When it would then be due."""
    keep_until: date | None = None
    """The day beyond which it cannot be kept."""
    renews_itself: bool = False


class Loans(Struct, frozen=True):
    """Everything that a patron has on loan there; a list that may not be whole is Unknown instead."""

    loans: tuple[HeldLoan, ...]


class Account(Struct, frozen=True):
    """What a patron may do there. None is what the system does not say."""

    blocked: bool | None = None
    expires_on: date | None = None
    """The last day on which the account can be used."""


class NoSuchPatron(Struct, frozen=True):
    """The system knows nobody of that number."""


class Renewed(Struct, frozen=True):
    """The system says that it has renewed the loan, until `due_on` where it says that too."""

    due_on: date | None = None


class Refused(Struct, frozen=True):
    """The system says that it has not renewed the loan and will not: a reason of Carrel's closed list."""

    why: RenewalRefusal
    detail: str = ""
    """What it said in its own words, for staff and for the log."""


class Unknown(Struct, frozen=True):
    """
    Nobody can tell what became of the question, so it may have been done, or still be.

    No answer in time, a connection cut after sending, an answer that cannot be
    read or that belongs to another question.
    """

    why: str
    """For staff and for the log; names no patron and no title."""


class Down(Struct, frozen=True):
    """The question surely did nothing: it could not be sent, or the system said that it takes none just now."""

    why: str
    """For staff and for the log; names no patron and no title."""
