"""
The library's half of the conversation: places, identities, decisions, outcomes, facts.

Knows no capability, no clock, no chance, no store and no network: operations, the instant, the name
of an incident and a `Ledger` come in as arguments. `sync/protocol.md` is the text of what it keeps.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from carrel_sync.messages import (
    DEVICES_PER_PATRON,
    INTENT_BYTES,
    INTENTS_PER_REQUEST,
    OUTBOX_BYTES,
    OUTBOX_INTENTS,
    REPLY_BYTES_LEAST,
    REPLY_BYTES_MOST,
    REQUEST_BYTES_COMPRESSED,
    REQUEST_BYTES_INFLATED,
    SCHEMA_VERSION,
    WIRE_VERSION,
    Alternative,
    Intent,
    IntentId,
    Outcome,
    Problem,
    Reply,
    Request,
    Withdraw,
    encode,
    intent_decoder,
    places,
    request_decoder,
)

T = TypeVar("T")

FACTS_PER_READ = 256
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
POLL_MS = 60_000
POLL_MS_LEAST = 2_000
WITHDRAW = "sync.withdraw@1"


# What a capability says


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """One wish, as its operation gets to see it."""

    patron: str
    u: str
    """Identity of the wish: fit to be the key of what it brings about."""
    args: T
    at: int
    """When the person tapped, by a clock that may be years off: to show, never to decide by."""
    until: int | None
    base: dict[str, int]
    """Versions of the facts the person was looking at: {"loans:881": 5}."""
    now: int
    """The library's clock, epoch milliseconds: the only one that decides."""
    gathered: Any = None
    """What `Operation.gather` has read for this wish and its like; None: nothing."""


@dataclass(frozen=True, slots=True)
class Done:
    """As asked. With nothing to say it costs a phone a few bytes; `said` is for figures a sentence needs."""

    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """Done, but not as shown to the person: `code` and `said` tell the difference."""

    code: str
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """Kept and not to be lost; a library system has yet to answer. `eta` in seconds, if anyone can tell."""

    code: str
    eta: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done; `code` from the operation's closed list says why, `alternatives` what may be asked instead."""

    code: str
    said: dict[str, Any] = field(default_factory=dict)
    alternatives: list[Alternative] = field(default_factory=list)


Decision = Done | Changed | Received | Refused


@dataclass(frozen=True, slots=True)
class Expired:
    """The end of a wish that was received: its `until` passed before another system was asked."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a wish that was received, and a fault: `code` says which, `incident` names it for staff."""

    incident: str
    code: str = ""
    said: dict[str, Any] = field(default_factory=dict)


Final = Done | Changed | Refused | Expired | Failed
"""What may become of a wish that was received."""

Refresh = Callable[[Any, str, int], Awaitable[int | None]]
"""(tx, patron, now): publish anew what time alone has changed; the next instant at which it will, if any."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that may be asked for. It is run inside a savepoint: when it raises, nothing of it stays."""

    name: str
    """Its address with the version of its arguments: "loans.renew@1"."""
    args: type[Struct]
    decide: Callable[[Any, Asked[Any]], Awaitable[Decision]]
    """Gets the ledger's `tx` and the wish. Awaits nothing but `tx`; publishes the facts it changes."""
    gone_after: int | None = None
    """From this instant on (epoch milliseconds) it is refused with `no_longer_offered`."""
    stirs: Sequence[Refresh] | None = None
    """The refreshers whose next instant may come earlier because of it; None: any of them."""
    gather: Callable[[Any, str, Sequence[Any]], Awaitable[Any]] | None = None
    """
    (tx, patron, args): read at once what several wishes of this kind need that follow each other. Until another
    operation runs, or one fails, each of them gets what it returned as `gathered`. What one of them changes
    in the ledger, it has to change in there too.
    """


# What the library remembers


