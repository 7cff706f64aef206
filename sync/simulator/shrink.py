"""Makes a history that breaks a promise short: leaves steps out as long as the same promise stays broken."""

from collections.abc import Callable, Sequence

from sync.simulator.steps import Step


def shrunk(steps: Sequence[Step], breaks: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """
    A part of these steps, in their order, that still breaks and no longer does with any one step less.

    Args:
        breaks: whether these steps break the same promise; true of all of them together.
    """
    kept = list(steps)
    size = max(1, len(kept) // 2)
    while True:
        at, shorter = 0, False
        while at < len(kept):
            fewer = kept[:at] + kept[at + size :]
            if breaks(fewer):
                kept, shorter = fewer, True
            else:
                at += size
        if size == 1 and not shorter:
            return kept
        size = max(1, size // 2)
