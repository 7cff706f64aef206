"""
The one file that phones copy and the server searches: how it is laid out, built and cut into parts.

Layout `fast-1`:

- `about(key, value)`: `layout`, `built_at` (epoch ms), `records`.
- `records(row, body)`: rows in order of popularity, the most sought-after first. `body` is a JSON
  object with short keys, left out where empty: `i` id, `t` title, `a` author (code), `o` title in
  its own script, `b` author in its own script, `l` language of `t`, `m` language of `o`, `y` year,
  `k` kind (left out for a book), `h` holdings [[site, place, shelfmark, copies, note]…], `u` links
  [[url, label]…], `p` publisher (code), `e` edition, `x` extent, `r` series, `c` contributors
  (codes), `s` subjects (codes), `n` notes, `d` ISBN and ISSN.
- `names(code, name)`: authors, publishers, subjects and sites, each written once.
- `found`: FTS5, contentless, detail=none, columnsize=0, prefix 2 and 3; its words are folded by
  `planner.words` already, so the tokenizer only cuts at spaces.
- `vocab(term, df)`: every word and in how many records it stands.
- `one_letter(letter, rows)`: the first 20 rows for a single letter, a JSON list.
- `isbns(isbn, row)`, `ids(id, row)`.

Ordering by row number lets a search stop early; an order by relevance would visit every match.
"""

import gzip
import hashlib
import json
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import brotli
import msgspec
import sqlite_utils

from carrel.catalogue import planner
from carrel.catalogue.model import Holding, Link, Manifest, Part, Record, RecordView

LAYOUT = "fast-1"
PART_BYTES = 4 * 1024 * 1024
SNAPSHOTS_KEPT = 2
"""The newest, and the one before it for phones in the middle of a download."""

_decode = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.encode


