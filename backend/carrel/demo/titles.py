"""What is lent in the demo: titles of its catalogue."""

from typing import NamedTuple

from carrel.catalogue.demo_titles import records

LENT = 50
"""So many of the most sought-after titles are what the made-up readers borrow."""


class Place(NamedTuple):
    """Copies of a title that stand together."""

    site: str
    shelfmark: str
    copies: int


class Title(NamedTuple):
    """A record of the demo catalogue, as a loan slip shows it, with where its copies stand."""

    record: str
    title: str
    author: str
    places: tuple[Place, ...]


def titles() -> list[Title]:
    """Every title that may be lent, in the catalogue's order."""
    return [
        Title(each.id, each.title, each.author, tuple(Place(h.site, h.shelfmark, h.copies) for h in each.holdings))
        for each in records()
        if each.kind == "book" and each.holdings
    ][:LENT]
