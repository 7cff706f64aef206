"""The conformance statement says what its rows say, and its rows name checks that exist."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
CONFORMANCE = ROOT / "accessibility" / "conformance"
OWN_CHECKS = (ROOT / "accessibility" / "audits" / "own_checks.ts").read_text()


def criteria() -> list[dict[str, Any]]:
    return tomllib.loads((CONFORMANCE / "criteria.toml").read_text())["criterion"]


def test_every_criterion_of_wcag_2_2_a_and_aa_has_one_row() -> None:
    rows = criteria()
    assert len({row["sc"] for row in rows}) == len(rows) == 55
    assert sum(row["level"] == "A" for row in rows) == 31


def test_every_check_of_our_own_that_a_row_names_exists() -> None:
    for row in criteria():
        for by in row["by"]:
            kind, _, names = by.partition(": ")
            assert kind in {"axe", "own", "journey", "transcripts"}, by
            if kind == "own":
                for name in names.split(", "):
                    assert re.search(rf"^  '?{name}'?: \[", OWN_CHECKS, re.MULTILINE), f"{row['sc']} names {name}"


def test_the_statement_counts_what_the_rows_hold() -> None:
    rows = criteria()
    absent = [row for row in rows if "absent" in row]
    eyes = [row for row in rows if "eyes" in row]
    programs = [row for row in rows if row["by"] and "absent" not in row]
    people = [row for row in rows if not row["by"] and "absent" not in row]
    said = [int(n) for n in re.findall(r"\| (\d+) \|", (CONFORMANCE / "statement.md").read_text())]
    assert said == [len(programs), len(absent), len(people), len(eyes)]


def test_nothing_is_claimed_that_no_person_looked_at() -> None:
    if not any("eyes" in row for row in criteria()):
        assert "No conformance is claimed." in (CONFORMANCE / "statement.md").read_text()


def test_every_rule_of_axe_that_is_left_out_has_a_reason() -> None:
    source = (ROOT / "accessibility" / "audits" / "axe.ts").read_text()
    left_out = re.search(r"LEFT_OUT[^=]*= \{(.*?)\};", source, re.DOTALL)
    assert left_out is not None
    for _, reason in re.findall(r"'?([a-z-]+)'?:\s*'([^']*)'", left_out[1]):
        assert len(reason.split()) >= 5
