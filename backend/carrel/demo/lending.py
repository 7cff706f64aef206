"""The demo's loan policies: a rolling week that renews itself at the university, three weeks by hand at the Forum."""

from datetime import date

from carrel.loans.model import ItemKind, Policy


def _never(kind: ItemKind, period_days: int) -> Policy:
    return Policy(
        "university", kind, "standard", date(2016, 10, 1), period_days, period_days, False, False, "due"
    )


POLICIES = [
    # Until 2022 a loan lasted three weeks and was renewed by hand.
    Policy("university", "book", "standard", date(2016, 10, 1), 21, 126, True, False, "today"),
    Policy("university", "book", "standard", date(2022, 8, 1), 7, 365, True, True, "due", 7),
    # An adjustment for those whom a week does not suit.
    Policy("university", "book", "longer_loans", date(2022, 8, 1), 14, 365, True, True, "due", 14),
    _never("laptop", 1),
    _never("short_loan", 1),
    _never("reference", 1),
    _never("inter_library_loan", 21),
    Policy("forum", "book", "standard", date(2019, 4, 1), 21, 84, True, False, "today"),
]