class Codes:
    """Texts that many records share, each written once."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def code(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known) + 1)


def packed(record: Record, codes: Codes) -> dict[str, Any]:
    """A record as `records.body` keeps it."""
    body: dict[str, Any] = {
        "i": record.id,
        "t": record.title,
        "a": record.author and codes.code(record.author),
        "o": record.title_original,
        "b": record.author_original,
        "l": record.lang,
        "m": record.lang_original,
        "y": record.year,
        "k": "" if record.kind == "book" else record.kind,
        "h": [[h.site, h.place, h.shelfmark, h.copies, h.note] if h.note else [h.site, h.place, h.shelfmark, h.copies]
              for h in record.holdings],
        "u": [[link.url, link.label] for link in record.links],
        "p": record.publisher and codes.code(record.publisher),
        "e": record.edition,
        "x": record.extent,
        "r": record.series,
        "c": [codes.code(name) for name in record.contributors],
        "s": [codes.code(subject) for subject in record.subjects],
        "n": record.notes,
        "d": record.isbn,
    }
    return {key: value for key, value in body.items() if value not in ("", None, [])}


def codes_in(body: dict[str, Any]) -> list[int]:
    """The codes whose names a hit needs."""
    return [body["a"]] if "a" in body else []


def all_codes_in(body: dict[str, Any]) -> list[int]:
    """The codes whose names the whole record needs."""
    shared = [body[key] for key in ("a", "p") if key in body]
    return [*shared, *body.get("c", []), *body.get("s", [])]


def unpacked(body: dict[str, Any], names: dict[int, str], marks: list[str]) -> RecordView:
    """A record again, from what `records.body` keeps."""
    holdings = [Holding(h[0], h[1], h[2], h[3], h[4] if len(h) > 4 else "") for h in body.get("h", [])]
    links = [Link(url, label) for url, label in body.get("u", [])]
    first = holdings[0] if holdings else Holding("", "", "", 0)
    return RecordView(
        id=body["i"],
        title=body["t"],
        title_original=body.get("o"),
        lang=body.get("l", ""),
        lang_original=body.get("m", ""),
        author=names.get(body.get("a", 0), ""),
        author_original=body.get("b", ""),
        year=body.get("y"),
        kind=body.get("k", "book"),
        site=first.site,
        place=first.place,
        shelfmark=first.shelfmark,
        copies=sum(h.copies for h in holdings),
        online=links[0].url if links else None,
        marks=marks,
        publisher=names.get(body.get("p", 0), ""),
        edition=body.get("e", ""),
        extent=body.get("x", ""),
        series=body.get("r", ""),
        contributors=[names[code] for code in body.get("c", [])],
        subjects=[names[code] for code in body.get("s", [])],
        notes=body.get("n", []),
        isbn=body.get("d", []),
        holdings=holdings,
        links=links,
    )


def searchable(record: Record) -> list[str]:
    """Every word a record is found by, each once."""
    texts = [
        record.title, record.title_original, record.author, record.author_original, record.series,
        *record.contributors, *record.subjects, *record.variants,
    ]  # fmt: skip
    return list(dict.fromkeys(word for text in texts if text for word in planner.words(text)))


def write_file(records: Iterable[Record], path: Path, built_at: int) -> int:
    """
    Write a snapshot from records that come in order of popularity.

    Args:
        built_at: epoch milliseconds, told to readers as the catalogue's age.

    Returns:
        How many records it holds.
    """
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        pragma page_size = 4096; pragma journal_mode = off; pragma synchronous = off;
        pragma cache_size = -200000; pragma temp_store = memory;
        create table records(row integer primary key, body text not null);
        create virtual table found using fts5(words, content='', columnsize=0, detail=none, prefix='2 3',
            tokenize="unicode61 remove_diacritics 0");
        """
    )
    db = sqlite_utils.Database(connection)
    codes = Codes()
    isbns: dict[str, int] = {}
    ids: list[tuple[str, int]] = []
    letters: dict[str, list[int]] = {}
    df: Counter[str] = Counter()

    def rows() -> Iterator[tuple[int, str, str]]:
        for row, record in enumerate(records, 1):
            found = searchable(record)
            df.update(found)
            for number in record.isbn:
                isbns.setdefault(number, row)
            ids.append((record.id, row))
            for letter in {word[0] for word in found}:
                first = letters.setdefault(letter, [])
                if len(first) < planner.PAGE:
                    first.append(row)
            yield row, json.dumps(packed(record, codes), ensure_ascii=False, separators=(",", ":")), " ".join(found)

    count = 0
    with connection:
        batch: list[tuple[int, str, str]] = []
        for each in rows():
            batch.append(each)
            count += 1
            if len(batch) == 5_000:
                _insert(connection, batch)
                batch.clear()
        _insert(connection, batch)
        connection.execute("insert into found(found) values('optimize')")
        _keyed(db, "vocab", {"term": str, "df": int}, "term", df.items())
        _keyed(db, "one_letter", {"letter": str, "rows": str}, "letter",
               ((letter, json.dumps(first, separators=(",", ":"))) for letter, first in letters.items()))
        _keyed(db, "isbns", {"isbn": str, "row": int}, "isbn", isbns.items())
        _keyed(db, "ids", {"id": str, "row": int}, "id", dict(ids).items())
        db["names"].create({"code": int, "name": str}, pk="code")
        connection.executemany("insert into names values(?, ?)", ((c, n) for n, c in codes.known.items()))
        _keyed(db, "about", {"key": str, "value": str}, "key",
               (("layout", LAYOUT), ("built_at", str(built_at)), ("records", str(count))))
    connection.execute("vacuum")
    connection.close()
    return count


def _keyed(db: sqlite_utils.Database, name: str, columns: dict[str, type], key: str, rows: Iterable[Any]) -> None:
    # WITHOUT ROWID keeps each row once, in the key's own tree.
    kinds = ", ".join(f"{column} {'text' if kind is str else 'integer'} not null" for column, kind in columns.items())
    db.execute(f"create table {name}({kinds}, primary key({key})) without rowid")
    db.conn.executemany(f"insert into {name} values(?, ?)", sorted(rows))


