"""
From a MARC 21 bibliographic record to the catalogue's; pure. Each line cites the field it reads.

Source: MARC 21 Format for Bibliographic Data, Library of Congress. Punctuation that ISBD put
between the parts of a field is taken off, as the parts stand apart here.
"""

import re

from pymarc import Field
from pymarc import Record as Marc

from carrel.catalogue import planner
from carrel.catalogue.model import Holding, Kind, Link, Record

_ISBD = re.compile(r"\s*[/:;,=]\s*$")
_LANGUAGES = {
    "ara": "ar", "chi": "zh", "cze": "cs", "dan": "da", "dut": "nl", "eng": "en", "fin": "fi", "fre": "fr",
    "ger": "de", "gre": "el", "grc": "grc", "heb": "he", "hin": "hi", "hun": "hu", "ita": "it", "jpn": "ja",
    "kor": "ko", "lat": "la", "nor": "no", "per": "fa", "pol": "pl", "por": "pt", "rus": "ru", "spa": "es",
    "swe": "sv", "tur": "tr", "ukr": "uk", "urd": "ur", "wel": "cy", "yid": "yi",
}  # fmt: skip
_SCRIPTS = (
    ("\u0400", "\u04ff", "ru"), ("\u0370", "\u03ff", "el"), ("\u0590", "\u05ff", "he"), ("\u0600", "\u06ff", "ar"),
    ("\u3040", "\u30ff", "ja"), ("\uac00", "\ud7af", "ko"), ("\u4e00", "\u9fff", "zh"),
)  # fmt: skip


