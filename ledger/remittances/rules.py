"""How sales become lines of a file, how the file is written, and how its acknowledgement is read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import StringIO
from uuid import UUID

from ledger.errors import N_
from ledger.people_files import BLANK, REPEATED, Cells, FaultKind, Table
from ledger.remittances.model import Answer, Item, Line, LineKind, LineState
from ledger.sheets import safe_cell

COLUMNS = (
    *("ligne", "nature", "jour", "siret", "commercant", "recu", "ticket", "operation", "nombre"),
    "montant_centimes",
)
ACKNOWLEDGEMENT_COLUMNS = ("ligne", "reference", "statut", "code")

_KINDS = {LineKind.SALE: "vente", LineKind.REFUND: "remboursement", LineKind.TOTAL: "total-jour"}
_STATUSES = {"accepte": True, "accepté": True, "accepted": True, "refuse": False, "refusé": False, "refused": False}
_LINE_ID = re.compile(r"R(?P<remittance>[0-9]{6,9})-(?P<line>[0-9]{5,7})")
_REFERENCE = re.compile(r"[!-~]{1,64}")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,20}")

UNKNOWN_LINE = FaultKind("unknown-line", N_("No remittance has this line."), N_("Copy the line as it was sent."))
ACCEPTED_BEFORE = FaultKind(
    "accepted-before", N_("This line was accepted before."), N_("Remove the row, or ask the association.")
)


def lines_of(items: Iterable[Item]) -> list[Line]:
    """Sales one by one or as a total of the merchant's day, as each merchant is booked; refunds always one by one.

    In the order of days, merchants and time, so that the same sales make the same file.
    """
    groups: dict[tuple[date, str, bool, UUID | None], list[Item]] = {}
    for item in sorted(
        items, key=lambda item: (item.booked_on, item.siret, not item.is_sale, item.occurred_at, item.id)
    ):
        in_total = item.is_sale and item.wish == "daily"
        key = (item.booked_on, item.siret, item.is_sale, None if in_total else item.id)
        groups.setdefault(key, []).append(item)
    return [Line(number, _kind(group), tuple(group)) for number, group in enumerate(groups.values(), start=1)]


def _in_order(item: Item) -> tuple[date, str, bool, datetime, UUID]:
    return item.booked_on, item.siret, not item.is_sale, item.occurred_at, item.id


def _kind(items: Sequence[Item]) -> LineKind:
    if not items[0].is_sale:
        return LineKind.REFUND
    return LineKind.TOTAL if items[0].wish == "daily" else LineKind.SALE


def render(remittance_number: int, lines: Iterable[Line]) -> bytes:
    """The file: `;` between fields, UTF-8 with BOM, so that spreadsheets read its accents; nothing in it is taken
    for a formula. Of households and cards there is nothing in it.
    """
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([safe_cell(cell) for cell in _cells(remittance_number, line)])
    return text.getvalue().encode("utf-8-sig")


def _cells(remittance_number: int, line: Line) -> Iterator[str]:
    first = line.items[0]
    alone = line.kind is not LineKind.TOTAL
    yield line_id(remittance_number, line.number)
    yield _KINDS[line.kind]
    yield line.booked_on.isoformat()
    yield first.siret
    yield first.merchant_name
    yield first.receipt if alone else ""
    yield (first.reference or "") if alone else ""
    yield str(first.id) if alone else ""
    yield str(len(line.items))
    yield str(line.amount_cents)


def line_id(remittance_number: int, number: int) -> str:
    """Our id of a line, which the association gives back: `R000012-00345`."""
    return f"R{remittance_number:06}-{number:05}"


def read_answers(table: Table) -> list[tuple[int, Answer]]:
    """The answers of an acknowledgement with their rows; what is wrong is recorded in the table."""
    answers: list[tuple[int, Answer]] = []
    first_rows: dict[tuple[int, int], int] = {}
    for row in table.rows:
        cells, before = Cells(row, table.faults), len(table.faults)
        found = _LINE_ID.fullmatch(cells.text("ligne", _LINE_ID, "R000012-00345"))
        accepted = cells.choice("statut", _STATUSES)
        reference = _text_if_told(cells, "reference", _REFERENCE, needed=accepted)
        code = _text_if_told(cells, "code", _CODE, needed=not accepted)
        if found is None or len(table.faults) > before:
            continue
        answer = Answer(int(found["remittance"]), int(found["line"]), accepted, reference if accepted else None, code)
        first = first_rows.setdefault((answer.remittance_number, answer.line_number), row.number)
        if first != row.number:
            cells.fault(REPEATED, "ligne", first=first)
        answers.append((row.number, answer))
    return answers


def _text_if_told(cells: Cells, column: str, pattern: re.Pattern[str], *, needed: bool) -> str | None:
    if cells.row.values[column]:
        return cells.text(column, pattern, pattern.pattern)
    if needed:
        cells.fault(BLANK, column)
    return None


def require_answerable(
    table: Table, answers: Iterable[tuple[int, Answer]], states: Mapping[tuple[int, int], LineState]
) -> None:
    """Record as faults the answers to lines that do not exist, or that were accepted before."""
    for row, answer in answers:
        shown = line_id(answer.remittance_number, answer.line_number)
        state = states.get((answer.remittance_number, answer.line_number))
        if state is None:
            table.faults.append(UNKNOWN_LINE.at(row, "ligne", shown))
        elif state.accepted:
            table.faults.append(ACCEPTED_BEFORE.at(row, "ligne", shown))
