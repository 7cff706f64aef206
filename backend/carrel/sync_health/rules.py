"""When a phone counts as stuck, and how much of its name is shown. Pure."""

from carrel.sync_health.model import StuckWhy

HOUR_MS = 3_600_000
LOOKED_BACK_MS = 7 * 24 * HOUR_MS
"""Wishes and phones of so long are shown."""
NAME_DIGITS = 8


def why_stuck(state: str, decided_at: int, seen_at: int, now: int) -> StuckWhy | None:
    """
    What is wrong with a phone, by the first of its wishes that it has not acknowledged; None where nothing is.

    A phone that has not come since is in somebody's pocket. One that comes an hour after an answer
    was there for it, and has still not taken it, is stuck.

    Args:
        state: what became of that wish: "received", or a final state.
        decided_at: when that was decided.
        seen_at: when the phone last came. All are epoch milliseconds.
    """
    if state == "received":
        return "waits_elsewhere" if now - decided_at >= HOUR_MS else None
    return "answers_not_taken" if seen_at - decided_at >= HOUR_MS else None


def shown(dev: str) -> str:
    """The part of a device's name that staff see."""
    return dev.removeprefix("d_")[:NAME_DIGITS]