class Decided(NamedTuple):
    """The fate of one place in a device's queue."""

    n: int
    u: str
    """Identity of the wish; "" when it could not be read."""
    fate: str
    """The `Outcome` as JSON; "" for one that was done with nothing to say."""
    first: bool = True
    """False: only a copy of what was decided for the same `u` before, in another place."""
    op: str = ""
    kept: str = ""
    """The wish as it came, when it failed and staff need to see it; otherwise ""."""


class Opened(NamedTuple):
    """What a ledger knows of a device and of a patron's facts when a conversation begins."""

    epoch: str
    """Name of the ledger's history; another one after a backup was restored."""
    patron: str | None
    """To whom the device is bound; None: it was never seen."""
    closed: bool
    """The device has signed out, or was signed out from afar."""
    upto: int
    """Every place of the device up to here is decided."""
    acked: int
    """The highest `ack` that was kept."""
    seen_at: int
    """When the device was last kept by `settle`, epoch milliseconds."""
    devices: int
    """How many devices of the asking patron are open and were seen in the last 400 days. Needed only when
    `patron` is None."""
    decided: Sequence[tuple[int, str, str]]
    """(n, u, fate) of this device's places above the request's `ack`, in order of n."""
    seq: int
    """Number of the latest change to the asking patron's facts; 0: none yet."""
    sum: int
    """The number whose 8 hexadecimal digits are `messages.checksum` over the patron's facts."""
    horizon: int
    """Highest number among tombstones that are no longer kept: an older cursor cannot be continued."""
    refresh_at: int
    """When time will next change a fact, epoch milliseconds; 0: unknown, look now."""


class Fact(NamedTuple):
    """One fact, in the order in which facts changed."""

    seq: int
    kind: str
    id: str
    version: int
    body: str | None
    """JSON object; None: the fact is gone."""


class Page(NamedTuple):
    """Facts that follow a cursor, with the state of the whole stream at that moment."""

    seq: int
    sum: int
    facts: Sequence[Fact]


class Ledger(Protocol):
    """
    The library's memory of one unit of work: all of a conversation is kept, or nothing.

    Every method is called at most once in a conversation, but for `read` (once per 256 facts) and
    `savepoint` (once per wish); `replace` in none, so that ten wishes cost four statements beside their own. Nothing here
    reads a clock. A suitable table of fates has the primary key (dev, n) and a unique index on
    (patron, u) over the rows whose `first` is true and whose `u` is not "".
    """

    @property
    def tx(self) -> Any:
        """What operations and refreshers read and write through."""
        ...

    @property
    def faults(self) -> tuple[type[BaseException], ...]:
        """Exceptions that say the store itself cannot go on: they end the conversation, blaming no wish."""
        ...

    async def open(self, dev: str, patron: str, ack: int) -> Opened:
        """
        Begin: take the turn of this patron, so that no other unit of work changes anything of theirs until
        this one ends, and tell what is known.

        A device that was never seen is answered with `patron=None, upto=0` and is not written yet.
        `decided` holds the places above `ack`, whatever was acknowledged before: a phone put back from a
        backup asks again for what it once had.
        """
        ...

    async def known(self, patron: str, us: Sequence[str]) -> Mapping[str, str]:
        """The fate of each of these identities that this patron has had decided, under whatever device."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """What happens inside is undone when an exception leaves it; what came before stays."""
        ...

    async def settle(
        self, dev: str, patron: str, upto: int, ack: int, decided: Sequence[Decided], now: int
    ) -> None:
        """
        Keep the fates of this conversation, in order of n, and the device's place.

        A device that was not known is bound to the patron by this. `upto` is
        the new one; `ack` the highest ever. `now` becomes its `seen_at`.
        """
        ...

    async def refreshed(self, patron: str, refresh_at: int) -> None:
        """Keep when time will next change one of the patron's facts, epoch milliseconds."""
        ...

    async def read(self, patron: str, after: int, limit: int) -> Page:
        """Up to `limit` facts, gone ones included, that changed after number `after`, in that order."""
        ...

    async def replace(self, patron: str, u: str, fate: str, kept: str, now: int) -> None:
        """
        Keep another fate for a wish of this patron, in every place where it was decided. Only for `follow_up`.

        `now` counts as the instant at which it was decided; `kept` is the wish, for staff, when it failed.
        """
        ...

    async def close(self, dev: str, patron: str, now: int) -> bool:
        """
        Sign a device out for good.

        Returns:
            False when the device is bound to somebody else. One never seen is
            kept as closed, so that what it may have on its way has no effect.
        """
        ...


