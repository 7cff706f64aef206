"""The conformance statement says what its rows say, its rows say what the audits found, and nothing more."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CONFORMANCE = ROOT / "accessibility" / "conformance"
sys.path.insert(0, str(CONFORMANCE))

from fold import (  # noqa: E402
    DOES_NOT,
    LEVELS,
    NOT_APPLICABLE,
    NOT_EVALUATED,
    PARTIALLY,
    RESULTS,
    SUPPORTS,
    Looked,
    claims,
    counts,
    criteria,
    fold,
    forbidden,
    looked,
    report,
    views,
)

ROWS = criteria()
OWN_CHECKS = (ROOT / "accessibility" / "audits" / "own_checks.ts").read_text()
PAGES = "\n".join(
    file.read_text()
    for ending in ("ts", "tsx", "css", "html")
    for file in sorted((ROOT / "pwa").rglob(f"*.{ending}"))
)
VIEWS = {"rooms", "loans"}
SC = {"sc": "1.3.3", "name": "Sensory Characteristics", "level": "A", "by": []}


def named(row: dict[str, Any], kind: str) -> list[str]:
    """The names after "kind: " among what looks at a criterion."""
    return [
        name for by in row["by"] if by.startswith(f"{kind}: ") for name in by.removeprefix(f"{kind}: ").split(", ")
    ]


def own_checks() -> dict[str, list[str]]:
    """The criteria that each check of our own can fail, as its program says."""
    written = re.search(r"export const CHECKS = \{(.*?)\n\}", OWN_CHECKS, re.DOTALL)
    assert written is not None
    return {
        name: re.findall(r"[\d.]+", criteria)
        for name, criteria in re.findall(r"'?([a-z0-9-]+)'?: \[(.*?)\]", written[1])
    }


def claim(level: str, view: str = "every view") -> dict[str, Any]:
    return {"criterion": "1.3.3", "view": view, "level": level}


def failing(*places: tuple[str, str], passed: bool) -> Looked:
    found = {place: {"a-rule"} for place in places}
    return Looked({"axe-core"}, {("rooms", "loaded")} if passed else set(), found)


# ------------------------------------------------------------------ the fold


@pytest.mark.parametrize(
    ("row", "seen", "claimed", "level"),
    [
        (SC, Looked(), [], NOT_EVALUATED),
        (SC, Looked({"axe-core"}, {("rooms", "loaded")}), [], NOT_EVALUATED),
        ({**SC, "absent": "no sound"}, Looked(), [], NOT_APPLICABLE),
        ({**SC, "absent": "no sound"}, failing(("rooms", "empty"), passed=False), [], DOES_NOT),
        (SC, failing(("rooms", "empty"), passed=True), [], PARTIALLY),
        (SC, failing(("rooms", "empty"), passed=False), [], DOES_NOT),
        (SC, failing(("rooms", "empty"), passed=True), [claim(SUPPORTS)], PARTIALLY),
        (SC, failing(("rooms", "empty"), passed=True), [claim(DOES_NOT)], DOES_NOT),
        (SC, Looked(), [claim(SUPPORTS)], SUPPORTS),
        (SC, Looked(), [claim(SUPPORTS, "rooms"), claim(SUPPORTS, "loans")], SUPPORTS),
        (SC, Looked(), [claim(SUPPORTS, "rooms")], NOT_EVALUATED),
        (SC, Looked(), [claim(SUPPORTS), claim(PARTIALLY, "rooms")], PARTIALLY),
    ],
)
def test_programs_only_lower_a_level_and_people_have_to_see_every_view(
    row: dict[str, Any], seen: Looked, claimed: list[dict[str, Any]], level: str
) -> None:
    assert fold(row, seen, claimed, VIEWS) == level


def test_results_are_read_by_criterion_with_the_place_and_the_rule() -> None:
    subject = {"view": "rooms", "state": "empty"}
    earl = {
        "date": "2027-01-01",
        "@graph": [
            {"assertedBy": "axe-core", "subject": subject, "test": ["WCAG22:1.4.3"], "result": {"outcome": "passed"}},
            {
                "assertedBy": "own checks",
                "subject": subject,
                "test": ["WCAG22:1.3.3"],
                "result": {"outcome": "failed", "rule": "a-rule"},
            },
        ],
    }
    assert looked(earl)["1.3.3"].failed == {("rooms", "empty"): {"a-rule"}}
    assert looked(earl)["1.4.3"].passed == {("rooms", "empty")}
    assert views(earl) == {"rooms"}
    assert "| 1.3.3 Sensory Characteristics | A | does not support | rooms, empty: a-rule. |" in report(
        earl, [SC], []
    )


# ------------------------------------------------------------------ the rows


def test_every_criterion_of_wcag_2_2_a_and_aa_has_one_row() -> None:
    assert len({row["sc"] for row in ROWS}) == len(ROWS) == 55
    assert sum(row["level"] == "A" for row in ROWS) == 31


def test_everything_that_a_row_names_exists() -> None:
    checks = own_checks()
    for row in ROWS:
        assert set(row) <= {"sc", "name", "level", "by", "absent", "never"}
        for by in row["by"]:
            assert by.partition(":")[0] in {"axe", "own", "source", "journey", "views", "transcripts"}, by
        for name in named(row, "own"):
            assert row["sc"] in checks[name], f"{name} does not look at {row['sc']}"
        for name in named(row, "journey"):
            assert (ROOT / "tests" / "journeys" / f"{name}.journey.ts").is_file(), name
        for name in named(row, "views"):
            assert (ROOT / "tests" / "pwa" / "views" / f"{name}.test.ts").is_file(), name


def test_every_check_of_our_own_is_named_by_the_rows_it_looks_at() -> None:
    levels = {row["sc"] for row in ROWS}
    for name, seen in own_checks().items():
        for criterion in levels.intersection(seen):
            row = next(row for row in ROWS if row["sc"] == criterion)
            assert name in named(row, "own"), f"{name} looks at {criterion}, whose row does not say so"


def test_what_is_said_to_be_absent_stands_in_no_page() -> None:
    for row in ROWS:
        assert forbidden(row, PAGES) == [], row["sc"]
        if "absent" in row or "source" in row["by"]:
            assert row.get("never"), f"{row['sc']}: nothing would notice if it came"


def test_what_may_not_stand_in_a_page_is_found_where_it_does() -> None:
    assert forbidden({"never": ["<video|<audio"]}, "<p><audio src=x>") == ["<audio"]


# ------------------------------------------------------------------ the statement, and what the audits found


def test_the_statement_counts_what_the_rows_and_the_claims_hold() -> None:
    said = re.findall(r"^\| (.+?) \| (\d+) \|$", (CONFORMANCE / "statement.md").read_text(), re.MULTILINE)
    assert [(what, int(many)) for what, many in said] == counts(ROWS, claims())


def test_nothing_is_claimed_that_no_person_looked_at() -> None:
    for each in claims():
        assert set(each) == {"criterion", "view", "level", "remark", "reviewer", "date"}
        assert each["level"] in LEVELS
        assert each["criterion"] in {row["sc"] for row in ROWS}
    if not claims():
        assert "No conformance is claimed." in (CONFORMANCE / "statement.md").read_text()


def test_every_rule_of_axe_that_is_left_out_has_a_reason() -> None:
    source = (ROOT / "accessibility" / "audits" / "axe.ts").read_text()
    left_out = re.search(r"LEFT_OUT[^=]*= \{(.*?)\};", source, re.DOTALL)
    assert left_out is not None
    reasons = re.findall(r"'?[a-z-]+'?:\s*'([^']*)'", left_out[1])
    assert all(len(reason.split()) >= 5 for reason in reasons)
    assert ("there are none" in (CONFORMANCE / "statement.md").read_text()) == (not left_out[1].strip())


audited = pytest.mark.skipif(
    not RESULTS.is_file(), reason="the audits have not run here: make test ONLY='axe conformance'"
)


@audited
def test_the_rows_say_who_looked_as_the_audits_tell_it() -> None:
    by = looked(json.loads(RESULTS.read_text()))
    for row in ROWS:
        programs = by.get(row["sc"], Looked()).programs
        own = programs & {"own checks", "the tab key"}
        assert ("axe-core" in programs) == ("axe" in row["by"]), f"{row['sc']}: {programs}"
        assert bool(own) == bool(named(row, "own")), f"{row['sc']}: {programs}"


@audited
def test_the_statement_says_that_nothing_was_found_only_when_nothing_was() -> None:
    earl = json.loads(RESULTS.read_text())
    failed = {sc: seen.failed for sc, seen in looked(earl).items() if seen.failed}
    assert ("and find nothing" in (CONFORMANCE / "statement.md").read_text()) == (not failed), failed
    levels = {
        row["sc"]: fold(row, looked(earl).get(row["sc"], Looked()), [], views(earl)) for row in ROWS
    }
    assert SUPPORTS not in levels.values()
