"""Good records come in whatever stands around them; every other one is told of."""

import io
import os
from pathlib import Path

import pymarc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymarc import Field, Indicators, Subfield

from carrel.catalogue import framing, importing, snapshot
from carrel.catalogue.search import Snapshot

SHARED = Path(os.environ.get("CARREL_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")) / "marc"


def book(id: str, title: str, author: str = "Sand, Ada", *, leader: str = "00000nam a2200000 a 4500", more=()) -> bytes:
    made = pymarc.Record(leader=leader, force_utf8=True)
    made.add_field(
        Field("001", data=id),
        Field("008", data="200101s1999    enk           000 0 eng d"),
        Field("100", Indicators("1", " "), [Subfield("a", f"{author},")]),
        Field("245", Indicators("1", "0"), [Subfield("a", f"{title} :"), Subfield("b", "a study /")]),
        *more,
    )
    return made.as_marc()


def imported(path: Path, *paths: Path) -> tuple[int, str, list[str]]:
    out = io.StringIO()
    code = importing.run(list(paths), path / "catalogue", out)
    return code, out.getvalue(), [each.title for each in snapshot.imported(path / "catalogue")]


def test_punctuation_between_parts_of_a_title_is_taken_off(tmp_path):
    (tmp_path / "a.mrc").write_bytes(book("1", "Salt"))
    assert imported(tmp_path, tmp_path / "a.mrc")[2] == ["Salt : a study"]


def test_good_records_around_a_damaged_one_come_in_and_it_is_told_of(tmp_path):
    damaged = b"00064nam a22000xx a 4500 no directory\x1d"
    (tmp_path / "a.mrc").write_bytes(book("1", "Salt") + b"\r\n" + damaged + book("2", "Tide"))
    code, said, titles = imported(tmp_path, tmp_path / "a.mrc")
    assert code == 0
    assert len(titles) == 2
    assert f"a.mrc: byte {len(book('1', 'Salt')) + 2}: " in said
    assert "2 taken, 1 rejected" in said


def test_a_file_cut_off_in_a_record_gives_the_ones_before(tmp_path):
    (tmp_path / "a.mrc").write_bytes(book("1", "Salt") + book("2", "Tide")[:-9])
    code, said, titles = imported(tmp_path, tmp_path / "a.mrc")
    assert (code, len(titles)) == (0, 1)
    assert "it ends before a record does" in said


def test_nothing_usable_ends_with_one(tmp_path):
    (tmp_path / "a.mrc").write_bytes(b"this is no catalogue")
    assert imported(tmp_path, tmp_path / "a.mrc")[0] == 1


def test_authority_and_deleted_records_are_counted_apart(tmp_path):
    records = book("1", "Salt") + book("2", "Name", leader="00000nz  a2200000 a 4500")
    (tmp_path / "a.mrc").write_bytes(records + book("3", "Gone", leader="00000dam a2200000 a 4500"))
    code, said, titles = imported(tmp_path, tmp_path / "a.mrc")
    assert (code, len(titles)) == (0, 1)
    assert "1 authority records, 1 deleted" in said


def test_a_record_deleted_at_its_source_is_forgotten(tmp_path):
    (tmp_path / "a.mrc").write_bytes(book("1", "Salt") + book("2", "Tide"))
    imported(tmp_path, tmp_path / "a.mrc")
    (tmp_path / "b.mrc").write_bytes(book("1", "Salt", leader="00000dam a2200000 a 4500"))
    assert imported(tmp_path, tmp_path / "b.mrc")[2] == ["Tide : a study"]


def test_a_record_deleted_and_sent_anew_in_one_file_stays(tmp_path):
    gone = book("1", "Salt", leader="00000dam a2200000 a 4500")
    (tmp_path / "a.mrc").write_bytes(book("1", "Salt") + gone + book("1", "Salt, new"))
    assert imported(tmp_path, tmp_path / "a.mrc")[2] == ["Salt, new : a study"]


def test_utf8_under_a_leader_that_says_marc8_is_read_as_utf8(tmp_path):
    utf8 = book("1", "Žluťoučký kůň")
    (tmp_path / "a.mrc").write_bytes(utf8[:9] + b" " + utf8[10:])
    code, said, titles = imported(tmp_path, tmp_path / "a.mrc")
    assert (code, titles) == (0, ["Žluťoučký kůň : a study"])
    assert "1 taken, 1 of them in another encoding than they said" in said


