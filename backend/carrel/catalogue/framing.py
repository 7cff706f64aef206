"""
Cuts files into records by itself, so that one damaged record costs none of the others.

A MARC 21 record in ISO 2709 ends with 0x1D; what its leader says of its length is not believed.
In MARCXML each `<record>` element stands for itself. Knows nothing of fields.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

END = b"\x1d"
READ_BYTES = 1 << 20
RECORD_BYTES_MOST = 32 << 20
"""No record seen anywhere comes near; more without an end is no record."""


class Frame(NamedTuple):
    """What may be a record: where it begins in its file, and its bytes."""

    position: int
    data: bytes


def is_xml(path: Path) -> bool:
    """Whether a file is XML, by its first bytes."""
    with path.open("rb") as file:
        return file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def iso2709(path: Path) -> Iterator[Frame]:
    """Every run of bytes up to a record's end; what follows the last end comes too, if it is not blank."""
    position, held = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            held += chunk
            *whole, held = held.split(END)
            for data in whole:
                yield from _framed(position, data + END)
                position += len(data) + 1
            if len(held) > RECORD_BYTES_MOST:
                yield Frame(position, held)
                position, held = position + len(held), b""
    yield from _framed(position, held)


def _framed(position: int, data: bytes) -> Iterator[Frame]:
    blank = len(data) - len(data.lstrip(b"\r\n\t \x00\x1a"))
    if data[blank:]:
        yield Frame(position + blank, data[blank:])


_OPEN = re.compile(rb"<(?:[\w.-]+:)?record[\s>]")
_FIELD = re.compile(rb"<(?:[\w.-]+:)?(?:leader|controlfield|datafield)[\s>/]")
_CLOSE = re.compile(rb"</(?:[\w.-]+:)?record\s*>")


def marcxml(path: Path) -> Iterator[Frame]:
    """Every `<record>` element, found by its tags alone; one that another begins inside of ends there, broken."""
    data = path.read_bytes()
    at = 0
    while begins := _OPEN.search(data, at):
        closes = _CLOSE.search(data, begins.end())
        again = _OPEN.search(data, begins.end())
        if closes and (not again or closes.start() < again.start()):
            at = closes.end()
        else:
            at = again.start() if again else len(data)
        found = data[begins.start() : at]
        # A search protocol's own <record> around a MARC record is an envelope.
        if _FIELD.search(found):
            yield Frame(begins.start(), found)