# What is said


_PROBLEMS = {
    "malformed": (400, "The message could not be read. Send its parts one by one."),
    "device": (403, "This device belongs to another reader. Sign in as that reader, or sign out first."),
    "devices": (403, "Too many devices are signed in. Sign out of one that is no longer used."),
    "epoch": (409, "The library's memory was put back to an earlier day. Send again what it has forgotten."),
    "device-closed": (410, "This device was signed out. Remove what it holds and sign in again."),
    "upgrade": (426, "This app is too old for the library. Update it, then send again."),
}


def problem(code: str, epoch: str = "", upto: int = 0) -> Problem:
    """One of the problems that the library's half itself can have with a request."""
    status, title = _PROBLEMS[code]
    return Problem(f"urn:carrel:problem:{code}", title, status, code, epoch, upto)


class Limits(Struct, frozen=True):
    """How much one message may hold; bytes, unless it counts something."""

    request_bytes_compressed: int = REQUEST_BYTES_COMPRESSED
    request_bytes_inflated: int = REQUEST_BYTES_INFLATED
    intents_per_request: int = INTENTS_PER_REQUEST
    intent_bytes: int = INTENT_BYTES
    reply_bytes_least: int = REPLY_BYTES_LEAST
    reply_bytes_most: int = REPLY_BYTES_MOST
    outbox_intents: int = OUTBOX_INTENTS
    outbox_bytes: int = OUTBOX_BYTES


class Meta(Struct, frozen=True):
    """GET /sync/1/meta: what this library understands."""

    wire: tuple[int, int]
    """Lowest and highest version of the wire."""
    schema: int
    epoch: str
    operations: list[str]
    limits: Limits


def meta(operations: Mapping[str, Operation], epoch: str) -> Meta:
    """What to answer when a program asks what may be asked."""
    return Meta(
        (WIRE_VERSION, WIRE_VERSION), SCHEMA_VERSION, epoch, sorted([*operations, WITHDRAW]), Limits()
    )


def read_request(body: bytes) -> Request | Problem:
    """
    Decode the inflated body of POST /sync/1.

    Its intents stay as they came: each is decoded on its own in `converse`,
    so that one that nobody can read delays no other.
    """
    try:
        return request_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return problem("malformed")


async def leave(ledger: Ledger, dev: str, patron: str, now: int) -> Problem | None:
    """DELETE /sync/1/device/{dev}: sign a device out. Saying it twice is no fault."""
    return None if await ledger.close(dev, patron, now) else problem("device")


async def follow_up(
    ledger: Ledger, patron: str, u: str, decision: Received | Final, now: int, kept: str = ""
) -> bool:
    """
    Tell what became of a wish that was received; with Received: only that it takes longer than was told.

    To be called in the unit of work that keeps what the other system did, under this patron's turn. Every
    phone hears it in the next reply, as it has not acknowledged `received`.

    Args:
        kept: the wish as JSON, for staff, with Failed.

    Returns:
        False when the wish was not waiting: it was never received or has its end. Then nothing was written:
        what a person was told stays true.
    """
    before = (await ledger.known(patron, [u])).get(u)
    if not before or _from_fate(before).st != "received":
        return False
    await ledger.replace(patron, u, _fate(_outcome(0, decision)), kept, now)
    return True


