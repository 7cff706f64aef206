"""The made-up university's catalogue: real titles, written down from the literature, on made-up shelves."""

import csv
from importlib import resources
from pathlib import Path

import msgspec

from carrel.catalogue import generating, snapshot
from carrel.catalogue.model import Holding, Kind, Link, Record
from carrel.catalogue.store import Records

_SITES = (("colchester", 1), ("southend", 3), ("loughton", 4))
"""A site, and that it has every so manieth title."""
_FLOORS = (("A", "F", "Floor 2"), ("G", "L", "Floor 3"), ("M", "P", "Floor 4"), ("Q", "Z", "Floor 5"))


def _place(site: str, shelfmark: str) -> str:
    if site != "colchester":
        return "Main shelves"
    letter = shelfmark[:1] or "Z"
    return next(floor for first, last, floor in _FLOORS if first <= letter <= last)


def records() -> list[Record]:
    """The demo's records, the most sought-after first; ids `demo-0001` and on."""
    written = resources.files("carrel.catalogue").joinpath("demo_titles.tsv").read_text("utf-8")
    rows = list(csv.DictReader(written.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    return [_record(number, row, len(rows)) for number, row in enumerate(rows, 1)]


def _record(number: int, row: dict[str, str], count: int) -> Record:
    shelfmark, kind = row["shelfmark"], row["kind"]
    id = f"demo-{number:04d}"
    copies = 2 if kind == "book" else 1
    original = row["title_original"]
    return Record(
        id=id,
        title=row["title"],
        author=row["author"],
        title_original=original,
        author_original=row["author_original"],
        lang=f"{row['lang']}-Latn" if original else "en",
        lang_original=row["lang"],
        year=int(row["year"]),
        kind=msgspec.convert(kind, Kind),
        holdings=[
            Holding(site, _place(site, shelfmark), shelfmark, copies)
            for site, every in _SITES
            if shelfmark and number % every == 0
        ],
        links=[Link(f"https://example.org/read/{id}", "Read it online")] if kind == "ebook" or number % 9 == 0 else [],
        popularity=count - number,
    )


def furnish(folder: Path, built_at: int, generated: int = 0, seed: int = 1) -> int:
    """
    Make the demo's catalogue and build its snapshot.

    Args:
        folder: the catalogue's folder.
        built_at: epoch milliseconds.
        generated: so many made-up records more.

    Returns:
        How many records it holds.
    """
    store = Records(folder)
    try:
        store.keep(records())
        if generated:
            store.keep(generating.records(generated, seed))
    finally:
        store.close()
    return snapshot.build(folder, built_at).records
