"""
Runs every check of `make test` in the order in which a fault shows soonest, and ends with one closing line.

    python workshop/run_tests.py                 all of them, stopping after the first part that fails
    python workshop/run_tests.py pytest axe      only these
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from node import Node, brought

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "results"
MODULES = ROOT / "node_modules"
CONFORMANCE = "tests/accessibility/test_conformance.py"
"""Compares documents with what the audits found, so it comes after them."""


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
    limit_minutes: float = 10
    """It has hung when it takes longer: many times what it takes on two cores."""


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

    def vitest(name: str, about: str, config: str, limit_minutes: float = 10) -> Part:
        report = RESULTS / f"{name}.json"
        command = [
            str(node.program), str(MODULES / "vitest/vitest.mjs"), "run", "--config", config,
            "--reporter=default", "--reporter=json", f"--outputFile.json={report}",
        ]  # fmt: skip
        return Part(name, about, command, from_vitest(report), limit_minutes)

    pytest_report, conformance_report = RESULTS / "pytest.xml", RESULTS / "conformance.xml"
    return [
        Part("lint", "Python that reads alike", [sys.executable, "-m", "ruff", "check", "-q"], by_exit_code),
        Part("types", "TypeScript that fits together", [*node.npm, "run", "--silent", "types"], by_exit_code),
        vitest("vitest", "the phone's half, the views, the words", "tests/vitest.config.ts"),
        Part(
            "pytest",
            "the library's half, rules, stores, faults, shape",
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={pytest_report}", f"--ignore={CONFORMANCE}"],
            from_pytest(pytest_report),
            20,
        ),
        vitest("journeys", "whole journeys in Chromium and Firefox", "tests/journeys/vitest.config.ts", 30),
        vitest("axe", "every view in every state, audited", "tests/accessibility/axe/vitest.config.ts", 30),
        Part(
            "conformance",
            "the statement, its rows and what the audits have just found",
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={conformance_report}", CONFORMANCE],
            from_pytest(conformance_report),
        ),
    ]


def ended(command: list[str], surroundings: dict[str, str], limit_seconds: float) -> int | None:
    """
    Run a command to its end, and end whatever it has left running.

    Returns:
        Its exit code; None when it was ended because it took longer than its limit.
    """
    mark = f"CARREL_PART={uuid.uuid4()}"
    name, _, value = mark.partition("=")
    with subprocess.Popen(
        command, cwd=ROOT, env={**surroundings, name: value}, stdin=subprocess.DEVNULL, start_new_session=True
    ) as run:
        try:
            code: int | None = run.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            code = None
            # Asked first: it knows what it has started and can say what it was at.
            os.killpg(run.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                run.wait(5)
        except BaseException:
            end_marked(mark)
            raise
        end_marked(mark)
        return code


def end_marked(mark: str) -> None:
    """End every process that was started with this in its surroundings, browsers and servers among them."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in entry.read_bytes().split(b"\0"):
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except OSError:
            continue  # another person's, or gone meanwhile


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
    chosen = [part for part in every if not wanted or part.name in wanted]
    RESULTS.mkdir(parents=True, exist_ok=True)
    surroundings = {**node.surroundings(), "PYTHONDONTWRITEBYTECODE": "1"}
    lines, unfinished, passed, failed, skipped = [], [], 0, 0, 0
    for part in chosen:
        print(f"\n== {part.name}: {part.about}", flush=True)
        for old in RESULTS.glob(f"{part.name}.*"):
            old.unlink()
        began = time.monotonic()
        code = ended(part.command, surroundings, part.limit_minutes * 60)
        if code is None:
            print(f"\n{part.name} had not ended after {part.limit_minutes:g} minutes, so it was ended.", flush=True)
            unfinished.append(part.name)
        counted = part.count(1 if code is None else code)
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
    for name in unfinished:
        print(f"  {name} hung: it was ended at its limit")
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
