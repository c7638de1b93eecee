"""Files of statements: what was given, what waits, and what only repeated what is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Integer, Text, Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.reconciliation.model import (
    Account,
    FileState,
    Known,
    Pair,
    ReadStatement,
    StatementFile,
    StatementLine,
)

_TAKE_TURN = text("SELECT pg_advisory_xact_lock(471381333, hashtext(:account))")
_COLUMNS = """
    f.id, f.account, f.format, f.file_name, f.sha256, f.first_day, f.last_day, f.line_count, f.opening_cents,
    f.closing_cents, f.left_out, f.imported_at, t.new_count, w.file_id IS NOT NULL AS withdrawn
"""
_FILES = """
    ledger.statement_file AS f LEFT JOIN ledger.file_taking AS t ON t.file_id = f.id
    LEFT JOIN ledger.file_withdrawal AS w ON w.file_id = f.id
"""
_WITH_CONTENT = text(f"""
    SELECT {_COLUMNS} FROM {_FILES} WHERE f.account = :account AND f.sha256 = :sha256 ORDER BY f.attempt
""")  # noqa: S608 - the columns are ours
_OF_ACCOUNT = text(f"""
    SELECT {_COLUMNS} FROM {_FILES} WHERE f.account = :account ORDER BY f.first_day, f.imported_at, f.id
""")  # noqa: S608 - as above
_PENDING = text(f"""
    SELECT {_COLUMNS} FROM {_FILES}
    WHERE f.account = :account AND t.file_id IS NULL AND w.file_id IS NULL ORDER BY f.first_day, f.imported_at, f.id
""")  # noqa: S608 - as above
_PENDING_LINES = text("""
    SELECT number, file_row, booked_on, label, amount_cents, their_reference,
        (sum(amount_cents) OVER (ORDER BY number))::bigint AS moved_cents
    FROM ledger.pending_line WHERE file_id = :file_id ORDER BY number
""")
_KNOWN = text("""
    SELECT l.statement_id, l.number, l.number + part.lines_before AS record, l.booked_on, l.label, l.amount_cents,
        l.balance_cents, l.their_reference, s.format, s.file_name
    FROM unnest(:statement_ids) WITH ORDINALITY AS wanted (id, place)
    INNER JOIN ledger.statement AS s ON s.id = wanted.id
    INNER JOIN ledger.statement_part AS part ON part.id = s.id
    INNER JOIN ledger.statement_line AS l ON l.statement_id = s.id
    ORDER BY wanted.place, l.number
""").bindparams(bindparam("statement_ids", type_=ARRAY(Uuid)))

_ADD = text("""
    INSERT INTO ledger.statement_file (
        id, account, format, file_name, sha256, first_day, last_day, line_count, opening_cents, closing_cents,
        left_out, attempt, imported_by, imported_at
    ) VALUES (
        :id, :account, :format, :file_name, :sha256, :first_day, :last_day, :line_count, :opening_cents,
        :closing_cents, :left_out,
        (SELECT count(*) + 1 FROM ledger.statement_file WHERE account = :account AND sha256 = :sha256),
        :imported_by, :imported_at
    )
""")
_ADD_PENDING_LINES = text("""
    INSERT INTO ledger.pending_line (file_id, number, file_row, booked_on, label, amount_cents, their_reference)
    SELECT :file_id, line.* FROM unnest(:numbers, :file_rows, :days, :labels, :amounts, :references_)
        AS line (number, file_row, booked_on, label, amount_cents, their_reference)
""").bindparams(
    bindparam("file_id", type_=Uuid),
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("file_rows", type_=ARRAY(Integer)),
    bindparam("days", type_=ARRAY(Date)),
    bindparam("labels", type_=ARRAY(Text)),
    bindparam("amounts", type_=ARRAY(BigInteger)),
    bindparam("references_", type_=ARRAY(Text)),
)
_ADD_TAKING = text("""
    INSERT INTO ledger.file_taking (file_id, new_count, taken_by, taken_at)
    VALUES (:file_id, :new_count, :taken_by, :taken_at)
""")
_WITHDRAW = text("""
    INSERT INTO ledger.file_withdrawal (file_id, withdrawn_by, withdrawn_at)
    VALUES (:file_id, :withdrawn_by, :withdrawn_at)
""")
_ADD_KNOWN_LINES = text("""
    INSERT INTO ledger.known_line (file_id, number, statement_id, known_number)
    SELECT :file_id, line.* FROM unnest(:numbers, :statements, :known_numbers)
        AS line (number, statement_id, known_number)