async def converse(
    ledger: Ledger,
    operations: Mapping[str, Operation],
    refreshers: Iterable[Refresh],
    request: Request,
    patron: str,
    now: int,
    *,
    incident: str = "",
    on_fault: Callable[[str, str, Exception], None] | None = None,
) -> Reply | Problem:
    """
    Answer one request of one device, inside one unit of work.

    Args:
        patron: who is signed in, as the session says; nothing in the request can change it.
        now: the library's clock, epoch milliseconds.
        incident: a fresh name under which a fault of this request can be found.
        on_fault: told (name of the incident, operation, what was raised) for a wish that failed.

    Returns:
        A Reply when the request was understood, whatever became of its wishes; a Problem when it was
        not for this library or this patron. After a Problem nothing has been written.
    """
    if request.v != WIRE_VERSION:
        return problem("upgrade")
    opened = await ledger.open(request.dev, patron, request.ack)
    if opened.patron is not None and opened.patron != patron:
        return problem("device")
    if opened.closed:
        return problem("device-closed")
    if request.epoch and request.epoch != opened.epoch:
        return problem("epoch", opened.epoch, opened.upto)
    if opened.patron is None and opened.devices >= DEVICES_PER_PATRON:
        return problem("devices")
    entries = _placed(request.intents)
    if entries is None:
        return problem("malformed")

    upto = opened.upto
    fresh: list[_Entry] = []
    late: list[_Entry] = []
    gap = None
    for entry in entries:
        if entry.n <= upto:
            late.append(entry)
        elif entry.n == upto + 1:
            upto = entry.n
            fresh.append(entry)
        else:
            gap = upto + 1
            break

    decided, ran = await _decide(ledger, operations, fresh, patron, now, incident, on_fault)
    if (
        decided
        or opened.patron is None
        or request.ack > opened.acked
        # So that staff see a phone that comes and takes no answer, and the others cost a write a day.
        or not 0 <= now - opened.seen_at < (HOUR_MS if opened.decided else DAY_MS)
    ):
        await ledger.settle(
            request.dev, patron, upto, min(upto, max(request.ack, opened.acked)), decided, now
        )
    refreshed = ran or opened.refresh_at <= now
    if refreshed:
        next_at = await _refresh(ledger, refreshers, ran, opened.refresh_at, patron, now)
        if next_at != opened.refresh_at:
            await ledger.refreshed(patron, next_at)

    budget = request.max - 400
    fates = [*opened.decided, *((each.n, each.u, each.fate) for each in decided)]
    done, outcomes, budget, all_told = _told(fates, late, budget)
    # A phone that asks what became of what it sent before learns whether that was the same.
    whose = places((n, u) for n, u, _ in fates) if fates and not entries else ""

    place = _place_of(request.cur, patron, opened)
    reset = place is None
    after, since = place or (0, opened.seq)
    if not all_told:
        # The outcomes come first: a person waits for them. The facts follow when they are acknowledged.
        return Reply(
            WIRE_VERSION, now, opened.epoch, upto, request.cur, True, done, whose, outcomes, gap=gap, sum=""
        )
    names = _short(entries) if request.short else {}
    last_row = last_gone = 0
    page = Page(opened.seq, opened.sum, ())
    rows: list[Any] = []
    gone: list[tuple[str, str, int]] = []
    more = False
    if refreshed or after < opened.seq:
        reading = True
        while reading:
            page = await ledger.read(patron, after, FACTS_PER_READ)
            reading = len(page.facts) == FACTS_PER_READ
            for fact in page.facts:
                body = fact.body
                budget -= len(fact.kind) + len(fact.id) + 24 + (len(body.encode()) if body else 0)
                if budget < 0 and (rows or gone):
                    more, reading = True, False
                    break
                after = fact.seq
                named = names.get(fact.id, 0)
                if body is None:
                    id, last_gone = _spelt(fact.id, named, last_gone)
                    gone.append((fact.kind, id, fact.version))
                else:
                    id, last_row = _spelt(fact.id, named, last_row)
                    rows.append((fact.kind, id, fact.version, Raw(body)))
    if not more:
        after = page.seq
    return Reply(
        WIRE_VERSION,
        now,
        opened.epoch,
        upto,
        _cursor(after, patron, opened.epoch, since),
        more,
        done,
        whose,
        outcomes,
        rows,
        gone,
        gap,
        reset,
        "" if more else f"{page.sum:08x}",
        _poll(outcomes),
    )


