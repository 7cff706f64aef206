"""Who may know whom: read from the imports of every file."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CARREL = ROOT / "backend" / "carrel"
SYNC = ROOT / "sync" / "carrel_sync"
CARRIERS = {"storage", "identity", "jobs", "operating", "pokes"}
"""What carries capabilities; every other folder with code is one, or is the demo that furnishes them."""
CAPABILITIES = {
    folder.name
    for folder in CARREL.iterdir()
    if (folder / "__init__.py").is_file() and folder.name not in CARRIERS | {"demo"}
}
WIRING = {"app.py", "cli.py", "facts_schema.py", "__main__.py"}
PURE = {
    "bisect", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "hmac", "itertools",
    "math", "re", "string", "typing", "unicodedata", "zoneinfo", "__future__",
    "msgspec",
}  # fmt: skip
"""What a rule may lean on outside Carrel: nothing that reads, writes, tells the time or draws lots."""


def python(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Full names of what a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by dots; say the whole name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def within(name: str, *places: str) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


RULES = [path for path in python(CARREL) if path.name == "rules.py"]


def test_there_are_capabilities_and_rules_to_look_at():
    assert {"loans", "bookings", "patrons", "hours"} <= CAPABILITIES
    assert len(RULES) >= 4


@pytest.mark.parametrize("path", RULES, ids=named)
def test_rules_read_nothing_write_nothing_and_know_no_clock(path):
    for name in imports(path):
        outside = name.split(".")[0]
        if outside in ("carrel", "carrel_sync"):
            last = name.split(".")
            assert {"rules", "model"} & set(last) or within(name, "carrel_sync.messages", "carrel_sync.library"), (
                f"{named(path)} imports {name}: a rule knows rules and models"
            )
        else:
            assert outside in PURE, f"{named(path)} imports {name}"
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)}
    forbidden = {"date.today", "datetime.now", "datetime.utcnow", "open", "print", "time.time"}
    assert not calls & forbidden, f"{named(path)} calls {calls & forbidden}"


@pytest.mark.parametrize("path", python(SYNC), ids=named)
def test_sync_knows_no_capability_no_store_and_no_network(path):
    for name in imports(path):
        assert not within(name, "carrel"), f"{named(path)} imports {name}"
        assert name.split(".")[0] in {*sys.stdlib_module_names, "msgspec", "carrel_sync"}
        if path.name in ("messages.py", "library.py"):
            assert not within(name, "time", "random", "secrets", "os", "pathlib", "socket", "sqlite3", "asyncio")


@pytest.mark.parametrize("path", python(CARREL), ids=named)
def test_a_capability_does_not_reach_into_anothers_store(path):
    own = path.relative_to(CARREL).parts[0]
    if path.name in WIRING or own == "demo":
        return
    for name in imports(path):
        for capability in CAPABILITIES - {own}:
            assert not within(name, f"carrel.{capability}.store"), f"{named(path)} imports {name}"


@pytest.mark.parametrize("path", python(CARREL), ids=named)
def test_only_the_wiring_knows_capabilities_from_outside(path):
    own = path.relative_to(CARREL).parts[0]
    if path.name in WIRING or own in CAPABILITIES | {"demo"}:
        return
    for name in imports(path):
        for capability in CAPABILITIES:
            assert not within(name, f"carrel.{capability}"), f"{named(path)} imports {name}"


@pytest.mark.parametrize("path", python(CARREL), ids=named)
def test_nothing_but_the_commands_knows_the_wiring(path):
    if path.name in WIRING:
        return
    for name in imports(path):
        assert not within(name, "carrel.app", "carrel.cli"), f"{named(path)} imports {name}"


@pytest.mark.parametrize("path", python(CARREL), ids=named)
def test_sql_is_written_in_stores_only(path):
    own = path.relative_to(CARREL).parts[0]
    if path.name == "store.py" or own in ("storage", "jobs", "catalogue"):
        return
    words = ("select ", "insert into ", "update ", "delete from ")
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.lstrip().lower()
            assert not (text.startswith(words) and (" from " in text or " set " in text or " into " in text)), (
                f"{named(path)}:{node.lineno} writes SQL"
            )


@pytest.mark.parametrize("path", [*python(CARREL), *python(SYNC)], ids=named)
def test_nothing_is_called_by_a_name_that_says_nothing(path):
    for part in path.relative_to(ROOT).with_suffix("").parts:
        assert not {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"} & set(part.split("_"))


@pytest.mark.parametrize("path", [*python(CARREL), *python(SYNC)], ids=named)
def test_every_module_opens_with_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), named(path)