""").bindparams(
    bindparam("file_id", type_=Uuid),
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("statements", type_=ARRAY(Uuid)),
    bindparam("known_numbers", type_=ARRAY(Integer)),
)


async def take_turn(work: UnitOfWork, account: Account) -> None:
    """One import of an account at a time: the next one waits until this unit of work ends."""
    await work.run(_TAKE_TURN, account=account.value)


async def with_content(work: UnitOfWork, account: Account, sha256: bytes) -> StatementFile | None:
    """The file of this very content that was not withdrawn."""
    rows = await work.run(_WITH_CONTENT, account=account.value, sha256=sha256)
    return next((_file(row) for row in rows if not row.withdrawn), None)


async def of_account(work: UnitOfWork, account: Account) -> list[StatementFile]:
    """All files of an account, by their first day."""
    return [_file(row) for row in await work.run(_OF_ACCOUNT, account=account.value)]


async def pending(work: UnitOfWork, account: Account) -> list[tuple[StatementFile, ReadStatement]]:
    """The files that wait for another, with what they say."""
    files = [_file(row) for row in await work.run(_PENDING, account=account.value)]
    return [(file, await _read(work, file)) for file in files]


async def known(work: UnitOfWork, statement_ids: Sequence[UUID]) -> tuple[Known, ...]:
    """The lines of statements, in the order in which these are named."""
    rows = await work.run(_KNOWN, statement_ids=list(statement_ids))
    return tuple(Known(**row._asdict()) for row in rows)


async def add(work: UnitOfWork, file: StatementFile, operator_id: UUID) -> None:
    """Remember a file; that it has its place is told by `take`."""
    columns = {name: getattr(file, name) for name in StatementFile.__slots__ if name != "state"}
    await work.run(_ADD, **{**columns, "account": file.account.value, "imported_by": operator_id})


async def keep_pending(work: UnitOfWork, file_id: UUID, lines: Sequence[StatementLine]) -> None:
    """Keep the lines of a file that waits."""
    if lines:
        await work.run(
            _ADD_PENDING_LINES,
            file_id=file_id,
            numbers=[line.number for line in lines],
            file_rows=[line.row for line in lines],
            days=[line.booked_on for line in lines],
            labels=[line.label for line in lines],
            amounts=[line.amount_cents for line in lines],
            references_=[line.their_reference for line in lines],
        )


async def take(work: UnitOfWork, file_id: UUID, new_count: int, repeated: Sequence[Pair], operator_id: UUID) -> None:
    """A file has its place; what it repeats is put down."""
    await work.run(_ADD_TAKING, file_id=file_id, new_count=new_count, taken_by=operator_id, taken_at=work.now)
    if repeated:
        await work.run(
            _ADD_KNOWN_LINES,
            file_id=file_id,
            numbers=[line.number for line, _ in repeated],
            statements=[known_line.statement_id for _, known_line in repeated],
            known_numbers=[known_line.number for _, known_line in repeated],
        )


async def withdraw(work: UnitOfWork, file_id: UUID, operator_id: UUID) -> None:
    """A file waits no longer; what it said is kept."""
    await work.run(_WITHDRAW, file_id=file_id, withdrawn_by=operator_id, withdrawn_at=work.now)


async def _read(work: UnitOfWork, file: StatementFile) -> ReadStatement:
    rows = await work.run(_PENDING_LINES, file_id=file.id)
    lines = tuple(
        StatementLine(
            row.number,
            row.booked_on,
            row.label,
            row.amount_cents,
            file.opening_cents + row.moved_cents,
            row.their_reference,
            row=row.file_row,
        )
        for row in rows
    )
    return ReadStatement(
        file.file_name,
        file.sha256,
        file.format,
        file.first_day,
        file.last_day,
        file.opening_cents,
        file.closing_cents,
        lines,
        left_out=file.left_out,
    )


def _file(row: Any) -> StatementFile:
    return StatementFile(
        row.id,
        Account(row.account),
        row.file_name,
        bytes(row.sha256),
        row.format,
        row.first_day,
        row.last_day,
        row.line_count,
        row.opening_cents,
        row.closing_cents,
        row.imported_at,
        _state(row),
        row.left_out,
    )


def _state(row: Any) -> FileState:
    if row.new_count is None:
        return FileState.WITHDRAWN if row.withdrawn else FileState.PENDING
    return FileState.KNOWN if row.line_count and not row.new_count else FileState.TAKEN
