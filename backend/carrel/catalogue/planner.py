"""
From what is typed to what is asked of the snapshot; pure, and the same on the phone.

`pwa/catalogue/planner.ts` is this file's twin: both play `tests/catalogue_cases`, and
another test compares their hit lists over a whole snapshot. Change both.
"""

import re
import unicodedata

from msgspec import Struct

LOOKED_AT = 200
"""So many of the most sought-after matches are put in order anew."""
EXPANDED = 64
"""A longer beginning of a word stands for so many of its most frequent words."""
PAGE = 20
PREFIX_LETTERS = 3
"""Up to so many letters the index itself knows beginnings of words."""
TYPO_LETTERS = 4
"""Shorter words are not corrected: everything is one letter away from them."""

_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "ς": "σ"}
)
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")


def fold(text: str) -> str:
    """Lower case, without accents and points: how words are compared."""
    loose = _MARKS.sub("", unicodedata.normalize("NFD", text.lower()))
    return unicodedata.normalize("NFC", loose).translate(_LETTERS)


def words(text: str) -> list[str]:
    """
    The folded words of a text, as the index keeps them.

    Scripts written without spaces give each pair of neighbouring signs; a
    single sign stands alone.
    """
    found: list[str] = []
    for run in _WORD.findall(fold(text)):
        if len(run) > 1 and _IS_UNSPACED.match(run):
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found.append(run)
    return found


class Term(Struct, frozen=True):
    """One thing that a match must have."""

    word: str
    prefix: bool
    """The person may not have finished it."""


class Plan(Struct, frozen=True):
    """What to ask."""

    terms: list[Term]
    isbn: str = ""
    """Set: look this number up, and search for words only if it is not there."""
    letter: str = ""
    """Set: a single letter; its list was made when the snapshot was built."""


def isbn13(text: str) -> str:
    """ISBN-13 or ISSN in digits, "" where the text is neither or its check digit is wrong."""
    digits = re.sub(r"[\s\-\u2010-\u2013]", "", text).upper()
    if re.fullmatch(r"\d{9}[\dX]", digits):
        check = sum((10 - i) * (10 if c == "X" else int(c)) for i, c in enumerate(digits)) % 11
        if check:
            return ""
        body = "978" + digits[:9]
        return body + str(-sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(body)) % 10)
    if re.fullmatch(r"97[89]\d{10}", digits):
        return "" if sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(digits)) % 10 else digits
    if re.fullmatch(r"\d{7}[\dX]", digits):
        check = sum((8 - i) * (10 if c == "X" else int(c)) for i, c in enumerate(digits)) % 11
        return "" if check else digits
    return ""


def plan(typed: str) -> Plan:
    """What to ask for what was typed; no terms where there is no word in it."""
    number = isbn13(typed)
    found = words(typed)
    unfinished = bool(found) and re.search(r"[\w]$", typed.rstrip("\u0300")) is not None
    terms = [Term(word, False) for word in dict.fromkeys(found[:-1])]
    if found:
        last = found[-1]
        single = len(last) == 1 and _IS_UNSPACED.match(last) is not None
        pair = len(last) == 2 and _IS_UNSPACED.match(last) is not None
        terms = [term for term in terms if term.word != last]
        terms.append(Term(last, (unfinished and not pair) or single))
    if len(terms) == 1 and len(terms[0].word) == 1 and terms[0].prefix and not _IS_UNSPACED.match(terms[0].word):
        return Plan(terms, number, terms[0].word)
    return Plan(terms, number)


def forms(word: str) -> list[str]:
    """A word and its other number, by the spelling rules of English: nothing is looked up."""
    if len(word) < TYPO_LETTERS or not re.fullmatch("[a-z]+", word):
        return [word]
    if word.endswith("ies"):
        return [word, word[:-3] + "y"]
    if re.search("(ses|xes|zes|ches|shes)$", word):
        return [word, word[:-2]]
    if re.search("[^suai]s$", word):
        return [word, word[:-1]]
    if re.search("(s|x|z|ch|sh)$", word):
        return [word, word + "es"]
    if re.search("[^aeiou]y$", word):
        return [word, word[:-1] + "ies"]
    return [word, word + "s"]


def expression(plan: Plan, expanded: list[str]) -> str:
    """
    The full-text question.

    Args:
        expanded: the vocabulary's words for the unfinished last one, where it
            is not short enough for the index to know; else empty.
    """
    asked: list[str] = []
    for term in plan.terms:
        if term.prefix and expanded:
            choices = dict.fromkeys([*expanded, *forms(term.word)])
        elif term.prefix:
            asked.append(f'"{term.word}"*')
            continue
        else:
            choices = dict.fromkeys(forms(term.word))
        any_of = " OR ".join(f'"{word}"' for word in choices)
        asked.append(f"({any_of})" if len(choices) > 1 else any_of)
    return " AND ".join(asked)


def wants_expanding(term: Term) -> bool:
    """Whether the vocabulary must say which words begin so."""
    return term.prefix and not (1 < len(term.word) <= PREFIX_LETTERS) and not _IS_UNSPACED.match(term.word)


def after(prefix: str) -> str:
    """The first text that no longer begins with `prefix`, for a range of the vocabulary."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def near(word: str) -> list[str]:
    """Every text one slip away from a word: a letter missing, doubled, wrong, or two swapped."""
    if len(word) < TYPO_LETTERS or not re.fullmatch("[a-z0-9]+", word):
        return []
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    found: dict[str, None] = {}
    for i in range(len(word) + 1):
        head, tail = word[:i], word[i:]
        if tail:
            found[head + tail[1:]] = None
        if len(tail) > 1:
            found[head + tail[1] + tail[0] + tail[2:]] = None
        for letter in letters:
            if tail:
                found[head + letter + tail[1:]] = None
            found[head + letter + tail] = None
    found.pop(word, None)
    return list(found)


def rank(typed_words: list[str], title: str, author: str) -> int:
    """
    How near a match is to being the very thing, 0 the nearest; ties keep the order of popularity.

    Args:
        title, author: as shown; they are folded here.
    """
    typed = " ".join(typed_words)
    title_words = words(title)
    whole = " ".join(title_words)
    if whole == typed:
        return 0
    if whole.startswith(typed + " "):
        return 1
    names = words(author)
    last = len(typed_words) - 1

    def stands(place: int, among: list[str]) -> bool:
        word = typed_words[place]
        return any(each == word or (place == last and each.startswith(word)) for each in among)

    in_title = [stands(place, title_words) for place in range(len(typed_words))]
    if all(in_title[place] or stands(place, names) for place in range(len(typed_words))):
        return 2 if any(in_title) else 3
    return 4
