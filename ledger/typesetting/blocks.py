"""The blocks of which `document.typ` makes a paper, one below the other; amounts and days as the reader writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ledger.sheets import Kind, Sheet, Value
from ledger.texts import format_cents, format_date

DOCUMENT = Path(__file__).with_name("document.typ")

Block = Mapping[str, Any]


def paper(
    blocks: Sequence[Block], *, head: str, reference: str = "", foot: str = "", flipped: bool = False
) -> dict[str, Any]:
    """The data of `DOCUMENT`. `head`, `reference`, `foot`: short texts on each page. `flipped`: landscape."""
    return {"head": head, "reference": reference, "foot": foot, "flipped": flipped, "blocks": list(blocks)}


def title(text: str) -> Block:
    return {"kind": "title", "text": text}


def heading(text: str) -> Block:
    return {"kind": "heading", "text": text}


def paragraph(text: str) -> Block:
    return {"kind": "text", "text": text}


def code(text: str) -> Block:
    """Digests, signatures: set in a fixed width."""
    return {"kind": "code", "text": text}


def certified(text: str) -> Block:
    """What is certified, set off from the rest."""
    return {"kind": "certified", "text": text}


def page_break() -> Block:
    return {"kind": "page-break"}


def facts(pairs: Sequence[tuple[str, Value]]) -> Block:
    """Names and values, one below the other; those without a value are left out."""
    rows = [[name, shown(Kind.TEXT, value)] for name, value in pairs if value is not None]
    return {"kind": "facts", "rows": rows}


def listing(sheet: Sheet) -> Block:
    """The table of a sheet; its title is not in it."""
    columns = [{"label": one.label, "kind": one.kind.value, "width": one.width} for one in sheet.columns]
    return {
        "kind": "listing",
        "columns": columns,
        "rows": _rows(sheet, sheet.rows),
        "totals": _rows(sheet, sheet.totals),
    }


def signatures(places: Sequence[tuple[str, str, str]]) -> Block:
    """Places to sign: role, who and when; an empty text leaves room for a pen."""
    return {"kind": "signatures", "places": [{"role": role, "who": who, "when": when} for role, who, when in places]}


def shown(kind: Kind, value: Value) -> str:
    """A value as the reader writes it."""
    match value:
        case None:
            return ""
        case str():
            return value
        case int():
            return format_cents(value) if kind is Kind.AMOUNT else f"{value}"
        case date():
            return format_date(value)


def _rows(sheet: Sheet, rows: Sequence[Sequence[Value]]) -> list[list[str]]:
    return [[shown(column.kind, value) for column, value in zip(sheet.columns, row, strict=True)] for row in rows]
