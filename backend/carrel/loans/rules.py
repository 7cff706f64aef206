"""
What may be renewed, until when, and why not. Pure: today comes as an argument.

The rules are those that a university library publishes for its automatic renewals, as data: `Policy` rows
that are in force from a day on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from carrel.hours.rules import Calendar
from carrel.loans.model import ItemKind, Loan, LoanFact, LoanState, Policy, Renewal, RenewalRefusal
from carrel.patrons.model import Account, System
from carrel.patrons.rules import state_of

STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Renewable:
    """It can be renewed, and is then due on this day."""

    until: date


@dataclass(frozen=True, slots=True)
class NotRenewable:
    """It cannot be renewed, for this reason."""

    why: RenewalRefusal


def policy_on(
    policies: Iterable[Policy], system: System, kind: ItemKind, borrower: str, on: date
) -> Policy | None:
    """
    The policy in force on a day.

    A borrower category's own rows come before those of "standard"; among
    them the one that began last. None: this system does not lend this kind.
    """
    found: Policy | None = None
    for each in policies:
        if each.system != system or each.kind != kind or each.from_on > on:
            continue
        if each.borrower not in (borrower, STANDARD):
            continue
        if found is None or (each.borrower != STANDARD, each.from_on) > (
            found.borrower != STANDARD,
            found.from_on,
        ):
            found = each
    return found


def decide_renewal(
    loan: Loan, policy: Policy | None, account: Account | None, calendar: Calendar, today: date
) -> Renewable | NotRenewable:
    """
    Decide until when a loan may be kept.

    The reasons are tried from the one that lasts longest: what is lost or
    never renews is so whatever the account is like, and "too soon" is said
    only when nothing else is in the way.

    Args:
        policy: the one in force today; None: its kind is not lent any more.
        account: the patron's account in the loan's borrowing system.
        calendar: of the site where the item goes back: no loan falls due on a closed day.

    Returns:
        The new last day. It is after the old one, an open day, not after the
        account's end and not beyond the longest time the item may be kept.

    Source:
        Published rules on automatic renewal: a rolling period, up to a year,
        not for what is requested, overdue, an inter-library loan or a laptop,
        and not beyond the account's end.
    """
    if loan.lost:
        return NotRenewable("lost")
    if policy is None or not policy.renews:
        return NotRenewable("never_renews")
    if loan.requested:
        return NotRenewable("requested")
    if loan.due_on < today:
        return NotRenewable("overdue")
    state = "expired" if account is None else state_of(account, today)
    if account is None or state == "expired":
        return NotRenewable("account_expired")
    if state == "blocked":
        return NotRenewable("account_blocked")
    start = loan.due_on if policy.counts_from == "due" else today
    until = calendar.open_from(start + timedelta(days=policy.period_days))
    if until > loan.issued_on + timedelta(days=policy.max_days):
        return NotRenewable("max_period")
    if until > account.expires_on:
        until = calendar.open_until(account.expires_on, loan.due_on)
        if until <= loan.due_on:
            return NotRenewable("account_expired")
    if until <= loan.due_on:
        return NotRenewable("too_soon")
    if policy.earliest_days is not None and today < loan.due_on - timedelta(days=policy.earliest_days):
        return NotRenewable("too_soon")
    return Renewable(until)


def renewed_since(due_on: date, due_version: int, seen_on: date | None, seen_version: int | None) -> bool:
    """
    Whether a loan has been renewed since a person looked at it: then they have what they wanted.

    Args:
        due_version: of the loan's fact that first told the due date of the latest renewal.
        seen_on: the due date they saw; None when their phone did not say. It
            tells also where versions do not, as after a backup was restored.
        seen_version: of the fact they saw.
    """
    return (seen_on is not None and due_on > seen_on) or (
        seen_version is not None and seen_version < due_version
    )


def state_on(loan: Loan, today: date) -> LoanState:
    """What to call a loan's state on a day."""
    if loan.lost:
        return "lost"
    if loan.due_on < today:
        return "requested_overdue" if loan.requested else "overdue"
    return "requested" if loan.requested else "on_loan"


def keep_until(loan: Loan, policy: Policy | None, account: Account | None) -> date:
    """The day beyond which it cannot be kept, however often it is renewed: never before it is due."""
    if policy is None or account is None or not policy.renews:
        return loan.due_on
    return max(loan.due_on, min(loan.issued_on + timedelta(days=policy.max_days), account.expires_on))


def fact(
    loan: Loan, policy: Policy | None, account: Account | None, calendar: Calendar, today: date
) -> LoanFact:
    """What the patron's phone may know today, permission and reason included."""
    match decide_renewal(loan, policy, account, calendar, today):
        case Renewable(until):
            renewal = Renewal(True, until)
        case NotRenewable(why):
            renewal = Renewal(False, why=why)
    when_due = decide_renewal(loan, policy, account, calendar, max(today, loan.due_on))
    return LoanFact(
        record=loan.item.record,
        title=loan.item.title,
        author=loan.item.author,
        shelfmark=loan.item.shelfmark,
        item=loan.item.id,
        kind=loan.item.kind,
        system=loan.item.system,
        site=loan.item.site,
        issued_on=loan.issued_on,
        due_on=loan.due_on,
        renewals=loan.renewals,
        renewal=renewal,
        renews_itself=policy is not None and policy.renews_itself and isinstance(when_due, Renewable),
        keep_until=keep_until(loan, policy, account),
        state=state_on(loan, today),
        shelf=class_letters(loan.item.shelfmark),
    )


def class_letters(shelfmark: str) -> str:
    """The letters of the class at the start of a shelfmark: "PR 6045 .O72" gives "PR"; "" when there are none."""
    found = re.match(r"[A-Z]{1,3}(?=[ \d.]|$)", shelfmark)
    return found[0] if found else ""


def renews_itself_today(loan: Loan, policy: Policy | None, today: date) -> bool:
    """
    Whether the library looks at a loan today, to renew it unasked.

    From the day it is due, and, after days on which nothing was looked at,
    also later: then the decision says whether it is overdue.
    """
    return policy is not None and policy.renews_itself and loan.due_on <= today
