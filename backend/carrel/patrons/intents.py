"""What may be asked about a patron: nothing yet; and what time changes about one."""

from carrel.hours.rules import day_of, midnight_after
from carrel.patrons import rules, store
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
