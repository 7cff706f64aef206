"""What may happen in a history: a closed list of kinds, each with three numbers that choose whom and what."""

from collections.abc import Sequence
from random import Random
from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "ask",
    "ask_elsewhere_too",
    "withdraw",
    "put_away",
    "exchange",
    "send",
    "second_tab",
    "arrive",
    "hear",
    "lose_request",
    "lose_reply",
    "cut_page",
    "late_request",
    "late_reply",
    "busy",
    "unreadable",
    "session_ends",
    "open_again",
    "clock_off",
    "narrow",
    "torn_queue",
    "evict",
    "save_phone",
    "put_phone_back",
    "sign_out",
    "signed_out_from_afar",
    "restart_library",
    "back_up_library",
    "restore_library",
    "forget_tombstones",
    "other_system_answers",
    "hostile_device",
    "hostile_cursor",
    "hostile_identity",
    "hostile_bytes",
    "hostile_gap",
    "time_passes",
]
"""
ask: the person taps. ask_elsewhere_too: the same wish, by identity, on another phone of theirs. exchange: a
request, its answer, heard. send, arrive, hear: the same in three, so that others come between. second_tab: two
requests at once. lose_request, lose_reply: the phone hears that the line was cut. cut_page: a reply that has more
to come, then a cut. late_request: one that arrived, or was given up, arrives (again). late_reply: one is heard
(again). busy: 503. unreadable: 400 from something between. clock_off: the device's clock jumps, up to ten years.
narrow: few bytes fit. torn_queue: the disk has lost a wish that waited. evict: the browser clears everything. put_phone_back: from its last backup.
restart_library: all that is on its way is cut. hostile_…: what somebody else's phone tries with what it overheard.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)

_WEIGHTS: dict[Kind, int] = {
    "ask": 30,
    "ask_elsewhere_too": 2,
    "withdraw": 6,
    "put_away": 2,
    "exchange": 16,
    "send": 8,
    "second_tab": 3,
    "arrive": 10,
    "hear": 10,
    "lose_request": 3,
    "lose_reply": 7,
    "cut_page": 3,
    "late_request": 5,
    "late_reply": 5,
    "busy": 2,
    "unreadable": 2,
    "session_ends": 1,
    "open_again": 2,
    "clock_off": 3,
    "narrow": 3,
    "torn_queue": 2,
    "evict": 1,
    "save_phone": 5,
    "put_phone_back": 4,
    "sign_out": 1,
    "signed_out_from_afar": 1,
    "restart_library": 1,
    "back_up_library": 3,
    "restore_library": 2,
    "forget_tombstones": 2,
    "other_system_answers": 5,
    "hostile_device": 1,
    "hostile_cursor": 1,
    "hostile_identity": 1,
    "hostile_bytes": 1,
    "hostile_gap": 1,
    "time_passes": 6,
}


class Step(NamedTuple):
    """
    One thing that happens. The numbers are taken modulo what there is to choose from, so any step can follow any other.

    A step for which there is nothing to choose does nothing: a history stays one when steps are left out.
    """

    kind: Kind
    who: int
    """Which phone."""
    which: int
    """Which wish, request, toy or amount."""
    how: int


def drawn(seed: int) -> list[Step]:
    """The history of this seed: 8 to 44 steps, some kinds left out of it altogether."""
    dice = Random(seed)
    kept = {kind for kind in KINDS if dice.random() < 0.75} | {"ask", "exchange"}
    kinds = [kind for kind in KINDS if kind in kept]
    weights = [_WEIGHTS[kind] for kind in kinds]
    chosen = dice.choices(kinds, weights, k=dice.randint(8, 44))
    return [Step(kind, dice.randrange(12), dice.randrange(1 << 16), dice.randrange(1 << 16)) for kind in chosen]


def written(steps: Sequence[Step]) -> str:
    """A history for people, a step a line."""
    return "\n".join(f"  {at:2}. {kind} {who} {which} {how}" for at, (kind, who, which, how) in enumerate(steps, 1))
