"""Every view has its acceptance criteria, and each of them names proofs that exist."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CRITERIA = sorted((ROOT / "accessibility" / "criteria").glob("*.toml"))
ROUTES = (ROOT / "pwa" / "app" / "routes.tsx").read_text()
EVERYWHERE = "*"

AAA = {"1.4.6", "1.4.8", "2.1.3", "2.2.3", "2.2.4", "2.2.5", "2.2.6", "2.3.2", "2.3.3", "2.4.8", "2.4.9", "2.4.10"} | {
    "2.4.12", "2.4.13", "2.5.5", "2.5.6", "3.1.3", "3.1.4", "3.1.5", "3.2.5", "3.3.5", "3.3.6", "3.3.9",
}  # fmt: skip
"""The criteria of level AAA that Carrel means to meet."""


def read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text())


def routes() -> list[str]:
    """The patterns of addresses in the order in which they are tried; the last one takes what is left."""
    written = re.findall(r"\{ at: /(.*?)/, title", ROUTES)
    return [pattern.replace("\\/", "/") for pattern in written]


def route_of(address: str) -> int:
    return next(i for i, pattern in enumerate(routes()) if re.search(pattern, address))


def names_of_tests(source: str) -> set[str]:
    """The names of the tests of a file."""
    names = re.findall(
        r"\btest(?:\.each\((?:[^()]|\([^()]*\))*\))?\(\s*(?P<q>['\"`])(.*?)(?P=q),", source, re.DOTALL
    )
    return {name for _, name in names}


def test_every_route_has_one_file_of_criteria() -> None:
    addresses = [read(file)["address"] for file in CRITERIA]
    described = sorted(route_of(address) for address in addresses if address != EVERYWHERE)
    assert len(routes()) == len(re.findall(r"title: \w+\.title", ROUTES)), (
        "a route is written in a way not read here"
    )
    assert described == list(range(len(routes())))
    assert addresses.count(EVERYWHERE) == 1


@pytest.mark.parametrize("file", CRITERIA, ids=lambda file: file.stem)
def test_every_criterion_is_a_sentence_and_has_a_proof(file: Path) -> None:
    rows = read(file)["criterion"]
    assert rows
    for row in rows:
        assert set(row) <= {"says", "wcag", "proof"}, row
        assert re.fullmatch(r"[A-Z].{10,200}\.", row["says"]), row["says"]
        assert row["proof"], row["says"]
    assert len({row["says"] for row in rows}) == len(rows)


@pytest.mark.parametrize("file", CRITERIA, ids=lambda file: file.stem)
def test_every_success_criterion_that_is_named_exists(file: Path) -> None:
    known = {
        row["sc"] for row in read(ROOT / "accessibility" / "conformance" / "criteria.toml")["criterion"]
    } | AAA
    for row in read(file)["criterion"]:
        assert set(row.get("wcag", [])) <= known, row


@pytest.mark.parametrize("file", CRITERIA, ids=lambda file: file.stem)
def test_every_proof_that_is_named_exists(file: Path) -> None:
    for row in read(file)["criterion"]:
        for proof in row["proof"]:
            path, _, name = proof.partition(": ")
            source = ROOT / path
            assert source.is_file(), f"{proof}: there is no such file"
            if source.name.endswith((".test.ts", ".audit.ts", ".journey.ts")):
                assert name in names_of_tests(source.read_text()), f"{proof}: there is no such test"
            else:
                assert f"'{name}'" in source.read_text(), f"{proof}: there is no such check"
