"""A mapping proposed for a CSV that nobody described yet: by the names in its header, else by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from ledger.errors import StatementFormatUnknown
from ledger.people_files import read_content
from ledger.reconciliation.formats.amounts import DAY_FORMS, parse_amount, parse_day_as
from ledger.reconciliation.formats.mapped_csv import folded, rows, text_of
from ledger.reconciliation.formats.mapping import SEPARATORS, Column, CsvMapping

_ROWS_LOOKED_AT = 2000
_HEADER_ROWS_MAX = 40

# What headers are called, the best name first; compared without case and accents.
NAMES: dict[str, tuple[str, ...]] = {
    "date": (
        *("date operation", "date d'operation", "date de l'operation", "date comptable", "date de comptabilisation"),
        *("booking date", "transaction date", "completed date", "date", "jour", "buchungstag", "date valeur"),
        *("date de valeur",),
    ),
    "label": (
        *("libelle", "libelle operation", "libelle de l'operation", "libelle complet", "description", "designation"),
        *(
            "intitule",
            "label",
            "details",
            "nature de l'operation",
            "motif",
            "operation",
            "communication",
            "payment ref",
        ),
    ),
    "amount": ("montant", "montant (eur)", "montant eur", "montant en euros", "amount", "valeur", "somme", "betrag"),
    "debit": ("debit", "debit euros", "debit (eur)", "montant debit", "depenses", "sortie", "sorties", "paid out"),
    "credit": ("credit", "credit euros", "credit (eur)", "montant credit", "recettes", "entree", "entrees", "paid in"),
    "direction": ("sens", "debit/credit", "d/c", "direction", "type de mouvement"),
    "balance": ("solde", "solde (eur)", "solde courant", "solde apres operation", "balance", "running balance"),
    "reference": (
        *("reference", "reference operation", "numero", "n° operation", "numero d'operation", "transaction id"),
        *("identifiant", "id", "transactionnumber", "ref"),
    ),
}


def guess(path: Path) -> CsvMapping:
    """What most likely reads the file. Refuses `StatementFormatUnknown` where days or amounts are not to be found."""
    text = text_of(path.name, read_content(path))
    for separator in sorted(SEPARATORS, key=lambda mark: -text[:20_000].count(mark)):
        lines = list(islice(rows(text, separator, []), _ROWS_LOOKED_AT))
        mapping = _by_header(lines, separator) or _by_content(lines, separator)
        if mapping is not None:
            return mapping
    header = text.lstrip().partition("\n")[0].strip()[:200]
    raise StatementFormatUnknown(file=path.name, header=header, known=["--mapping"])


Lines = Sequence[tuple[int, list[str]]]


def _by_header(lines: Lines, separator: str) -> CsvMapping | None:
    """The row that names a day, a label and an amount, whatever stands before it."""
    for position, (_, cells) in enumerate(lines[:_HEADER_ROWS_MAX]):
        names = [folded(cell) for cell in cells]
        found = {
            kind: cells[names.index(known)]
            for kind, choices in NAMES.items()
            if (known := next((name for name in choices if name in names), None)) is not None
        }
        if {"date", "label"} <= found.keys() and ("amount" in found or {"debit", "credit"} <= found.keys()):
            columns = _without_spare(found)
            records = [dict(zip(cells, record, strict=False)) for _, record in lines[position + 1 :]]
            by_name = {column: [row.get(str(column), "") for row in records] for column in columns.values()}
            return _mapping(columns, separator, by_name)
    return None


def _without_spare(found: dict[str, str]) -> dict[str, Column]:
    """Amounts once: in two columns where there are two."""
    two = {"debit", "credit"} <= found.keys()
    spare = {"amount", "direction"} if two else {"debit", "credit"}
    return {kind: column for kind, column in found.items() if kind not in spare}


def _by_content(lines: Lines, separator: str) -> CsvMapping | None:
    """Without a header: the first column of days, the first of amounts, the longest text between."""
    if not lines:
        return None
    width = max(len(cells) for _, cells in lines)
    columns = {place: [cells[place] if place < len(cells) else "" for _, cells in lines] for place in range(width)}
    days = [place for place, cells in columns.items() if _form_of(cells)]
    amounts = [place for place, cells in columns.items() if place not in days and _are_amounts(cells)]
    texts = [place for place in columns if place not in days and place not in amounts and any(columns[place])]
    if not days or not amounts or not texts:
        return None
    label = max(texts, key=lambda place: sum(len(cell) for cell in columns[place]))
    chosen: dict[str, Column] = {"date": days[0] + 1, "label": label + 1, "amount": amounts[0] + 1}
    if len(amounts) > 1 and all(columns[amounts[-1]]):
        chosen["balance"] = amounts[-1] + 1
    return _mapping(chosen, separator, {place + 1: cells for place, cells in columns.items()})


def _mapping(columns: Mapping[str, Column], separator: str, cells: Mapping[Column, Sequence[str]]) -> CsvMapping | None:
    form = _form_of(cells[columns["date"]])
    if form is None:
        return None
    kinds = [kind for kind in ("amount", "debit", "credit", "balance") if kind in columns]
    money = [cell for kind in kinds for cell in cells[columns[kind]]]
    return CsvMapping(
        {kind: (column,) for kind, column in columns.items()},
        separator=separator,
        decimal=_decimal_of(money),
        day=form,
    )


def _form_of(cells: Sequence[str]) -> str | None:
    """The first form that most cells have which begin with a digit; the words of sums and balances are no days."""
    filled = [cell for cell in cells if cell[:1].isdigit()]
    for form in DAY_FORMS:
        read = sum(1 for cell in filled if _is_day(cell, form))
        if filled and read * 10 >= len(filled) * 8:
            return form
    return None


def _is_day(cell: str, form: str) -> bool:
    try:
        parse_day_as(cell, form)
    except ValueError:
        return False
    return True


def _decimal_of(cells: Sequence[str]) -> str:
    """The mark that stands before one or two digits at the end, as most amounts have it; a comma if none tells."""
    marks = [found[1] for cell in cells if (found := re.search(r"([.,])\d{1,2}\D*$", cell))]
    return "." if marks.count(".") > marks.count(",") else ","


def _is_amount(cell: str) -> bool:
    try:
        parse_amount(cell, _decimal_of([cell]))
    except ValueError:
        return False
    return True


def _are_amounts(cells: Sequence[str]) -> bool:
    """All that stands there, and at least one of them with cents: numbers of cheques are none."""
    filled = [cell for cell in cells if cell]
    return all(_is_amount(cell) for cell in filled) and any(re.search(r"[.,]\d", cell) for cell in filled)
