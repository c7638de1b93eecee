"""The SQL of merchants' statements."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from ledger.conversions.model import StatementHead, StatementLine
from ledger.database.unit_of_work import UnitOfWork

_HEAD = text("""
    SELECT coalesce(sum(-p.amount_cents) FILTER (WHERE t.booked_on < :first_day), 0)::bigint AS opening_cents,
        coalesce(sum(-p.amount_cents) FILTER (WHERE t.booked_on <= :last_day), 0)::bigint AS closing_cents,
        coalesce(max(p.version), 0) AS version
    FROM ledger.posting AS p INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    WHERE p.account_id = :account_id
""")
_LINES = text("""
    SELECT version, transaction_id AS id, kind, amount_cents, occurred_at, reference, other_siret,
        receipt_year || '-' || lpad(receipt_number::text, 6, '0') AS receipt
    FROM ledger.merchant_line
    WHERE account_id = :account_id AND version > :after AND version <= :version
        AND booked_on BETWEEN :first_day AND :last_day
    ORDER BY version LIMIT :rows_max
""")


async def statement_head(work: UnitOfWork, account_id: int, first_day: date, last_day: date) -> StatementHead:
    """What a merchant held before some days and after them, and the last version of its account that was looked at."""
    row = (await work.run(_HEAD, account_id=account_id, first_day=first_day, last_day=last_day)).one()
    return StatementHead(first_day, last_day, row.opening_cents, row.closing_cents, row.version)


async def statement_lines(
    work: UnitOfWork, account_id: int, head: StatementHead, after: int, rows_max: int
) -> list[StatementLine]:
    """The movements of a merchant's account booked within the days of a head, after a version of the account."""
    rows = await work.run(
        _LINES,
        account_id=account_id,
        after=after,
        version=head.version,
        first_day=head.first_day,
        last_day=head.last_day,
        rows_max=rows_max,
    )
    return [StatementLine(**row._asdict()) for row in rows]
