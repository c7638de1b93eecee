"""Tables for spreadsheets: what they hold, and that nothing in them is carried out."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sheets import Column, Kind, Sheet, Value, as_csv, as_xlsx, safe_cell

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
COLUMNS = (Column("Nom"), Column("Jour", Kind.DAY), Column("Montant", Kind.AMOUNT), Column("Nombre", Kind.NUMBER))
ROW = ("Épicerie ; « Bio »", date(2026, 10, 31), -123456, 7)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(*rows: tuple[Value, ...], title: str = "Octobre", totals: tuple[tuple[Value, ...], ...] = ()) -> Sheet:
    return Sheet(title, COLUMNS, rows, totals)


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def cells_of(content: bytes, nth: int = 1) -> list[list[tuple[str, str]]]:
    """The kind and the raw value of each cell of a sheet."""
    with ZipFile(BytesIO(content)) as parts:
        strings, page = (
            ET.fromstring(parts.read(f"xl/{name}.xml"))  # noqa: S314 - written here
            for name in ("sharedStrings", f"worksheets/sheet{nth}")
        )
    shared = ["".join(part.itertext()) for part in strings.iter(f"{MAIN}si")]
    assert page.find(f".//{MAIN}f") is None  # no formula anywhere
    return [
        [
            (cell.get("t", "n"), shared[int(value)] if cell.get("t") == "s" else value)
            for cell in row
            for value in [cell.findtext(f"{MAIN}v", "")]
        ]
        for row in page.iter(f"{MAIN}row")
    ]


def test_a_csv_has_decimal_commas_and_iso_days() -> None:
    content = as_csv(sheet(ROW, totals=(("Total", None, -123456, 7),)), [("Période", "2026-10")])
    assert rows_of(content) == [
        ["Période", "Nom", "Jour", "Montant", "Nombre"],
        ["2026-10", "Épicerie ; « Bio »", "2026-10-31", "-1234,56", "7"],
        ["2026-10", "Total", "", "-1234,56", "7"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_is_a_formula(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"
    assert rows_of(as_csv(sheet((f"{start}1", None, 1, 1)), [("x", f"{start}2")]))[1][:2] == [
        f"'{start}2",
        f"'{start}1",
    ]
    assert safe_cell("Ferme") == "Ferme"


@settings(max_examples=20, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=50))
def test_any_text_is_a_text_in_a_workbook(text: str) -> None:
    book = as_xlsx([sheet((text, None, 1, 1))], [("Note", text)], title=text, made_at=NOON)
    assert cells_of(book)[-1] == [("s", "Note"), ("s", text)]
    assert cells_of(book, 2)[-1][0] == ("s", text)


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    found = cells_of(as_xlsx([sheet(("a" * 40_000, None, 1, 1))], (), title="T", made_at=NOON))[-1][0][1]
    assert (len(found), found[-2:]) == (32_767, "a…")


def test_a_workbook_holds_numbers_to_the_centime() -> None:
    content = as_xlsx(
        [sheet(ROW), sheet(ROW, title="a/b[c]:*?'" * 9)], [("Période", "2026-10")], title="T", made_at=NOON
    )
    assert cells_of(content, 2)[-1] == [("s", ROW[0]), ("n", "46326"), ("n", "-1234.56"), ("n", "7")]
    assert cells_of(content, 3)[-1] == cells_of(content, 2)[-1]


@settings(max_examples=20, deadline=None)
@given(st.integers(-(10**13), 10**13))
def test_no_centime_is_lost(cents: int) -> None:
    amount = cells_of(as_xlsx([sheet(("a", None, cents, 1))], (), title="T", made_at=NOON))[-1][2][1]
    sign, units, rest = "-" if cents < 0 else "", *divmod(abs(cents), 100)
    assert f"{float(amount):.2f}" == f"{sign}{units}.{rest:02}"


def test_the_same_data_and_date_make_the_same_workbook() -> None:
    assert as_xlsx([sheet(ROW)], (), title="T", made_at=NOON) == as_xlsx([sheet(ROW)], (), title="T", made_at=NOON)
