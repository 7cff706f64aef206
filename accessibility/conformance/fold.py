"""
Folds what programs found and what people claimed into one level for each success criterion.

    python accessibility/conformance/fold.py     writes build/results/conformance.md from the last audits

A program can only lower a level: "supports" needs people. What nobody looked at is not evaluated.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "accessibility" / "conformance"
RESULTS = ROOT / "build" / "results" / "accessibility.json"
REPORT = ROOT / "build" / "results" / "conformance.md"
EVERY_VIEW = "every view"

SUPPORTS, PARTIALLY, DOES_NOT = "supports", "partially supports", "does not support"
NOT_APPLICABLE, NOT_EVALUATED = "not applicable", "not evaluated"
LEVELS = (SUPPORTS, PARTIALLY, DOES_NOT)
"""What people may claim, the best first."""


@dataclass
class Looked:
    """What programs made of one criterion."""

    programs: set[str] = field(default_factory=set)
    """Who had something to look at."""
    passed: set[tuple[str, str]] = field(default_factory=set)
    """View and state in which nothing was found."""
    failed: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """View and state in which something was found, and by which rule."""
    undecided: set[tuple[str, str]] = field(default_factory=set)


def looked(earl: dict[str, Any]) -> dict[str, Looked]:
    """By criterion, what the assertions of the audits (EARL) say."""
    by: dict[str, Looked] = {}
    for assertion in earl["@graph"]:
        place = (assertion["subject"]["view"], assertion["subject"]["state"])
        for test in assertion["test"]:
            seen = by.setdefault(test.removeprefix("WCAG22:"), Looked())
            seen.programs.add(assertion["assertedBy"])
            match assertion["result"]["outcome"]:
                case "passed":
                    seen.passed.add(place)
                case "cantTell":
                    seen.undecided.add(place)
                case "failed":
                    seen.failed.setdefault(place, set()).add(assertion["result"]["rule"])
                case other:
                    raise ValueError(f"expected passed, cantTell or failed, got {other}")
    return by


def views(earl: dict[str, Any]) -> set[str]:
    """The views that the audits saw."""
    return {assertion["subject"]["view"] for assertion in earl["@graph"]} - {EVERY_VIEW}


def fold(row: dict[str, Any], seen: Looked, claims: Iterable[dict[str, Any]], every: set[str]) -> str:
    """
    The level of one criterion.

    Args:
        row: the criterion; `absent` says why there is nothing that it could apply to.
        claims: those of people about this criterion.
        every: the views that have to be claimed before all of them are supported.
    """
    claimed = list(claims)
    if seen.failed:
        found = PARTIALLY if seen.passed else DOES_NOT
        return max([found, *(claim["level"] for claim in claimed)], key=LEVELS.index)
    if claimed:
        worst = max((claim["level"] for claim in claimed), key=LEVELS.index)
        if worst != SUPPORTS:
            return worst
        covered = {claim["view"] for claim in claimed}
        return SUPPORTS if EVERY_VIEW in covered or every <= covered else NOT_EVALUATED
    return NOT_APPLICABLE if "absent" in row else NOT_EVALUATED


def criteria() -> list[dict[str, Any]]:
    return tomllib.loads((HERE / "criteria.toml").read_text())["criterion"]


def claims() -> list[dict[str, Any]]:
    files = sorted((HERE / "claims").glob("*.toml"))
    return [claim for file in files for claim in tomllib.loads(file.read_text())["claim"]]


def counts(rows: list[dict[str, Any]], claimed: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """The table of the statement."""
    present = [row for row in rows if "absent" not in row]
    return [
        ("looked at by a program, in part", sum(bool(row["by"]) for row in present)),
        ("nothing on any page to which they could apply (the reason stands beside each)", len(rows) - len(present)),
        ("looked at by no program; need a person", sum(not row["by"] for row in present)),
        ("looked at by a person, with a date", len({claim["criterion"] for claim in claimed})),
    ]


def report(earl: dict[str, Any], rows: list[dict[str, Any]], claimed: list[dict[str, Any]]) -> str:
    """Every criterion with its level and what that rests on, in the columns of a VPAT."""
    by, every = looked(earl), views(earl)
    lines = [
        "# Accessibility conformance report of this build",
        f"WCAG 2.2, levels A and AA. Audits of {earl['date']}, {len(every)} views. Programs only lower a level.",
        "",
        "| criterion | level | conformance | remarks |",
        "|---|---|---|---|",
    ]
    for row in rows:
        seen = by.get(row["sc"], Looked())
        level = fold(row, seen, [claim for claim in claimed if claim["criterion"] == row["sc"]], every)
        remarks = [f"Nothing it applies to: {row['absent']}."] if "absent" in row else []
        if seen.passed:
            remarks.append(f"{', '.join(sorted(seen.programs))}: nothing found in {len(seen.passed)} views in states.")
        for (view, state), rules in sorted(seen.failed.items()):
            remarks.append(f"{view}, {state}: {', '.join(sorted(rules))}.")
        if seen.undecided:
            remarks.append(f"Not decided by a program in {len(seen.undecided)} views in states.")
        remarks += [f"{each['date']}, {each['reviewer']}, {each['view']}: {each['remark']}" for each in claimed if each["criterion"] == row["sc"]]
        if not remarks:
            remarks.append("Needs a person." if not row["by"] else f"Shown by {'; '.join(row['by'])}.")
        lines.append(f"| {row['sc']} {row['name']} | {row['level']} | {level} | {' '.join(remarks)} |")
    return "\n".join(lines) + "\n"


def forbidden(row: dict[str, Any], source: str) -> list[str]:
    """What the pages may not hold if what this row says is true, and hold all the same."""
    return [match.group() for pattern in row.get("never", []) for match in re.finditer(pattern, source)]


if __name__ == "__main__":
    REPORT.write_text(report(json.loads(RESULTS.read_text()), criteria(), claims()))
    print(f"{REPORT.relative_to(ROOT)} is written.")
