"""Files that people make with a spreadsheet or an editor, read tolerantly and checked strictly.

UTF-8 with or without BOM, UTF-16 and Windows-1252 are read, `;` or `,` between the fields. Every fault of a
file is told at once (`FileFaulty`): its row as in the file, column, value, what is wrong, and what to do.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TypeVar

from ledger.errors import N_, Fact, FileFaulty, FileUnreadable
from ledger.money import parse_cents
from ledger.texts import gettext as _

Choice = TypeVar("Choice")

LETTERS = "A-Za-zÀ-ÖØ-öø-ž"  # what the database takes in a name, whatever its locale

_VALUE_CHARACTERS_MAX = 60
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file. `code` is stable; `fault` and `remedy` are translated."""

    row: int | None
    column: str
    value: str
    code: str
    fault: str
    remedy: str

    def facts(self) -> Mapping[str, Fact]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A way of being wrong: its code, and what people are told about it, with {facts} to fill in."""

    code: str
    fault: str
    remedy: str

    def at(self, row: int | None, column: str, value: object = "", **facts: object) -> Fault:
        shown = str(value)[:_VALUE_CHARACTERS_MAX]
        return Fault(row, column, shown, self.code, _(self.fault).format(**facts), _(self.remedy).format(**facts))


NOT_TEXT = FaultKind("not-text", N_("The file is not a text."), N_("Save it as CSV or text in UTF-8 and try again."))
NOT_CSV = FaultKind("not-csv", N_("The row cannot be read."), N_("Check the quotation marks."))
NO_ROWS = FaultKind("no-rows", N_("The file has no rows."), N_("Check that this is the right file."))
MISSING_COLUMN = FaultKind("missing-column", N_("This column is missing."), N_("Name the columns: {columns}."))
UNKNOWN_COLUMN = FaultKind(
    "unknown-column", N_("This column is not known."), N_("Remove it or correct its name: {columns}.")
)
REPEATED_COLUMN = FaultKind("repeated-column", N_("This column stands there twice."), N_("Keep one of them."))
FIELD_COUNT = FaultKind(
    "field-count", N_("The row has {found} fields instead of {expected}."), N_("Check the separators.")
)
BLANK = FaultKind("blank", N_("A value is missing."), N_("Fill it in."))
NOT_WHOLE = FaultKind(
    "not-a-whole-number",
    N_("This is not a whole number from {least} to {most}."),
    N_("Write it in digits only."),
)
NOT_AN_AMOUNT = FaultKind(
    "not-an-amount", N_("This is not an amount."), N_("Write 12,50 or 12.50, without sign or currency.")
)
NOT_A_CHOICE = FaultKind("not-a-choice", N_("This value is not known."), N_("Use one of: {choices}."))
WRONG_FORM = FaultKind("wrong-form", N_("This value has another form."), N_("Write {form}."))
REPEATED = FaultKind("repeated", N_("The same stands in row {first} already."), N_("Keep one of the two rows."))


@dataclass(frozen=True, slots=True)
class Row:
    """A record with its row number in the file (the header is row 1), and its values without outer blanks."""

    number: int
    values: Mapping[str, str]


@dataclass
class Table:
    """A file that was read, and the faults found in it so far."""

    file: str
    content: bytes = field(repr=False)
    rows: list[Row] = field(default_factory=list, repr=False)
    faults: list[Fault] = field(default_factory=list)

    def raise_faults(self) -> None:
        """Refuse the file (`FileFaulty`) if anything is wrong, naming everything that is."""
        refuse_faults(self.file, self.faults)


def refuse_faults(file: str, faults: Sequence[Fault]) -> None:
    """Raise `FileFaulty` with all faults in the order of the file, if there are any."""
    if faults:
        in_order = sorted(faults, key=lambda fault: fault.row or 0)
        raise FileFaulty(file=file, faults=[fault.facts() for fault in in_order])


def read_content(path: Path) -> bytes:
    """The bytes of a file. Refuses `FileUnreadable`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadable(file=str(path), reason=error.strerror or type(error).__name__) from None