def _insert(connection: sqlite3.Connection, batch: list[tuple[int, str, str]]) -> None:
    connection.executemany("insert into records values(?, ?)", ((row, body) for row, body, _ in batch))
    connection.executemany("insert into found(rowid, words) values(?, ?)", ((row, text) for row, _, text in batch))


def publish(path: Path, folder: Path, built_at: int, records: int) -> Manifest:
    """
    Cut a snapshot into parts, write the manifest last, and put older snapshots away.

    A phone or a server that reads the folder in the middle of this sees the
    old manifest and every part of it.
    """
    parts_folder = folder / "parts"
    parts_folder.mkdir(exist_ok=True)
    whole = hashlib.sha256()
    parts: list[Part] = []
    wire = 0
    with path.open("rb") as file:
        while piece := file.read(PART_BYTES):
            whole.update(piece)
            name = hashlib.sha256(piece).hexdigest()
            parts.append(Part(name, len(piece)))
            wire += _write_part(parts_folder / name, piece)
    version = whole.hexdigest()
    os.replace(path, folder / f"snapshot-{version[:16]}.sqlite")
    manifest = Manifest(version, built_at, records, sum(part.size_bytes for part in parts), wire, parts)
    waiting = folder / f"manifest.{os.getpid()}"
    waiting.write_bytes(msgspec.json.format(_encode(manifest)))
    os.replace(waiting, folder / "manifest.json")
    (folder / f"manifest-{version[:16]}.json").write_bytes(_encode(manifest))
    _put_away(folder)
    return manifest


def _write_part(path: Path, piece: bytes) -> int:
    """Write a part and its compressed forms; bytes of the smallest."""
    small = path.with_name(path.name + ".br")
    if not small.exists():
        for target, data in (
            (path, piece),
            (path.with_name(path.name + ".gz"), gzip.compress(piece, 6, mtime=0)),
            (small, brotli.compress(piece, quality=5, lgwin=22)),
        ):
            waiting = target.with_name(target.name + f".{os.getpid()}")
            waiting.write_bytes(data)
            os.replace(waiting, target)
    return small.stat().st_size


def _put_away(folder: Path) -> None:
    told = sorted(folder.glob("manifest-*.json"), key=lambda each: each.stat().st_mtime_ns, reverse=True)
    kept = [msgspec.json.decode(each.read_bytes(), type=Manifest) for each in told[:SNAPSHOTS_KEPT]]
    names = {part.sha256 for manifest in kept for part in manifest.parts}
    for old in told[SNAPSHOTS_KEPT:]:
        old.unlink()
        (folder / f"snapshot-{old.stem.removeprefix('manifest-')}.sqlite").unlink(missing_ok=True)
    for part in (folder / "parts").iterdir():
        if part.name.split(".")[0] not in names:
            part.unlink()


def imported(folder: Path) -> Iterator[Record]:
    """The imported records in order of popularity, ties by id."""
    connection = sqlite3.connect(f"file:{folder / 'records.sqlite'}?mode=ro", uri=True)
    try:
        for (body,) in connection.execute("select body from records order by popularity desc, id"):
            yield _decode(body)
    finally:
        connection.close()


def build(folder: Path, built_at: int) -> Manifest:
    """Build and publish the snapshot of all imported records."""
    path = folder / f"building-{os.getpid()}.sqlite"
    try:
        count = write_file(imported(folder), path, built_at)
        return publish(path, folder, built_at, count)
    finally:
        path.unlink(missing_ok=True)


def run(folder: Path) -> int:
    """`carrel catalogue build`."""
    if not (folder / "records.sqlite").exists():
        print(f"There is nothing to build from in {folder}. Import records first: carrel catalogue import FILE…",
              file=sys.stderr)
        return 1
    manifest = build(folder, time.time_ns() // 1_000_000)
    print(
        f"{manifest.records:,} records, {manifest.size_bytes / 1e6:,.1f} MB in {len(manifest.parts)} parts; "
        f"a phone downloads {manifest.wire_bytes / 1e6:,.1f} MB."
    )
    return 0
