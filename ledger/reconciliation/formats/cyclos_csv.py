"""`transactionNumber,date,amount,relatedAccount,description,type`: the export of a platform of the Cyclos family.

Decimal point, signed amounts, ISO 8601 times with offset. Its balances come in a file beside it: for
`october.csv` it is `october.statut.json`, with the members of Cyclos' `AccountHistoryStatus`: `balanceAtBegin`,
`balanceAtEnd`, and `incoming` and `outgoing` with `count` and `sum`.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ledger.calendar import PARIS, paris_day
from ledger.errors import N_, FileFaulty
from ledger.money import parse_cents
from ledger.people_files import BLANK, Fault, FaultKind, Row, decode, read_content, read_table, refuse_faults
from ledger.reconciliation.formats.raw import (
    NOT_A_DAY,
    NOT_A_SUM,
    WRONG_TOTAL,
    Entry,
    RawStatement,
    clean_label,
    parse_instant,
)
from ledger.texts import format_cents

NAME = "cyclos-csv"
COLUMNS = ("transactionnumber", "date", "amount", "relatedaccount", "description", "type")

_REFERENCE_CHARACTERS_MAX = 64
NOT_JSON = FaultKind("not-json", N_("The file is not JSON."), N_("Export the balances again."))


def read(path: Path) -> RawStatement:
    """Read the rows, and the balances beside them if they are there; faults are recorded."""
    table = read_table(path, COLUMNS)
    raw = RawStatement(NAME, table.file, table.content, faults=table.faults, balance_column="amount")
    for row in table.rows:
        raw.entries.append(_movement(raw, row))
    companions = (path.with_suffix(".statut.json"), path.with_name(f"{path.name}.statut.json"))
    for companion in companions:
        if companion.exists() and not raw.faults:
            _read_balances(raw, companion)
    return raw


def _movement(raw: RawStatement, row: Row) -> Entry | None:
    day, amount = _day(raw, row), _amount(raw, row)
    if day is None or amount is None:
        return None
    number = "".join(row.values["transactionnumber"].split())
    is_plain = number.isascii() and number.isprintable() and 0 < len(number) <= _REFERENCE_CHARACTERS_MAX
    return Entry(row.number, day, _label(row), amount, their_reference=number if is_plain else None)


def _label(row: Row) -> str:
    """What it was for, then with whom, unless that is said already."""
    purpose = clean_label(row.values["description"]) or clean_label(row.values["type"])
    partner = clean_label(row.values["relatedaccount"])
    return purpose if partner.casefold() in purpose.casefold() else clean_label(f"{purpose} {partner}")


def _day(raw: RawStatement, row: Row) -> date | None:
    """The local day; a time without offset is local already."""
    value = row.values["date"]
    try:
        instant = parse_instant(value)
    except ValueError:
        _fault(raw, row, NOT_A_DAY if value else BLANK, "date")
        return None
    return paris_day(instant if instant.tzinfo else instant.replace(tzinfo=PARIS))


def _amount(raw: RawStatement, row: Row) -> int | None:
    value = row.values["amount"]
    try:
        return parse_cents(value)
    except ValueError:
        _fault(raw, row, NOT_A_SUM if value else BLANK, "amount")
        return None


def _fault(raw: RawStatement, row: Row, kind: FaultKind, column: str) -> None:
    raw.faults.append(kind.at(row.number, column, row.values[column]))


def _read_balances(raw: RawStatement, companion: Path) -> None:
    """Opening and closing, and the platform's own counts and sums, which must be those of the rows."""
    faults: list[Fault] = []
    status = _members(companion)
    raw.opening_cents = _status_cents(status, "balanceAtBegin", faults)
    raw.closing_cents = _status_cents(status, "balanceAtEnd", faults)
    for member, sign in (("incoming", 1), ("outgoing", -1)):
        told = status.get(member)
        if isinstance(told, dict):
            moved = [entry.amount_cents for entry in raw.readable if entry.amount_cents * sign > 0]
            if told.get("count", len(moved)) != len(moved):
                faults.append(WRONG_TOTAL.at(None, f"{member}.count", told["count"], found=len(moved)))
            total = abs(_status_cents(told, "sum", faults) or 0) if "sum" in told else abs(sum(moved))
            if total != abs(sum(moved)):
                found = format_cents(abs(sum(moved)))
                faults.append(WRONG_TOTAL.at(None, f"{member}.sum", format_cents(total), found=found))
    refuse_faults(companion.name, faults)


def _members(companion: Path) -> dict[str, Any]:
    try:
        status = json.loads(decode(companion.name, read_content(companion)), parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise FileFaulty(file=companion.name, faults=[NOT_JSON.at(error.lineno, "", error.msg).facts()]) from None
    status = status.get("status", status) if isinstance(status, dict) else {}
    return status if isinstance(status, dict) else {}


def _status_cents(status: dict[str, Any], member: str, faults: list[Fault]) -> int | None:
    value = status.get(member)
    try:
        cents = Decimal(str(value)) * 100
        if cents == cents.to_integral_value():
            return int(cents)
    except InvalidOperation:
        pass
    faults.append((BLANK if value is None else NOT_A_SUM).at(None, member, "" if value is None else value))
    return None
