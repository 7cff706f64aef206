"""
The only definition of the wire: what a phone and the library may say to each other.

Shapes, units and limits, and nothing about what an operation means. `sync/schema/` is generated
from here; `sync/protocol.md` is the text. Instants are whole milliseconds since 1970 in UTC, by
the library's clock unless a field says otherwise.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

WIRE_VERSION = 1
SCHEMA_VERSION = 1

REQUEST_BYTES_COMPRESSED = 64 * 1024
REQUEST_BYTES_INFLATED = 512 * 1024
INTENTS_PER_REQUEST = 500
INTENT_BYTES = 8 * 1024
REPLY_BYTES_LEAST = 8 * 1024
REPLY_BYTES_MOST = 256 * 1024
OUTBOX_INTENTS = 2_000
OUTBOX_BYTES = 5 * 1024 * 1024
DEVICES_PER_PATRON = 20
OUTCOME_DAYS = 400
TOMBSTONE_DAYS = 90

DeviceId = Annotated[
    str, Meta(pattern=r"^d_[0-9a-f]{32}$", description="random 128 bit, minted at each sign-in")
]
IntentId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", description="UUIDv7"
    ),
]
OperationName = Annotated[str, Meta(pattern=r"^[a-z_]+\.[a-z_]+@[1-9][0-9]*$", max_length=60)]
Millis = Annotated[int, Meta(ge=0, le=8_640_000_000_000_000)]
Position = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class Intent(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """What a person asked for, stored verbatim when they tapped and never changed after."""

    u: IntentId
    """Identity, unique per patron; survives a change of `n`."""
    op: OperationName
    args: Raw
    """The operation's own arguments, a JSON object."""
    at: int
    """When the person tapped, by the device's clock: shown, never used to decide."""
    n: Position = 0
    """Place in this device's queue: 1, 2, 3 … without gaps; left out: the place after the intent before it."""
    until: Millis | None = None
    """Not to be applied from this instant on, by the library's clock."""
    base: dict[str, int] = {}
    """Versions of the facts the person was looking at: {"loans:881": 5}."""
    after: IntentId | None = None
    """Only if this other intent was done."""


class Request(Struct, frozen=True, omit_defaults=True):
    """POST /sync/1, the only way in."""

    v: int
    dev: DeviceId
    epoch: str
    """The library's history this phone knows; "" when it knows none yet."""
    ack: Annotated[int, Meta(ge=0)] = 0
    """Highest `n` up to which every outcome is stored on the phone."""
    now: int = 0
    """The device's clock, for a measure of skew only."""
    cur: str = ""
    """How far this phone has read its facts; "" asks for all of them."""
    max: Annotated[int, Meta(ge=REPLY_BYTES_LEAST, le=REPLY_BYTES_MOST)] = 64 * 1024
    """The largest reply this phone wants, in bytes before compression."""
    schema: int = SCHEMA_VERSION
    app: str = ""
    short: bool = False
    """This phone understands "#7" in place of the id of a fact: the identity of the intent that it has at 7 here."""
    intents: Annotated[list[Raw], Meta(max_length=INTENTS_PER_REQUEST)] = []
    """Each is decoded on its own as an Intent, so a malformed one delays nobody."""


State = Literal[
    "done", "changed", "received", "ask", "refused", "expired", "invalid", "failed", "skipped", "withdrawn"
]
"""
done: as asked. changed: done, but not as shown. received: durable, a library system has not answered.
ask: old; applied only after `sync.confirm@1`. refused: see `code`. expired: `until` had passed.
invalid: the library does not know the operation or its arguments. failed: a fault at the library, kept for staff.
skipped: its `after` was not done. withdrawn: the reader took it back before it was decided.
"""


