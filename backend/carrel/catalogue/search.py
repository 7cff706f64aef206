"""
The server's search: the phone's own file, SQL and planner, with the same SQLite.

Searches run in a small pool of threads, each with a read-only connection of its own; the event
loop never waits for one. A new snapshot is opened when the manifest has changed.
"""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import msgspec
from msgspec import structs

from carrel.catalogue import planner, snapshot
from carrel.catalogue.model import Hit, Manifest, RecordView, Results

THREADS = 2
OFFSET_MOST = 1_000
LIMIT_MOST = 100

MATCHES = "select rowid from found where found match ? order by rowid limit ?"
EXPAND = "select term from vocab where term >= ? and term < ? order by df desc, term limit ?"
KNOWN = "select term, df from vocab where term in (select value from json_each(?)) order by df desc, term limit 1"
BODIES = "select row, body from records where row in (select value from json_each(?)) order by row"
NAMES = "select code, name from names where code in (select value from json_each(?))"


class NoSnapshot(Exception):
    """No catalogue has been built yet."""


class Snapshot:
    """One open snapshot in one thread. `search` and `record` are what the phone's worker does too."""

    def __init__(self, path: Path | str, built_at: int, connection: apsw.Connection | None = None) -> None:
        self.built_at = built_at
        self.connection = connection or apsw.Connection(
            f"file:{path}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )

    def _all(self, sql: str, *values: Any) -> list[Any]:
        return self.connection.execute(sql, values).fetchall()

    def search(self, typed: str, offset: int, limit: int) -> Results:
        """
        Find records.

        Args:
            typed: as in the box; the last word may be unfinished.
            offset, limit: which of the hits.
        """
        corrected = None
        plan = planner.plan(typed)
        rows, count = self._rows(plan, typed, offset + limit)
        if not rows and plan.terms:
            better = self._corrected(plan)
            if better:
                corrected = " ".join(term.word for term in better.terms)
                plan = better
                rows, count = self._rows(plan, corrected, offset + limit)
                corrected = corrected if rows else None
        marks = [term.word for term in plan.terms]
        shown = rows[offset : offset + limit]
        hits = [_hit(view) for view in self._views(shown, marks)]
        return Results(hits, len(rows) > offset + limit, count, corrected, self.built_at)

    def _rows(self, plan: planner.Plan, typed: str, wanted: int) -> tuple[list[int], int | None]:
        """Rows in the order shown, at least one more than wanted if there are; and how many, if known."""
        if plan.isbn:
            found = self._all("select row from isbns where isbn = ?", plan.isbn)
            if found:
                return [found[0][0]], 1
        if not plan.terms:
            return [], 0
        if plan.letter and wanted <= planner.PAGE:
            kept = self._all("select rows from one_letter where letter = ?", plan.letter)
            rows = json.loads(kept[0][0]) if kept else []
            if len(rows) < planner.PAGE:
                return rows, len(rows)
            return [*rows, 0], None
        last = plan.terms[-1]
        expanded: list[str] = []
        if planner.wants_expanding(last):
            expanded = [
                term for (term,) in self._all(EXPAND, last.word, planner.after(last.word), planner.EXPANDED)
            ]
        looked_at = max(planner.LOOKED_AT, wanted) + 1
        rows = [row for (row,) in self._all(MATCHES, planner.expression(plan, expanded), looked_at)]
        count = len(rows) if len(rows) < looked_at else None
        if sum(len(term.word) for term in plan.terms) > planner.PREFIX_LETTERS:
            rows = self._ranked(rows, typed)
        return rows, count

    def _ranked(self, rows: list[int], typed: str) -> list[int]:
        first, rest = rows[: planner.LOOKED_AT], rows[planner.LOOKED_AT :]
        bodies = {row: json.loads(body) for row, body in self._all(BODIES, json.dumps(first))}
        names = self._names({code for body in bodies.values() for code in snapshot.codes_in(body)})
        asked = planner.words(typed)
        ranks = {
            row: planner.rank(asked, body["t"] + " " + body.get("o", ""), names.get(body.get("a", 0), ""))
            for row, body in bodies.items()
        }
        return [*sorted(first, key=lambda row: (ranks[row], row)), *rest]

    def _corrected(self, plan: planner.Plan) -> planner.Plan | None:
        terms: list[planner.Term] = []
        changed = False
        for term in plan.terms:
            known = self._all(EXPAND, term.word, planner.after(term.word), 1) if term.prefix else self._all(
                KNOWN, json.dumps(planner.forms(term.word)))  # fmt: skip
            slips = [] if known else planner.near(term.word)
            better = self._all(KNOWN, json.dumps(slips)) if slips else []
            changed = changed or bool(better)
            terms.append(planner.Term(better[0][0], False) if better else term)
        return planner.Plan(terms) if changed else None

    def record(self, id: str) -> RecordView | None:
        """The whole record, None where this snapshot has no such id."""
        found = self._all("select row from ids where id = ?", id)
        return self._views([found[0][0]], [], whole=True)[0] if found else None

    def _views(self, rows: list[int], marks: list[str], whole: bool = False) -> list[RecordView]:
        bodies = {row: json.loads(body) for row, body in self._all(BODIES, json.dumps(rows))}
        codes = snapshot.all_codes_in if whole else snapshot.codes_in
        names = self._names({code for body in bodies.values() for code in codes(body)})
        hidden = () if whole else ("p", "c", "s")
        return [
            snapshot.unpacked({k: v for k, v in bodies[row].items() if k not in hidden}, names, marks)
            for row in rows
            if row in bodies
        ]

    def _names(self, codes: set[int]) -> dict[int, str]:
        return dict(self._all(NAMES, json.dumps(sorted(codes))))


_FIELDS = structs.fields(Hit)


def _hit(view: RecordView) -> Hit:
    return Hit(*(getattr(view, field.name) for field in _FIELDS))


class Searching:
    """Searches of one data folder, for as long as the server runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="carrel-search")
        self._open = threading.local()
        self._told: tuple[int, Manifest, bytes] | None = None

    def present(self) -> bool:
        """Whether there is a catalogue to search."""
        try:
            self.manifest()
        except NoSnapshot:
            return False
        return True

    def manifest(self) -> tuple[Manifest, bytes]:
        """
        The newest snapshot's manifest, decoded and as it is written.

        Raises:
            NoSnapshot: none has been built.
        """
        path = self._folder / "manifest.json"
        try:
            written_at = path.stat().st_mtime_ns
            if self._told is None or self._told[0] != written_at:
                written = path.read_bytes()
                self._told = (written_at, msgspec.json.decode(written, type=Manifest), written)
        except FileNotFoundError:
            raise NoSnapshot from None
        return self._told[1], self._told[2]

    def part(self, sha256: str) -> Path | None:
        """Where a part of a kept snapshot lies, None where there is none of that name."""
        path = self._folder / "parts" / sha256
        return path if path.is_file() else None

    async def search(self, typed: str, offset: int, limit: int) -> Results:
        return await self._in_thread(lambda one: one.search(typed, offset, limit))

    async def record(self, id: str) -> RecordView | None:
        return await self._in_thread(lambda one: one.record(id))

    async def _in_thread(self, work: Any) -> Any:
        manifest, _ = self.manifest()

        def worked() -> Any:
            kept = getattr(self._open, "snapshot", None)
            if kept is None or self._open.version != manifest.version:
                path = self._folder / f"snapshot-{manifest.version[:16]}.sqlite"
                kept = self._open.snapshot = Snapshot(path, manifest.built_at)
                self._open.version = manifest.version
            return work(kept)

        return await asyncio.get_running_loop().run_in_executor(self._threads, worked)

    def close(self) -> None:
        self._threads.shutdown()
