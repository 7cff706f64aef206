"""
Faults planted in the two halves, one at a time, that the simulator has to catch within 1,000 histories.

`python -m tests.sync.planted` looks for each from seed 0 on and says which seed first catches it.
"""

import shutil
import tempfile
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import carrel_sync.library
from sync.simulator.phones import SYNC, Phones
from sync.simulator.play import play
from sync.simulator.steps import drawn
from sync.simulator.toy_library import half_from


class Fault(NamedTuple):
    """One text of one half in place of another."""

    name: str
    where: str
    """library.py, phone.ts or facts.ts."""
    sound: str
    wrong: str
    seen_by: int = 0
    """A seed near which it is caught, so that a test is quick; see `__main__`."""


PLANTED = [
    Fault("a repeated place is run again", "library.py", "if entry.n <= upto:", "if entry.n < upto:"),
    Fault("an identity is run again in a new place", "library.py", "before = fates.get(u) if u else None", "before = None", 14),
    Fault("a gap is jumped", "library.py", "elif entry.n == upto + 1:", "elif entry.n > upto:", 1),
    Fault("a gap is not told", "library.py", "gap = upto + 1\n            break", "break", 1),
    Fault("what follows a gap is decided in wrong places", "library.py", "gap = upto + 1\n            break", "gap = upto + 1", 4),
    Fault("outcomes are told once only", "library.py", "fates = [*opened.decided, *(", "fates = [*("),
    Fault("acknowledged before it is stored", "library.py", "min(upto, max(request.ack, opened.acked))", "upto + 1"),
    Fault("anybody's device is heard", "library.py", "opened.patron is not None and opened.patron != patron", "False", 10),
    Fault("a closed device is heard", "library.py", "if opened.closed:", "if False:", 1),
    Fault("a message for another history is taken in", "library.py", "if request.epoch and request.epoch != opened.epoch:", "if False:", 1),
    Fault("409 tells no place", "library.py", 'problem("epoch", opened.epoch, opened.upto)', 'problem("epoch", opened.epoch)', 1),
    Fault("expired one instant late", "library.py", "intent.until <= now", "intent.until < now"),
    Fault("expired by the device's clock", "library.py", "intent.until <= now", "intent.until <= intent.at"),
    Fault("never expired", "library.py", "intent.until is not None and intent.until <= now", "False"),
    Fault("a raising operation leaves its effect", "library.py", "async with ledger.savepoint():", "if True:", 1),
    Fault("a raising operation ends the conversation", "library.py", "except Exception as fault:", "except ZeroDivisionError as fault:", 1),
    Fault("an operation given up is still done", "library.py", "operation.gone_after is not None and operation.gone_after <= now", "False", 21),
    Fault("a withdrawal takes anything back", "library.py", 'return Outcome(n, "withdrawn") if same else', 'return Outcome(n, "done") if same else', 4),
    Fault("what depends on a refusal is done", "library.py", "if first is None or (first and", "if first is None and (first and", 8),
    Fault("too big is taken", "library.py", "if len(bytes(raw)) > INTENT_BYTES:", "if False:", 21),
    Fault("facts are read from one further on", "library.py", "return (seq, since) if", "return (seq + 1, since) if"),
    Fault("a foreign cursor is believed", "library.py", "cursor != _cursor(seq, patron, opened.epoch, since)", "False", 1),
    Fault("a cursor outlives its tombstones", "library.py", "if opened.horizon <= max(seq, since) <= opened.seq", "if max(seq, since) <= opened.seq", 1),
    Fault("what is read anew never outlives a tombstone", "library.py", "if opened.horizon <= max(seq, since) <= opened.seq", "if opened.horizon <= seq <= opened.seq", 75),
    Fault("the cursor goes over a whole page", "library.py", "    if not more:\n        after = page.seq", "    after = page.seq", 5),
    Fault("the first page is told to be the last", "library.py", "more, reading = True, False", "more, reading = False, False", 5),
    Fault("gone facts are not told", "library.py", "gone.append((fact.kind, id, fact.version))", "pass", 41),
    Fault("facts that time changes stay", "library.py", "refreshed = ran or opened.refresh_at <= now", "refreshed = ran or opened.refresh_at == 0"),
    Fault("a reset is not told", "library.py", "reset = place is None", "reset = False", 1),
    Fault("another end for what has one", "library.py", '_from_fate(before).st != "received"', "False"),
    Fault("outcomes that do not fit are left out", "library.py", "return done, outcomes, 0, False", "return done, outcomes, 0, True", 42),
    Fault("another's place is not told apart", "library.py", "other = bool(u) and sent.get(n, u) != u", "other = False", 64),
    Fault("an outcome goes to whoever is in its place", "phone.ts", "if (!outcome || carried.get(wish.u) !== wish.n) {", "if (!outcome) {", 64),
    Fault("another's outcome is believed", "phone.ts", "} else if (outcome.u && outcome.u !== wish.u) {", "} else if (false) {", 64),
    Fault("a decided wish is dropped without its outcome", "phone.ts", "if (!outcome || carried.get(wish.u) !== wish.n) {\n      open.push(wish);", "if (!outcome || carried.get(wish.u) !== wish.n) {\n      if (wish.n > reply.upto) open.push(wish);", 42),
    Fault("acknowledged while received", "phone.ts", "|| !st || st === 'received') break;", "|| !st) break;", 6),
    Fault("acknowledged up to what is decided", "phone.ts", "  let ack = state.ack;\n", "  let ack = reply.upto;\n", 6),
    Fault("never acknowledged", "phone.ts", "    ack = n;\n", "    break;\n"),
    Fault("an old page is taken in", "phone.ts", "const facts = request.cur === reading(state) ? spelt(request, reply) : null;", "const facts = spelt(request, reply);", 105),
    Fault("what is read anew is shown at once", "phone.ts", "if (anew && reply.more) return { ...state, shadow: { cur: reply.cur, facts } };", "if (anew && reply.more) return { ...state, facts, shadow: { cur: reply.cur, facts } };", 64),
    Fault("what is read anew is mixed with the old", "phone.ts", "const anew = reply.reset ? new Map() :", "const anew = reply.reset ? new Map(state.facts) :", 1),
    Fault("a gap is not heard", "phone.ts", "const gap = reply.gap != null &&", "const gap = false &&", 1),
    Fault("an epoch change clears the queue", "phone.ts", "const outbox = [...wishes, ...state.outbox].sort(", "const outbox = [...wishes].sort(", 1),
    Fault("an epoch change forgets the journal", "phone.ts", "const outbox = [...wishes, ...state.outbox].sort(", "const outbox = [...state.outbox].sort(", 41),
    Fault("an epoch change keeps the old ack", "phone.ts", "const next = { ...state, epoch, ack: upto, cur: '',", "const next = { ...state, epoch, cur: '',", 38),
    Fault("a failure drops the wish", "phone.ts", "if (failure.kind === 'cut') return later(shrunk(state, request, now)", "if (failure.kind === 'cut') return later(shrunk({ ...state, outbox: state.outbox.slice(1) }, request, now)"),
    Fault("sent again after 410", "phone.ts", "if (status === 410) return still('ended', 'closed');", "if (status === 404 || status === 410) return still('ended', 'closed');", 9),
    Fault("a late answer of another sign-in counts", "phone.ts", "if (request.dev !== state.dev) {", "if (false) {", 70),
    Fault("told twice after a restore", "phone.ts", "if (!answer.put_away && !asBefore(wish, outcome)) answered.push(answer);", "if (!answer.put_away) answered.push(answer);", 41),
    Fault("a changed answer is not told", "phone.ts", "if (!answer.put_away && !asBefore(wish, outcome)) answered.push(answer);", "if (!answer.put_away && !wish.told) answered.push(answer);", 241),
    Fault("the end of what was received is not told", "phone.ts", "      placed.set(n, answer);\n      answered.push(answer);", "      placed.set(n, answer);", 6),
    Fault("a withdrawal is sent as the wish", "phone.ts", "if (wish.withdrawn) return", "if (false) return"),
    Fault("wishes go before an epoch is known", "phone.ts", "for (const wish of state.epoch && !state.unsure ? state.outbox : []) {", "for (const wish of state.outbox) {", 1),
    Fault("a chunk never gets smaller", "phone.ts", "chunk: Math.max(CHUNK_LEAST, Math.floor(chunk), Math.floor(proven)),", "chunk: size,", 75),
    Fault("another's fate is taken for that of a wish whose request was cut", "phone.ts", "=== reply.whose ?", "?", 64),
    Fault("the library's clock is taken for the device's", "phone.ts", "offset: Math.round(reply.now - ((request.now ?? now) + now) / 2),", "offset: 0,", 2),
    Fault("the library's clock is read when the request left", "phone.ts", "((request.now ?? now) + now) / 2", "(request.now ?? now)", 180),
    Fault("the next place is the library's", "phone.ts", "next: Math.max(state.next, reply.upto + 1),", "next: reply.upto + 1,", 1),
    Fault("short ids are not spelt out", "phone.ts", "const u = identities.get(last);", "const u = id;", 1),
    Fault("a short id names another wish", "library.py", "each.u: each.n\n", "each.u: entries[0].n\n", 4),
    Fault("a place left out is that of the one before", "library.py", "n = entries[-1].n + 1", "n = entries[-1].n"),
    Fault("a short id tells the place before", "library.py", 'f"#{place}"), place', 'f"#{place - 1}"), place', 1),
    Fault("gone facts stay", "facts.ts", "for (const [kind, id] of gone) kindOf(kind).delete(id);", "", 41),
]  # fmt: skip


