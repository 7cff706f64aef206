"""What the library's half promises beyond the dialogues: bounds, isolation, and that nothing bad stops it."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel_sync.library import (
    HOUR_MS,
    Asked,
    Decision,
    Done,
    Operation,
    Refresh,
    converse,
    leave,
    meta,
    read_request,
)
from carrel_sync.messages import (
    DEVICES_PER_PATRON,
    REPLY_BYTES_LEAST,
    Problem,
    Reply,
    Request,
    encode,
    places,
    reply_decoder,
)
from tests.sync.memory_ledger import DAY_MS, Memory, MemoryLedger, StoreFault, Stream
from tests.sync.toys import OPERATIONS, Say, Toy

NOW = 1_801_472_400_000


def device(number: int) -> str:
    return f"d_{number:032x}"


def identity(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012x}"


def wish(
    n: int, op: str = "toys.say@1", args: Any = None, u: int | None = None, **more: Any
) -> dict[str, Any]:
    said = {"st": "done"} if args is None else args
    return {"n": n, "u": identity(n if u is None else u), "op": op, "args": said, "at": NOW, **more}


class Talk:
    """A patron's phone, as bare as can be, over a library in memory."""

    def __init__(self, memory: Memory | None = None, patron: str = "ada", dev: int = 1) -> None:
        self.memory = memory or Memory()
        self.patron = patron
        self.dev = dev
        self.operations: Mapping[str, Operation] = OPERATIONS
        self.calls: list[str] = []
        self.faults: list[tuple[str, str, Exception]] = []

    def say(
        self, *intents: Any, now: int = NOW, refreshers: Iterable[Refresh] = (), **more: Any
    ) -> Reply | Problem:
        body = {"v": 1, "dev": device(self.dev), "epoch": "", "intents": list(intents), **more}
        request = read_request(json.dumps(body).encode())
        assert isinstance(request, Request), request
        ledger = MemoryLedger(self.memory)
        try:
            said = asyncio.run(
                converse(
                    ledger,
                    self.operations,
                    refreshers,
                    request,
                    self.patron,
                    now,
                    incident="i7",
                    on_fault=lambda *fault: self.faults.append(fault),
                )
            )
        finally:
            self.calls = ledger.calls
        return reply_decoder.decode(encode(said)) if isinstance(said, Reply) else said

    def reply(self, *intents: Any, **more: Any) -> Reply:
        said = self.say(*intents, **more)
        assert isinstance(said, Reply), said
        return said

    def problem(self, *intents: Any, **more: Any) -> str:
        said = self.say(*intents, **more)
        assert isinstance(said, Problem), said
        return said.code


def test_ten_wishes_cost_four_calls_to_the_ledger_beside_their_own() -> None:
    talk = Talk()
    talk.reply(*(wish(n) for n in range(1, 11)))
    assert talk.calls == ["open", "known", "settle", "refreshed", "read"]
    talk.reply(epoch="e1", ack=10, cur=talk.reply(epoch="e1", ack=10).cur)
    assert talk.calls == ["open"], "nothing new is one reading"


def test_a_plain_done_is_kept_and_sent_as_a_range() -> None:
    talk = Talk()
    reply = talk.reply(*(wish(n) for n in range(1, 501)))
    assert reply.done == [(1, 500)]
    assert reply.outcomes == []
    assert len(encode(reply)) < 200


def test_a_done_with_figures_is_told_as_an_outcome() -> None:
    reply = Talk().reply(wish(1, args={"st": "done", "said": {"due_on": "2027-03-01"}}), wish(2))
    assert [(each.n, each.st, each.said) for each in reply.outcomes] == [
        (1, "done", {"due_on": "2027-03-01"})
    ]
    assert reply.done == [(2, 2)]


def test_a_fault_of_the_store_blames_no_wish_and_ends_the_request() -> None:
    talk = Talk()
    with pytest.raises(StoreFault):
        talk.say(wish(1), wish(2, "toys.pull_the_plug@1", {"toy": "ball"}))
    assert talk.memory.devices == {}


def test_a_fault_is_told_to_the_library_with_the_wish_as_it_came() -> None:
    talk = Talk()
    reply = talk.reply(wish(1, "toys.crash@1", {"toy": "ball"}))
    assert reply.outcomes[0].said == {"incident": "i7-1"}
    [(incident, op, raised)] = talk.faults
    assert (incident, op, str(raised)) == ("i7-1", "toys.crash@1", "expected a steady hand, got none")
    kept = talk.memory.devices[device(1)].fates[1].kept
    assert json.loads(kept) == wish(1, "toys.crash@1", {"toy": "ball"})
    assert talk.memory.shelf == {}


