"""Imported statements. Facts: a statement comes whole, once, and is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Integer, Text, Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.reconciliation.model import Account, Statement, StatementLine

_STATEMENTS = text("""
    SELECT s.id, s.account, s.first_day, s.last_day, s.file_name, s.sha256, s.line_count, s.opening_cents,
        s.closing_cents, s.imported_at, p.position
    FROM ledger.statement AS s INNER JOIN ledger.statement_part AS p ON p.id = s.id
    WHERE s.account = :account ORDER BY p.month, p.position
""")

_ADD_STATEMENT = text("""
    INSERT INTO ledger.statement (
        id, account, first_day, last_day, format, file_name, sha256, line_count, opening_cents, closing_cents,
        imported_by, imported_at, file_id, position
    ) VALUES (
        :id, :account, :first_day, :last_day, :format, :file_name, :sha256, :line_count, :opening_cents,
        :closing_cents, :imported_by, :imported_at, :file_id, :position
    )
""")
_ADD_LINES = text("""
    INSERT INTO ledger.statement_line (
        statement_id, number, booked_on, label, amount_cents, balance_cents, their_reference
    )
    SELECT :statement_id, line.* FROM unnest(:numbers, :days, :labels, :amounts, :balances, :references_)
        AS line (number, booked_on, label, amount_cents, balance_cents, their_reference)
""").bindparams(
    bindparam("statement_id", type_=Uuid),
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("days", type_=ARRAY(Date)),
    bindparam("labels", type_=ARRAY(Text)),
    bindparam("amounts", type_=ARRAY(BigInteger)),
    bindparam("balances", type_=ARRAY(BigInteger)),
    bindparam("references_", type_=ARRAY(Text)),
)


async def of_account(work: UnitOfWork, account: Account) -> list[Statement]:
    """All statements of an account, oldest first."""
    return [_statement(row) for row in await work.run(_STATEMENTS, account=account.value)]


async def add(
    work: UnitOfWork,
    statement: Statement,
    lines: Sequence[StatementLine],
    *,
    file_id: UUID,
    file_format: str,
    operator_id: UUID,
) -> None:
    """A statement with all its lines; the database refuses one that does not add up."""
    await work.run(
        _ADD_STATEMENT,
        id=statement.id,
        account=statement.account.value,
        first_day=statement.first_day,
        last_day=statement.last_day,
        format=file_format,
        file_name=statement.file_name,
        sha256=statement.sha256,
        line_count=statement.line_count,
        opening_cents=statement.opening_cents,
        closing_cents=statement.closing_cents,
        imported_by=operator_id,
        imported_at=statement.imported_at,
        file_id=file_id,
        position=statement.position,
    )
    if lines:
        await work.run(
            _ADD_LINES,
            statement_id=statement.id,
            numbers=[line.number for line in lines],
            days=[line.booked_on for line in lines],
            labels=[line.label for line in lines],
            amounts=[line.amount_cents for line in lines],
            balances=[line.balance_cents for line in lines],
            references_=[line.their_reference for line in lines],
        )


def _statement(row: Any) -> Statement:
    return Statement(
        row.id,
        Account(row.account),
        row.first_day,
        row.last_day,
        row.file_name,
        bytes(row.sha256),
        row.line_count,
        row.opening_cents,
        row.closing_cents,
        row.imported_at,
        position=row.position,
    )
