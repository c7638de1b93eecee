"""A merchant's month at the terminal, in a table, on paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from admin_cli.display import amount, facts, table
from ledger.database.unit_of_work import Ledger
from ledger.merchant_statements import paper
from ledger.merchant_statements.model import AccountMonth, MonthStatement
from ledger.new_files import new_file
from ledger.opening import is_rehearsal
from ledger.sheets import Kind, Sheet, Value, as_csv
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from admin_cli.display import Cell


async def write_csv(ledger: Ledger, path: Path, found: MonthStatement) -> None:
    """As one table, in a new file. Refuses `FileThere`, `FileUnreadable`."""
    marks = [(_("REHEARSAL"), "1")] if await is_rehearsal(ledger.database) else []
    with new_file(path) as file:
        file.write(as_csv(paper.one_table(found), [*paper.facts(found), *marks]))


async def write_pdf(ledger: Ledger, path: Path, found: MonthStatement, checkpoint: str | None) -> None:
    """As a paper, in a new file. Refuses as `write_csv`."""
    from ledger.typesetting.blocks import DOCUMENT
    from ledger.typesetting.press import typeset

    title = _("Statement of {name}").format(name=found.name)
    data, rehearsal = paper.paper(found, checkpoint), await is_rehearsal(ledger.database)
    content = typeset(DOCUMENT, data, title=title, made_at=ledger.clock.now(), rehearsal=rehearsal)
    with new_file(path) as file:
        file.write(content)


def document(found: MonthStatement, checkpoint: str | None) -> dict[str, Any]:
    """A statement for programs."""
    return {
        "siret": found.siret,
        "name": found.name,
        "period": found.period,
        "first_day": found.first_day,
        "last_day": found.last_day,
        "month_over": found.is_over,
        "account": _account(found.held),
        "converting": _account(found.converting),
        "categories": found.categories,
        "merchants": found.neighbours,
        "conversions": [
            {
                "reference": one.reference,
                "day": one.day,
                "gross_cents": one.gross_cents,
                "commission_cents": one.commission_cents,
                "net_cents": one.net_cents,
            }
            for one in found.conversions
        ],
        "proof_cents": found.proof_cents,
        "checkpoint": checkpoint,
    }


def people(found: MonthStatement, checkpoint: str | None) -> list[RenderableType]:
    """A statement for people."""
    parts: list[RenderableType] = [facts([(_("Merchant"), found.name), *_cells(paper.facts(found))])]
    if not found.is_over:
        parts.append(_("This month is not over: what is still booked in it changes the figures."))
    parts += [_table(sheet) for sheet in paper.sheets(found)]
    parts += paper.proofs(found)
    return [*parts, *([checkpoint.rstrip()] if checkpoint else [])]


def _account(account: AccountMonth) -> dict[str, Any]:
    return {
        "opening_cents": account.opening_cents,
        "movements": account.moved,
        "in_cents": account.in_cents,
        "out_cents": account.out_cents,
        "closing_cents": account.closing_cents,
    }


def _cells(pairs: list[tuple[str, Value]]) -> list[tuple[str, Cell]]:
    return [(name, value) for name, value in pairs]


def _table(sheet: Sheet) -> RenderableType:
    rows = [
        [_cell(column.kind, value) for column, value in zip(sheet.columns, row, strict=True)]
        for row in (*sheet.rows, *sheet.totals)
    ]
    return table([column.label for column in sheet.columns], rows, title=sheet.title)


def _cell(kind: Kind, value: Value) -> Cell:
    return amount(value) if kind is Kind.AMOUNT and isinstance(value, int) else value