def test_what_an_operation_says_may_not_break_the_reply() -> None:
    talk = Talk()
    reply = talk.reply(wish(1, args={"st": "changed", "code": "x", "said": {"deep": [[["ok"]]]}}), wish(2))
    assert [each.st for each in reply.outcomes] == ["changed"]
    assert reply.upto == 2


def test_a_device_speaks_for_the_patron_it_first_spoke_for() -> None:
    ada, bob = Talk(), Talk(patron="bob")
    bob.memory = ada.memory
    ada.reply(wish(1))
    assert bob.problem(wish(2)) == "device"
    assert bob.problem(epoch="some other") == "device", "not even the place in its queue is told"
    assert ada.memory.devices[device(1)].upto == 1


def test_two_patrons_may_use_one_identity_without_hearing_of_each_other() -> None:
    ada, bob = Talk(), Talk(patron="bob", dev=2)
    bob.memory = ada.memory
    ada.reply(wish(1, args={"st": "refused", "code": "secret"}))
    assert bob.reply(wish(1)).done == [(1, 1)]


def test_a_cursor_is_of_no_use_to_somebody_else_nor_in_another_history() -> None:
    ada, bob = Talk(), Talk(patron="bob", dev=2)
    bob.memory = ada.memory
    bob.reply(wish(1, "toys.take@1", {"toy": "kite"}), wish(2, "toys.take@1", {"toy": "top"}))
    cursor = ada.reply(wish(1, "toys.take@1", {"toy": "ball"})).cur
    assert ada.reply(cur=cursor).reset is False
    assert bob.reply(cur=cursor).reset is True
    ada.memory.epoch = "e2"
    assert ada.reply(cur=cursor).reset is True


@pytest.mark.parametrize("cursor", ["0", "x", "1.", "-1.00", "9" * 30, "1.0123456789ab", "\u0661.00"])
def test_a_cursor_that_was_never_given_out_starts_anew(cursor: str) -> None:
    assert Talk().reply(cur=cursor).reset is True


def test_a_cursor_beyond_the_end_starts_anew() -> None:
    talk = Talk()
    cursor = talk.reply(wish(1, "toys.take@1", {"toy": "ball"})).cur
    talk.memory.streams["ada"].seq = 0
    talk.memory.streams["ada"].facts.clear()
    assert talk.reply(cur=cursor).reset is True


def test_the_twenty_first_device_is_told_so_until_one_is_closed() -> None:
    talk = Talk()
    for number in range(1, DEVICES_PER_PATRON + 1):
        Talk(talk.memory, dev=number).reply()
    newest = Talk(talk.memory, dev=99)
    assert newest.problem() == "devices"
    assert device(99) not in talk.memory.devices
    assert Talk(talk.memory, dev=DEVICES_PER_PATRON).say() is not None
    asyncio.run(leave(MemoryLedger(talk.memory), device(1), "ada", NOW))
    newest.reply()


def test_a_device_closed_before_it_ever_spoke_stays_closed() -> None:
    talk = Talk()
    assert asyncio.run(leave(MemoryLedger(talk.memory), device(1), "ada", NOW)) is None
    assert talk.problem(wish(1)) == "device-closed"


def test_another_wire_version_is_asked_to_update() -> None:
    assert Talk().problem(v=2) == "upgrade"
    assert Talk().problem(v=0) == "upgrade"


def test_after_another_epoch_the_place_of_the_device_is_told() -> None:
    talk = Talk()
    talk.reply(wish(1), wish(2))
    said = talk.say(wish(3), epoch="e0")
    assert isinstance(said, Problem)
    assert (said.status, said.code, said.epoch, said.upto) == (409, "epoch", "e1", 2)
    assert talk.memory.devices[device(1)].upto == 2


def test_wishes_past_a_gap_are_not_looked_at_but_those_before_it_are() -> None:
    talk = Talk()
    reply = talk.reply(wish(1), wish(3), wish(4))
    assert (reply.upto, reply.gap, reply.done) == (1, 2, [(1, 1)])
    assert [u for _, u in talk.memory.effects] == [identity(1)]


