"""Tables for people's spreadsheets: CSV and XLSX in which nothing is carried out as a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Any

from xlsxwriter import Workbook

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NAME_MAX = 31  # of a sheet's name
_FORBIDDEN_IN_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_ROW_MAX = 1_048_576
_CELL_MAX = 32_767


class Kind(StrEnum):
    """What a column holds. `AMOUNT`: whole centimes, shown in units. `CODE`: an id or a digest."""

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    AMOUNT = "amount"
    DAY = "day"


Value = str | int | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """`label`: for people, in their language. `width`: on paper, `"2fr"` or `"30mm"`; by its content by default."""

    label: str
    kind: Kind = Kind.TEXT
    width: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. `totals`: rows at its end, in bold. A value is of its column's kind, or none."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    totals: Sequence[Sequence[Value]] = field(default=())


def safe_cell(value: str) -> str:
    """A value that no spreadsheet carries out as a formula (OWASP: CSV injection)."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def as_csv(sheet: Sheet, facts: Sequence[tuple[str, Value]] = ()) -> bytes:
    """The table as a CSV: `;` between fields, decimal comma, ISO days, UTF-8 with BOM, CR-LF (RFC 4180).

    `facts`: columns in front of the others that say the same in each row: period, reference, rehearsal.
    """
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [safe_cell(label) for label in [*(name for name, _ in facts), *(one.label for one in sheet.columns)]]
    )
    before = [_plain(Kind.TEXT, value) for _, value in facts]
    for row in [*sheet.rows, *sheet.totals]:
        writer.writerow(
            [*before, *(_plain(column.kind, value) for column, value in zip(sheet.columns, row, strict=True))]
        )
    return text.getvalue().encode("utf-8-sig")


def _plain(kind: Kind, value: Value) -> str:
    """A number or a day is ours, whatever its sign; a text may be anybody's."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_cell(value)
    if kind is Kind.AMOUNT and isinstance(value, int):
        sign, (units, rest) = "-" if value < 0 else "", divmod(abs(value), 100)
        return f"{sign}{units},{rest:02}"
    return str(value)


def as_xlsx(sheets: Sequence[Sheet], facts: Sequence[tuple[str, Value]], *, title: str, made_at: datetime) -> bytes:
    """The tables as a workbook (ECMA-376), a sheet each; `facts`, if any, have one before them.

    Same data, same bytes. A text longer than a cell can hold is cut, and says so by an ellipsis.
    """
    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    told = [Sheet(title, (Column(""), Column("")), facts)] if facts else []
    with Workbook(content, options) as book:
        book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
        styles = _styles(book)
        for nth, sheet in enumerate([*told, *sheets]):
            _fill(book.add_worksheet(_name(sheet.title, nth)), sheet, styles)
    return content.getvalue()


def _fill(page: Any, sheet: Sheet, styles: dict[str, Any]) -> None:
    assert len(sheet.rows) + len(sheet.totals) < _ROW_MAX, "as many rows as a sheet has"
    for nth, column in enumerate(sheet.columns):
        page.write_string(0, nth, column.label, styles["head"])
        page.set_column(nth, nth, _wide(sheet, nth))
    page.freeze_panes(1, 0)
    rows = [*((row, "") for row in sheet.rows), *((row, "bold ") for row in sheet.totals)]
    for below, (row, weight) in enumerate(rows, start=1):
        for nth, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            _write(page, (below, nth), column.kind, value, styles, weight)


def _write(
    page: Any, place: tuple[int, int], kind: Kind, value: Value, styles: dict[str, Any], weight: str = ""
) -> None:
    match value:
        case None:
            page.write_blank(*place, None, styles[f"{weight}text"])
        case str():
            page.write_string(*place, _fitting(value), styles[f"{weight}text"])
        case int() if kind is Kind.AMOUNT:
            page.write_number(*place, Decimal(value).scaleb(-2), styles[f"{weight}amount"])
        case int():
            page.write_number(*place, value, styles[f"{weight}number"])
        case date():
            page.write_datetime(*place, value, styles[f"{weight}day"])


def _fitting(text: str) -> str:
    return text if len(text) <= _CELL_MAX // 2 or _cut(text, _CELL_MAX) == text else _cut(text, _CELL_MAX - 1) + "…"


def _cut(text: str, units_max: int) -> str:
    """As much as fits into so many units of UTF-16, in which spreadsheets count characters."""
    return text.encode("utf-16-le")[: 2 * units_max].decode("utf-16-le", "ignore")


def _styles(book: Any) -> dict[str, Any]:
    forms = {"text": {}, "amount": {"num_format": "#,##0.00"}, "number": {"num_format": "0"}}
    forms["day"] = {"num_format": "dd/mm/yyyy"}
    styles = {name: book.add_format(form) for name, form in forms.items()}
    styles |= {f"bold {name}": book.add_format({**form, "bold": True}) for name, form in forms.items()}
    return styles | {"head": book.add_format({"bold": True, "bottom": 1})}


def _name(title: str, nth: int) -> str:
    """At most 31 characters, without those that a reference to a cell uses; numbered, so never twice the same."""
    return _cut(f"{nth + 1} {title.translate(_FORBIDDEN_IN_NAME)}", _NAME_MAX).strip()


def _wide(sheet: Sheet, nth: int) -> int:
    shown = (len(_plain(sheet.columns[nth].kind, row[nth])) for row in [*sheet.rows, *sheet.totals])
    return min(60, max([len(sheet.columns[nth].label), *shown]) + 3)
