"""The way in for capabilities that need to know on which days a site is open."""

from collections.abc import Mapping

from carrel.hours import store
from carrel.hours.rules import ALWAYS_OPEN, Calendar, calendar
from carrel.storage import Transaction

_made: dict[str, Mapping[str, Calendar]] = {}


async def calendars(tx: Transaction, edition: str | None = None) -> Mapping[str, Calendar]:
    """
    The calendar of every site, by its id.

    Args:
        edition: digest of the edition "hours", when it was read in this unit
            of work already: then nothing is read that this program has read before.
    """
    edition = await store.edition(tx) if edition is None else edition
    while edition not in _made:
        made = {site.id: calendar(site) for site in await store.sites(tx, edition)}
        if len(_made) > 8:
            _made.clear()
        read_before, edition = edition, await store.edition(tx)
        if edition == read_before:
            _made[edition] = made
    return _made[edition]


async def calendar_of(tx: Transaction, site: str, edition: str | None = None) -> Calendar:
    """The calendar of one site; a site that nobody described is always open."""
    return (await calendars(tx, edition)).get(site, ALWAYS_OPEN)
