"""Which migrations are applied, and which databases and files are refused."""

import pytest

from carrel.storage import Refused
from carrel.storage.migrations import Migration, due, known, statements
from carrel.storage.sqlite import in_dialect

FIRST = Migration(1, "first", "create table a (x integer);", "d1")
SECOND = Migration(20, "second", "create table b (x integer);", "d2")


def test_a_new_database_gets_all_in_order():
    assert due({}, [FIRST, SECOND]) == [FIRST, SECOND]


def test_an_up_to_date_database_gets_none():
    assert due({1: "d1", 20: "d2"}, [FIRST, SECOND]) == []


@pytest.mark.parametrize(
    ("applied", "why"),
    [
        ({1: "d1", 30: "d3"}, "newer"),
        ({1: "other"}, "edited"),
        ({20: "d2"}, "comes before"),
    ],
)
def test_a_database_that_does_not_fit_is_refused_with_the_reason(applied, why):
    with pytest.raises(Refused, match=why):
        due(applied, [FIRST, SECOND])


def test_the_programs_own_files_are_well_named_and_cut_into_statements():
    for migration in known():
        assert list(statements(in_dialect[migration.sql]))


def test_a_trigger_is_one_statement_and_comments_are_none():
    sql = "-- first\ncreate table a (x integer);\ncreate trigger t after insert on a begin\n  select 1;\nend;\n-- end\n"
    assert len(list(statements(sql))) == 2


def test_a_statement_without_an_end_is_refused():
    with pytest.raises(ValueError, match="semicolon"):
        list(statements("create table a (x integer)"))


def test_two_files_with_one_number_are_refused(tmp_path):
    (tmp_path / "0001_a.sql").write_text("select 1;")
    (tmp_path / "0001_b.sql").write_text("select 1;")
    with pytest.raises(ValueError, match="number 1"):
        known(tmp_path)


def test_each_dialect_gets_its_own_words():
    sql = "select 1 /*sqlite: without rowid */ /*postgres: for update */ from x /* kept */"
    assert in_dialect[sql].split() == ["select", "1", "without", "rowid", "from", "x", "/*", "kept", "*/"]