class _Entry(NamedTuple):
    n: int
    u: str
    """Identity of the wish; "" when it cannot be read."""
    intent: Intent | None
    raw: Raw


class _Named(Struct):
    """As much of an unreadable entry as may still tell which wish it is."""

    n: Any = None
    u: Any = None


def _placed(raws: Sequence[Raw]) -> list[_Entry] | None:
    """
    Decode each entry on its own and say which place it takes.

    One that tells no `n` takes the place its neighbours leave: the request alone decides, so a repeated
    request finds the same places. None when no neighbour tells a place either.
    """
    entries: list[_Entry] = []
    unplaced = 0
    for raw in raws:
        intent = None
        try:
            intent = intent_decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            n, u = _named(raw)
        else:
            n, u = intent.n, intent.u
        if not n and len(entries) > unplaced:
            n = entries[-1].n + 1
        entries.append(_Entry(n, u, intent, raw))
        if not n:
            unplaced += 1
        elif unplaced == len(entries) - 1:
            entries[:-1] = [each._replace(n=n - unplaced + i) for i, each in enumerate(entries[:-1])]
            unplaced = 0
    return None if unplaced else entries


def _named(raw: Raw) -> tuple[int, str]:
    """Place and identity that an unreadable entry still tells; 0 and "" where it tells none."""
    try:
        told = _named_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return 0, ""
    n = told.n if type(told.n) is int and 1 <= told.n < 2**53 else 0
    try:
        return n, msgspec.convert(told.u, IntentId)
    except msgspec.ValidationError:
        return n, ""


def _short(entries: Sequence[_Entry]) -> dict[str, int]:
    """
    Identities of this request's own wishes, to the places by which the phone can spell them out.

    A place that is there twice, or an identity, tells nothing for sure and gets none; nor does a wish that
    could not be read, as the phone and the library may read it differently.
    """
    places = Counter(each.n for each in entries)
    identities = Counter(each.u for each in entries)
    return {
        each.u: each.n
        for each in entries
        if each.intent is not None and places[each.n] == 1 and identities[each.u] == 1
    }


def _spelt(id: str, place: int, last: int) -> tuple[str, int]:
    """An id as it goes into a list, short where it has a place (else 0), and the place that the list named last."""
    if not place:
        return id, last
    return ("#" if last and place == last + 1 else f"#{place}"), place


