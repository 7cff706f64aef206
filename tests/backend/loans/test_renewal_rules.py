"""The renewal decision, case by case, and what no case may ever lead to."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from carrel.hours.rules import ALWAYS_OPEN, Calendar
from carrel.loans import rules
from carrel.loans.model import Item, Loan, Policy
from carrel.loans.rules import NotRenewable, Renewable, decide_renewal
from carrel.patrons.model import Account

TODAY = date(2027, 2, 1)
WEEK = Policy("university", "book", "standard", date(2022, 8, 1), 7, 365, True, True, "due", 7)
FORUM = Policy("forum", "book", "standard", date(2019, 4, 1), 21, 84, True, False, "today")
LAPTOP = Policy("university", "laptop", "standard", date(2016, 10, 1), 1, 1, False, False, "due")


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def loan(due: int, issued: int = -20, **more) -> Loan:
    item = Item(
        "i1", "r1", "The Waves", "Virginia Woolf", "PR 6045 .O72 W3", "book", "university", "colchester"
    )
    return Loan("l1", "ada", item, day(issued), day(due), **more)


def account(ends: int = 400, blocked: bool = False) -> Account:
    return Account("university", "University libraries", "standard", blocked, day(ends))


def closed_on(*offsets: int) -> Calendar:
    return Calendar(ALWAYS_OPEN.weekly, {day(each): () for each in offsets})


CASES = {
    "a week from the day it is due": (loan(3), WEEK, account(), ALWAYS_OPEN, Renewable(day(10))),
    "on the day it is due": (loan(0), WEEK, account(), ALWAYS_OPEN, Renewable(day(7))),
    "exactly as early as the policy allows": (loan(7), WEEK, account(), ALWAYS_OPEN, Renewable(day(14))),
    "a day earlier than that": (loan(8), WEEK, account(), ALWAYS_OPEN, NotRenewable("too_soon")),
    "three weeks from today": (loan(5), FORUM, account(), ALWAYS_OPEN, Renewable(day(21))),
    "counted from today it would gain nothing": (loan(21), FORUM, account(), ALWAYS_OPEN, NotRenewable("too_soon")),
    "counted from today it would gain a day": (loan(20), FORUM, account(), ALWAYS_OPEN, Renewable(day(21))),
    "another reader has asked": (loan(3, requested=True), WEEK, account(), ALWAYS_OPEN, NotRenewable("requested")),
    "overdue since yesterday": (loan(-1), WEEK, account(), ALWAYS_OPEN, NotRenewable("overdue")),
    "overdue, and another reader has asked": (
        loan(-1, requested=True), WEEK, account(), ALWAYS_OPEN, NotRenewable("requested"),
    ),
    "a laptop": (loan(1), LAPTOP, account(), ALWAYS_OPEN, NotRenewable("never_renews")),
    "a laptop that is overdue and asked for": (
        loan(-1, requested=True), LAPTOP, account(), ALWAYS_OPEN, NotRenewable("never_renews"),
    ),
    "a kind that is lent no more": (loan(1), None, account(), ALWAYS_OPEN, NotRenewable("never_renews")),
    "lost": (loan(3, lost=True), WEEK, account(), ALWAYS_OPEN, NotRenewable("lost")),
    "lost on a blocked account": (loan(3, lost=True), WEEK, account(blocked=True), ALWAYS_OPEN, NotRenewable("lost")),
    "the account is blocked": (loan(3), WEEK, account(blocked=True), ALWAYS_OPEN, NotRenewable("account_blocked")),
    "the account ended yesterday": (loan(3), WEEK, account(-1), ALWAYS_OPEN, NotRenewable("account_expired")),
    "the account ended and is blocked": (
        loan(3), WEEK, account(-1, blocked=True), ALWAYS_OPEN, NotRenewable("account_blocked"),
    ),
    "there is no account": (loan(3), WEEK, None, ALWAYS_OPEN, NotRenewable("account_expired")),
    "cut to the account's end": (loan(3), WEEK, account(6), ALWAYS_OPEN, Renewable(day(6))),
    "the account ends on the day it is due": (loan(3), WEEK, account(3), ALWAYS_OPEN, NotRenewable("account_expired")),
    "cut to the last open day before the account's end": (
        loan(3), WEEK, account(6), closed_on(5, 6), Renewable(day(4)),
    ),
    "no open day is left before the account's end": (
        loan(3), WEEK, account(6), closed_on(4, 5, 6), NotRenewable("account_expired"),
    ),
    "the last day of the year it may be kept": (loan(3, issued=-355), WEEK, account(), ALWAYS_OPEN, Renewable(day(10))),
    "one day beyond that year": (loan(3, issued=-356), WEEK, account(), ALWAYS_OPEN, NotRenewable("max_period")),
    "beyond the year because of a closed day": (
        loan(3, issued=-355), WEEK, account(), closed_on(10), NotRenewable("max_period"),
    ),
    "a closed day is skipped": (loan(3), WEEK, account(), closed_on(10), Renewable(day(11))),
    "all closed days in a row are skipped": (loan(3), WEEK, account(), closed_on(10, 11, 12), Renewable(day(13))),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_renewal_is_decided_by_the_published_rules(name):
    lent, policy, holder, calendar, expected = CASES[name]
    assert decide_renewal(lent, policy, holder, calendar, TODAY) == expected


loans = some.builds(
    lambda issued, kept, requested, lost: loan(issued + kept, issued, requested=requested, lost=lost),
    some.integers(-400, 0),
    some.integers(0, 380),
    some.booleans(),
    some.booleans(),
)
policies = some.builds(
    lambda period, most, counts, earliest: Policy(
        "university", "book", "standard", date(2020, 1, 1), period, most, True, True, counts, earliest
    ),
    some.integers(1, 90),
    some.integers(1, 400),
    some.sampled_from(["due", "today"]),
    some.none() | some.integers(0, 30),
)
calendars = some.builds(
    lambda closed, week: Calendar(
        tuple((("09:00", "17:00"),) if opens else () for opens in week), {day(each): () for each in closed}
    ),
    some.sets(some.integers(-5, 120), max_size=40),
    some.lists(some.booleans(), min_size=7, max_size=7).filter(any),
)
accounts = some.builds(account, some.integers(-20, 500), some.booleans())


@given(loans, policies, accounts, calendars)
def test_a_renewed_loan_never_outlives_account_or_longest_period_and_never_falls_due_on_a_closed_day(
    lent, policy, holder, calendar
):
    match decide_renewal(lent, policy, holder, calendar, TODAY):
        case Renewable(until):
            assert lent.due_on < until <= holder.expires_on
            assert until <= lent.issued_on + timedelta(days=policy.max_days)
            assert calendar.is_open(until)
            assert (lent.requested, lent.lost, holder.blocked) == (False, False, False)


@given(loans, policies, accounts, calendars)
def test_a_loan_that_renews_itself_does_so_when_it_is_due(lent, policy, holder, calendar):
    told = rules.fact(lent, policy, holder, calendar, TODAY)
    if told.renews_itself:
        assert isinstance(decide_renewal(lent, policy, holder, calendar, max(TODAY, lent.due_on)), Renewable)
    assert told.keep_until >= lent.due_on
    if told.renewal.can:
        assert told.keep_until >= told.renewal.until


def test_the_policy_of_a_day_is_the_one_that_began_last():
    before = Policy("university", "book", "standard", date(2016, 10, 1), 21, 126, True, False, "today")
    later = Policy("university", "book", "standard", date(2027, 9, 1), 14, 365, True, True, "due")
    rows = [later, WEEK, before, FORUM, LAPTOP]
    for on, expected in (
        (date(2016, 9, 30), None),
        (date(2016, 10, 1), before),
        (date(2022, 7, 31), before),
        (date(2022, 8, 1), WEEK),
        (date(2027, 9, 1), later),
    ):
        assert rules.policy_on(rows, "university", "book", "standard", on) == expected


def test_a_borrower_category_has_its_own_policy_or_the_standard_one():
    longer = Policy("university", "book", "longer_loans", date(2020, 1, 1), 14, 365, True, True, "due")
    rows = [longer, WEEK, LAPTOP]
    assert rules.policy_on(rows, "university", "book", "longer_loans", TODAY) == longer
    assert rules.policy_on(rows, "university", "laptop", "longer_loans", TODAY) == LAPTOP
    assert rules.policy_on(rows, "university", "book", "standard", TODAY) == WEEK


@pytest.mark.parametrize(
    ("lent", "state"),
    [
        (loan(0), "on_loan"),
        (loan(0, requested=True), "requested"),
        (loan(-1), "overdue"),
        (loan(-1, requested=True), "requested_overdue"),
        (loan(-1, requested=True, lost=True), "lost"),
    ],
)
def test_a_loan_is_overdue_from_the_day_after_it_is_due(lent, state):
    assert rules.state_on(lent, TODAY) == state


@pytest.mark.parametrize(
    ("shelfmark", "letters"),
    [("PR 6045 .O72 W3", "PR"), ("B 580", "B"), ("QA76.9", "QA"), ("823.912", ""), ("", ""), ("Folio A", "")],
)
def test_the_cloth_takes_its_colour_from_the_class_letters(shelfmark, letters):
    assert rules.class_letters(shelfmark) == letters