def test_one_identity_twice_in_one_message_is_done_once() -> None:
    talk = Talk()
    reply = talk.reply(wish(1, u=7), wish(2, u=7))
    assert reply.done == [(1, 2)]
    assert len(talk.memory.effects) == 1


def test_one_place_twice_in_one_message_tells_whose_outcome_it_is() -> None:
    talk = Talk()
    reply = talk.reply(wish(1, u=7), wish(1, u=8))
    assert [(each.n, each.u, each.st) for each in reply.outcomes] == [(1, identity(7), "done")]
    assert talk.memory.effects == [("ada", identity(7))]


def test_outcomes_come_in_pages_too_and_facts_after_them() -> None:
    talk = Talk()
    said = {"st": "changed", "code": "c", "said": {"text": "x" * 3_000}}
    talk.reply(*(wish(n, args=said) for n in range(1, 6)), wish(6, "toys.take@1", {"toy": "ball"}))
    heard: list[int] = []
    ack, cursor, facts, rounds = 0, "", 0, 0
    more = True
    while more:
        reply = talk.reply(epoch="e1", ack=ack, cur=cursor, max=REPLY_BYTES_LEAST)
        assert len(encode(reply)) <= REPLY_BYTES_LEAST
        heard += [each.n for each in reply.outcomes] + [n for a, b in reply.done for n in range(a, b + 1)]
        ack, cursor, more = max(heard), reply.cur, reply.more
        facts += len(reply.rows)
        rounds += 1
    assert sorted(heard) == [1, 2, 3, 4, 5, 6]
    assert (facts, rounds) == (1, 3)


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(0, 20_000), min_size=1, max_size=12), most=st.integers(8_192, 40_000))
def test_pages_carry_every_fact_once_whatever_their_sizes(sizes: list[int], most: int) -> None:
    memory = Memory()
    ledger = MemoryLedger(memory)
    for number, size in enumerate(sizes):
        ledger.publish(
            "ada", "toys", str(number), json.dumps({"name": "é" * (size // 6)}, ensure_ascii=False)
        )
    talk = Talk(memory)
    cursor, rows, more = "", [], True
    while more:
        reply = talk.reply(cur=cursor, epoch="e1", max=most)
        assert len(encode(reply)) <= most or len(reply.rows) == 1
        assert bool(reply.sum) is not reply.more
        rows += [id for _, id, _, _ in reply.rows]
        cursor, more = reply.cur, reply.more
    assert rows == [str(number) for number in range(len(sizes))]


def test_more_facts_than_one_reading_holds_still_come_in_one_reply() -> None:
    memory = Memory()
    for number in range(600):
        MemoryLedger(memory).publish("ada", "toys", str(number), "{}")
    talk = Talk(memory)
    assert len(talk.reply(max=256 * 1024).rows) == 600
    assert talk.calls.count("read") == 3


def test_wishes_of_a_kind_in_a_row_share_what_was_gathered_until_another_runs_or_one_fails() -> None:
    gathered: list[list[str]] = []

    async def gather(tx: MemoryLedger, patron: str, asked: Sequence[Toy]) -> list[str]:
        gathered.append([each.toy for each in asked])
        return gathered[-1]

    async def take(tx: MemoryLedger, asked: Asked[Toy]) -> Decision:
        if asked.args.toy == "bomb":
            raise RuntimeError
        return Done({"of": len(asked.gathered)})

    async def say(tx: MemoryLedger, asked: Asked[Say]) -> Decision:
        assert asked.gathered is None
        return Done()

    talk = Talk()
    talk.operations = {
        "toys.take@1": Operation("toys.take@1", Toy, take, gather=gather),
        "toys.say@1": Operation("toys.say@1", Say, say),
    }
    toys = ["ball", "kite", "bomb", "top", "doll"]
    wishes = [wish(n, "toys.take@1", {"toy": toy}) for n, toy in enumerate(toys, 1)]
    wishes[3]["args"] = {"unheard": "of"}
    reply = talk.reply(*wishes, wish(6), wish(7, "toys.take@1", {"toy": "top"}))
    assert gathered == [["ball", "kite", "bomb", "doll"], ["doll"], ["top"]]
    assert [each.said.get("of") for each in reply.outcomes if each.st == "done"] == [4, 4, 1, 1]
    assert [each.n for each in reply.outcomes if each.st != "done"] == [3, 4]
    talk.reply(*wishes, epoch="e1", ack=2)
    assert len(gathered) == 3, "what is decided gathers nothing"


def test_a_gathering_that_fails_fails_one_wish_and_is_tried_again_for_the_next() -> None:
    tries: list[int] = []

    async def gather(tx: MemoryLedger, patron: str, asked: Sequence[Say]) -> int:
        tries.append(len(asked))
        if len(tries) == 1:
            tx.memory.effects.append((patron, "gathered"))
            raise RuntimeError
        return 7

    async def say(tx: MemoryLedger, asked: Asked[Say]) -> Decision:
        return Done({"of": asked.gathered})

    talk = Talk()
    talk.operations = {"toys.say@1": Operation("toys.say@1", Say, say, gather=gather)}
    reply = talk.reply(wish(1), wish(2), wish(3))
    assert tries == [3, 2]
    assert [each.st for each in reply.outcomes] == ["failed", "done", "done"]
    assert talk.memory.effects == []


def test_before_time_is_due_only_what_an_operation_stirs_is_looked_at() -> None:
    looked: list[str] = []
    at: dict[str, int | None] = {"clock": NOW + 500, "kettle": NOW + 900}

    async def clock(tx: MemoryLedger, patron: str, now: int) -> int | None:
        looked.append("clock")
        return at["clock"]

    async def kettle(tx: MemoryLedger, patron: str, now: int) -> int | None:
        looked.append("kettle")
        return at["kettle"]

    async def say(tx: MemoryLedger, asked: Asked[Say]) -> Decision:
        return Done()

    def stirring(*stirs: Refresh) -> dict[str, Operation]:
        return {"toys.say@1": Operation("toys.say@1", Say, say, stirs=stirs)}

    talk = Talk()
    talk.operations = stirring(kettle)
    due = talk.memory.streams.setdefault("ada", Stream())
    talk.reply(wish(1), refreshers=[clock, kettle])
    assert (looked, due.refresh_at) == (["clock", "kettle"], NOW + 500), "nothing was known yet"
    at["kettle"] = NOW + 200
    talk.reply(wish(2), refreshers=[clock, kettle])
    assert (looked[2:], due.refresh_at) == (["kettle"], NOW + 200)
    at["kettle"] = None
    talk.reply(wish(3), refreshers=[clock, kettle])
    assert (looked[3:], due.refresh_at) == (["kettle"], NOW + 200), "too early costs one look, too late a day"
    talk.operations = stirring()
    talk.reply(wish(4), refreshers=[clock, kettle], now=NOW + 199)
    assert looked[4:] == []
    talk.reply(wish(5), refreshers=[clock, kettle], now=NOW + 200)
    assert (looked[4:], due.refresh_at) == (["clock", "kettle"], NOW + 500)


def test_what_time_changes_is_looked_at_when_its_instant_has_come_and_after_every_wish() -> None:
    looked: list[int] = []

    async def refresh(tx: MemoryLedger, patron: str, now: int) -> int | None:
        looked.append(now)
        tx.publish(patron, "toys", "clock", json.dumps({"late": now >= NOW + 100}))
        return NOW + 100 if now < NOW + 100 else None

    async def later(tx: MemoryLedger, patron: str, now: int) -> int | None:
        return NOW + 500

    async def never(tx: MemoryLedger, patron: str, now: int) -> int | None:
        return None

    talk = Talk()
    first = talk.reply(refreshers=[refresh, later, never])
    assert talk.memory.streams["ada"].refresh_at == NOW + 100
    talk.reply(refreshers=[refresh], now=NOW + 99)
    assert looked == [NOW]
    second = talk.reply(refreshers=[refresh], now=NOW + 100, cur=first.cur)
    assert second.rows == [("toys", "clock", 2, {"late": True})]
    assert talk.memory.streams["ada"].refresh_at > NOW + 100
    talk.reply(wish(1), refreshers=[refresh], now=NOW + 101)
    assert looked == [NOW, NOW + 100, NOW + 101]


def test_an_acknowledgement_is_kept_and_never_goes_back_nor_beyond_what_is_decided() -> None:
    talk = Talk()
    talk.reply(wish(1), wish(2))
    talk.reply(ack=2)
    assert talk.memory.devices[device(1)].acked == 2
    talk.reply(wish(3), ack=1)
    assert talk.memory.devices[device(1)].acked == 2
    talk.reply(ack=2**50)
    assert talk.memory.devices[device(1)].acked == 3


def test_a_silent_device_is_seen_at_least_once_a_day() -> None:
    talk = Talk()
    talk.reply()
    talk.reply(now=NOW + DAY_MS - 1)
    assert talk.memory.devices[device(1)].seen_at == NOW
    talk.reply(now=NOW + DAY_MS)
    assert talk.memory.devices[device(1)].seen_at == NOW + DAY_MS


def test_a_device_that_takes_no_answer_is_seen_at_least_once_an_hour() -> None:
    talk = Talk()
    talk.reply(wish(1))
    talk.reply(now=NOW + HOUR_MS - 1)
    assert talk.memory.devices[device(1)].seen_at == NOW
    talk.reply(now=NOW + HOUR_MS)
    assert talk.memory.devices[device(1)].seen_at == NOW + HOUR_MS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"v":1,"dev":"d_1","epoch":""}',
        b'{"v":1,"dev":"' + b"d_" + b"0" * 32 + b'","epoch":"","ack":-1}',
        b'{"v":1,"dev":"' + b"d_" + b"0" * 32 + b'","epoch":"","max":1}',
        b'{"v":1,"dev":"' + b"d_" + b"0" * 32 + b'","epoch":"","intents":' + b"[" * 100_000,
        json.dumps({"v": 1, "dev": "d_" + "0" * 32, "epoch": "", "intents": [1] * 501}).encode(),
    ],
)
def test_what_is_not_a_request_is_malformed(body: bytes) -> None:
    said = read_request(body)
    assert isinstance(said, Problem)
    assert said.code == "malformed"