async def _decide(
    ledger: Ledger,
    operations: Mapping[str, Operation],
    entries: Sequence[_Entry],
    patron: str,
    now: int,
    incident: str,
    on_fault: Callable[[str, str, Exception], None] | None,
) -> tuple[list[Decided], dict[str, Operation]]:
    """Give every entry its fate, in order. The second are the operations that were run."""
    us: set[str] = set()
    for entry in entries:
        if entry.u:
            us.add(entry.u)
        if entry.intent is not None and entry.intent.after is not None:
            us.add(entry.intent.after)
    fates = dict(await ledger.known(patron, sorted(us))) if us else {}
    decided: list[Decided] = []
    ran: dict[str, Operation] = {}
    gathering: Operation | None = None
    gathered: Any = None
    for place, (n, u, intent, raw) in enumerate(entries):
        op = "" if intent is None else intent.op
        before = fates.get(u) if u else None
        if before is not None:
            decided.append(Decided(n, u, before, False, op))
            continue
        if intent is None:
            fate = _fate(Outcome(n, "invalid", code="malformed"))
            if u:
                fates[u] = fate
            decided.append(Decided(n, u, fate))
            continue
        outcome = _settled_without_running(intent, raw, operations, fates, now)
        kept = ""
        if outcome is None:
            operation = operations[op]
            try:
                args = msgspec.json.decode(intent.args, type=operation.args)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                outcome = Outcome(n, "invalid", code="malformed_arguments")
        if outcome is not None:
            fate = _fate(outcome)
        else:
            ran[op] = operation
            try:
                async with ledger.savepoint():
                    if operation is not gathering:
                        gathering, gathered = operation, None
                        if operation.gather is not None:
                            alike = _alike(entries[place:], operation)
                            gathered = await operation.gather(ledger.tx, patron, alike)
                    asked = Asked(patron, u, args, intent.at, intent.until, intent.base, now, gathered)
                    fate = _fate(_outcome(n, await operation.decide(ledger.tx, asked)))
            except ledger.faults:
                raise
            except Exception as fault:
                # What was gathered may tell of changes that were undone.
                gathering = None
                name = f"{incident}-{n}"
                fate = _fate(Outcome(n, "failed", said={"incident": name}))
                kept = bytes(raw).decode(errors="replace")
                if on_fault is not None:
                    on_fault(name, op, fault)
        fates[u] = fate
        decided.append(Decided(n, u, fate, True, op, kept))
    return decided, ran


def _alike(entries: Sequence[_Entry], operation: Operation) -> list[Any]:
    """The arguments of the first of these entries and of those after it that ask for the same, as far as they can be read."""
    found = []
    for entry in entries:
        if entry.intent is None or entry.intent.op != operation.name:
            break
        try:
            found.append(msgspec.json.decode(entry.intent.args, type=operation.args))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
    return found


def _settled_without_running(
    intent: Intent, raw: Raw, operations: Mapping[str, Operation], fates: Mapping[str, str], now: int
) -> Outcome | None:
    """The fate of a wish that its operation need not see, or None."""
    n = 0
    if len(bytes(raw)) > INTENT_BYTES:
        return Outcome(n, "invalid", code="too_big")
    if intent.op == WITHDRAW:
        try:
            same = msgspec.json.decode(intent.args, type=Withdraw).u == intent.u
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            same = False
        return Outcome(n, "withdrawn") if same else Outcome(n, "invalid", code="malformed_arguments")
    operation = operations.get(intent.op)
    if operation is None:
        return Outcome(n, "invalid", code="unknown_operation")
    if intent.until is not None and intent.until <= now:
        return Outcome(n, "expired")
    if operation.gone_after is not None and operation.gone_after <= now:
        return Outcome(n, "refused", code="no_longer_offered")
    if intent.after is not None:
        first = fates.get(intent.after)
        if first is None or (first and _from_fate(first).st not in ("done", "changed")):
            return Outcome(n, "skipped", code="after_not_done")
    return None


def _outcome(n: int, decision: Decision | Final) -> Outcome:
    match decision:
        case Done(said):
            return Outcome(n, "done", said=said)
        case Changed(code, said):
            return Outcome(n, "changed", code=code, said=said)
        case Received(code, eta):
            return Outcome(n, "received", code=code, eta=eta)
        case Refused(code, said, alternatives):
            return Outcome(n, "refused", code=code, said=said, alt=alternatives)
        case Expired():
            return Outcome(n, "expired")
        case Failed(incident, code, said):
            return Outcome(n, "failed", code=code, said={**said, "incident": incident})
    raise TypeError(f"expected Done, Changed, Received or Refused, got {decision!r}")


_PLAIN = Outcome(0, "done")
_named_decoder = msgspec.json.Decoder(_Named)
_fate_decoder = msgspec.json.Decoder(Outcome)


def _fate(outcome: Outcome) -> str:
    """An outcome as it is kept: without its place, and "" for one with nothing to say."""
    if outcome.st == "done" and not outcome.said:
        return ""
    return encode(replace(outcome, n=0)).decode()


