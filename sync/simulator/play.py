"""
Plays histories: the steps of `steps.py` on the real library's half and the real phone's half, judged by an oracle.

A history is a generator that hands out what its phones are to be told; many of them advance side by side, and
what all of them have to say goes to Node in one line.
"""

import copy
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

import carrel_sync.library
from sync.simulator.oracle import Broken, Oracle, Phone
from sync.simulator.phones import Phones
from sync.simulator.steps import Step
from sync.simulator.toy_library import DAY_MS, TOYS, Answered, Memory, ToyLibrary

START_MS = 1_801_472_400_000
"""Monday 1 February 2027, 09:00 UTC."""
YEAR_MS = 365 * DAY_MS
PATRONS = ("ada", "ada", "ben")
"""Whose the phones are to begin with."""
SLOTS = 8
"""Keys of phones between one history and the next."""
ROUNDS = 90
"""Within how many requests of each phone everything has to be at rest."""

Talk = Generator[list[Any], list[Any], Any]
"""Hands out commands for phones; is sent what came of them."""


@dataclass
class Exchange:
    """A request and, when it has arrived, its answer."""

    id: int
    key: int
    dev: str
    patron: str
    request: dict[str, Any]
    line: bytes
    """The request as it went on the line."""
    sent_at: int
    jumps: int
    got: Answered | None = None
    over: bool = False
    """The phone has heard the answer, or that none comes."""
    times: int = 0
    """How often its answer was heard."""


