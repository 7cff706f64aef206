"""
Runs every check of `make test` in the order in which a fault shows soonest, and ends with one closing line.

    python workshop/run_tests.py                 all of them, stopping after the first part that fails
    python workshop/run_tests.py pytest axe      only these
"""

import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from node import Node, brought

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "results"
MODULES = ROOT / "node_modules"


NOT_YET = {"axe": "its travel through every state has not been tried"}
"""Parts that cannot run yet, and why; they are named at the end of every run and run when asked for."""


@dataclass(frozen=True)
class Counted:
    """What a part says about itself when it has ended."""

    passed: int
    failed: int
    skipped: int = 0


@dataclass(frozen=True)
class Part:
    """One runner: how it is started and where its counts are read."""

    name: str
    about: str
    command: list[str]
    count: Callable[[int], Counted]


def by_exit_code(code: int) -> Counted:
    return Counted(1, 0) if code == 0 else Counted(0, 1)


def from_pytest(report: Path) -> Callable[[int], Counted]:
    def count(code: int) -> Counted:
        if not report.is_file():
            return Counted(0, 1)
        suite = ElementTree.parse(report).getroot().find("testsuite")
        if suite is None:
            return Counted(0, 1)
        total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        return Counted(max(total - failed - skipped, 0), failed if code == 0 else max(failed, 1), skipped)

    return count


def from_vitest(report: Path) -> Callable[[int], Counted]:
    def count(code: int) -> Counted:
        if not report.is_file():
            return Counted(0, 1)
        told = json.loads(report.read_text())
        failed = told["numFailedTests"]
        if code != 0:
            failed = max(failed, 1)
        return Counted(told["numPassedTests"], failed, told["numPendingTests"] + told["numTodoTests"])

    return count


def parts(node: Node) -> list[Part]:
    """Every part, cheapest first."""

    def vitest(name: str, about: str, config: str) -> Part:
        report = RESULTS / f"{name}.json"
        command = [
            str(node.program), str(MODULES / "vitest/vitest.mjs"), "run", "--config", config,
            "--reporter=default", "--reporter=json", f"--outputFile.json={report}",
        ]  # fmt: skip
        return Part(name, about, command, from_vitest(report))

    pytest_report = RESULTS / "pytest.xml"
    return [
        Part("lint", "Python that reads alike", [sys.executable, "-m", "ruff", "check", "-q"], by_exit_code),
        Part("types", "TypeScript that fits together", [*node.npm, "run", "--silent", "types"], by_exit_code),
        vitest("vitest", "the phone's half, the views, the words", "tests/vitest.config.ts"),
        Part(
            "pytest",
            "the library's half, rules, stores, faults, shape",
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={pytest_report}"],
            from_pytest(pytest_report),
        ),
        vitest("journeys", "whole journeys in Chromium and Firefox", "tests/journeys/vitest.config.ts"),
        vitest("axe", "every view in every state, audited", "tests/accessibility/axe/vitest.config.ts"),
    ]


def main(wanted: list[str]) -> int:
    node = brought()
    if node is None:
        print("There is no Node to test with. make test brings one.")
        return 2
    every = parts(node)
    unknown = set(wanted) - {part.name for part in every}
    if unknown:
        print(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(part.name for part in every)}.")
        return 2
    chosen = [part for part in every if part.name in wanted or (not wanted and part.name not in NOT_YET)]
    RESULTS.mkdir(parents=True, exist_ok=True)
    surroundings = {**node.surroundings(), "PYTHONDONTWRITEBYTECODE": "1"}
    lines, passed, failed, skipped = [], 0, 0, 0
    for part in chosen:
        print(f"\n== {part.name}: {part.about}", flush=True)
        for old in RESULTS.glob(f"{part.name}.*"):
            old.unlink()
        began = time.monotonic()
        ended = subprocess.run(part.command, cwd=ROOT, env=surroundings, stdin=subprocess.DEVNULL, check=False)
        counted = part.count(ended.returncode)
        passed, failed = passed + counted.passed, failed + counted.failed
        skipped += counted.skipped
        seconds = time.monotonic() - began
        lines.append(
            f"  {part.name:<10}{counted.passed:>6} passed {counted.failed:>4} failed "
            f"{counted.skipped:>4} skipped {seconds:>6.0f} s"
        )
        if counted.failed:
            break
    left = [part.name for part in chosen[len(lines) :]]
    print("\n" + "\n".join(lines))
    if left:
        print(f"  not run after the first part that failed: {', '.join(left)}")
    for name, why in NOT_YET.items():
        if not wanted:
            print(f"  not run yet: {name}, as {why}")
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