def _from_fate(fate: str) -> Outcome:
    return _fate_decoder.decode(fate) if fate else _PLAIN


def _told(
    fates: Sequence[tuple[int, str, str]], late: Sequence[_Entry], budget: int
) -> tuple[list[tuple[int, int]], list[Outcome], int, bool]:
    """
    Fold fates into ranges and outcomes, from the lowest place on, as far as the budget reaches.

    A fate names its identity when the phone now has another wish in that place: then the phone was put
    back from a backup, and the wish has to move to a new place.
    """
    sent = {entry.n: entry.u for entry in late}
    done: list[tuple[int, int]] = []
    outcomes: list[Outcome] = []
    for n, u, fate in fates:
        other = bool(u) and sent.get(n, u) != u
        if not fate and not other:
            if done and done[-1][1] == n - 1:
                done[-1] = (done[-1][0], n)
                continue
            budget -= 2 * len(str(n)) + 4
        else:
            budget -= len(fate) + len(u) + 24
        if budget < 0 and (done or outcomes):
            return done, outcomes, 0, False
        if not fate and not other:
            done.append((n, n))
        else:
            outcomes.append(replace(_from_fate(fate), n=n, u=u if other else ""))
    return done, outcomes, budget, True


def _poll(outcomes: Sequence[Outcome]) -> int:
    """How long to wait before asking again, milliseconds: until the first outcome that may have come by then."""
    etas = [each.eta for each in outcomes if each.st == "received" and each.eta is not None]
    return min(POLL_MS, max(POLL_MS_LEAST, 1000 * min(etas))) if etas else POLL_MS


async def _refresh(
    ledger: Ledger,
    refreshers: Iterable[Refresh],
    ran: Mapping[str, Operation],
    due_at: int,
    patron: str,
    now: int,
) -> int:
    """
    Publish anew what time has changed; tells when it next will.

    Before `due_at` time has changed nothing, and only what was run may bring the next change forward.
    """
    next_at = now + DAY_MS
    if due_at > now:
        next_at = min(next_at, due_at)
        if all(operation.stirs is not None for operation in ran.values()):
            stirred = [refresh for operation in ran.values() for refresh in operation.stirs or ()]
            refreshers = [refresh for refresh in refreshers if refresh in stirred]
    for refresh in refreshers:
        at = await refresh(ledger.tx, patron, now)
        if at is not None:
            next_at = min(next_at, at)
    return max(next_at, now + 1)


def _cursor(seq: int, patron: str, epoch: str, since: int = 0) -> str:
    """
    How far a phone has read. Bound to whose facts, in which history and shape; not secret, as it opens nothing.

    `since` is the number of the latest change when it began to read from nothing: a phone that is still below
    it cannot miss what was gone by then, whatever tombstones are given up meanwhile.
    """
    place = f"{seq}-{since}" if seq < since else f"{seq}"
    bound = blake2s(f"{patron}\0{epoch}\0{SCHEMA_VERSION}\0{place}".encode(), digest_size=6).hexdigest()
    return f"{place}.{bound}"


def _place_of(cursor: str, patron: str, opened: Opened) -> tuple[int, int] | None:
    """Where to go on reading, and `since` as in a cursor; None to begin anew: no, foreign, too old or impossible cursor."""
    digits, _, began = cursor.partition(".")[0].partition("-")
    if not all(each.isascii() and each.isdigit() and len(each) < 16 for each in (digits, began or "0")):
        return None
    seq, since = int(digits), int(began or 0)
    if cursor != _cursor(seq, patron, opened.epoch, since):
        return None
    return (seq, since) if opened.horizon <= max(seq, since) <= opened.seq else None


def mark(seq: int, patron: str, epoch: str) -> str:
    """
    The cursor of a phone that has read a patron's facts up to this number.

    It is the id of a poke: a phone that holds it has read what the poke is about.
    """
    return _cursor(seq, patron, epoch)