def test_nesting_too_deep_to_read_is_malformed_and_delays_nobody() -> None:
    deep = "[" * 3_000 + "]" * 3_000
    second = f'{{"n":2,"u":"{identity(2)}","op":"toys.say@1","args":{deep},"at":1}}'
    intents = ",".join([deep, second, json.dumps(wish(3))])
    body = f'{{"v":1,"dev":"{device(1)}","epoch":"","intents":[{intents}]}}'.encode()
    request = read_request(body)
    if isinstance(request, Problem):
        assert request.code == "malformed"
        return
    said = asyncio.run(converse(MemoryLedger(Memory()), OPERATIONS, (), request, "ada", NOW))
    assert isinstance(said, Reply)
    assert said.done == [(3, 3)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def _queues(draw: st.DrawFn) -> list[Any]:
    """Intents in their places, any of them damaged in any of their parts."""
    queue: list[Any] = []
    for n in range(1, draw(st.integers(2, 8))):
        whole: Any = wish(n, draw(st.sampled_from([*OPERATIONS, "nobody.knows@1"])), draw(JSON))
        if "pull_the_plug" in whole["op"]:
            whole["op"] = "toys.take@1"
        for part in draw(
            st.lists(st.sampled_from(["u", "op", "args", "at", "until", "base", "after"]), max_size=3)
        ):
            whole[part] = draw(JSON)
        if draw(st.booleans()):
            whole.pop(draw(st.sampled_from(["n", "u", "op", "args", "at"])), None)
        if draw(st.integers(0, 9)) == 0:
            whole = draw(JSON.filter(lambda each: not isinstance(each, dict) or "n" not in each))
        queue.append(whole)
    # One sound neighbour tells the places.
    queue.append(wish(len(queue) + 1))
    return queue


@settings(max_examples=300, deadline=None)
@given(queue=_queues())
def test_damaged_wishes_never_raise_and_every_place_gets_one_outcome(queue: list[Any]) -> None:
    talk = Talk()
    body = json.dumps({"v": 1, "dev": device(1), "epoch": "", "max": 256 * 1024, "intents": queue}).encode()
    assert isinstance(read_request(body), Request)
    first = talk.reply(*queue, max=256 * 1024)
    again = talk.reply(*queue, max=256 * 1024)
    for reply in (first, again):
        places = [n for a, b in reply.done for n in range(a, b + 1)] + [each.n for each in reply.outcomes]
        assert sorted(places) == list(range(1, len(queue) + 1))
        assert (reply.upto, reply.gap) == (len(queue), None)
    assert len(queue) in [n for a, b in first.done for n in range(a, b + 1)]
    assert len(talk.memory.effects) == len(set(talk.memory.effects))


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=200), at=st.integers(0, 400))
def test_any_bytes_at_all_are_a_request_or_malformed(body: bytes, at: int) -> None:
    whole = json.dumps({"v": 1, "dev": device(1), "epoch": "", "intents": [wish(1), wish(2)]}).encode()
    for bytes_ in (body, whole[:at] + body + whole[at:]):
        request = read_request(bytes_)
        if isinstance(request, Request):
            said = asyncio.run(converse(MemoryLedger(Memory()), OPERATIONS, (), request, "ada", NOW))
            encode(said)
        else:
            assert request.code == "malformed"