class NotABook(Exception):
    """A record that no reader looks for; `kind` says which, `id` how it is called where it was kept before."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.id = id


def record(marc: Marc, fallback_id: str) -> Record:
    """
    Read a bibliographic record.

    Args:
        fallback_id: for a record without a 001.

    Raises:
        NotABook: "authority" (leader/06 z), "holdings" (leader/06 u, v, x, y), "deleted" (leader/05 d) or
            "suppressed" (942 $n 1).
        ValueError: it has no title to show.
    """
    leader = str(marc.leader).ljust(24)
    source = _control(marc, "003").strip()
    control = _control(marc, "001").strip()
    id = re.sub(r"[^\w.-]+", "-", f"{source}-{control}" if source and control else control or fallback_id)
    if leader[6] == "z":
        raise NotABook("authority", id)
    if leader[6] in "uvxy":
        raise NotABook("holdings", id)
    if leader[5] == "d":
        raise NotABook("deleted", id)
    if any(field.get("n") == "1" for field in marc.get_fields("942")):
        raise NotABook("suppressed", id)
    originals = _originals(marc)
    title_field = marc.get("245")
    title = _text(title_field, "abnp") or _text(marc.get("240") or marc.get("130"), "anp")
    if not title:
        raise ValueError("it has no title (245)")
    author_field = next(iter(marc.get_fields("100", "110", "111")), None)
    fixed = _control(marc, "008").ljust(40)
    lang = _LANGUAGES.get(fixed[35:38].lower(), "")
    title_original = originals.get("245", "")
    links = [
        Link(url, next(iter(field.get_subfields("y", "3", "z")), ""))
        for field in marc.get_fields("856")
        if field.indicator2 in (" ", "0", "1")
        for url in field.get_subfields("u")
        if url.startswith(("http://", "https://"))
    ]
    holdings = _holdings(marc)
    return Record(
        id=id,
        title=title,
        author=_text(author_field, "abcdq").rstrip("."),
        title_original=title_original,
        author_original=originals.get(author_field.tag, "") if author_field else "",
        lang=f"{lang}-Latn" if lang and title_original else lang,
        lang_original=_script_language(title_original, lang),
        year=_year(marc, fixed),
        kind=_kind(leader, fixed, marc),
        holdings=holdings,
        links=links,
        publisher=_text(next((f for f in marc.get_fields("264", "260")), None), "b"),
        edition=_text(marc.get("250"), "ab"),
        extent=_text(marc.get("300"), "abc"),
        series=_text(next(iter(marc.get_fields("490", "830")), None), "av"),
        contributors=_each(marc, ("700", "710", "711"), "abcdq"),
        subjects=list(dict.fromkeys(
            " – ".join(part.rstrip(".") for part in field.get_subfields("a", "x", "y", "z", "v"))
            for field in marc.get_fields("600", "610", "611", "630", "650", "651")
        ))[:12],
        notes=[text[:600] for text in _each(marc, ("502", "504", "505", "520", "341", "532"), "ab")][:6],
        isbn=list(dict.fromkeys(
            number
            for field in marc.get_fields("020", "022")
            for text in field.get_subfields("a")
            if (number := planner.isbn13(text.split("(")[0].split(":")[0].strip().split(" ")[0]))
        )),
        variants=[*_each(marc, ("130", "240", "246", "730", "740"), "abnp"), *originals.values()],
        popularity=sum(holding.copies for holding in holdings),
        modified=_control(marc, "005").strip(),
    )  # fmt: skip


def _control(marc: Marc, tag: str) -> str:
    field = marc.get(tag)
    return (field.data or "") if field is not None and field.control_field else ""


def _text(field: Field | None, codes: str) -> str:
    if field is None or field.control_field:
        return ""
    parts = [part.strip() for part in field.get_subfields(*codes) if part and part.strip()]
    return _ISBD.sub("", " ".join(parts)).strip()


def _each(marc: Marc, tags: tuple[str, ...], codes: str) -> list[str]:
    return list(dict.fromkeys(text.rstrip(".") for field in marc.get_fields(*tags) if (text := _text(field, codes))))


def _originals(marc: Marc) -> dict[str, str]:
    """880 $6: the same field in its own script, by the tag it belongs to; the first of each."""
    found: dict[str, str] = {}
    for field in marc.get_fields("880"):
        tag = (field.get("6") or "")[:3]
        codes = "abnp" if tag in ("245", "246", "240", "130") else "abcdq"
        if tag.isdigit() and (text := _text(field, codes)):
            found.setdefault(tag, text)
    return found


def _script_language(text: str, lang: str) -> str:
    if not text or lang in ("ru", "uk", "el", "grc", "he", "yi", "ar", "fa", "ur", "ja", "ko", "zh"):
        return lang if text else ""
    return next((known for first, last, known in _SCRIPTS if any(first <= sign <= last for sign in text)), "")


def _year(marc: Marc, fixed: str) -> int | None:
    """008/07-10, else the first four digits of 264 or 260 $c."""
    stated = re.fullmatch(r"[12]\d{3}", fixed[7:11])
    if stated:
        return int(stated[0])
    for field in marc.get_fields("264", "260"):
        if found := re.search(r"[12]\d{3}", " ".join(field.get_subfields("c"))):
            return int(found[0])
    return None


def _kind(leader: str, fixed: str, marc: Marc) -> Kind:
    """Leader/06-07 and the form of item in 008/23 (maps and visual material: 008/29)."""
    type_, level = leader[6], leader[7]
    if level in "sib":
        return "journal"
    known: dict[str, Kind] = {"c": "score", "d": "score", "e": "map", "f": "map", "g": "video", "i": "audio", "j": "audio"}
    if type_ in known:
        return known[type_]
    if type_ in "at ":
        return "ebook" if fixed[23] in "oqs" and not marc.get_fields("852", "952") else "book"
    return "other"


def _holdings(marc: Marc) -> list[Holding]:
    """852 (MARC holdings), 952 (Koha) and AVA (Alma); copies at one place and shelfmark counted together."""
    stands: dict[tuple[str, str, str], int] = {}
    for field in marc.get_fields("852"):
        mark = " ".join(part for part in field.get_subfields("k", "h", "i", "m") if part)
        if mark or field.get("b") or field.get("c"):
            place = (field.get("b") or field.get("a") or "", field.get("c") or "", mark)
            stands[place] = stands.get(place, 0) + 1
    for field in marc.get_fields("952"):
        if field.get("0") == "1" or not field.get("o"):
            continue
        place = (field.get("b") or field.get("a") or "", field.get("c") or "", field.get("o") or "")
        stands[place] = stands.get(place, 0) + 1
    for field in marc.get_fields("AVA"):
        total = field.get("f") or "1"
        place = (field.get("b") or "", field.get("c") or "", field.get("d") or "")
        stands[place] = stands.get(place, 0) + (int(total) if total.isdigit() else 1)
    return [Holding(site, where, mark, copies) for (site, where, mark), copies in stands.items()]
