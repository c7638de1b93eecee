"""Any CSV, read as a mapping file says. Every fault is told by its row and the name of its column in the file."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

from ledger.errors import FileFaulty
from ledger.people_files import (
    BLANK,
    FIELD_COUNT,
    MISSING_COLUMN,
    NO_ROWS,
    NOT_CSV,
    NOT_TEXT,
    Fault,
    FaultKind,
    decode,
    read_content,
    refuse_faults,
)
from ledger.reconciliation.formats.amounts import DAY_FORMS, parse_amount, parse_day_as
from ledger.reconciliation.formats.mapping import Column, CsvMapping
from ledger.reconciliation.formats.raw import (
    NO_SUM,
    NOT_A_DAY,
    NOT_A_SUM,
    TWO_SUMS,
    WRONG_TOTAL,
    Entry,
    RawStatement,
    clean_label,
)
from ledger.texts import format_cents

NAME = "mapped-csv"
_UNTOLD_DAYS = DAY_FORMS[:8]
_CELL_CHARACTERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the file, and its cells by what they are."""

    number: int
    cells: Mapping[str, str]
    first: str

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


def read(path: Path, mapping: CsvMapping) -> RawStatement:
    """Read the rows; faults are recorded. Refuses `FileFaulty` where a column is missing or it is no CSV."""
    content = read_content(path)
    raw = RawStatement(NAME, path.name, content, currency=mapping.currency)
    reader = _Reader(raw, mapping)
    found = list(reader.records(text_of(raw.file, content, mapping.encoding)))
    for position, record in enumerate(found):
        reader.take(record, is_last=position == len(found) - 1)
    reader.finish()
    return raw


def text_of(file: str, content: bytes, encoding: str | None = None) -> str:
    """The text, in the encoding that is told, or else in the one that shows itself. Refuses `FileFaulty`."""
    if encoding is None:
        return decode(file, content)
    try:
        return unicodedata.normalize("NFC", content.decode(encoding).removeprefix("\ufeff"))
    except (UnicodeDecodeError, LookupError):
        raise FileFaulty(file=file, faults=[NOT_TEXT.at(None, "", encoding).facts()]) from None