def test_what_may_be_asked_is_told_with_its_limits() -> None:
    told = msgspec.to_builtins(meta(OPERATIONS, "e1"))
    assert told["wire"] == (1, 1)
    assert told["epoch"] == "e1"
    assert "sync.withdraw@1" in told["operations"]
    assert set(OPERATIONS) < set(told["operations"])
    assert told["limits"]["intents_per_request"] == 500


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["top", "kite"])), max_size=8),
    st.booleans(),
)
def test_short_ids_spell_out_to_the_very_facts_there_are(
    wishes: list[tuple[int, int, str]], numbered: bool
) -> None:
    """Places may be there twice, in any order, and identities too; what is short is what the request says."""
    intents = [
        wish(at if numbered else n, "toys.wind_up@1", {"toy": toy}, u=u)
        for at, (n, u, toy) in enumerate(wishes, 1)
    ]
    told = Talk().reply(*intents, epoch="e1", short=True)
    plain = Talk().reply(*intents, epoch="e1")
    assert not any(id.startswith("#") for _, id, *_ in [*plain.rows, *plain.gone])

    def spelt(facts: list[Any]) -> list[Any]:
        last = 0
        whole = []
        for kind, id, *rest in facts:
            if id.startswith("#"):
                last = int(id[1:] or last + 1)
                [id] = {each["u"] for each in intents if each["n"] == last}
            whole.append((kind, id, *rest))
        return whole

    assert spelt(told.rows) == plain.rows
    assert spelt(told.gone) == plain.gone
    assert told.sum == plain.sum


