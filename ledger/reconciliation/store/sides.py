"""The two sides of an account, as they are or as they were. Ours is read through the view `matchable_unit`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, SmallInteger, Uuid, bindparam, text

from ledger.books.transaction import TransactionKind
from ledger.database.unit_of_work import UnitOfWork
from ledger.reconciliation.model import CORRECTIONS, DAYS_APART_MAX, Account, Line, Party, Statement, Ties, Unit

_PARTIES = text("SELECT name, daily FROM ledger.statement_party ORDER BY name")

# The lines of one statement, and of earlier ones those that are open on its last day, with the records that
# these may be copies of.
_LINES = text("""
    WITH wanted AS (
        SELECT l.statement_id, l.number
        FROM ledger.statement AS s
        INNER JOIN ledger.statement_line AS l ON l.statement_id = s.id
        LEFT JOIN ledger.live_match_line AS live USING (statement_id, number)
        LEFT JOIN ledger.match AS m ON m.id = live.match_id
        WHERE s.account = :account AND s.last_day <= :last_day
            AND (s.id = ANY(:statement_ids) OR m.id IS NULL OR m.complete_on > :last_day)
    ), with_twins AS (
        SELECT statement_id, number FROM wanted
        UNION
        SELECT twin.statement_id, twin.number
        FROM wanted
        INNER JOIN ledger.statement_line AS l USING (statement_id, number)
        INNER JOIN ledger.statement_part AS own ON own.id = l.statement_id
        INNER JOIN ledger.statement_part AS part ON part.account = own.account AND part.month = own.month
        INNER JOIN ledger.statement_line AS twin
            ON twin.statement_id = part.id AND twin.booked_on = l.booked_on
            AND twin.label = l.label AND twin.amount_cents = l.amount_cents
        WHERE wanted.statement_id <> ALL(:statement_ids)
    )
    SELECT l.statement_id, l.number, l.booked_on, l.label, l.amount_cents, s.last_day AS closed_on,
        l.their_reference, m.id AS match_id, m.complete_on, part.lines_before
    FROM with_twins
    INNER JOIN ledger.statement_line AS l USING (statement_id, number)
    INNER JOIN ledger.statement AS s ON s.id = l.statement_id
    INNER JOIN ledger.statement_part AS part ON part.id = s.id
    LEFT JOIN ledger.live_match_line AS live USING (statement_id, number)
    LEFT JOIN ledger.match AS m ON m.id = live.match_id
""").bindparams(bindparam("statement_ids", type_=ARRAY(Uuid)))

# Our units of one period, and earlier ones that are open on its last day; none before the first statement. Of later
# ones the corrections that are free, where they are asked for: they may answer a difference of this period.
_UNITS = text("""
    SELECT u.transaction_id, u.kind, u.booked_on, u.occurred_at, u.amount_cents,
        coalesce(u.reference, mark.lot) AS reference, u.merchant,
        coalesce(mark.commission_cents, 0) AS commission_cents, mark.remitted, mark.answers, back.reverses_id,
        m.id AS match_id, m.complete_on
    FROM ledger.matchable_unit AS u
    LEFT JOIN ledger.unit_mark AS mark ON mark.account = u.account AND mark.transaction_id = u.transaction_id
    LEFT JOIN ledger.reversal AS back ON back.transaction_id = u.transaction_id
    LEFT JOIN ledger.live_match_unit AS live
        ON live.account = u.account AND live.transaction_id = u.transaction_id
    LEFT JOIN ledger.match AS m ON m.id = live.match_id
    WHERE u.account = :account AND u.booked_on >= :base_day AND (
        u.booked_on <= :last_day AND (u.booked_on >= :first_day OR m.id IS NULL OR m.complete_on > :last_day)
        OR u.booked_on > :last_day AND u.kind = ANY(:later_kinds) AND m.id IS NULL
    )
""").bindparams(bindparam("later_kinds", type_=ARRAY(SmallInteger)))

_REJECTED = text("""
    SELECT m.id,
        ARRAY(SELECT l.statement_id FROM ledger.match_line AS l WHERE l.match_id = m.id ORDER BY 1, l.number)
            AS statements,
        ARRAY(SELECT l.number FROM ledger.match_line AS l WHERE l.match_id = m.id ORDER BY l.statement_id, 1)
            AS numbers,
        ARRAY(SELECT u.transaction_id FROM ledger.match_unit AS u WHERE u.match_id = m.id) AS units
    FROM ledger.unmatch AS back
    INNER JOIN ledger.match AS m ON m.id = back.match_id
    WHERE m.account = :account
