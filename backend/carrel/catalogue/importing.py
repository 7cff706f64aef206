"""`carrel catalogue import`: every good record kept, every other one told of, none lost in silence."""

import io
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import pymarc
from pymarc.marcxml import parse_xml_to_array

from carrel.catalogue import framing, marc
from carrel.catalogue.model import Record
from carrel.catalogue.store import Records

_SHOWN_BYTES = 24


class Reject(NamedTuple):
    """A record that was not taken."""

    path: Path
    position: int
    """Where it begins in its file, bytes."""
    reason: str
    begins: bytes


class Unreadable(Exception):
    """No record could be made of these bytes; says why."""


def decoded(data: bytes) -> tuple[pymarc.Record, bool]:
    """
    Decode one ISO 2709 record.

    Returns:
        The record, and whether its leader had lied about its encoding (leader/09).

    Raises:
        Unreadable: neither as UTF-8 nor as MARC-8.
    """
    if len(data) < 26 or not data.endswith(framing.END):
        raise Unreadable("it ends before a record does" if len(data) >= 26 else "it is too short for a record")
    why = ""
    for lied in (False, True):
        try:
            # The length and the base address are worked out again: many systems write them wrongly.
            whole = data if not lied else data[:9] + (b" " if data[9:10] == b"a" else b"a") + data[10:]
            found = pymarc.Record(data=whole, to_unicode=True, force_utf8=False, utf8_handling="strict")
        except Exception as raised:
            why = why or str(raised) or type(raised).__name__
            continue
        if found.fields:
            return found, lied
        why = why or "it has no fields"
    raise Unreadable(why)


def _from_xml(data: bytes) -> pymarc.Record:
    namespaced = b"xmlns" in data.split(b">", 1)[0]
    prefix = data[1:].split(b"record", 1)[0]
    around = b'<collection xmlns="http://www.loc.gov/MARC21/slim"' if not namespaced else b"<collection"
    if prefix:
        around += b" xmlns:" + prefix.rstrip(b":") + b'="http://www.loc.gov/MARC21/slim"'
    try:
        found = parse_xml_to_array(io.BytesIO(around + b">" + data + b"</collection>"))
    except Exception as raised:
        raise Unreadable(str(raised) or type(raised).__name__) from None
    if not found or found[0] is None or not found[0].fields:
        raise Unreadable("it has no fields")
    return found[0]


def files(paths: list[Path]) -> Iterator[Path]:
    """The files meant: a folder stands for every MARC file in it, by its ending."""
    endings = {".mrc", ".marc", ".dat", ".xml", ".mrx", ".marcxml", ".iso2709", ".mrc_", ".marc21"}
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file() and each.suffix.lower() in endings)
        else:
            yield path


def read(path: Path, counts: Counter[str], rejects: list[Reject]) -> Iterator[Record]:
    """The good records of a file; counts and rejects are added to as they come."""
    xml = framing.is_xml(path)
    for number, (position, data) in enumerate(framing.marcxml(path) if xml else framing.iso2709(path), 1):
        try:
            found, repaired = (_from_xml(data), False) if xml else decoded(data)
            yield marc.record(found, f"{path.stem}-{number}")
            counts["taken"] += 1
            counts["repaired"] += repaired
        except marc.NotABook as other:
            counts[str(other)] += 1
        except (Unreadable, ValueError) as reason:
            counts["rejected"] += 1
            rejects.append(Reject(path, position, str(reason), data[:_SHOWN_BYTES]))
        except Exception as raised:
            counts["rejected"] += 1
            rejects.append(Reject(path, position, f"a field could not be read: {raised}", data[:_SHOWN_BYTES]))


def run(paths: list[Path], folder: Path, out: TextIO = sys.stdout) -> int:
    """
    Import files and folders.

    Returns:
        1 only if nothing was usable, else 0.
    """
    counts: Counter[str] = Counter()
    rejects: list[Reject] = []
    store = Records(folder)
    try:
        for path in files([Path(each) for each in paths]):
            told = len(rejects)
            before = counts.copy()
            try:
                store.keep(read(path, counts, rejects))
            except OSError as raised:
                counts["unread files"] += 1
                print(f"{path}: {raised.strerror}", file=out)
                continue
            for each in rejects[told:]:
                print(f"{each.path}: byte {each.position}: {each.reason}; it begins {each.begins!r}", file=out)
            print(f"{path}: {_said(counts - before)}", file=out)
    finally:
        store.close()
    print(f"In all: {_said(counts)}.", file=out)
    if counts["taken"]:
        print("Build what is searched next: carrel catalogue build.", file=out)
    return 0 if counts["taken"] else 1


def _said(counts: Counter[str]) -> str:
    said = {"taken": "taken", "repaired": "of them in another encoding than they said", "rejected": "rejected",
            "authority": "authority records", "deleted": "deleted", "suppressed": "suppressed",
            "unread files": "files that could not be read"}  # fmt: skip
    return ", ".join(f"{counts[key]:,} {words}" for key, words in said.items() if counts[key]) or "nothing in it"
