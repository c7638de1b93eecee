"""`Date;Libellé;Débit;Crédit;Solde`: the export of a local-currency platform, which knows no reference.

Seen in the wild: BOM, decimal comma, no-break spaces between thousands, debits with or without their sign, line
breaks inside labels, an opening row *Solde initial*, sometimes a closing row *Solde final*.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ledger.money import parse_cents
from ledger.people_files import BLANK, FaultKind, Row, read_table
from ledger.reconciliation.formats.raw import (
    NO_SUM,
    NOT_A_DAY,
    NOT_A_SUM,
    TWO_SUMS,
    WRONG_TOTAL,
    Entry,
    RawStatement,
    clean_label,
    parse_day,
)
from ledger.texts import format_cents

NAME = "platform-csv"
COLUMNS = ("date", "libellé", "débit", "crédit", "solde")
OPENING = "solde initial"
CLOSING = "solde final"
TOTAL = "total"

_MINUS = str.maketrans("\N{MINUS SIGN}", "-")


def read(path: Path) -> RawStatement:
    """Read the rows; each fault is recorded with its row and column."""
    table = read_table(path, COLUMNS)
    raw = RawStatement(NAME, table.file, table.content, faults=table.faults, date_column="Date", balance_column="Solde")
    rows = [row for row in table.rows if not is_total(row)]
    for position, row in enumerate(rows):
        label = clean_label(row.values["libellé"]).casefold()
        moves = bool(row.values["débit"] or row.values["crédit"])
        if position == 0 and label.startswith(OPENING) and not moves:
            raw.opened_on, raw.opening_cents = _day(raw, row), _cents(raw, row, "solde")
        elif row is rows[-1] and label.startswith(CLOSING) and not moves:
            raw.closing_cents = _cents(raw, row, "solde")
        else:
            raw.entries.append(_movement(raw, row))
    for row in table.rows:
        if is_total(row):
            _require_totals(raw, row)
    return raw


def is_total(row: Row) -> bool:
    """A spreadsheet's sum at the end: no day, and the word in one of the first two cells."""
    words = [row.values[name].casefold() for name in ("date", "libellé")]
    return any(word.startswith(TOTAL) for word in words) and not words[0][:1].isdigit()


def _require_totals(raw: RawStatement, row: Row) -> None:
    """Where it tells the sums of debits and credits, they must be those of the rows."""
    for column, sign in (("débit", -1), ("crédit", 1)):
        told = _cents(raw, row, column) if row.values[column] else None
        found = abs(sum(entry.amount_cents for entry in raw.readable if entry.amount_cents * sign > 0))
        if told is not None and abs(told) != found:
            _fault(raw, row, WRONG_TOTAL, column, found=format_cents(found))


def _movement(raw: RawStatement, row: Row) -> Entry | None:
    record = len(raw.entries) + 1
    day, amount, balance = _day(raw, row), _amount(raw, row, record), _cents(raw, row, "solde")
    if day is None or amount is None or balance is None:
        return None
    return Entry(row.number, day, clean_label(row.values["libellé"]), amount, balance)


def _day(raw: RawStatement, row: Row) -> date | None:
    try:
        return parse_day(row.values["date"])
    except ValueError:
        _fault(raw, row, NOT_A_DAY if row.values["date"] else BLANK, "date")
        return None


def _amount(raw: RawStatement, row: Row, record: int) -> int | None:
    """A debit lowers the balance, whether the platform writes its sign or not."""
    given = [column for column in ("débit", "crédit") if row.values[column]]
    amounts = {column: _cents(raw, row, column) for column in given}
    if None in amounts.values():
        return None
    debit, credit = amounts.get("débit") or 0, amounts.get("crédit") or 0
    if not given:
        _fault(raw, row, NO_SUM, "débit", record=record)
        return None
    if debit and credit:
        _fault(raw, row, TWO_SUMS, "crédit", record=record)
        return None
    return credit - abs(debit)


def _cents(raw: RawStatement, row: Row, column: str) -> int | None:
    value = row.values[column]
    try:
        return parse_cents(value.translate(_MINUS))
    except ValueError:
        _fault(raw, row, NOT_A_SUM if value else BLANK, column)
        return None


def _fault(raw: RawStatement, row: Row, kind: FaultKind, column: str, **facts: object) -> None:
    raw.faults.append(kind.at(row.number, column.capitalize(), row.values[column], **facts))