""")

_STARTS_ON = text("""
    SELECT t.booked_on FROM ledger.ledger_transaction AS t
    WHERE EXISTS (
        SELECT FROM ledger.posting AS p
        INNER JOIN ledger.account AS a ON a.id = p.account_id
        INNER JOIN ledger.reconciled_account_kind AS k ON k.kind = a.kind
        WHERE p.transaction_id = t.id AND k.account = :account
    )
    ORDER BY t.booked_on LIMIT 1
""")
_BOOKED_BEFORE = text("""
    SELECT coalesce(sum(r.sign * p.amount_cents), 0)
    FROM ledger.posting AS p
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    INNER JOIN ledger.account AS a ON a.id = p.account_id
    INNER JOIN ledger.reconciled_account_kind AS k ON k.kind = a.kind
    INNER JOIN ledger.reconciled_account AS r ON r.code = k.account
    WHERE k.account = :account AND t.booked_on < :day
""")


async def parties(work: UnitOfWork) -> tuple[Party, ...]:
    return tuple(Party(row.name, row.daily) for row in await work.run(_PARTIES))


async def lines(work: UnitOfWork, statement: Statement, *, as_of: bool) -> tuple[Line, ...]:
    """`as_of`: as they stood on the statement's last day, later matches undone and marked `cleared`."""
    rows = await work.run(
        _LINES, account=statement.account.value, statement_ids=list(statement.ids), last_day=statement.last_day
    )
    return tuple(
        Line(
            row.statement_id,
            row.number,
            row.booked_on,
            row.label,
            row.amount_cents,
            row.closed_on,
            *_held(row, statement.last_day if as_of else date.max),
            their_reference=row.their_reference,
            lines_before=row.lines_before,
        )
        for row in rows
    )


async def units(work: UnitOfWork, statement: Statement, base_day: date, *, as_of: bool) -> tuple[Unit, ...]:
    """Our side of a statement; `base_day`: when the first statement of the account begins. As of its last day, or
    with the corrections that were booked later.
    """
    rows = await work.run(
        _UNITS,
        account=statement.account.value,
        base_day=base_day,
        first_day=statement.first_day,
        last_day=statement.last_day,
        later_kinds=[] if as_of else [int(kind) for kind in CORRECTIONS],
    )
    return _units(rows, statement.last_day if as_of else date.max)


async def later(work: UnitOfWork, statement: Statement) -> tuple[Unit, ...]:
    """What we booked in the first days after a statement, as it is now."""
    first = statement.last_day + timedelta(days=1)
    last = statement.last_day + timedelta(days=DAYS_APART_MAX)
    values = {"account": statement.account.value, "base_day": first, "first_day": first, "last_day": last}
    return _units(await work.run(_UNITS, **values, later_kinds=[]), date.max)


def _units(rows: Iterable[Any], held_until: date) -> tuple[Unit, ...]:
    return tuple(
        Unit(
            row.transaction_id,
            TransactionKind(row.kind),
            row.booked_on,
            row.occurred_at,
            row.amount_cents,
            row.reference,
            row.merchant,
            *_held(row, held_until),
            commission_cents=row.commission_cents,
            remitted=row.remitted,
            answers=row.answers,
            reverses=row.reverses_id,
        )
        for row in rows
    )


async def rejected(work: UnitOfWork, account: Account) -> frozenset[Ties]:
    """What each match tied that an officer took back."""
    rows = await work.run(_REJECTED, account=account.value)
    return frozenset(frozenset([*zip(row.statements, row.numbers, strict=True), *row.units]) for row in rows)


async def starts_on(work: UnitOfWork, account: Account) -> date | None:
    """The day of our first booking in an account."""
    found: date | None = (await work.run(_STARTS_ON, account=account.value)).scalar_one_or_none()
    return found


async def booked_before_cents(work: UnitOfWork, account: Account, day: date) -> int:
    """Our balance at the start of a day, in the view of the account's holder."""
    return int((await work.run(_BOOKED_BEFORE, account=account.value, day=day)).scalar_one())


def _held(row: Any, last_day: date) -> tuple[UUID | None, bool]:
    """The match as of a day, and whether the item was cleared later."""
    later = row.match_id is not None and row.complete_on > last_day
    return (None if later else row.match_id), later
