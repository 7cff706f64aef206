"""`carrel catalogue import`: every good record kept, every other one told of, none lost in silence."""

import io
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import NamedTuple, TextIO

import pymarc
from pymarc.marcxml import parse_xml_to_array

from carrel.catalogue import framing, marc
from carrel.catalogue.model import Record
from carrel.catalogue.store import Records

_SHOWN_BYTES = 24


class Reject(NamedTuple):
    """A record that was not taken, or was taken although part of it could not be read."""

    path: Path
    position: int
    """Where it begins in its file, bytes."""
    reason: str
    begins: bytes


class Unreadable(Exception):
    """No record could be made of these bytes; says why."""


class Decoded(NamedTuple):
    """What became of one record's bytes."""

    record: pymarc.Record
    lied: bool
    """Whether its leader said another encoding (leader/09)."""
    doubt: str
    """What of it could not be read; '' when all could."""


class _Complaints(logging.Handler):
    """What pymarc says beside the record it returns: lost characters on stderr, odd fields in its log."""

    def __init__(self) -> None:
        super().__init__()
        self.characters = io.StringIO()
        self.fields = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.fields += 1

    def said(self) -> str:
        lost = self.characters.getvalue().count("\n")
        parts = []
        if lost:
            parts.append(f"{lost} of its characters could not be read and stand as blanks")
        if self.fields:
            parts.append(f"{self.fields} of its fields are not formed as they should be")
        return ", ".join(parts)


@contextmanager
def _listening() -> Iterator[_Complaints]:
    heard, log = _Complaints(), logging.getLogger("pymarc")
    passed_on, log.propagate = log.propagate, False
    log.addHandler(heard)
    try:
        with redirect_stderr(heard.characters):
            yield heard
    finally:
        log.removeHandler(heard)
        log.propagate = passed_on


def decoded(data: bytes) -> Decoded:
    """
    Decode one ISO 2709 record, as its leader says, else in the other encoding.

    Raises:
        Unreadable: neither as UTF-8 nor as MARC-8.
    """
    if len(data) < 26 or not data.endswith(framing.END):
        raise Unreadable("it ends before a record does" if len(data) >= 26 else "it is too short for a record")
    why = ""
    doubtful: Decoded | None = None
    for lied in (False, True):
        try:
            # The length and the base address are worked out again: many systems write them wrongly.
            whole = data if not lied else data[:9] + (b" " if data[9:10] == b"a" else b"a") + data[10:]
            with _listening() as heard:
                found = pymarc.Record(data=whole, to_unicode=True, force_utf8=False, utf8_handling="strict")
        except Exception as raised:
            why = why or str(raised) or type(raised).__name__
            continue
        if found.fields:
            made = Decoded(found, lied, heard.said())
            # What is no MARC-8 may be UTF-8 all through; what fits neither is kept as its leader has it.
            if not made.doubt or (doubtful is None and not heard.characters.getvalue()):
                return made
            doubtful = doubtful or made
        why = why or "it has no fields"
    if doubtful:
        return doubtful
    raise Unreadable(why)


_LEADER = re.compile(rb"<((?:[\w.-]+:)?)leader[^>]*>([^<]*)</[^>]*>|<(?:[\w.-]+:)?leader\s*/>")
_LEADER_LONG = 24


def _with_leader(data: bytes) -> tuple[bytes, str]:
    """
    A MARCXML record whose leader has its 24 characters, and '' or what was amiss.

    Blanks get lost where XML is made tidy. Nothing is read from a leader but its places 05 to 07, which stand
    before any that can be squeezed, so a record need not be lost for it.
    """
    found = _LEADER.search(data)
    if found is None:
        opens = data.index(b">") + 1
        prefix = data[1:].split(b"record", 1)[0]
        made = b"<" + prefix + b"leader>" + b" " * _LEADER_LONG + b"</" + prefix + b"leader>"
        return data[:opens] + made + data[opens:], "it has no leader"
    text = found[2] or b""
    if len(text) == _LEADER_LONG:
        return data, ""
    prefix = found[1] or b""
    made = b"<" + prefix + b"leader>" + text[:_LEADER_LONG].ljust(_LEADER_LONG) + b"</" + prefix + b"leader>"
    return data[: found.start()] + made + data[found.end() :], f"its leader has {len(text)} characters, not 24"


def _from_xml(data: bytes) -> Decoded:
    data, doubt = _with_leader(data)
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
    return Decoded(found[0], False, doubt)


def files(paths: list[Path]) -> Iterator[Path]:
    """The files meant: a folder stands for every MARC file in it, by its ending."""
    endings = {".mrc", ".marc", ".dat", ".xml", ".mrx", ".marcxml", ".iso2709", ".mrc_", ".marc21"}
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file() and each.suffix.lower() in endings)
        else:
            yield path


def read(path: Path, counts: Counter[str], rejects: list[Reject], gone: dict[str, None]) -> Iterator[Record]:
    """The good records of a file; counts, rejects and the ids of what is to be forgotten are added to as they come."""
    xml = framing.is_xml(path)
    for number, (position, data) in enumerate(framing.marcxml(path) if xml else framing.iso2709(path), 1):
        try:
            found = _from_xml(data) if xml else decoded(data)
            taken = marc.record(found.record, f"{path.stem}-{number}")
            gone.pop(taken.id, None)
            yield taken
            counts["taken"] += 1
            counts["repaired"] += found.lied
            if found.doubt:
                counts["doubtful"] += 1
                rejects.append(Reject(path, position, f"taken, but {found.doubt}", data[:_SHOWN_BYTES]))
        except marc.NotABook as other:
            counts[other.kind] += 1
            if other.kind in ("deleted", "suppressed"):
                gone[other.id] = None
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
            gone: dict[str, None] = {}
            try:
                store.keep(read(path, counts, rejects, gone))
                store.drop(gone)
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
    said = {"taken": "taken", "repaired": "of them in another encoding than they said", "doubtful": "of them with parts that could not be read",
            "rejected": "rejected", "authority": "authority records", "holdings": "records of holdings alone", "deleted": "deleted", "suppressed": "suppressed",
            "unread files": "files that could not be read"}  # fmt: skip
    return ", ".join(f"{counts[key]:,} {words}" for key, words in said.items() if counts[key]) or "nothing in it"