def test_a_wish_of_this_request_is_named_shortly_and_no_other() -> None:
    talk = Talk()
    first = talk.reply(wish(1, "toys.wind_up@1", {"toy": "top"}), epoch="e1", short=True)
    assert [row[1] for row in first.rows] == ["#1"]
    other = Talk(talk.memory, dev=2).reply(
        wish(1, "toys.wind_up@1", {"toy": "kite"}, u=9), epoch="e1", short=True
    )
    assert [row[1] for row in other.rows] == [identity(1), "#1"]
    assert [row[1] for row in talk.reply(epoch="e1", ack=1, short=True).rows] == [identity(1), identity(9)]


def test_who_asks_what_became_of_its_wishes_is_told_whose_places_were_decided() -> None:
    talk = Talk()
    carried = talk.reply(*(wish(n) for n in (1, 2, 3)), epoch="e1")
    assert carried.whose == ""
    asked = talk.reply(epoch="e1", ack=1)
    assert asked.whose == places([(2, identity(2)), (3, identity(3))])
    assert asked.whose != places([(3, identity(2)), (2, identity(3))])
    assert talk.reply(epoch="e1", ack=3).whose == ""


def test_no_fact_is_named_as_a_short_id_is() -> None:
    talk = Talk()
    with pytest.raises(ValueError, match="not to begin with #, got '#1'"):
        MemoryLedger(talk.memory).publish("ada", "toys", "#1", "{}")
    reply = talk.reply(wish(1, "toys.take@1", {"toy": "#1"}), wish(2))
    assert [each.st for each in reply.outcomes] == ["failed"]
    assert reply.rows == []


@given(st.lists(st.sampled_from(["whole", "placeless", "damaged"]), min_size=1, max_size=6))
def test_places_left_out_follow_from_their_neighbours(kinds: list[str]) -> None:
    def written(place: int, kind: str) -> Any:
        entry = wish(place)
        if kind != "whole":
            del entry["n"]
        return {**entry, "op": 7} if kind == "damaged" else entry

    intents = [written(place, kind) for place, kind in enumerate(kinds, 1)]
    talk = Talk()
    if "whole" not in kinds:
        assert talk.problem(*intents) == "malformed"
        return
    reply = talk.reply(*intents)
    assert reply.upto == len(kinds)
    assert [each.n for each in reply.outcomes] == [n for n, kind in enumerate(kinds, 1) if kind == "damaged"]
