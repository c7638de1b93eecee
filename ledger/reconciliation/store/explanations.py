"""Matches as they are recorded, whole."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from ledger.books.transaction import TransactionKind
from ledger.database.unit_of_work import UnitOfWork
from ledger.reconciliation.model import Account, Held, Line, Unit

_MATCH = text("""
    SELECT m.id, m.rule, m.score, m.reasons, m.matched_at, o.name AS matched_by, back.unmatched_at
    FROM ledger.match AS m
    INNER JOIN ledger.operator AS o ON o.id = m.matched_by
    LEFT JOIN ledger.unmatch AS back ON back.match_id = m.id
    WHERE m.id = :match_id AND m.account = :account
""")
_LINES = text("""
    SELECT l.statement_id, l.number, l.booked_on, l.label, l.amount_cents, s.last_day, p.lines_before
    FROM ledger.match_line AS x
    INNER JOIN ledger.statement_line AS l ON l.statement_id = x.statement_id AND l.number = x.number
    INNER JOIN ledger.statement AS s ON s.id = x.statement_id
    INNER JOIN ledger.statement_part AS p ON p.id = s.id
    WHERE x.match_id = :match_id ORDER BY l.booked_on, l.statement_id, l.number
""")
_UNITS = text("""
    SELECT u.transaction_id, u.kind, u.booked_on, u.occurred_at, u.amount_cents, u.merchant,
        coalesce(u.reference, mark.lot) AS reference
    FROM ledger.match_unit AS x
    INNER JOIN ledger.matchable_unit AS u ON u.transaction_id = x.transaction_id AND u.account = :account
    LEFT JOIN ledger.unit_mark AS mark ON mark.account = u.account AND mark.transaction_id = u.transaction_id
    WHERE x.match_id = :match_id ORDER BY u.booked_on, u.occurred_at, u.transaction_id
""")


async def held(work: UnitOfWork, account: Account, match_id: UUID) -> Held | None:
    """A match of an account, taken back or not; nothing where there is none of this id."""
    row = (await work.run(_MATCH, match_id=match_id, account=account.value)).one_or_none()
    if row is None:
        return None
    lines = [_line(one, match_id) for one in await work.run(_LINES, match_id=match_id)]
    units = [_unit(one, match_id) for one in await work.run(_UNITS, match_id=match_id, account=account.value)]
    return Held(
        row.id,
        row.rule,
        row.score,
        tuple(row.reasons),
        row.matched_by,
        row.matched_at,
        row.unmatched_at,
        tuple(lines),
        tuple({one.id: one for one in units}.values()),
    )


def _line(row: Any, match_id: UUID) -> Line:
    closed_on: date = row.last_day
    return Line(
        row.statement_id,
        row.number,
        row.booked_on,
        row.label,
        row.amount_cents,
        closed_on,
        match_id,
        lines_before=row.lines_before,
    )


def _unit(row: Any, match_id: UUID) -> Unit:
    return Unit(
        row.transaction_id,
        TransactionKind(row.kind),
        row.booked_on,
        row.occurred_at,
        row.amount_cents,
        row.reference,
        row.merchant,
        match_id,
    )
