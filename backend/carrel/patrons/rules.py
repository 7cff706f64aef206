"""What an account may be used for on a day. Pure."""

from datetime import date

from carrel.patrons.model import Account, AccountFact, AccountState, Patron, PatronFact


def state_of(account: Account, today: date) -> AccountState:
    """Blocked before expired: a block needs the person to do something, whatever the date."""
    if account.blocked:
        return "blocked"
    return "active" if today <= account.expires_on else "expired"


def fact(patron: Patron, today: date) -> PatronFact:
    """What the patron's phone may know today. Telephone and e-mail stay at the library."""
    return PatronFact(
        patron.name,
        patron.card_number,
        patron.category,
        patron.site,
        patron.expires_on,
        [AccountFact(each.system, each.name, state_of(each, today)) for each in patron.accounts],
        patron.works_here,
    )