def half_with(fault: Fault, folder: Path) -> tuple[ModuleType, Path]:
    """
    Both halves, one of them with the fault, in a folder of its own.

    Raises:
        AssertionError: the sound text is not there exactly once, so the fault means nothing any more.
    """
    place = Path(tempfile.mkdtemp(dir=folder))
    for part in ("phone", "schema"):
        shutil.copytree(SYNC / part, place / part)
    library = place / "library.py"
    shutil.copy(SYNC / "carrel_sync" / "library.py", library)
    target = library if fault.where == "library.py" else place / "phone" / fault.where
    text = target.read_text("utf-8")
    assert text.count(fault.sound) == 1, f"{fault.name}: expected {fault.sound!r} once, got it {text.count(fault.sound)} times"
    target.write_text(text.replace(fault.sound, fault.wrong), "utf-8")
    half = half_from(library) if fault.where == "library.py" else carrel_sync.library
    return half, place / "phone" / "phone.ts"


def first_caught(fault: Fault, folder: Path, seeds: range) -> tuple[int, str] | None:
    """Seed and sentence of the history that catches it, or None."""
    half, phone = half_with(fault, folder)
    with Phones(phone) as phones:
        played = play(((seed, drawn(seed)) for seed in seeds), phones, half, width=len(seeds))
        return min(((each.seed, str(each.broken)) for each in played if each.broken), default=None)


def caught(fault: Fault, folder: Path) -> bool:
    """Whether the history of its known seed, or else any of the first 1,000, catches it."""
    known = range(fault.seen_by, fault.seen_by + 1)
    return any(first_caught(fault, folder, few) for few in (known, *(range(at, at + 100) for at in range(0, 1_000, 100))))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for each in PLANTED:
            seeds = (range(at, at + 100) for at in range(0, 1_000, 100))
            print(f"{each.name}: {next(filter(None, (first_caught(each, Path(place), few) for few in seeds)), None)}", flush=True)
