"""What staff are told of the conversation between phones and the library. No reader's name is in it."""

from typing import Literal

from msgspec import Struct

StuckWhy = Literal["answers_not_taken", "waits_elsewhere"]
"""
answers_not_taken: the phone comes, and does not acknowledge what it is told: it may have no room, or a fault.
waits_elsewhere: a wish of its was received and another library system has not answered.
"""


class StuckDevice(Struct, frozen=True):
    """A phone for which something has not gone on for too long. Instants are epoch milliseconds."""

    device: str
    """The first digits of its name: enough to know it again, too little to speak for it."""
    why: StuckWhy
    op: str
    """What it waits with: the operation of the first wish that has not come to its end."""
    since_at: int
    seen_at: int


class FailedWish(Struct, frozen=True):
    """A wish that failed at the library, with all that is needed to do by hand what was asked."""

    incident: str
    """The name under which the fault is in the log, and which the reader may tell."""
    op: str
    code: str
    """"" for a fault of ours; else what could not be found out."""
    at: int
    wish: str
    """The wish as the phone sent it, JSON."""


class RefusedFor(Struct, frozen=True):
    """How often wishes of one kind were refused, or not understood, for one reason."""

    op: str
    code: str
    times: int


class OddClock(Struct, frozen=True):
    """A phone whose clock is off."""

    device: str
    ahead_ms: int
    """Negative: behind."""
    seen_at: int


class ReadAnew(Struct, frozen=True):
    """A phone that asked for all facts anew: what it had did not match its checksum, or it was restored."""

    device: str
    times: int
    seen_at: int


class SyncHealth(Struct, frozen=True):
    """GET /staff/sync-health. Lists hold the 100 that matter most; instants are epoch milliseconds."""

    as_of: int
    since_at: int
    """From when on wishes and phones are counted."""
    devices: int
    """Phones that are signed in and were heard since."""
    stuck: list[StuckDevice]
    """The longest first."""
    failed: list[FailedWish]
    """The latest first."""
    refused: list[RefusedFor]
    """The most frequent first."""
    clocks: list[OddClock]
    """Those furthest off first."""
    anew: list[ReadAnew]
    """The most frequent first."""
