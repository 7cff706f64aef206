"""Made-up records in any number, the same for the same seed: to see how it is with many."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

from carrel.catalogue.model import Holding, Record
from carrel.catalogue.store import Records

_SUBJECTS = ["history", "theory", "practice", "language", "society", "law", "music", "theatre", "poetry", "physics", "chemistry", "biology", "ecology", "health", "medicine", "nursing", "education", "childhood", "gender", "race", "migration", "empire", "revolution", "labour", "capital", "markets", "money", "trade", "industry", "cities", "landscape", "architecture", "painting", "sculpture", "film", "photography", "religion", "philosophy", "ethics", "logic", "mathematics", "algebra", "geometry", "probability", "statistics", "computing", "networks", "algorithms", "robotics", "energy", "climate", "oceans", "rivers", "mountains", "agriculture", "food", "nutrition", "sport", "travel", "archives", "libraries", "memory", "identity", "politics", "democracy", "power", "conflict", "peace", "welfare", "housing", "crime", "punishment", "psychology", "cognition", "emotion", "perception", "learning"]
_FRAMES = (
    "{0} and {1}", "The {0} of {1}", "An introduction to {0}", "{0}, {1} and {2}", "Essays on {0} and {1}",
    "A short history of {0}", "{0} in {3}", "Rethinking {0}", "The Oxenmere companion to {0}", "{0}: {1} and {2} in {3}",
    "Handbook of {0} and {1}", "Beyond {0}", "{0} after {1}", "The making of {0} in {3}",
)  # fmt: skip
_ONSETS = ("b", "br", "c", "d", "dr", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "w")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
_CODAS = ("", "n", "r", "l", "s", "nd", "rt", "ll", "th", "ck")
_CLASSES = ["B", "BF", "D", "DA", "GN", "HB", "HM", "HN", "HQ", "JC", "LB", "ML", "N", "NA", "P", "PN", "PR", "PS", "Q", "QA", "QC", "QD", "QH", "R", "RC", "S", "T", "TK", "Z"]


def _name(dice: random.Random, syllables: int) -> str:
    made = "".join(dice.choice(_ONSETS) + dice.choice(_VOWELS) + dice.choice(_CODAS) for _ in range(syllables))
    return made.capitalize()


def records(count: int, seed: int) -> Iterator[Record]:
    """So many records, ids `made-0000001` and on."""
    dice = random.Random(seed)
    people = [f"{_name(dice, 2)} {_name(dice, dice.choice((1, 2, 2, 3)))}" for _ in range(max(50, count // 4))]
    places = [_name(dice, 2) for _ in range(max(40, count // 50))]
    for number in range(1, count + 1):
        words = dice.sample(_SUBJECTS, 3)
        title = dice.choice(_FRAMES).format(*words, dice.choice(places))
        letters = dice.choice(_CLASSES)
        author = dice.choice(people)
        yield Record(
            id=f"made-{number:07d}",
            title=title[0].upper() + title[1:],
            author=author,
            lang="en",
            year=dice.randint(1900, 2026),
            holdings=[
                Holding(
                    dice.choice(("colchester", "colchester", "colchester", "southend", "loughton")),
                    f"Floor {dice.randint(2, 5)}",
                    f"{letters} {dice.randint(1, 9999)} .{author.split()[-1][0]}{dice.randint(1, 999)}",
                    dice.choice((1, 1, 1, 2, 3)),
                )
            ],
            subjects=[word.capitalize() for word in words[:2]],
            popularity=-number,
        )


def run(count: int, seed: int, folder: Path) -> int:
    """`carrel catalogue generate N`: add made-up records to those imported."""
    if count < 1:
        print(f"Say how many records to make: 1 or more, not {count}.", file=sys.stderr)
        return 2
    store = Records(folder)
    try:
        kept = store.keep(records(count, seed))
    finally:
        store.close()
    print(f"{kept:,} made-up records were added. Build what is searched next: carrel catalogue build.")
    return 0
