"""What may be asked about loans, what time changes about them, and what comes from the desk."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

from carrel.hours.calendars import calendar_of
from carrel.hours.rules import Calendar, day_of, midnight_after
from carrel.loans import rules, store
from carrel.loans.model import KIND, Loan, Policy, Renew
from carrel.patrons.model import Account
from carrel.storage import Transaction
from carrel.storage.facts import lock, publish, withdraw
from carrel_sync.library import Asked, Decision, Done, Operation, Refresh, Refused

RenewElsewhere = Callable[[Transaction, Asked[Renew]], Awaitable[Decision]]
"""Takes in the wish to renew a loan that is not one of Carrel's own."""


async def _nobody_elses(_: Transaction, __: Asked[Renew]) -> Decision:
    return Refused("not_yours")


def operations(elsewhere: RenewElsewhere = _nobody_elses, stirs: Sequence[Refresh] = ()) -> list[Operation]:
    """
    What may be asked about loans.

    Args:
        elsewhere: for loans about which another library system decides.
        stirs: what `elsewhere` stirs. A renewal here stirs nothing: time changes loans at midnight only.
    """

    async def renew_anywhere(tx: Transaction, asked: Asked[Renew]) -> Decision:
        return await renew(tx, asked, elsewhere)

    return [Operation("loans.renew@1", Renew, renew_anywhere, stirs=stirs, gather=gather)]


async def gather(tx: Transaction, patron_id: str, asked: Sequence[Renew]) -> dict[str, store.Standing | None]:
    """The standings of several loans of a patron; None for each that is not theirs."""
    loans = {each.loan for each in asked}
    if len(loans) == 1:
        return {each: await store.standing(tx, patron_id, each) for each in loans}
    return dict.fromkeys(loans) | await store.standings(tx, patron_id, sorted(loans))


async def renew(
    tx: Transaction, asked: Asked[Renew], elsewhere: RenewElsewhere = _nobody_elses
) -> Decision:
    """
    Renew a loan.

    When it has been renewed since the person looked at it, by another of
    their devices or by the library, they have what they wanted: done, with the
    due date, and not renewed a second time.

    Returns:
        Done with `due_on`; Refused with a reason of `RenewalRefusal`. Another
        person's loan is refused in the same words as one that does not exist.
    """
    gathered: dict[str, store.Standing | None] = asked.gathered or {}
    if asked.args.loan in gathered:
        standing = gathered[asked.args.loan]
    else:
        standing = await store.standing(tx, asked.patron, asked.args.loan)
    if standing is None:
        return await elsewhere(tx, asked)
    loan = standing.loan
    if rules.renewed_since(loan.due_on, standing.due_version, asked.args.due_on, asked.base.get(f"{KIND}:{loan.id}")):
        return Done({"due_on": loan.due_on.isoformat()})
    today = day_of(asked.now)
    policy, calendar = await _terms(tx, standing, today)
    match rules.decide_renewal(loan, policy, standing.account, calendar, today):
        case rules.NotRenewable(why):
            return Refused(why, {"due_on": loan.due_on.isoformat()})
        case rules.Renewable(until):
            await _renewed(tx, loan, until, policy, standing.account, calendar, asked.now)
            gathered.pop(loan.id, None)
            return Done({"due_on": until.isoformat()})


async def _terms(tx: Transaction, standing: store.Standing, on: date) -> tuple[Policy | None, Calendar]:
    item, account = standing.loan.item, standing.account
    policy = rules.policy_on(
        await store.policies(tx, standing.policies),
        item.system,
        item.kind,
        rules.STANDARD if account is None else account.borrower,
        on,
    )
    return policy, await calendar_of(tx, item.site, standing.hours)


async def _renewed(
    tx: Transaction,
    loan: Loan,
    until: date,
    policy: Policy | None,
    account: Account | None,
    calendar: Calendar,
    now: int,
) -> Loan:
    await store.renewed(tx, loan, until)
    loan = Loan(
        loan.id,
        loan.patron,
        loan.item,
        loan.issued_on,
        until,
        loan.renewals + 1,
        loan.requested,
        loan.lost,
    )
    fact = rules.fact(loan, policy, account, calendar, day_of(now))
    await publish(tx, loan.patron, KIND, loan.id, fact, now)
    return loan


async def refresh(tx: Transaction, patron_id: str, now: int) -> int:
    """
    Publish anew each loan that was not looked at today: it may be overdue, or may be renewed now.

    Returns:
        The next midnight (epoch milliseconds).
    """
    today = day_of(now)
    for standing in await store.not_looked_at(tx, patron_id, today):
        policy, calendar = await _terms(tx, standing, today)
        fact = rules.fact(standing.loan, policy, standing.account, calendar, today)
        await publish(tx, patron_id, KIND, standing.loan.id, fact, now)
        await store.looked_at(tx, standing.loan.id, today)
    return midnight_after(now)


async def look_again(tx: Transaction, patron_id: str, now: int) -> None:
    """Publish all of a patron's loans anew, because their account or a policy changed."""
    await lock(tx, patron_id)
    await store.look_again(tx, patron_id)
    await refresh(tx, patron_id, now)


async def request(tx: Transaction, loan_id: str, requested: bool, now: int) -> None:
    """Another reader asks for what is lent, or does so no more; the borrower's phone is told."""
    patron_id = await _turn_of_borrower(tx, loan_id)
    if patron_id is not None and await store.request(tx, loan_id, requested) == patron_id:
        await refresh(tx, patron_id, now)


async def give_back(tx: Transaction, loan_id: str, now: int) -> None:
    """An item has come back: the loan is over and leaves the borrower's phone."""
    patron_id = await _turn_of_borrower(tx, loan_id)
    if patron_id is not None and await store.give_back(tx, loan_id, day_of(now)) == patron_id:
        await withdraw(tx, patron_id, KIND, loan_id, now)


async def _turn_of_borrower(tx: Transaction, loan_id: str) -> str | None:
    patron_id = await store.borrower(tx, loan_id)
    if patron_id is not None:
        await lock(tx, patron_id)
    return patron_id


async def renew_due(tx: Transaction, patron_id: str, after: date, today: date, now: int) -> dict[str, int]:
    """
    Renew, unasked, what a patron has on loan and what is due.

    Each loan is decided as of the day it was due, so that days on which the
    library was not running make nobody overdue; what is due again by today is
    renewed again.

    Args:
        after: what was due on this day or before was looked at by an earlier run.

    Returns:
        How many were renewed, and how many were not for each reason.
    """
    counts: dict[str, int] = {}
    for standing in await store.due_between(tx, patron_id, after, today):
        loan = standing.loan
        while loan.due_on <= today:
            policy, calendar = await _terms(tx, standing, loan.due_on)
            if not rules.renews_itself_today(loan, policy, today):
                break
            match rules.decide_renewal(loan, policy, standing.account, calendar, loan.due_on):
                case rules.NotRenewable(why):
                    counts[why] = counts.get(why, 0) + 1
                    break
                case rules.Renewable(until):
                    counts["renewed"] = counts.get("renewed", 0) + 1
                    loan = await _renewed(tx, loan, until, policy, standing.account, calendar, now)
    return counts
