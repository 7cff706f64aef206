"""What the catalogue holds and what a search answers. Knows no file, no SQL and no MARC."""

from typing import Literal

from msgspec import Struct

Kind = Literal["book", "ebook", "journal", "score", "map", "video", "audio", "other"]


class Holding(Struct, frozen=True, omit_defaults=True):
    """Copies of a record that stand together."""

    site: str
    """Id of the site, or the name a record gives when it is none of the library's own."""
    place: str
    """Where on the site: "Floor 4"."""
    shelfmark: str
    """As on the spine."""
    copies: int = 1
    note: str = ""


class Link(Struct, frozen=True):
    """Somewhere to read it online."""

    url: str
    label: str


class Record(Struct, frozen=True, omit_defaults=True):
    """One bibliographic record as a reader meets it; the source of snapshots."""

    id: str
    title: str
    author: str = ""
    title_original: str = ""
    """In its own script (MARC field 880), where `title` is romanised."""
    author_original: str = ""
    lang: str = ""
    """Of `title`, BCP 47: "en", "ru-Latn"."""
    lang_original: str = ""
    """Of `title_original`: "ru"."""
    year: int | None = None
    kind: Kind = "book"
    holdings: list[Holding] = []
    links: list[Link] = []
    publisher: str = ""
    edition: str = ""
    extent: str = ""
    series: str = ""
    contributors: list[str] = []
    subjects: list[str] = []
    notes: list[str] = []
    isbn: list[str] = []
    """ISBN-13 and ISSN, digits and X alone."""
    variants: list[str] = []
    """Other titles and names to be found by, never shown."""
    popularity: int = 0
    """How sought after: loans, or copies where nothing else is known. Hits come in this order."""
    modified: str = ""
    """Version stamp of the source (MARC 005)."""


class Hit(Struct, frozen=True):
    """One line of an answer."""

    id: str
    title: str
    title_original: str | None
    lang: str
    lang_original: str
    author: str
    author_original: str
    year: int | None
    kind: Kind
    site: str
    place: str
    shelfmark: str
    copies: int
    online: str | None
    """Address to read it at."""
    marks: list[str]
    """Folded words of the query, to be shown where they stand."""


class RecordView(Struct, frozen=True):
    """All that is known of one record."""

    id: str
    title: str
    title_original: str | None
    lang: str
    lang_original: str
    author: str
    author_original: str
    year: int | None
    kind: Kind
    site: str
    place: str
    shelfmark: str
    copies: int
    online: str | None
    marks: list[str]
    publisher: str
    edition: str
    extent: str
    series: str
    contributors: list[str]
    subjects: list[str]
    notes: list[str]
    isbn: list[str]
    holdings: list[Holding]
    links: list[Link]


class Results(Struct, frozen=True):
    """The answer to a search."""

    hits: list[Hit]
    more: bool
    count: int | None
    """How many there are, None where there are more than were looked at."""
    corrected: str | None
    """What was searched instead, where the words as typed found nothing."""
    as_of: int
    """When the snapshot was built, epoch milliseconds."""


class Part(Struct, frozen=True):
    """A piece of the snapshot."""

    sha256: str
    size_bytes: int


class Manifest(Struct, frozen=True):
    """What a phone needs to copy the snapshot."""

    version: str
    """SHA-256 of the whole file."""
    built_at: int
    records: int
    size_bytes: int
    wire_bytes: int
    """All parts as they are best compressed: what a download costs."""
    parts: list[Part]