def rows(text: str, separator: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the number where it starts; ends at one that cannot be read."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(NOT_CSV.at(start, "", error))
            return
        if any(cell.strip() for cell in cells):
            yield start, [cell.strip()[:_CELL_CHARACTERS_MAX] for cell in cells]
        start = reader.line_num + 1


class _Reader:
    """One file. `places`: where the columns stand; `names`: what people call them."""

    def __init__(self, raw: RawStatement, mapping: CsvMapping) -> None:
        self.raw, self.mapping = raw, mapping
        self.names = {name: str(columns[0]) for name, columns in mapping.columns.items()}
        self.places: dict[str, tuple[int, ...]] = {}
        raw.date_column = self.names.get("date", "")
        raw.balance_column = self.names.get("balance", "")
        self.totals: list[Record] = []

    def records(self, text: str) -> Iterator[Record]:
        """What comes after the header, wherever that stands."""
        lines = list(rows(text, self.mapping.separator, self.raw.faults))
        started = self._start(lines)
        width = max(place for places in self.places.values() for place in places) + 1
        for number, cells in lines[started:]:
            if len(cells) < width and not _begins(cells[0], self.mapping.ignored):
                self.raw.faults.append(FIELD_COUNT.at(number, "", found=len(cells), expected=width))
                continue
            filled = [*cells, *[""] * (width - len(cells))]
            named = {name: " ".join(filled[place] for place in places) for name, places in self.places.items()}
            yield Record(number, named, next((cell for cell in cells if cell), ""))
        if started == len(lines) and not self.raw.faults:
            self.raw.faults.append(NO_ROWS.at(None, ""))

    def _start(self, lines: Sequence[tuple[int, list[str]]]) -> int:
        """How many rows stand before the first record; the columns are known then."""
        if not self.mapping.has_header:
            self.places = {name: _numbers(columns) for name, columns in self.mapping.columns.items()}
            return self.mapping.rows_before
        best: tuple[int, int, list[str]] = (0, 1, [])
        wanted = {folded(column) for columns in self.mapping.columns.values() for column in columns}
        for position, (number, cells) in enumerate(lines):
            names = [folded(cell) for cell in cells]
            if wanted.issubset(names):
                self.places = {
                    name: tuple(names.index(folded(column)) for column in columns)
                    for name, columns in self.mapping.columns.items()
                }
                return position + 1
            best = max(best, (len(wanted.intersection(names)), number, names))
        told = [str(column) for columns in self.mapping.columns.values() for column in columns]
        missing = [name for name in told if folded(name) not in best[2]]
        faults = [MISSING_COLUMN.at(best[1], name, columns=", ".join(told)) for name in missing]
        refuse_faults(self.raw.file, [*self.raw.faults, *faults])
        raise AssertionError

    def take(self, record: Record, *, is_last: bool) -> None:
        """A movement, or a row that tells a balance or a sum."""
        moves = any(record[name] for name in ("amount", "debit", "credit"))
        if not self.raw.entries and self._says(record, self.mapping.opening):
            self.raw.opened_on, self.raw.opening_cents = self._day_of(record["date"]), self._told(record)
        elif is_last and self._says(record, self.mapping.closing):
            self.raw.closing_cents = self._told(record)
        elif not record["date"][:1].isdigit() and self._says(record, self.mapping.ignored):
            self.totals.append(record)
        elif not moves and not record["date"] and not record["balance"]:
            self._fault(record, BLANK, "date")
        else:
            self.raw.entries.append(self._movement(record))

    def finish(self) -> None:
        """Sums that the file tells must be those of its rows; newest first is turned round."""
        for record in self.totals[-1:]:
            for name in ("debit", "credit"):
                self._require_total(record, name)
        days = [entry.booked_on for entry in self.raw.readable]
        if len(days) > 1 and days[0] > days[-1] and days == sorted(days, reverse=True):
            self.raw.entries.reverse()

    def _require_total(self, record: Record, name: str) -> None:
        if not record[name]:
            return
        told = self._amount(record, name)
        sign = -1 if name == "debit" else 1
        found = sum(entry.amount_cents for entry in self.raw.readable if entry.amount_cents * sign > 0)
        if told is not None and abs(told) != abs(found):
            self._fault(record, WRONG_TOTAL, name, found=format_cents(abs(found)))

    def _movement(self, record: Record) -> Entry | None:
        faults = len(self.raw.faults)
        day, cents = self._day(record), self._cents(record)
        balance = self._amount(record, "balance") if record["balance"] else None
        if len(self.raw.faults) > faults or day is None or cents is None:
            return None
        number = "".join(record["reference"].split())
        own = number if number.isascii() and number.isprintable() and 0 < len(number) <= 64 else None
        return Entry(record.number, day, clean_label(record["label"]), cents, balance, own)

    def _told(self, record: Record) -> int | None:
        """The balance that a row tells: in the column of balances, or where else an amount stands."""
        for name in ("balance", "amount", "credit"):
            if record[name]:
                return self._amount(record, name)
        cents = self._amount(record, "debit") if record["debit"] else None
        return None if cents is None else -abs(cents)

    def _day(self, record: Record) -> date | None:
        day, value = self._day_of(record["date"]), record["date"]
        if day is None:
            self._fault(record, NOT_A_DAY if value else BLANK, "date")
        return day

    def _day_of(self, value: str) -> date | None:
        for form in (self.mapping.day,) if self.mapping.day else _UNTOLD_DAYS:
            try:
                return parse_day_as(value, form)
            except ValueError:
                continue
        return None

    def _cents(self, record: Record) -> int | None:
        """What the movement adds to the account."""
        if "amount" in self.places:
            cents = self._amount(record, "amount")
            if cents is not None and "direction" in self.places:
                words = {folded(word) for word in self.mapping.debit_words}
                cents = -abs(cents) if folded(record["direction"]) in words else abs(cents)
        else:
            cents = self._of_two(record)
        return None if cents is None else -cents if self.mapping.turned else cents

    def _of_two(self, record: Record) -> int | None:
        number = len(self.raw.entries) + 1
        amounts = {name: self._amount(record, name) for name in ("debit", "credit") if record[name]}
        if None in amounts.values():
            return None
        debit, credit = amounts.get("debit") or 0, amounts.get("credit") or 0
        if not amounts or (debit and credit):
            kind, name = (TWO_SUMS, "credit") if amounts else (NO_SUM, "debit")
            fault = kind.at(record.number, self.names[name], record[name], record=number)
            self.raw.faults.append(fault)
            return None
        return credit - abs(debit)

    def _amount(self, record: Record, name: str) -> int | None:
        try:
            return parse_amount(record[name], self.mapping.decimal)
        except ValueError:
            self._fault(record, NOT_A_SUM if record[name] else BLANK, name)
            return None

    def _says(self, record: Record, words: Sequence[str]) -> bool:
        return _begins(record["label"], words) or _begins(record.first, words)

    def _fault(self, record: Record, kind: FaultKind, name: str, **facts: object) -> None:
        self.raw.faults.append(kind.at(record.number, self.names.get(name, name), record[name], **facts))


def _numbers(columns: Sequence[Column]) -> tuple[int, ...]:
    return tuple(int(column) - 1 for column in columns)


def _begins(text: str, words: Sequence[str]) -> bool:
    return any(folded(text).startswith(folded(word)) for word in words)


def folded(name: object) -> str:
    """Names are compared without case, accents and spare blanks."""
    bare = unicodedata.normalize("NFD", str(name).replace("\n", " "))
    return " ".join("".join(letter for letter in bare if not unicodedata.combining(letter)).casefold().split())
