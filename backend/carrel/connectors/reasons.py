"""Other systems' reasons in Carrel's closed list, where several connectors meet the same ones. Pure."""

from collections.abc import Mapping

from carrel.loans.model import RenewalRefusal

KOHA: Mapping[str, RenewalRefusal] = {
    "too_many": "max_period",
    "too_unseen": "max_period",
    "too_soon": "too_soon",
    "auto_too_soon": "too_soon",
    "auto_too_late": "max_period",
    "auto_too_much_oweing": "account_blocked",
    "auto_account_expired": "account_expired",
    "auto_renew": "too_soon",
    "on_reserve": "requested",
    "recalled": "requested",
    "overdue": "overdue",
    "restriction": "account_blocked",
    "onsite_checkout": "never_renews",
    "item_denied_renewal": "never_renews",
    "item_issued_to_other_patron": "not_yours",
    "no_item": "not_yours",
    "no_checkout": "not_yours",
    "item_lost": "lost",
}
"""
Koha's words for why a checkout cannot be renewed.

too_many and too_unseen are told as max_period because the way on is the same: bring it back, it can then be
lent again. auto_renew: it renews itself when it is due, so asking now is too soon.

Source: Koha, `CanBookBeRenewed` and the messages that its REST API gives with status 403.
"""


def from_koha(said: str) -> RenewalRefusal:
    """A reason in Carrel's closed list; "unexplained" for a word that is not known here."""
    return KOHA.get(said, "unexplained")