def decode(file: str, content: bytes) -> str:
    """The text of a file, with composed accents (NFC) and without BOM. Refuses `FileFaulty`."""
    wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return unicodedata.normalize("NFC", text)
    raise FileFaulty(file=file, faults=[NOT_TEXT.at(None, "").facts()])


def read_table(path: Path, columns: Sequence[str]) -> Table:
    """Read a CSV file with exactly these columns, in any order.

    Refuses `FileUnreadable`, and `FileFaulty` where its header is wrong; faults of rows wait in the table.
    """
    content = read_content(path)
    table = Table(path.name, content)
    records = _records(table, decode(table.file, content))
    header = next(records, (1, []))[1]
    names = [name.strip().lower() for name in header]
    table.faults.extend(_header_faults(names, columns))
    table.raise_faults()
    for number, record in records:
        if len(record) == len(names):
            values = {name: value.strip() for name, value in zip(names, record, strict=True)}
            table.rows.append(Row(number, values))
        else:
            table.faults.append(FIELD_COUNT.at(number, "", found=len(record), expected=len(names)))
    if not table.rows and not table.faults:
        table.faults.append(NO_ROWS.at(None, ""))
    return table


def _records(table: Table, text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the number of the row where it starts; ends at one unreadable."""
    separator = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    start, width = 1, 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            table.faults.append(NOT_CSV.at(start, "", error))
            return
        trimmed = _trimmed(record, width)
        if any(cell.strip() for cell in trimmed):
            width = width or len(trimmed)
            yield start, trimmed
        start = reader.line_num + 1


def _trimmed(record: list[str], width: int) -> list[str]:
    """Without the blank cells that spreadsheets write beyond the header's last column."""
    kept = len(record)
    while kept > width and not record[kept - 1].strip():
        kept -= 1
    return record[:kept]


def _header_faults(names: Sequence[str], columns: Sequence[str]) -> Iterator[Fault]:
    expected = ", ".join(columns)
    for column in columns:
        if column not in names:
            yield MISSING_COLUMN.at(1, column, columns=expected)
    for place, name in enumerate(names):
        if name not in columns:
            yield UNKNOWN_COLUMN.at(1, name, name, columns=expected)
        elif name in names[:place]:
            yield REPEATED_COLUMN.at(1, name, name)


@dataclass(frozen=True, slots=True)
class Cells:
    """The values of one row as what they mean. A wrong one leaves a fault and yields a harmless stand-in."""

    row: Row
    faults: list[Fault]

    def fault(self, kind: FaultKind, column: str, **facts: object) -> None:
        """Say what is wrong with a column of this row."""
        self.faults.append(kind.at(self.row.number, column, self.row.values[column], **facts))

    def text(self, column: str, pattern: re.Pattern[str], form: str) -> str:
        """A text that has the pattern; `form` tells people which."""
        value = self.row.values[column]
        if not value:
            self.fault(BLANK, column)
        elif not pattern.fullmatch(value):
            self.fault(WRONG_FORM, column, form=form)
        return value

    def whole(self, column: str, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.row.values[column]
        if not value:
            self.fault(BLANK, column)
        elif not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
            self.fault(NOT_WHOLE, column, least=least, most=most)
        else:
            return int(value)
        return least

    def cents_or_blank(self, column: str) -> int | None:
        """An amount of zero or more in centimes, or nothing where the cell is blank."""
        value = self.row.values[column]
        if not value:
            return None
        try:
            cents = parse_cents(value)
        except ValueError:
            cents = -1
        if cents < 0 or value.startswith(("+", "-")):
            self.fault(NOT_AN_AMOUNT, column)
        return max(cents, 0)

    def choice(self, column: str, choices: Mapping[str, Choice]) -> Choice:
        """What a word stands for."""
        value = self.row.values[column]
        if value.lower() not in choices:
            kind = NOT_A_CHOICE if value else BLANK
            self.fault(kind, column, choices=", ".join(filter(None, choices)))
        return choices.get(value.lower(), next(iter(choices.values())))
