"""Histories by chance keep every promise, and the simulator itself can be trusted."""

from sync.simulator.oracle import PROMISES
from sync.simulator.phones import Phones
from sync.simulator.play import play
from sync.simulator.shrink import shrunk
from sync.simulator.steps import KINDS, Step, drawn
from tests.sync.planted import PLANTED, caught, half_with

HISTORIES = 1_000


def test_histories_keep_every_promise():
    happened, checked = set(), set()
    with Phones() as phones:
        for verdict in play(((seed, drawn(seed)) for seed in range(HISTORIES)), phones):
            assert verdict.broken is None, f"seed {verdict.seed}: {verdict.broken}"
            happened |= set(verdict.happened)
            checked |= set(verdict.checked)
    assert happened == set(KINDS)
    assert checked == set(PROMISES)


def test_the_same_seed_is_the_same_history():
    with Phones() as phones:
        one, other = (
            [(v.seed, v.happened, v.checked) for v in sorted(play([(s, drawn(s)) for s in range(20)], phones), key=lambda v: v.seed)]
            for _ in range(2)
        )
    assert one == other
    assert drawn(1) != drawn(2)


def test_a_history_that_breaks_is_made_shorter_and_still_breaks(tmp_path):
    fault = next(each for each in PLANTED if each.name == "a repeated place is run again")
    library, phone = half_with(fault, tmp_path)
    with Phones(phone) as phones:
        first = next(v for v in play(((s, drawn(s)) for s in range(1_000)), phones, library) if v.broken)

        def breaks(steps: list[Step]) -> bool:
            broken = next(iter(play([(0, steps)], phones, library))).broken
            return broken is not None and broken.promise == first.broken.promise

        short = shrunk(drawn(first.seed), breaks)
        assert breaks(short)
    assert len(short) < len(drawn(first.seed))
    assert all(not breaks_without(short, at, library, phone) for at in range(len(short)))


def breaks_without(steps, at, library, phone) -> bool:
    with Phones(phone) as phones:
        return next(iter(play([(0, steps[:at] + steps[at + 1 :])], phones, library))).broken is not None


def test_every_planted_fault_is_caught(tmp_path):
    missed = [each.name for each in PLANTED if not caught(each, tmp_path)]
    assert not missed
    assert len({each.name for each in PLANTED}) == len(PLANTED) >= 30
