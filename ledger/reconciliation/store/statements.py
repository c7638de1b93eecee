"""Imported statements. Facts: a statement comes whole, once, and is never changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Integer, Text, Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.reconciliation.model import Account, ReadStatement, Statement

_STATEMENT_COLUMNS = """
    id, account, first_day, last_day, file_name, sha256, line_count, opening_cents, closing_cents, imported_at
"""
_STATEMENT_WITH = text(f"""
    SELECT {_STATEMENT_COLUMNS} FROM ledger.statement WHERE account = :account AND sha256 = :sha256
""")  # noqa: S608 - the columns are ours
_STATEMENTS = text(f"""
    SELECT {_STATEMENT_COLUMNS} FROM ledger.statement WHERE account = :account ORDER BY first_day
""")  # noqa: S608 - as above

_ADD_STATEMENT = text("""
    INSERT INTO ledger.statement (
        id, account, first_day, last_day, format, file_name, sha256, line_count, opening_cents, closing_cents,
        imported_by, imported_at
    ) VALUES (
        :id, :account, :first_day, :last_day, :format, :file_name, :sha256, :line_count, :opening_cents,
        :closing_cents, :imported_by, :imported_at
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


async def with_content(work: UnitOfWork, account: Account, sha256: bytes) -> Statement | None:
    """The statement that was made of this very content."""
    row = (await work.run(_STATEMENT_WITH, account=account.value, sha256=sha256)).one_or_none()
    return None if row is None else _statement(row)


async def of_account(work: UnitOfWork, account: Account) -> list[Statement]:
    """All statements of an account, oldest first."""
    return [_statement(row) for row in await work.run(_STATEMENTS, account=account.value)]


async def add(work: UnitOfWork, statement: Statement, read: ReadStatement, operator_id: UUID) -> None:
    """A statement with all its lines; the database refuses one that does not add up."""
    await work.run(
        _ADD_STATEMENT,
        id=statement.id,
        account=statement.account.value,
        first_day=statement.first_day,
        last_day=statement.last_day,
        format=read.format,
        file_name=statement.file_name,
        sha256=statement.sha256,
        line_count=statement.line_count,
        opening_cents=statement.opening_cents,
        closing_cents=statement.closing_cents,
        imported_by=operator_id,
        imported_at=statement.imported_at,
    )
    if read.lines:
        await work.run(
            _ADD_LINES,
            statement_id=statement.id,
            numbers=[line.number for line in read.lines],
            days=[line.booked_on for line in read.lines],
            labels=[line.label for line in read.lines],
            amounts=[line.amount_cents for line in read.lines],
            balances=[line.balance_cents for line in read.lines],
            references_=[line.their_reference for line in read.lines],
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
    )
