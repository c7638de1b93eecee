"""From a file to a statement that adds up, or to a refusal that says where it does not."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from ledger.errors import (
    ClosingUnproven,
    FileFaulty,
    StatementDoesNotAddUp,
    StatementFormatUnknown,
    StatementMayBeCut,
)
from ledger.people_files import NO_ROWS, decode, read_content, refuse_faults
from ledger.reconciliation.formats import camt053, cfonb120, cyclos_csv, mapped_csv, mt940, ofx, platform_csv
from ledger.reconciliation.formats.mapping import CsvMapping
from ledger.reconciliation.formats.raw import (
    BALANCE_BROKEN,
    OUTSIDE_PERIOD,
    Expected,
    RawStatement,
    month_of,
    rows_of,
)
from ledger.reconciliation.model import ReadStatement, StatementLine
from ledger.texts import format_cents

PAGE_ROWS = 1000  # platforms hand out pages of this size and do not say that there are more

HEADER_CHARACTERS_MAX = 200
XML_OPENING_BYTES = 64
XML_BLANKS = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # byte order marks and white space before the first tag

READERS: dict[tuple[str, ...], Callable[[Path], RawStatement]] = {
    platform_csv.COLUMNS: platform_csv.read,
    cyclos_csv.COLUMNS: cyclos_csv.read,
}
BANKS: tuple[tuple[Callable[[str], bool], Callable[[Path], RawStatement]], ...] = (
    (ofx.is_one, ofx.read),
    (cfonb120.is_one, cfonb120.read),
    (mt940.is_one, mt940.read),
)
KNOWN = (
    *(", ".join(columns) for columns in READERS),
    *camt053.KNOWN,
    *(ofx.KNOWN, cfonb120.KNOWN, mt940.KNOWN),
    "--mapping",
)


def read_statement(path: Path, expected: Expected, mapping: CsvMapping | None = None) -> ReadStatement:
    """Read and check a statement file; `mapping`: how a CSV is to be read that has a form of its own.

    Refuses `FileUnreadable`, `StatementFormatUnknown`, `FileFaulty` (every fault with its row and column),
    `StatementDoesNotAddUp`, `ClosingUnproven` and `StatementMayBeCut`.
    """
    return completed(read_raw(path, mapping), expected)


def read_raw(path: Path, mapping: CsvMapping | None = None) -> RawStatement:
    """What the file says, whether it adds up or not. Refuses what is wrong with rows, as `read_statement` does."""
    raw = mapped_csv.read(path, mapping) if mapping is not None else reader_for(path)(path)
    refuse_faults(raw.file, raw.faults)
    return raw


def completed(raw: RawStatement, expected: Expected) -> ReadStatement:
    """The statement with its period, and proven from opening to closing. Refuses what does not add up."""
    first_day, last_day = period_of(raw, expected.period)
    opening = opening_of(raw, expected)
    lines = numbered(raw, opening)
    refuse_broken_balances(raw, opening)
    closing = lines[-1].balance_cents if lines else opening
    refuse_open_end(raw, expected, opening, closing)
    return ReadStatement(
        file_name=raw.file,
        sha256=sha256(raw.content).digest(),
        format=raw.format,
        first_day=first_day,
        last_day=last_day,
        opening_cents=opening,
        closing_cents=closing,
        lines=lines,
        currency=raw.currency,
        left_out=raw.left_out,
    )


def reader_for(path: Path) -> Callable[[Path], RawStatement]:
    """By how the content begins; of a CSV the reader whose columns the header has, or the nearest one, so that it
    can name those that are missing.
    """
    content = read_content(path)
    text = decode(path.name, content)
    for is_one, read in BANKS:
        if is_one(text):
            return read
    if b"<" in content[:XML_OPENING_BYTES].strip(XML_BLANKS)[:2]:
        return camt053.read
    header = rows_of(text.lstrip("\r\n"))[0].strip()[:HEADER_CHARACTERS_MAX]
    separator = ";" if ";" in header else ","
    names = {name.strip().lower() for name in next(csv.reader([header], delimiter=separator), [])}
    best = max(READERS, key=lambda columns: len(names.intersection(columns)))
    if len(names.intersection(best)) <= len(best) // 2:
        raise StatementFormatUnknown(file=path.name, header=header, known=list(KNOWN))
    return READERS[best]


def period_of(raw: RawStatement, period: date | None) -> tuple[date, date]:
    """The days that the file says it is about; of one that says nothing the whole month of its rows, the opening
    row's day included. Rows outside are faults.
    """
    days = [entry.booked_on for entry in raw.readable]
    if raw.covers and not period:
        return min([*days, raw.covers[0]]), max([*days, raw.covers[1]])
    start = period or raw.opened_on or min(days, default=None)
    if start is None:
        raise FileFaulty(file=raw.file, faults=[NO_ROWS.at(None, "").facts()])
    first_day, last_day = month_of(start)
    faults = [
        OUTSIDE_PERIOD.at(entry.row, raw.date_column, entry.booked_on, record=record, period=f"{start:%Y-%m}")
        for record, entry in enumerate(raw.readable, start=1)
        if not first_day <= entry.booked_on <= last_day
    ]
    refuse_faults(raw.file, faults)
    return first_day, last_day


def opening_of(raw: RawStatement, expected: Expected) -> int:
    """From the file or beside it, else typed, else where the last statement ended, else zero."""
    told = [cents for cents in (raw.opening_cents, expected.opening_cents) if cents is not None]
    if len(set(told)) > 1:
        raise StatementDoesNotAddUp(file=raw.file, opening_cents=told[0], typed_cents=told[1])
    return told[0] if told else expected.last_closing_cents or 0


def numbered(raw: RawStatement, opening_cents: int) -> tuple[StatementLine, ...]:
    """The movements numbered from 1, each with the balance that follows from the opening."""
    lines, balance = [], opening_cents
    for number, entry in enumerate(raw.readable, start=1):
        balance += entry.amount_cents
        lines.append(
            StatementLine(
                number,
                entry.booked_on,
                entry.label,
                entry.amount_cents,
                balance,
                entry.their_reference,
                row=entry.row,
            )
        )
    return tuple(lines)


def refuse_broken_balances(raw: RawStatement, opening_cents: int) -> None:
    """Each balance in the file must be the one before it and the amount; only the row that breaks is named."""
    before: Sequence[int | None] = [opening_cents, *(entry.balance_cents for entry in raw.readable)]
    faults = []
    for record, ((last, now), entry) in enumerate(zip(pairwise(before), raw.readable, strict=True), start=1):
        if last is not None and now is not None and last + entry.amount_cents != now:
            right = format_cents(last + entry.amount_cents)
            column, shown = raw.balance_column, format_cents(now)
            faults.append(BALANCE_BROKEN.at(entry.row, column, shown, record=record, expected=right))
    refuse_faults(raw.file, faults)


def refuse_open_end(raw: RawStatement, expected: Expected, opening_cents: int, closing_cents: int) -> None:
    """The end must be proven: by the file or beside it, or by the officer, or at least row by row."""
    told = [cents for cents in (raw.closing_cents, expected.closing_cents) if cents is not None]
    for cents in told:
        if cents != closing_cents:
            raise StatementDoesNotAddUp(
                file=raw.file,
                opening_cents=opening_cents,
                lines_cents=closing_cents - opening_cents,
                closing_cents=cents,
                difference_cents=cents - closing_cents,
            )
    rows = len(raw.entries)
    if not told and any(entry.balance_cents is None for entry in raw.readable):
        raise ClosingUnproven(file=raw.file, closing_cents=closing_cents)
    if not told and rows and rows % PAGE_ROWS == 0:
        raise StatementMayBeCut(file=raw.file, rows=rows, closing_cents=closing_cents)