@dataclass
class World:
    """One history under way."""

    slot: int
    library: ToyLibrary
    oracle: Oracle = field(default_factory=Oracle)
    now: int = START_MS
    phones: list[Phone] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    backup: Memory | None = None
    minted: int = 0
    most: int = 1 << 18
    """Bytes of a reply that fit through the line."""
    happened: Counter[str] = field(default_factory=Counter)
    answers_elsewhere: dict[tuple[str, str], str] = field(default_factory=dict)
    """What the other system says of each wish: it keeps its own memory, whatever becomes of the library's."""

    untils: dict[str, int] = field(default_factory=dict)
    """Identity to the instant from which on it is not to be done."""

    # What phones do

    def tell(self, phone: Phone, verb: str, *given: Any) -> Talk:
        [came] = yield [(phone.key, verb, *given)]
        seen, fault = came
        if fault is not None:
            raise Broken("P2", f"the phone's half fell over: {fault}")
        phone.looks(seen[0])
        return seen[1]

    def mint(self) -> int:
        self.minted += 1
        return self.minted

    def begin(self, phone: Phone, patron: str) -> Talk:
        """A new sign-in: everything of the one before is gone."""
        fresh = Phone(phone.key, patron, off_ms=phone.off_ms, jumps=phone.jumps)
        phone.__dict__.update(fresh.__dict__)
        yield from self.tell(phone, "begin", f"d_{self.mint():032x}")

    def clock(self, phone: Phone) -> int:
        return self.now + phone.off_ms

    def send(self, phone: Phone) -> Talk:
        """Let a request leave; None where the phone may not send. One that has to sign in does that first."""
        if phone.view["status"] == "sign_in":
            yield from self.tell(phone, "sign_in")
        id = self.mint()
        said = yield from self.tell(phone, "compose", id, self.clock(phone))
        if said is None:
            return None
        request = said["request"]
        self.oracle.composed(phone, request)
        exchange = Exchange(
            id, phone.key, phone.dev, phone.patron, request, said["line"].encode(), self.clock(phone), phone.jumps
        )
        self.exchanges.append(exchange)
        return exchange

    def arrive(self, exchange: Exchange) -> Answered:
        """A request reaches the library."""
        got = self.post(exchange.line, exchange.patron)
        self.oracle.decided(exchange.request, exchange.patron, self.now, got)
        exchange.got = got
        return got

    def post(self, body: bytes, patron: str) -> Answered:
        try:
            return self.library.post(body, patron, self.now, self.most)
        except Exception as fault:
            raise Broken("P4", f"the library's half fell over: {fault!r}") from fault

    def hear(self, exchange: Exchange, status: int | None = None, late: bool = False) -> Talk:
        """
        The phone hears what came of a request.

        Args:
            status: another status than the library's; 0: that the line was cut.
        """
        phone = self.phones[exchange.key % SLOTS]
        got = exchange.got if status is None else None
        if got is not None:
            status, told = got.status, got.body
        else:
            status, told = status or 0, {"code": ""}
        exchange.over = True
        exchange.times += 1
        ours = exchange.dev == phone.dev
        was = copy.copy(phone)
        jumped = late or exchange.jumps != phone.jumps or not ours
        # What answers a request without an epoch, when one is known by now, is not taken in.
        passed = jumped or exchange.request["epoch"] != (phone.view.get("epoch") or exchange.request["epoch"])
        intents = exchange.request.get("intents", [])
        if status in (400, 413) and ours and len(intents) == 1 and intents[0]["op"] == "sync.withdraw@1":
            phone.given_up.add(intents[0]["u"])
        so = yield from self.tell(phone, "hear", exchange.id, status, told, self.clock(phone))
        self.oracle.heard(
            phone,
            was,
            so,
            told if status == 200 and ours else None,
            got.after if got is not None and ours else None,
            None if passed else self.clock(phone) - exchange.sent_at,
            self.now,
        )
        if phone.view["status"] == "closed":
            self.oracle.holds("P2", status == 410 and ours, "a phone was closed by", status)
            yield from self.begin(phone, phone.patron)
        return so

    def exchange(self, phone: Phone) -> Talk:
        exchange = yield from self.send(phone)
        if exchange is None:
            return
        if self.cut(exchange):
            yield from self.hear(exchange, 0)
            return
        self.now += 40
        self.arrive(exchange)
        self.now += 60
        yield from self.hear(exchange)

    def cut(self, exchange: Exchange) -> bool:
        intents, carries = exchange.request.get("intents", []), self.phones[exchange.key % SLOTS].carries
        return carries is not None and len(intents) > 1 and len(msgspec.json.encode(intents)) > carries

    # What happens

    def step(self, step: Step) -> Talk:
        phone = self.phones[step.who % len(self.phones)]
        act = getattr(self, f"_{step.kind}")
        self.happened[step.kind] += 1
        self.now += 1 + step.how % 700
        done = act(phone, step.which, step.how)
        if done is not None:
            yield from done

    def _ask(self, phone: Phone, which: int, how: int) -> Talk:
        u = f"01900000-0000-7000-8000-{self.mint():012x}"
        ops = ("take", "take", "take", "give_back", "give_back", "say", "say", "order", "crash", "rent", "unheard_of")
        op = f"toys.{ops[how % len(ops)]}@1"
        args: dict[str, Any] = {"toy": TOYS[which % len(TOYS)]}
        if which % 5 == 0:
            args["pad"] = "x" * (which % 160)
        if which % 23 == 0:
            args = {"tay": 1}
        lasts = (None, None, None, 1, 700, 5_000, 600_000, DAY_MS)[(which >> 5) % 8]
        asking: dict[str, Any] = {"u": u, "op": op, "args": args}
        if how % 7 == 0 and phone.wishes:
            asking["after"] = list(phone.wishes)[which % len(phone.wishes)]
        yield from self._asked(phone, asking, lasts)

    def _asked(self, phone: Phone, asking: dict[str, Any], lasts: int | None) -> Talk:
        heard = phone.view["offset"] is not None
        said = yield from self.tell(phone, "ask", asking, self.clock(phone), lasts)
        if not said.get("full"):
            phone.wishes.setdefault(asking["u"], self.mint())
            if said["until"] is not None:
                self.untils[asking["u"]] = said["until"]
            self.oracle.holds("P13", heard or said["until"] is None, "an instant of a clock that was never heard")
        self.oracle.kept(phone)

    def _ask_elsewhere_too(self, phone: Phone, which: int, how: int) -> Talk:
        others = [each for each in self.phones if each is not phone and each.patron == phone.patron]
        wishes = sorted({u for other in others for u in other.wishes} - set(phone.wishes))
        if wishes:
            u = wishes[which % len(wishes)]
            self.oracle.shared.add(u)
            asking = {"u": u, "op": "toys.say@1", "args": {"toy": TOYS[how % len(TOYS)]}}
            yield from self._asked(phone, asking, None)

    def _withdraw(self, phone: Phone, which: int, how: int) -> Talk:
        if phone.outbox:
            yield from self.tell(phone, "withdraw", phone.outbox[which % len(phone.outbox)][1])
            self.oracle.kept(phone)

    def _put_away(self, phone: Phone, which: int, how: int) -> Talk:
        read = sorted(u for u in phone.answers if u in phone.announced)
        if read:
            yield from self.tell(phone, "put_away", read[which % len(read)])

    def _exchange(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self.exchange(phone)

    def _send(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self.send(phone)

    def _second_tab(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self.send(phone)
        if how % 3 == 0:
            yield from self._ask(phone, which, how)
        yield from self.send(phone)

    def _under_way(self, phone: Phone, arrived: bool) -> list[Exchange]:
        return [e for e in self.exchanges if e.key == phone.key and not e.over and (e.got is not None) == arrived]

    def _arrive(self, phone: Phone, which: int, how: int) -> None:
        if up := self._under_way(phone, False):
            self.arrive(up[which % len(up)])

    def _hear(self, phone: Phone, which: int, how: int) -> Talk:
        if down := self._under_way(phone, True):
            yield from self.hear(down[which % len(down)])

    def _lose_request(self, phone: Phone, which: int, how: int) -> Talk:
        if up := self._under_way(phone, False):
            yield from self.hear(up[which % len(up)], 0)

    def _lose_reply(self, phone: Phone, which: int, how: int) -> Talk:
        down = self._under_way(phone, True)
        if down:
            yield from self.hear(down[which % len(down)], 0)
        else:
            exchange = yield from self.send(phone)
            if exchange is not None:
                self.arrive(exchange)
                yield from self.hear(exchange, 0)

    def _cut_page(self, phone: Phone, which: int, how: int) -> Talk:
        wide, self.most = self.most, 520 + which % 300
        yield from self.exchange(phone)
        exchange = yield from self.send(phone)
        if exchange is not None:
            self.arrive(exchange)
            yield from self.hear(exchange, 0)
        self.most = wide

    def _late_request(self, phone: Phone, which: int, how: int) -> Talk:
        if not self.exchanges:
            return
        exchange = self.exchanges[-1 - which % min(len(self.exchanges), 9)]
        again = copy.copy(exchange)
        self.arrive(again)
        again.over = True
        self.exchanges.append(again)
        if how % 2:
            yield from self.hear(again, late=True)

    def _late_reply(self, phone: Phone, which: int, how: int) -> Talk:
        had = [each for each in self.exchanges if each.over and each.got is not None]
        if had:
            yield from self.hear(had[-1 - which % min(len(had), 9)], late=True)

    def _stopped(self, phone: Phone, status: int) -> Talk:
        up = self._under_way(phone, False)
        exchange = up[0] if up else (yield from self.send(phone))
        if exchange is not None:
            yield from self.hear(exchange, status)

    def _busy(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self._stopped(phone, (503, 429, 504, 502, 302, 404, 200)[how % 7])

    def _unreadable(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self._stopped(phone, (400, 413)[how % 2] if how % 5 else 400)

    def _session_ends(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self._stopped(phone, 401)

    def _open_again(self, phone: Phone, which: int, how: int) -> Talk:
        """The app is closed with whatever was under way, and started."""
        for each in self.exchanges:
            each.over = each.over or each.key == phone.key
        yield from self.tell(phone, "open")

    def _clock_off(self, phone: Phone, which: int, how: int) -> None:
        phone.off_ms = (0, 1, -1, 3_600_000, -3_600_000, DAY_MS, -YEAR_MS, 10 * YEAR_MS, -10 * YEAR_MS)[which % 9]
        phone.jumps += 1

    def _narrow(self, phone: Phone, which: int, how: int) -> Talk:
        self.most = 600 + which % 900
        phone.carries = 540 + how % 500
        yield from self.tell(phone, "narrow", 512)

    def _torn_queue(self, phone: Phone, which: int, how: int) -> Talk:
        if phone.outbox:
            u = phone.outbox[which % min(2, len(phone.outbox))][1]
            first = None
            if how % 2:
                first = yield from self.send(phone)
            phone.wishes.pop(u, None)
            # Where it was set aside as unreadable, its withdrawal is lost with it.
            phone.given_up.add(u)
            phone.torn = True
            yield from self.tell(phone, "tear", u)
            if first is not None:
                # What left before is overtaken by what leaves after.
                yield from self.exchange(phone)
                self.arrive(first)
                if not first.over and first.dev == phone.dev:
                    yield from self.hear(first, late=True)

    def _evict(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self.begin(phone, phone.patron)

    def _save_phone(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self.tell(phone, "save")
        phone.saved = copy.deepcopy(
            {key: value for key, value in phone.__dict__.items() if key in ("wishes", "announced", "given_up", "dev", "torn")}
        )

    def _put_phone_back(self, phone: Phone, which: int, how: int) -> Talk:
        if phone.saved is None:
            return
        for each in self.exchanges:
            each.over = each.over or each.key == phone.key
        phone.__dict__.update(copy.deepcopy(phone.saved))
        yield from self.tell(phone, "put_back")
        phone.highest, phone.read_to, phone.carries = {}, 0, None
        self.oracle.kept(phone)
        if how % 2:
            yield from self._ask(phone, which, how)

    def _sign_out(self, phone: Phone, which: int, how: int) -> Talk:
        yield from self.exchange(phone)
        self.library.leave(phone.dev, phone.patron, self.now)
        yield from self.begin(phone, ("ada", "ben")[how % 2])

    def _signed_out_from_afar(self, phone: Phone, which: int, how: int) -> None:
        self.library.leave(phone.dev, phone.patron, self.now)

    def _restart_library(self, phone: Phone, which: int, how: int) -> Talk:
        for each in list(self.exchanges):
            if not each.over:
                yield from self.hear(each, 0)

    def _back_up_library(self, phone: Phone, which: int, how: int) -> None:
        self.backup = self.library.memory.copied()

    def _restore_library(self, phone: Phone, which: int, how: int) -> None:
        if self.backup is not None:
            self.oracle.restores += 1
            self.library.restore(self.backup, f"e{1 + self.oracle.restores}")

    def _forget_tombstones(self, phone: Phone, which: int, how: int) -> Talk:
        if how % 2:
            self.library.notice(phone.patron, str(which), True)
            yield from self.exchange(phone)
            self.library.notice(phone.patron, str(which), False)
        self.library.forget_tombstones(phone.patron)

    def _other_system_answers(self, phone: Phone, which: int, how: int) -> None:
        waiting = sorted(self.library.memory.elsewhere)
        if waiting:
            patron, u = waiting[which % len(waiting)]
            self.answer_elsewhere(patron, u, "later" if how % 5 == 0 else "")
        elif self.library.memory.known:
            # One that has its end, or was never received, stays as it is.
            patron, u = sorted(self.library.memory.known)[which % len(self.library.memory.known)]
            before = self.library.memory
            told = self.library.answer_elsewhere(patron, u, "failed", self.now)
            self.oracle.holds("P2", not told and self.library.memory is before, u, "was told another end")

    def answer_elsewhere(self, patron: str, u: str, how: str = "") -> None:
        if not how:
            ends = ("done", "done", "refused", "failed")
            how = self.answers_elsewhere.setdefault((patron, u), ends[int(u[-3:], 16) % len(ends)])
        told = self.library.answer_elsewhere(patron, u, how, self.now)
        self.oracle.holds("P2", told, "the end of", u, "was not taken in")

    def _hostile_device(self, phone: Phone, which: int, how: int) -> None:
        """Somebody else sends, in their own name, what a phone has sent."""
        if self.exchanges:
            exchange = self.exchanges[which % len(self.exchanges)]
            other = "ben" if exchange.patron == "ada" else "ada"
            if exchange.dev in self.library.memory.devices:
                got = self.post(exchange.line, other)
                self.oracle.decided(exchange.request, other, self.now, got)
                self.oracle.holds("P10", got.status == 403, "expected 403, got", got.status)

    def _hostile(self, patron: str, request: dict[str, Any]) -> Answered:
        full = {"v": 1, "epoch": self.library.memory.epoch, "now": 0, "dev": f"d_{self.mint():032x}", **request}
        narrow, self.most = self.most, 1 << 18
        got = self.post(msgspec.json.encode(full), patron)
        self.most = narrow
        self.oracle.decided(full, patron, self.now, got)
        self.library.leave(full["dev"], patron, self.now)
        return got

    def _hostile_cursor(self, phone: Phone, which: int, how: int) -> None:
        """A cursor of somebody else, or one made up, reads nothing but one's own from the beginning."""
        other = "ben" if phone.patron == "ada" else "ada"
        cursor = self.library.cursor(other)
        if how % 3 == 0:
            cursor = cursor.replace(".", "0.") if how % 2 else "7"
        got = self._hostile(phone.patron, {"cur": cursor})
        self.oracle.holds("P10", got.body.get("reset"), "a foreign cursor was believed")

    def _hostile_identity(self, phone: Phone, which: int, how: int) -> None:
        """Somebody asks under an identity that another reader's wish has: it is their own wish, decided as such."""
        known = sorted(self.library.memory.known)
        if not known:
            return
        patron, u = known[which % len(known)]
        other = "ben" if patron == "ada" else "ada"
        if (other, u) in self.library.memory.known:
            return
        intent = {"n": 1, "u": u, "op": "toys.rent@1", "args": {"toy": "ball"}, "at": 0}
        got = self._hostile(other, {"intents": [intent]})
        fates = [each.get("code", "") for each in got.body.get("outcomes", [])]
        self.oracle.holds("P10", fates == ["no_longer_offered"], "got the fate of another's wish:", got.body)

    def _hostile_bytes(self, phone: Phone, which: int, how: int) -> None:
        """Entries that nobody can read delay none beside them."""
        good = f"01900000-0000-7000-8000-{self.mint():012x}"
        bad: list[Any] = [None, 7, {"n": -1}, {"u": 3}, {"n": 2, "u": good, "op": "?"}, [[]], {"n": 2, "op": "x" * 9000}]
        first = {"n": 1, "u": good, "op": "toys.rent@1", "args": {"toy": "ball"}, "at": 0}
        last = {**first, "n": 3, "u": f"01900000-0000-7000-8000-{self.mint():012x}"}
        if how % 2:
            last["args"] = {"toy": "x" * 9000}
        got = self._hostile(phone.patron, {"intents": [first, bad[which % len(bad)], last]})
        codes = [each.get("code", "") for each in got.body.get("outcomes", [])]
        middle = "no_longer_offered" if bad[which % len(bad)] == {"n": 2, "u": good, "op": "?"} else "malformed"
        ends = "too_big" if how % 2 else "no_longer_offered"
        self.oracle.holds("P4", got.body["upto"] == 3, "what was behind it was delayed:", got.body)
        self.oracle.holds("P4", codes == ["no_longer_offered", middle, ends], "got", codes)

    def _hostile_gap(self, phone: Phone, which: int, how: int) -> None:
        """What is behind a gap is not looked at."""
        us = [f"01900000-0000-7000-8000-{self.mint():012x}" for _ in range(3)]
        intents = [{"n": n, "u": u, "op": "toys.rent@1", "args": {"toy": "ball"}, "at": 0} for n, u in zip((1, 3, 2), us, strict=True)]
        got = self._hostile(phone.patron, {"intents": intents[how % 2 :]})
        self.oracle.holds("P3", got.body.get("gap") == 2 - how % 2, "expected a gap, got", got.body)

    def _time_passes(self, phone: Phone, which: int, how: int) -> Talk:
        """To the very instant at which a wish that waits is over, one before or after it; or a good while."""
        ends = [self.untils[u] for _, u, _ in phone.outbox if self.untils.get(u, 0) > self.now]
        if not ends or how % 3 == 0:
            self.now += (100, 3_000, 600_000, 7_200_000, DAY_MS, 3 * DAY_MS)[which % 6]
            return
        self.now = ends[which % len(ends)] + (-1, 0, 1)[how % 7 % 3]
        exchange = yield from self.send(phone)
        if exchange is not None and not self.cut(exchange):
            self.arrive(exchange)
            yield from self.hear(exchange)

    # The end

    def rest(self) -> Talk:
        """The line holds, the other system answers, everybody asks until nothing is new; then all has to be as promised."""
        for each in self.exchanges:
            if not each.over:
                yield from self.hear(each, 0)
        quiet = 0
        for _ in range(ROUNDS):
            for patron, u in sorted(self.library.memory.elsewhere):
                self.answer_elsewhere(patron, u)
            still = True
            for phone in self.phones:
                before = (phone.view["cur"], phone.view["ack"], len(phone.outbox), phone.dev, phone.view["epoch"])
                yield from self.exchange(phone)
                after = (phone.view["cur"], phone.view["ack"], len(phone.outbox), phone.dev, phone.view["epoch"])
                still = still and before == after and not phone.outbox and not phone.view["anew"]
            quiet = quiet + 1 if still else 0
            if quiet == 2 and not self.library.memory.elsewhere:
                break
        else:
            waits = [(each.view["status"], each.outbox, each.view["cur"]) for each in self.phones]
            raise Broken("P9", f"not at rest after {ROUNDS} requests of each phone: {waits}")
        for phone in self.phones:
            self.oracle.at_rest(phone, self.library)


class Verdict(NamedTuple):
    """What came of a history."""

    seed: int
    broken: Broken | None
    happened: Counter[str]
    checked: Counter[str]


def history(world: World, steps: Sequence[Step]) -> Talk:
    """One history, from sign-in to rest."""
    for at, patron in enumerate(PATRONS):
        phone = Phone(world.slot * SLOTS + at, patron)
        world.phones.append(phone)
        yield from world.begin(phone, patron)
    for step in steps:
        yield from world.step(step)
    yield from world.rest()


def play(
    histories: Iterable[tuple[int, Sequence[Step]]],
    phones: Phones,
    half: ModuleType = carrel_sync.library,
    width: int = 128,
) -> Iterator[Verdict]:
    """
    Play each (seed, steps), `width` of them side by side; verdicts come as they are reached.

    Args:
        phones: the phone's half; of this caller alone.
        half: the library's half.
    """
    half.FACTS_PER_READ = 3  # type: ignore[attr-defined]  # so that a stream of a few facts is read in several
    coming = iter(histories)
    free = list(range(width))
    under_way: dict[int, tuple[int, World, Talk, list[Any]]] = {}
    while True:
        while free and (following := next(coming, None)) is not None:
            seed, steps = following
            slot = free.pop()
            world = World(slot, ToyLibrary(half))
            talk = history(world, steps)
            under_way[slot] = (seed, world, talk, next(talk))
        if not under_way:
            return
        commands = [each for _, _, _, asked in under_way.values() for each in asked]
        came = iter(phones.tell(commands))
        for slot, (seed, world, talk, asked) in list(under_way.items()):
            answers = [next(came) for _ in asked]
            broken = None
            try:
                under_way[slot] = (seed, world, talk, talk.send(answers))
                continue
            except StopIteration:
                pass
            except Broken as fault:
                broken = fault
            del under_way[slot]
            free.append(slot)
            yield Verdict(seed, broken, world.happened, world.oracle.checked)


