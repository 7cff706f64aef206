"""What is done about another library system's loans inside a conversation with a phone: nothing that waits for it."""

from collections.abc import Mapping

from carrel.connectors.library_system import LibrarySystem
from carrel.hours.rules import day_of, midnight_after
from carrel.jobs import errands
from carrel.loans.elsewhere import rules, store
from carrel.loans.elsewhere.model import WAITING, Standing, Wish
from carrel.loans.model import KIND, Renew, SystemFact
from carrel.loans.rules import renewed_since
from carrel.patrons.model import System
from carrel.storage import Transaction
from carrel.storage.facts import publish
from carrel_sync.library import Asked, Decision, Done, Received, Refused

ERRAND = "loans.elsewhere"
"""Kind of the errand that asks a system about one patron's account."""
SYSTEM_KIND = "systems"
SILENT_ETA_SECONDS = 60


def errand_of(system: str, patron_id: str) -> str:
    """Name of the errand about an account."""
    return f"{system} {patron_id}"


class Elsewhere:
    """The library systems that this library asks, as far as a conversation has to know them."""

    def __init__(self, systems: Mapping[System, LibrarySystem]) -> None:
        self._systems = systems

    async def renew(self, tx: Transaction, asked: Asked[Renew]) -> Decision:
        """
        Keep the wish to renew a loan, for the system that decides about it.

        Returns:
            Received, with about when to expect an answer; Done when it has
            been renewed since the person looked; Refused with "not_yours" or,
            when the system is asked no longer, "system_silent".
        """
        loan = await store.loan(tx, asked.patron, asked.args.loan)
        if loan is None:
            return Refused("not_yours")
        due_on = loan.held.due_on
        seen_on = asked.args.due_on
        if renewed_since(due_on, loan.due_version, seen_on, asked.base.get(f"{KIND}:{loan.id}")):
            return Done({"due_on": due_on.isoformat()})
        system = self._systems.get(loan.system)
        if system is None:
            return Refused("system_silent", {"due_on": due_on.isoformat()})
        wish = Wish(asked.u, loan.id, seen_on or due_on, asked.now, asked.until)
        await store.keep_wish(tx, asked.patron, loan.system, wish)
        await errands.want(tx, ERRAND, errand_of(loan.system, asked.patron), asked.now)
        silent = any(
            each.system == loan.system and each.silent_since is not None
            for each in await store.standings(tx, asked.patron)
        )
        return Received(WAITING, SILENT_ETA_SECONDS if silent else system.usual_seconds)

    async def refresh(self, tx: Transaction, patron_id: str, now: int) -> int:
        """
        Have each system read again that was last heard a while ago, and publish what the day has changed.

        Returns:
            When to do so next, epoch milliseconds.
        """
        next_at = midnight_after(now)
        for account in await store.standings(tx, patron_id):
            if account.system not in self._systems:
                continue
            fresh_until = (account.heard_at or 0) + rules.FRESH_MS
            if fresh_until <= now:
                await errands.want(tx, ERRAND, errand_of(account.system, patron_id), now)
                fresh_until = now + rules.FRESH_MS
            next_at = min(next_at, fresh_until)
        today = day_of(now)
        for loan in await store.not_looked_at(tx, patron_id, today):
            await publish(tx, patron_id, KIND, loan.id, rules.fact(loan.held, loan.system, today), now)
            await store.looked_at(tx, patron_id, loan.id, today)
        return next_at


async def publish_standing(tx: Transaction, patron_id: str, account: Standing, now: int) -> None:
    """Let a patron's phones know how old what a system said is."""
    fact = SystemFact(account.name, account.heard_at, account.silent_since)
    await publish(tx, patron_id, SYSTEM_KIND, account.system, fact, now)