def test_characters_that_no_encoding_knows_are_told_of_and_the_record_comes_in(tmp_path, capsys):
    latin1 = book("1", "XYZ").replace(b"XYZ", b"X\xffZ")
    (tmp_path / "a.mrc").write_bytes(latin1[:9] + b" " + latin1[10:])
    code, said, titles = imported(tmp_path, tmp_path / "a.mrc")
    assert (code, len(titles)) == (0, 1)
    assert "a.mrc: byte 0: taken, but 1 of its characters could not be read and stand as blanks" in said
    assert "1 taken, 1 of them with parts that could not be read" in said
    assert capsys.readouterr().err == ""


def test_records_of_holdings_alone_are_counted_apart(tmp_path):
    (tmp_path / "a.mrc").write_bytes(book("1", "Salt") + book("2", "x", leader="00000nx  a2200000 a 4500"))
    assert "1 taken, 1 records of holdings alone" in imported(tmp_path, tmp_path / "a.mrc")[1]


def test_a_record_that_comes_again_replaces_the_one_before(tmp_path):
    (tmp_path / "a.mrc").write_bytes(book("1", "Salt") + book("1", "Salt, again"))
    assert imported(tmp_path, tmp_path / "a.mrc")[2] == ["Salt, again : a study"]


def test_a_title_is_found_in_its_own_script(tmp_path):
    original = Field("880", Indicators("1", "0"), [Subfield("6", "245-01/(N"), Subfield("a", "Соль земли")])
    (tmp_path / "a.mrc").write_bytes(book("1", "Sol zemli", more=[original]))
    imported(tmp_path, tmp_path / "a.mrc")
    path = tmp_path / "snapshot.sqlite"
    snapshot.write_file(snapshot.imported(tmp_path / "catalogue"), path, 1)
    hits = Snapshot(path, 1).search("соль", 0, 5).hits
    assert [(hit.title_original, hit.lang_original) for hit in hits] == [("Соль земли", "ru")]


def test_marcxml_records_around_a_damaged_one_come_in(tmp_path):
    one = '<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">{0}</controlfield>' \
          '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Salt {0}</subfield></datafield></record>'  # fmt: skip
    text = "<collection>" + one.format(1) + '<record><leader>x</leader><datafield tag="245">' + one.format(2) + "</collection>"
    (tmp_path / "a.xml").write_text(text)
    code, said, titles = imported(tmp_path, tmp_path / "a.xml")
    assert (code, sorted(titles)) == (0, ["Salt 1", "Salt 2"])
    assert "1 rejected" in said


@pytest.mark.parametrize(
    ("leader", "amiss"),
    [
        ("<leader>00817nas a2200265 4500</leader>", "its leader has 22 characters, not 24"),
        ("<leader>     cam a2200433 i 4500 </leader>", "its leader has 25 characters, not 24"),
        ("<leader/>", "its leader has 0 characters, not 24"),
        ("", "it has no leader"),
    ],
)
def test_a_marcxml_leader_that_lost_its_blanks_costs_no_record(tmp_path, leader, amiss):
    rest = '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Salt</subfield></datafield></record>'
    (tmp_path / "a.xml").write_text(f"<collection><record>{leader}{rest}</collection>")
    code, said, titles = imported(tmp_path, tmp_path / "a.xml")
    assert (code, titles) == (0, ["Salt"])
    assert f"taken, but {amiss}" in said


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200).filter(lambda data: b"\x1d" not in data))
def test_no_damage_between_records_costs_a_good_one(tmp_path_factory, damage):
    path = tmp_path_factory.mktemp("marc") / "a.mrc"
    # A record's end after the damage, as a system writes when a record broke.
    path.write_bytes(book("1", "Salt") + damage + b"\x1d" + book("2", "Tide"))
    frames = list(framing.iso2709(path))
    assert frames[0].data == book("1", "Salt")
    assert frames[-1].data == book("2", "Tide")
    for frame in frames[1:-1]:
        with pytest.raises(importing.Unreadable):
            importing.decoded(frame.data)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"there are no MARC files of real libraries at {SHARED}")
def test_real_libraries_records_come_in(tmp_path):
    out = io.StringIO()
    assert importing.run([SHARED], tmp_path / "catalogue", out) == 0
    taken = len(list(snapshot.imported(tmp_path / "catalogue")))
    assert taken > 1_500
    assert "rejected" in out.getvalue()
