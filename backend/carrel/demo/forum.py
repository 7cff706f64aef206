"""
The Forum at Southend: in the demo it is a library system of its own, made up and a little slow.

Its memory is a file beside the database. Where that is missing, it is made from what the library last
heard, as the Forum would say it again.
"""

import asyncio
import os
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path

from carrel.connectors import fake
from carrel.connectors.fake import Borrower, FakeConnector, FakeSystem, Faults
from carrel.connectors.model import HeldLoan
from carrel.demo.lending import POLICIES
from carrel.hours.calendars import calendars
from carrel.hours.rules import ALWAYS_OPEN, Calendar, day_of
from carrel.loans import rules
from carrel.loans.elsewhere import store
from carrel.loans.model import Item, Loan, RenewalRefusal
from carrel.patrons import store as patrons_store
from carrel.patrons.model import Account
from carrel.storage import Storage, Transaction

SYSTEM = "forum"
NAME = "The Forum, Southend"
FILE = "forum.json"

_KOHA: dict[RenewalRefusal, str] = {
    "requested": "on_reserve",
    "overdue": "overdue",
    "never_renews": "item_denied_renewal",
    "account_blocked": "restriction",
    "account_expired": "auto_account_expired",
    "max_period": "too_many",
    "too_soon": "too_soon",
    "lost": "item_lost",
    "not_yours": "no_checkout",
}


def held(loan: Loan, keep_until: date) -> HeldLoan:
    """A loan as the Forum keeps it."""
    return HeldLoan(
        loan.id,
        loan.item.id,
        loan.item.title,
        loan.due_on,
        loan.item.author,
        loan.item.shelfmark,
        loan.item.record,
        loan.item.kind,
        loan.item.site,
        loan.issued_on,
        loan.renewals,
        loan.requested,
        loan.lost,
        keep_until=keep_until,
    )


def rule(of: Mapping[str, Calendar]) -> fake.Rule:
    """The Forum's own rules: its policies, and the days on which its doors are open."""

    def decide(borrower: Borrower, each: HeldLoan, today: date) -> date | str:
        item = Item(each.item, each.record, each.title, each.author, each.shelfmark, each.kind, SYSTEM, each.site)
        loan = Loan(
            each.id,
            "",
            item,
            each.issued_on or today,
            each.due_on,
            each.renewals or 0,
            bool(each.requested),
            each.lost,
        )
        account = Account(SYSTEM, NAME, rules.STANDARD, borrower.blocked, borrower.expires_on)
        policy = rules.policy_on(POLICIES, SYSTEM, each.kind, rules.STANDARD, today)
        match rules.decide_renewal(loan, policy, account, of.get(each.site, ALWAYS_OPEN), today):
            case rules.Renewable(until):
                return until
            case rules.NotRenewable(why):
                return _KOHA[why]

    return decide


async def connected(
    storage: Storage,
    folder: Path,
    now: Callable[[], int],
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> FakeConnector:
    """
    Open the Forum.

    Args:
        folder: where its memory is kept.
        now: epoch milliseconds.
        pause: waits for so many seconds.
    """
    place = folder / FILE
    of = await storage.read(calendars)
    if place.exists():
        borrowers = fake.remembered(place.read_bytes())
    else:
        borrowers = await storage.read(_as_heard)
    draw = random.Random(secrets.randbits(64))

    async def take_time(slow: bool) -> None:
        await pause(draw.uniform(0.6, 1.4) + (4 if slow else 0))

    system = FakeSystem(
        borrowers,
        now,
        day_of,
        rule=rule(of),
        faults=Faults(slow=0.1),
        wait=take_time,
        changed=lambda each: _keep(place, fake.memory(each)),
    )
    _keep(place, fake.memory(system))
    return FakeConnector(system.ask, lambda: secrets.token_hex(8))


async def _as_heard(tx: Transaction) -> dict[str, Borrower]:
    borrowers: dict[str, Borrower] = {}
    for patron_id in await patrons_store.holders_in(tx, SYSTEM):
        number = await store.number(tx, patron_id, SYSTEM)
        account = next(each for each in await patrons_store.accounts(tx, patron_id) if each.system == SYSTEM)
        assert number is not None
        loans = {each.held.id: each.held for each in await store.loans(tx, patron_id, SYSTEM)}
        borrowers[number] = Borrower(account.blocked, account.expires_on, loans)
    return borrowers


def _keep(place: Path, memory: bytes) -> None:
    beside = place.with_suffix(".new")
    beside.write_bytes(memory)
    os.replace(beside, place)
