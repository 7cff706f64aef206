"""What may be asked about a patron: nothing yet; and what time changes about one."""

from datetime import date

from carrel.hours.rules import day_of, midnight_after
from carrel.patrons import rules, store
from carrel.patrons.model import System
from carrel.storage import Transaction
from carrel.storage.facts import publish


async def refresh(tx: Transaction, patron_id: str, now: int) -> int:
    """
    Publish the patron anew when a day has begun since that was last done: an account may have expired.

    Returns:
        The next midnight (epoch milliseconds).
    """
    today = day_of(now)
    if await store.due_to_publish(tx, patron_id, today):
        patron = await store.patron(tx, patron_id)
        assert patron is not None
        await publish(tx, patron_id, "patron", patron_id, rules.fact(patron, today), now)
        await store.published(tx, patron_id, today)
    return midnight_after(now)


async def changed(tx: Transaction, patron_id: str, now: int) -> None:
    """Publish the patron anew: something about them was changed elsewhere."""
    await store.look_again(tx, patron_id)
    await refresh(tx, patron_id, now)


async def account_told(
    tx: Transaction, patron_id: str, system: System, blocked: bool | None, expires_on: date | None, now: int
) -> None:
    """Keep what a borrowing system says about an account; None is what it does not say, and stays as it was."""
    if await store.keep_account(tx, patron_id, system, blocked, expires_on):
        await refresh(tx, patron_id, now)
