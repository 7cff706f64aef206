"""
MARC records imported a second, beside pymarc only reading them: the same made-up file, in the same run.

The import frames the file by itself, decodes each record on its own, reads its fields into a catalogue record
and keeps it in the database of imported records; the reading makes pymarc's objects and drops them. The two take
turns; times are this process's own processor time, which other work on the machine touches little.
"""

import io
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pymarc

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "sync")]

from carrel.catalogue import generating, importing  # noqa: E402
from carrel.catalogue.model import Record  # noqa: E402

COUNT = 5_000
TURNS = 3


def marc(made: Record) -> bytes:
    """A made-up record as a cataloguer would hand it over: fixed fields, title, author, publisher, subjects, copies."""
    record = pymarc.Record(force_utf8=True, leader="00000nam a2200000 i 4500")
    title, _, rest = made.title.partition(": ")
    record.add_field(
        pymarc.Field(tag="001", data=made.id),
        pymarc.Field(tag="003", data="MADE"),
        pymarc.Field(tag="005", data="20260102030405.0"),
        pymarc.Field(tag="008", data=f"260102s{made.year}    enk           000 0 eng d"),
    )

    def field(tag: str, first: str, second: str, **parts: str) -> None:
        subfields = [pymarc.Subfield(code, value) for code, value in parts.items()]
        record.add_field(pymarc.Field(tag=tag, indicators=pymarc.Indicators(first, second), subfields=subfields))

    field("100", "1", " ", a=made.author + ",", e="author.")
    field("245", "1", "0", a=title + (" :" if rest else " /"), **({"b": rest + " /"} if rest else {}), c=made.author + ".")
    field("264", " ", "1", a="Oxenmere :", b="Made-up Press,", c=f"{made.year}.")
    field("300", " ", " ", a="xii, 240 pages :", b="illustrations ;", c="24 cm")
    for subject in made.subjects:
        field("650", " ", "0", a=subject + ".")
    for holding in made.holdings:
        field("852", "0", "1", b=holding.site, c=holding.place, h=holding.shelfmark)
    return record.as_marc()


def read(path: Path) -> int:
    with path.open("rb") as file:
        return sum(record is not None for record in pymarc.MARCReader(file))


def imported(path: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        said = io.StringIO()
        if importing.run([path], Path(folder), said) != 0:
            raise RuntimeError(f"expected records to be imported, got {said.getvalue()}")
        if f"{COUNT:,} taken" not in said.getvalue() or "rejected" in said.getvalue():
            raise RuntimeError(f"expected {COUNT:,} taken, got {said.getvalue()}")
    return COUNT


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        path = Path(folder) / "made.mrc"
        path.write_bytes(b"".join(marc(record) for record in generating.records(COUNT, 5)))
        rates: dict[str, list[float]] = {"read": [], "imported": []}
        for _ in range(TURNS):
            for name, work in (("read", read), ("imported", imported)):
                began = time.process_time()
                count = work(path)
                if count != COUNT:
                    raise RuntimeError(f"expected {COUNT} records, got {count}")
                rates[name].append(count / (time.process_time() - began))
        size = path.stat().st_size
    bare, whole = statistics.median(rates["read"]), statistics.median(rates["imported"])
    print(f"{whole:,.0f} records imported a second of processor time; read by pymarc alone: {bare:,.0f}")
    print(
        json.dumps(
            {
                "name": "import_rate",
                "value": round(whole / bare, 3),
                "unit": "of reading with pymarc alone",
                "goal": None,
                "met": None,
                "about": f"{whole:.0f} records a second of processor time against {bare:.0f}; {COUNT} made-up records of {size // COUNT} B, kept in the database too",
            }
        )
    )


if __name__ == "__main__":
    main()
