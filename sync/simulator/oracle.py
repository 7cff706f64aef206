"""
What has to be true: after every decision of the library, after everything a phone heard, and when all is at rest.

The promises are those of `README.md` beside this file. An oracle only looks; it changes nothing.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sync.simulator.toy_library import DAY_MS, QUOTA, Answered, Memory, ToyLibrary

PROMISES = {
    "P1": "what is asked for takes effect once at most, and once if it was told to be done",
    "P2": "no wish goes without an answer, and every answer is told, once, and true",
    "P3": "a device's wishes are decided in order, without a gap, and never again",
    "P4": "no wish delays another, whatever is wrong with it",
    "P5": "the library's own limits hold",
    "P6": "a phone at rest holds the library's facts, all of them and no others",
    "P7": "nothing that a phone has shown goes back",
    "P8": "half of what is read anew is never visible",
    "P9": "whatever the line does, everything gets through once something does",
    "P10": "nobody hears of, speaks for or hinders another reader",
    "P12": "what has expired is not done, and nothing else is called expired",
    "P13": "a device's clock decides nothing",
    "P14": "when the library is put back to an earlier day, nothing that was told to be done is lost",
}

FINAL = {"done", "changed", "refused", "expired", "invalid", "failed", "skipped", "withdrawn"}
TRUE_ONES = {"done", "changed"}
JOURNAL_MS = 30 * DAY_MS


class Broken(Exception):
    """A promise was broken."""

    def __init__(self, promise: str, how: str) -> None:
        super().__init__(f"{promise} {PROMISES[promise]}: {how}")
        self.promise = promise


Fate = tuple[str, str, str]
"""(state, code, said as JSON)"""


def fate_of(kept: str) -> Fate:
    """A fate as the library keeps it."""
    told = json.loads(kept) if kept else {"st": "done"}
    return _fate(told["st"], told.get("code", ""), told.get("said", {}))


def _fate(st: str, code: str, said: Any) -> Fate:
    return st, code, json.dumps(said, sort_keys=True)


@dataclass
class Phone:
    """A phone as it is seen from outside, and what its person knows."""

    key: int
    patron: str
    dev: str = ""
    off_ms: int = 0
    """The device's clock minus the library's."""
    jumps: int = 0
    view: dict[str, Any] = field(default_factory=dict)
    outbox: list[tuple[int, str, bool]] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    facts: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    wishes: dict[str, int] = field(default_factory=dict)
    """Identity to when it was asked, of all that was kept and not cleared away."""
    announced: dict[str, Fate] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    """Wishes of which not even the withdrawal could be read by what stood between."""
    highest: dict[tuple[str, str], int] = field(default_factory=dict)
    read_to: int = 0
    saved: Any = None
    decided: dict[tuple[str, str], int] = field(default_factory=dict)
    """Device and epoch, to the highest place that it was told to be decided."""
    torn: bool = False
    """Its disk has lost a wish that waited."""
    carries: int | None = None
    """Bytes of wishes that a request may hold before its line is cut; one wish always gets through."""

    def looks(self, view: dict[str, Any]) -> None:
        """Take in what the phone shows now."""
        self.view = view
        self.dev = view["dev"]
        if "outbox" in view:
            self.outbox = [tuple(each) for each in view["outbox"]]
        if "answers" in view:
            self.answers = {each[0]: each for each in view["answers"]}
        if "facts" in view:
            self.facts = {(kind, id): (version, body) for kind, id, version, body in view["facts"]}


def seq_of(cursor: str) -> int:
    """The number in a cursor; 0 for none."""
    return int(cursor.partition(".")[0].partition("-")[0] or 0)


def _whole(request: dict[str, Any], rows: list[Any]) -> list[tuple[Any, str]]:
    """Each row with its id spelt out, as the protocol has it (5.7)."""
    us = {each["n"]: each["u"] for each in request.get("intents", []) if isinstance(each, dict) and {"n", "u"} <= each.keys()}
    last, spelt = 0, []
    for row in rows:
        id = row[1]
        if id.startswith("#"):
            last = int(id[1:] or last + 1)
            id = us.get(last, id)
        spelt.append((row, id))
    return spelt


class Oracle:
    """Judges one history; `checked` counts how often each promise was."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.restores = 0
        self.shared: set[str] = set()
        """Identities that were asked for on two phones."""

    def holds(self, promise: str, true: object, *how: object) -> None:
        self.checked[promise] += 1
        if not true:
            raise Broken(promise, " ".join(map(str, how)))

    def composed(self, phone: Phone, request: dict[str, Any]) -> None:
        """A request has left a phone."""
        intents = request.get("intents", [])
        places = [each["n"] for each in intents]
        self.holds("P14", request["epoch"] or not intents, "wishes were sent to a library of unknown history")
        self.holds("P3", places == [n for n, _, _ in phone.outbox][: len(places)], "expected the first that wait, got", places)
        # A phone that was put back may lack wishes in places that it then hears to be decided.
        known = phone.decided.get((request["dev"], request["epoch"]), 0)
        missing = set(range(places[0], places[-1])) - set(places) if places else set()
        self.holds("P3", phone.torn or all(place <= known for place in missing), "sent with a gap:", places, "known", known)
        self.holds("P9", bool(places) or not request["epoch"] or not phone.outbox or phone.view["unsure"], "nothing was sent of what waits")
        back = {u for _, u, withdrawn in phone.outbox if withdrawn}
        for each in intents:
            self.holds("P1", (each["u"] in back) == (each["op"] == "sync.withdraw@1"), "a wish taken back was sent:", each)

    def decided(self, request: dict[str, Any], patron: str, now: int, got: Answered) -> None:
        """The library has answered a request that could be read."""
        before, after, told = got.before, got.after, got.body
        dev = request["dev"]
        old = before.devices.get(dev)
        if got.status != 200:
            code = told["code"]
            foreign = old is not None and old.patron != patron
            self.holds("P10", (code == "device") == foreign, "expected 403 for another's device only, got", got.status, code)
            if foreign:
                self.holds("P10", not told.get("epoch") and not told.get("upto"), "a foreign device was told", told)
            else:
                closed = old is not None and old.closed
                self.holds("P2", (code == "device-closed") == closed, "expected 410 for a closed device only, got", code)
                self.holds("P14", closed or (code == "epoch") == (request["epoch"] not in ("", before.epoch)), "got", code)
                upto = old.upto if old else 0
                self.holds("P14", code != "epoch" or told.get("upto", 0) == upto, "expected place", upto, "got", told)
                self.holds("P4", code in ("device-closed", "epoch"), "a sound request got", got.status, code)
            return
        device = after.devices[dev]
        self.holds("P10", (old is None or old.patron == patron) and device.patron == patron, "another's device was heard")
        self.holds("P10", old is None or not old.closed, "a closed device was heard")
        self.holds("P14", request["epoch"] in ("", before.epoch), "a message for another history was taken in")
        for kind, id, _, body in told.get("rows", []):
            self.holds("P10", body["of"] == patron, patron, "was told", kind, id, "of", body["of"])
        for outcome in told.get("outcomes", []):
            self.holds("P10", outcome.get("said", {}).get("for", patron) == patron, patron, "was told", outcome)
        self._places(request, told, old, device)
        self._told(request, told, device)
        self._effects(before, after)
        self._clock(request, patron, now, before, after, dev)
        self._after(request, patron, before, after)
        more = told.get("more", False)
        held = after.held(patron)
        day = held.get(("days", "today"))
        self.holds("P6", day is not None and day[1]["day"] == now // DAY_MS, "expected today's fact, got", day)
        rows = {(row[0], id): tuple(row[2:]) for row, id in _whole(request, told.get("rows", []))}
        self.holds("P6", all(held.get(key) == fact for key, fact in rows.items()), "told facts that are not so:", rows)
        gone = [(row[0], id) for row, id in _whole(request, told.get("gone", []))]
        self.holds("P6", not any(each in held for each in gone), "told gone what is not:", gone)
        if not more and (told.get("reset") or not request.get("cur")):
            self.holds("P6", rows == held, "expected everything anew, got", sorted(rows))
        self.holds("P9", not more or rows or gone or told.get("done") or told.get("outcomes"), "more to come, but nothing came")
        self.holds("P9", told["poll"] > 0 if "poll" in told else True)

    def _places(self, request: dict[str, Any], told: dict[str, Any], old: Any, device: Any) -> None:
        upto = old.upto if old else 0
        self.holds("P3", sorted(device.fates) == list(range(1, device.upto + 1)), "places decided:", sorted(device.fates))
        if old:
            same = all(device.fates[n] == each for n, each in old.fates.items())
            self.holds("P3", same, "a place was decided twice")
        self.holds("P3", told["upto"] == device.upto, "told", told["upto"], "but decided up to", device.upto)
        gap = None
        for intent in request.get("intents", []):
            if not isinstance(intent, dict) or type(intent.get("n")) is not int or intent["n"] < 1:
                return
            if intent["n"] == upto + 1:
                upto += 1
            elif intent["n"] > upto:
                gap = upto + 1
                break
        self.holds("P4", device.upto == upto, "expected all up to", upto, "to be decided, got", device.upto)
        self.holds("P3", told.get("gap") == gap, "expected gap", gap, "got", told.get("gap"))
        self.holds("P3", device.acked <= device.upto, "acknowledged what is not decided")

    def _told(self, request: dict[str, Any], told: dict[str, Any], device: Any) -> None:
        fates = {n: "done" for first, last in told.get("done", []) for n in range(first, last + 1)}
        fates |= {each["n"]: each["st"] for each in told.get("outcomes", [])}
        ack = request.get("ack", 0)
        due = [n for n in device.fates if n > ack]
        missing = [n for n in due if n not in fates]
        self.holds("P2", not missing or (told.get("more") and min(missing) > min(due)), "not told:", missing)
        for n, st in fates.items():
            self.holds("P2", fate_of(device.fates[n].fate)[0] == st, "told", st, "of place", n, "that is", device.fates[n])

    def _effects(self, before: Memory, after: Memory) -> None:
        if after.effects == before.effects:
            self.holds("P5", after.shelf == before.shelf, "the shelf changed by itself")
            return
        times = Counter((each.patron, each.u) for each in after.effects)
        self.holds("P1", max(times.values()) == 1, "took effect more than once:", times.most_common(1))
        self.holds("P3", after.effects[: len(before.effects)] == before.effects, "what had taken effect was changed")
        shelf: dict[str, str] = {}
        for each in after.effects:
            if each.what == "take":
                self.holds("P5", each.toy not in shelf, each.toy, "was given to two")
                shelf[each.toy] = each.patron
            elif each.what == "give_back":
                self.holds("P5", shelf.pop(each.toy, None) == each.patron, each.toy, "was given back by another")
        self.holds("P5", shelf == after.shelf, "expected on the shelf", shelf, "got", after.shelf)
        self.holds("P5", max(Counter(shelf.values()).values(), default=0) <= QUOTA, "more than the quota")
        for each in after.effects[len(before.effects) :]:
            self.holds("P12", each.until is None or each.at < each.until, "done after its time:", each)
            fate = after.known.get((each.patron, each.u))
            true = fate is not None and fate_of(fate)[0] in TRUE_ONES
            self.holds("P1", true, "took effect, but is kept as", fate)

    def _clock(self, request: dict[str, Any], patron: str, now: int, before: Memory, after: Memory, dev: str) -> None:
        old = before.devices.get(dev)
        for intent in request.get("intents", []):
            if not isinstance(intent, dict) or type(intent.get("n")) is not int or "until" not in intent:
                continue
            n, u = intent["n"], intent.get("u", "")
            decided = after.devices[dev].fates.get(n)
            if n <= (old.upto if old else 0) or decided is None or not decided.first or intent["op"] not in KNOWN:
                continue
            late = intent["until"] <= now
            st = fate_of(decided.fate)[0]
            self.holds("P12", late == (st == "expired"), "until", intent["until"], "now", now, "got", st, u)

    def _after(self, request: dict[str, Any], patron: str, before: Memory, after: Memory) -> None:
        for intent in request.get("intents", []):
            if not isinstance(intent, dict) or not intent.get("after") or (patron, intent["u"]) in before.known:
                continue
            fate = after.known.get((patron, intent["u"]))
            if fate is not None and fate_of(fate)[0] in TRUE_ONES:
                first = after.known.get((patron, intent["after"]))
                true = first is not None and fate_of(first)[0] in TRUE_ONES
                self.holds("P3", true, "done after", intent["after"], "that is", first)

    def heard(
        self, phone: Phone, was: Phone, so: dict[str, Any], told: Any, snapshot: Memory | None, round_trip_ms: int | None, now: int
    ) -> None:
        """
        A phone has taken in an answer or a failure.

        Args:
            was: the phone before.
            told: the reply, or None.
            snapshot: the library's memory when it replied.
            round_trip_ms: since the request left; None when the device's clock jumped
                meanwhile, or the answer is late, or not taken in.
        """
        for u, each in was.answers.items():
            # Put away, and older than the journal: it may go.
            if each[5] and u not in phone.answers and phone.view["heard_at"] - each[6] >= JOURNAL_MS:
                phone.wishes.pop(u, None)
        if told is not None and "upto" in told:
            heard = (phone.dev, told["epoch"])
            phone.decided[heard] = max(phone.decided.get(heard, 0), told["upto"])
        self.kept(phone)
        self.holds("P9", so["wait"] is not None or phone.view["status"] in ("sign_in", "closed"), "waits for nothing")
        places = [n for n, _, _ in phone.outbox]
        self.holds("P3", len(set(places)) == len(places), "two wishes in one place:", places)
        self.holds("P3", phone.view["next"] > max(places, default=0), "the next wish would share a place")
        for each in so["answered"]:
            fate = _fate(*each[1:4])
            self.holds("P2", phone.announced.get(each[0]) != fate, "told twice:", each[0], fate)
            refused = phone.announced.get(each[0], fate)[0] == "refused"
            self.holds("P14", not refused or fate[0] not in TRUE_ONES, "what was told to be refused came true:", each[0])
            phone.announced[each[0]] = fate
        if was.dev != phone.dev:
            return
        same = was.view["epoch"] == phone.view["epoch"]
        if same:
            self.holds("P7", phone.view["ack"] >= was.view["ack"], "ack went back")
            if phone.view["cur"]:
                self.holds("P7", seq_of(phone.view["cur"]) >= phone.read_to, "reads again what it has read")
        else:
            phone.highest.clear()
            phone.read_to = 0
        phone.read_to = max(phone.read_to, seq_of(phone.view["cur"]))
        self.holds("P6", not phone.view["mismatches"], "the library's sum is another than the phone's")
        if phone.view["anew"]:
            self.holds("P8", phone.facts == was.facts, "half of what is read anew is shown")
        if phone.facts != was.facts or "facts" in phone.view:
            for key, (version, _) in phone.facts.items():
                self.holds("P7", version >= phone.highest.get(key, 0), key, "went back to", version)
            if same:
                for key, (version, _) in was.facts.items():
                    if key not in phone.facts:
                        phone.highest[key] = max(version, phone.highest.get(key, 0))
            for key, (version, _) in phone.facts.items():
                phone.highest[key] = version
        if told is None or snapshot is None:
            return
        if phone.view["cur"] == told["cur"] and not told.get("more") and not phone.view["anew"]:
            held = snapshot.held(phone.patron)
            self.holds("P8", phone.facts == held, "expected", sorted(held), "after a whole reply, got", sorted(phone.facts))
        if round_trip_ms is not None and told["epoch"] == phone.view["epoch"]:
            error = abs(phone.view["offset"] + phone.off_ms)
            self.holds("P13", error <= round_trip_ms / 2 + 1, "the library's clock is off by", error, "after", round_trip_ms)

    def kept(self, phone: Phone) -> None:
        """Whatever has happened to a phone: no wish left without an answer."""
        waiting = {u for _, u, _ in phone.outbox}
        lost = [u for u in phone.wishes if u not in waiting and u not in phone.answers]
        self.holds("P2", not lost, "neither waiting nor answered:", lost)

    def at_rest(self, phone: Phone, library: ToyLibrary) -> None:
        """All has been sent and heard, the other system has answered, and nothing is under way."""
        memory, view, patron = library.memory, phone.view, phone.patron
        self.kept(phone)
        self.holds("P2", not phone.outbox, "still waiting:", phone.outbox)
        device = memory.devices[phone.dev]
        self.holds("P2", view["ack"] == device.upto, "acknowledged", view["ack"], "of", device.upto)
        self.holds("P6", phone.facts == memory.held(patron), "expected", memory.held(patron), "got", phone.facts)
        times = Counter(each.u for each in memory.effects if each.patron == patron)
        for u, (_, st, code, said, _, put_away, answered_at, _) in phone.answers.items():
            fate = _fate(st, code, said)
            self.holds("P2", st in FINAL, "no final answer for", u, ":", st)
            told = phone.announced.get(u) == fate or (st == "withdrawn" and put_away)
            self.holds("P2", told, u, "is", fate, "but was told", phone.announced.get(u))
            if u in phone.given_up or (self.restores and (u in self.shared or view["heard_at"] - answered_at > JOURNAL_MS - DAY_MS)):
                continue
            promise = "P14" if self.restores else "P1"
            self.holds(promise, times[u] == (st in TRUE_ONES), u, "was told", fate, "and took effect", times[u], "times")
            known = memory.known.get((patron, u))
            if known is None:
                self.holds("P14", self.restores and st not in TRUE_ONES, "the library does not know", u, "told", fate)
            elif code == "unreadable":
                self.holds("P2", fate_of(known)[0] == "withdrawn", u, "was told unreadable, but is", known)
            else:
                self.holds("P2", fate_of(known) == fate, u, "was told", fate, "but is", known)


KNOWN = {"toys.take@1", "toys.give_back@1", "toys.say@1", "toys.order@1", "toys.crash@1", "toys.rent@1"}
