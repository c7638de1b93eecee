"""Files of spreadsheets: read however they were saved, refused with every fault and its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import FileFaulty, FileUnreadable
from ledger.people_files import Cells, Fault, Row, Table, decode, read_table
from ledger.texts import in_language

COLUMNS = ("nom", "montant")


def table(folder: Path, content: str | bytes) -> Table:
    file = folder / "liste.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(file, COLUMNS)


def told(refused: FileFaulty) -> list[tuple[object, object, object]]:
    faults = refused.facts["faults"]
    assert isinstance(faults, list)
    return [(fault["row"], fault["column"], fault["code"]) for fault in faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_way_of_saving_is_read(tmp_path: Path, encoding: str, separator: str, end: str) -> None:
    bom = "\ufeff" if encoding == "utf-16-le" else ""
    text = bom + end.join([f"Nom {separator} MONTANT", f'"Épicerie"{separator} 12 ', ""])
    read = table(tmp_path, text.encode(encoding))
    assert read.rows == [Row(2, {"nom": "Épicerie", "montant": "12"})]
    assert not read.faults


def test_accents_are_composed(tmp_path: Path) -> None:
    assert table(tmp_path, "nom;montant\nE\u0301picerie;1").rows[0].values["nom"] == "Épicerie"


def test_columns_stand_in_any_order_and_blank_cells_beyond_are_nothing(tmp_path: Path) -> None:
    read = table(tmp_path, "montant;nom;;\n1;a;;\n2;b\n")
    assert [row.values for row in read.rows] == [{"nom": "a", "montant": "1"}, {"nom": "b", "montant": "2"}]


def test_rows_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    read = table(tmp_path, 'nom;montant\n\na;1\n;\n"b\nc";2\nd;3\n')
    assert [row.number for row in read.rows] == [3, 5, 7]


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("nom\na\n", [(1, "montant", "missing-column")]),
        ("nom;montant;age\na;1;2\n", [(1, "age", "unknown-column")]),
        ("nom;montant;nom\na;1;b\n", [(1, "nom", "repeated-column")]),
        ("", [(1, "nom", "missing-column"), (1, "montant", "missing-column")]),
        ("nom;montant\n", [(None, "", "no-rows")]),
        ("nom;montant\n;\n", [(None, "", "no-rows")]),
        ("nom;montant\na\nb;1;2\n", [(2, "", "field-count"), (3, "", "field-count")]),
        ('nom;montant\na;1\n"b;2\n', [(3, "", "not-csv")]),
        ('nom;montant\n"a"x;1\n', [(2, "", "not-csv")]),
        (b"nom;montant\n\x81\x8d;1\n", [(None, "", "not-text")]),
        (b"nom;montant\na\0;1\n", [(None, "", "not-text")]),
        (b"\xff\xfea", [(None, "", "not-text")]),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, content: str | bytes, faults: list[tuple[object, object, object]]
) -> None:
    with pytest.raises(FileFaulty) as refused:
        table(tmp_path, content).raise_faults()
    assert told(refused.value) == faults
    assert refused.value.facts["file"] == "liste.csv"


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        read_table(tmp_path / "none.csv", COLUMNS)


def test_faults_are_told_in_the_language_of_the_reader(tmp_path: Path) -> None:
    for language, words in (("fr", "colonne"), ("en", "column")):
        with in_language(language), pytest.raises(FileFaulty) as refused:
            table(tmp_path, "nom\na\n")
        faults = refused.value.facts["faults"]
        assert isinstance(faults, list)
        assert words in faults[0]["fault"]


def cells(value: str) -> tuple[Cells, list[Fault]]:
    faults: list[Fault] = []
    return Cells(Row(2, {"case": value}), faults), faults


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("30", 30), ("007", 7)])
def test_whole_numbers_within_bounds_are_read(text: str, number: int) -> None:
    row, faults = cells(text)
    assert row.whole("case", 0, 30) == number
    assert not faults


@pytest.mark.parametrize("text", ["", "31", "-1", "+1", "1.0", "1,5", "un", "1 ", "٣", "9" * 20])
def test_other_numbers_are_faults(text: str) -> None:
    row, faults = cells(text)
    assert row.whole("case", 0, 30) == 0
    assert [fault.code for fault in faults] == ["not-a-whole-number" if text else "blank"]


@pytest.mark.parametrize(("text", "cents"), [("", None), ("0", 0), ("12,5", 1250), ("1 234.56", 123456)])
def test_amounts_may_be_blank(text: str, cents: int | None) -> None:
    row, faults = cells(text)
    assert row.cents_or_blank("case") == cents
    assert not faults


@pytest.mark.parametrize("text", ["-1", "+1", "-0", "12,345", "12 €", "1e3", "12,"])
def test_other_amounts_are_faults(text: str) -> None:
    row, faults = cells(text)
    row.cents_or_blank("case")
    assert [fault.code for fault in faults] == ["not-an-amount"]


def test_a_choice_says_what_there_is_to_choose() -> None:
    row, faults = cells("rouge")
    row.choice("case", {"": None, "vert": "green", "bleu": "blue"})
    with_choices = [(fault.code, fault.value) for fault in faults if "vert, bleu" in fault.remedy]
    assert with_choices == [("not-a-choice", "rouge")]


def test_a_text_has_its_form() -> None:
    row, faults = cells("<script>")
    row.text("case", re.compile("[a-z]+"), "abc")
    assert [(fault.row, fault.column, fault.code) for fault in faults] == [(2, "case", "wrong-form")]


def read_or_told(content: bytes) -> str | list[tuple[object, object, object]]:
    try:
        return decode("x", content)
    except FileFaulty as refused:
        return told(refused)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_text_or_refused(content: bytes) -> None:
    read = read_or_told(content)
    assert "\0" not in read if isinstance(read, str) else read == [(None, "", "not-text")]


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_a_table_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        read = table(folder, "nom;montant\n" + text)
    except FileFaulty:
        return
    assert read.rows or read.faults
    assert all(row.values.keys() == set(COLUMNS) for row in read.rows)