class Alternative(Struct, frozen=True, omit_defaults=True):
    """Something that could be asked for instead, ready to tap."""

    op: OperationName
    args: dict[str, Any]
    why: str
    """A closed word of the capability: "same_room_later", "same_time_elsewhere"."""
    shown: dict[str, Any] = {}
    """What a person needs to see to choose it (names, places, access), so it works offline."""


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What the library decided. Repeated in every reply until the phone acknowledges it."""

    n: int
    st: State
    u: str = ""
    """Only when the identity differs from the one queued under `n` (a withdrawal, a renumbering)."""
    code: str = ""
    """Why, from the operation's closed list; "" when nothing needs a reason."""
    said: dict[str, Any] = {}
    """Figures that the sentence needs: {"due_on": "2026-12-07"}."""
    alt: list[Alternative] = []
    eta: int | None = None
    """With `received`: seconds until an answer may be expected."""


Row = tuple[str, str, int, dict[str, Any]]
"""(kind, id, version, body); an id may be short: "#7" is the `u` of the request's intent at 7, "#" of the next."""
Gone = tuple[str, str, int]
"""(kind, id, version); an id may be short, as in a Row."""


class Reply(Struct, frozen=True, omit_defaults=True):
    """The library's half of one round trip."""

    v: int
    now: Millis
    epoch: str
    upto: int
    """Every intent of this device up to here has been decided."""
    cur: str
    more: bool = False
    """True: call again, there is more to read."""
    done: list[tuple[int, int]] = []
    """Inclusive ranges of `n` that were done exactly as asked, with nothing further to say."""
    whose: str = ""
    """To a request without intents: checksum over the identities of all decided places above `ack`, see `places`."""
    outcomes: list[Outcome] = []
    rows: list[Row] = []
    gone: list[Gone] = []
    gap: int | None = None
    """The `n` that was expected but did not come; what follows it was not looked at."""
    reset: bool = False
    """True: these rows begin anew; build them aside and swap when `more` is false."""
    sum: str = ""
    """With `more` false: checksum over all of the patron's facts, see `checksum`."""
    poll: int = 60_000
    """Milliseconds until the phone may ask again unprompted."""
    notice: str = ""
    """A closed word for the whole phone: "server-older"."""


class Problem(Struct, frozen=True, omit_defaults=True):
    """application/problem+json for a request that was broken, never for a refusal (RFC 9457)."""

    type: str
    title: str
    """What happened, then what to do."""
    status: int
    code: str
    """malformed, auth, device, epoch, device-closed, too-large, upgrade, slow-down, unavailable …"""
    epoch: str = ""
    upto: int = 0


class Withdraw(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of `sync.withdraw@1`, which takes the queue place of the wish it withdraws."""

    u: IntentId


def fact_id(id: str) -> str:
    """
    An id, once it is known to be fit to name a fact: one that begins with "#" could be taken for a short one.

    Raises:
        ValueError: it begins with "#".
    """
    if id.startswith("#"):
        raise ValueError(f"expected the id of a fact not to begin with #, got {id!r}")
    return id


encode = msgspec.json.Encoder().encode
request_decoder = msgspec.json.Decoder(Request)
intent_decoder = msgspec.json.Decoder(Intent)
reply_decoder = msgspec.json.Decoder(Reply)


def checksum(facts: list[tuple[str, str, int]]) -> str:
    """
    Digest of which facts are held, the same on phone and library.

    Args:
        facts: (kind, id, version) of every fact that is not gone, in any order.

    Returns:
        8 hexadecimal digits: the sum, modulo 2**32, of FNV-1a (32 bit) over
        the UTF-8 bytes of "kind:id:version" of each. A sum needs no order and
        can be kept up to date by one addition per change.
    """
    total = 0
    for kind, id, version in facts:
        h = 0x811C9DC5
        for byte in f"{kind}:{id}:{version}".encode():
            h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
        total = (total + h) & 0xFFFFFFFF
    return f"{total:08x}"


def places(decided: Iterable[tuple[int, str]]) -> str:
    """
    Digest of whose places were decided, the same on phone and library.

    Args:
        decided: (n, u) of each place.

    Returns:
        `checksum` over ("place", u, n) of each.
    """
    return checksum([("place", u, n) for n, u in decided])
