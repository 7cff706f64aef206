"""
The questions that Carrel asks of a library system, and everything that can come of one.

One contract for every connector: `tests/contracts/test_library_system.py` runs it against each. No
library system knows a key that would make a question safe to repeat, so a connector never repeats one
that changes something: it says what it heard, and `carrel.loans.elsewhere` finds out what is true. What
is known of systems that answer late, twice, wrongly or not at all is for connectors to recognise: an
answer that is not surely the answer to the very question is Unknown.
"""

from typing import Protocol

from carrel.connectors.model import (
    Account,
    Down,
    HeldLoan,
    Loans,
    NoSuchPatron,
    Refused,
    Renewed,
    Unknown,
)


class LibrarySystem(Protocol):
    """
    One library system that can be asked.

    Each method asks one question once, waits no longer than its own limit and
    raises nothing for whatever the system or the network does. `number` is how
    the system knows the patron: whoever calls has made sure that it is theirs.
    """

    usual_seconds: int
    """In about how many seconds a renewal has its answer on an ordinary day; told to readers' phones."""
    lingers_ms: int
    """
    So long after a question was sent it may still take effect, answered or not, in milliseconds.

    More than the time waited for an answer: requests stand in queues. Only a
    reading that was begun later proves that a renewal was not done.
    """

    async def loans(self, number: str) -> Loans | NoSuchPatron | Unknown | Down:
        """What a patron has on loan. It shows whatever took effect before it was asked for."""
        ...

    async def account(self, number: str) -> Account | NoSuchPatron | Unknown | Down:
        """How it stands with a patron's account."""
        ...

    async def renew(self, number: str, loan: HeldLoan) -> Renewed | Refused | Unknown | Down:
        """
        Renew one loan, as it was told by `loans`.

        Asking twice may renew twice. A loan or patron that the system does not
        know (any more) is Refused with "not_yours".
        """
        ...
