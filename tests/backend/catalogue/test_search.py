"""What is typed finds what is meant, in the order of how sought after it is."""

import pytest

from carrel.catalogue import demo_titles, planner, snapshot
from carrel.catalogue.search import Snapshot


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalogue") / "snapshot.sqlite"
    snapshot.write_file(demo_titles.records(), path, 7)
    return Snapshot(path, 7)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("woolf lig", "To the Lighthouse"),
        ("lighthouse woolf", "To the Lighthouse"),
        ("beloved", "Beloved"),
        ("belovd", "Beloved"),
        ("orlando", "Orlando"),
        ("cien", None),
        ("GARCIA marquez", "One Hundred Years of Solitude"),
        ("война", "Voina i mir"),
        ("红楼", "Hong lou meng"),
        ("源氏物語", "Genji monogatari"),
        ("채식주의자", "Chaesikchuuija"),
        ("موسم", "Mawsim al-hijrah ila al-shamal"),
        ("zzqxv", None),
        ("!!", None),
    ],
)
def test_what_is_typed_finds_what_is_meant(demo, typed, first):
    hits = demo.search(typed, 0, 5).hits
    assert (hits[0].title if hits else None) == first


def test_a_slip_is_said_and_the_word_searched_instead_is_named(demo):
    assert demo.search("belovd", 0, 5).corrected == "beloved"
    assert demo.search("beloved", 0, 5).corrected is None


def test_one_letter_gives_the_most_sought_after_first(demo):
    hits = demo.search("w", 0, 20).hits
    assert hits[0].id == "demo-0001"
    assert [hit.id for hit in hits] == sorted(hit.id for hit in hits)


def test_pages_follow_one_another_without_gap_or_repetition(demo):
    whole = [hit.id for hit in demo.search("th", 0, 60).hits]
    pages = [hit.id for start in range(0, 60, 20) for hit in demo.search("th", start, 20).hits]
    assert pages == whole
    assert len(set(pages)) == len(pages)


def test_the_demo_has_three_hundred_titles_in_many_scripts():
    records = demo_titles.records()
    assert len(records) >= 320
    assert len({record.lang_original for record in records}) >= 8
    assert len({record.id for record in records}) == len(records)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0-14-143951-3", "9780141439518"), ("978 0 14 143951 8", "9780141439518"), ("0-14-143951-4", ""),
     ("0028-0836", "00280836"), ("woolf", ""), ("12345", "")],
)  # fmt: skip
def test_numbers_are_known_by_their_check_digit(text, number):
    assert planner.isbn13(text) == number
