"""`python -m sync.simulator N --from SEED`: plays N histories, tells what was checked, shrinks the first that breaks."""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter

from sync.simulator.oracle import PROMISES
from sync.simulator.phones import Phones
from sync.simulator.play import Verdict, play
from sync.simulator.shrink import shrunk
from sync.simulator.steps import drawn, written

BLOCK = 1_000
"""Histories that one Node process lives for."""


def played(seeds: tuple[int, int]) -> tuple[int, Counter[str], Counter[str], list[tuple[int, str, str]]]:
    """(how many, steps of each kind, promises checked, (seed, promise, how) of what broke) of seeds from, below."""
    happened: Counter[str] = Counter()
    checked: Counter[str] = Counter()
    broken: list[tuple[int, str, str]] = []
    with Phones() as phones:
        for verdict in play(((seed, drawn(seed)) for seed in range(*seeds)), phones):
            happened += verdict.happened
            checked += verdict.checked
            if verdict.broken:
                broken.append((verdict.seed, verdict.broken.promise, str(verdict.broken)))
    return seeds[1] - seeds[0], happened, checked, broken


def shortened(seed: int, promise: str) -> str:
    """The history of a seed, in as few steps as still break the same promise."""
    with Phones() as phones:

        def verdict(steps: object) -> Verdict:
            return next(iter(play([(seed, steps)], phones)))  # type: ignore[list-item]

        def breaks(steps: object) -> bool:
            broken = verdict(steps).broken
            return broken is not None and broken.promise == promise

        steps = shrunk(drawn(seed), breaks)
        return f"seed {seed}, in {len(steps)} steps:\n{written(steps)}\n  {verdict(steps).broken}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sync.simulator", description=__doc__)
    parser.add_argument("histories", type=int, nargs="?", default=1_000)
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="SEED")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    last = asked.first + asked.histories
    blocks = [(at, min(at + BLOCK, last)) for at in range(asked.first, last, BLOCK)]
    began = time.monotonic()
    total, happened, checked = 0, Counter[str](), Counter[str]()
    broken: list[tuple[int, str, str]] = []
    # A process that is started afresh finds no `__main__` of a package: it is given the work by its whole name.
    from sync.simulator.__main__ import played as work

    with multiprocessing.get_context("spawn").Pool(min(asked.processes, len(blocks))) as pool:
        for count, steps, promises, faults in pool.imap_unordered(work, blocks):
            total, happened, checked = total + count, happened + steps, checked + promises
            broken += faults
            for seed, _, how in faults:
                print(f"seed {seed}: {how}", flush=True)
            rate = total / (time.monotonic() - began)
            print(f"{total} histories, {len(broken)} broken, {rate:.0f}/s", flush=True)
    print("steps:", ", ".join(f"{kind} {count}" for kind, count in sorted(happened.items())))
    print("checks:", ", ".join(f"{promise} {checked[promise]}" for promise in PROMISES))
    for seed, _, how in sorted(broken)[:20]:
        print(f"seed {seed}: {how}")
    if broken:
        print(shortened(*sorted(broken)[0][:2]))
    print(f"{total} histories from seed {asked.first}: {len(broken)} broke a promise")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
