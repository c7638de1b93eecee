"""Reading balances. A balance is the signed sum of the postings: debit positive, credit negative, in centimes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text

from ledger.books.accounts import AccountKind
from ledger.database.unit_of_work import UnitOfWork

_NOW = text("SELECT balance_cents FROM ledger.balance WHERE account_id = :account_id")
_LOCK = text("SELECT account_id, balance_cents FROM ledger.lock_balances(:accounts)")
_BOOKED_BEFORE = text("""
    SELECT coalesce(sum(p.amount_cents), 0)
    FROM ledger.posting AS p
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    INNER JOIN ledger.account AS a ON a.id = p.account_id
    WHERE a.kind = ANY(:kinds) AND t.booked_on < :day
""")


async def balance_cents(work: UnitOfWork, account_id: int) -> int:
    """The balance of an account now."""
    return int((await work.run(_NOW, account_id=account_id)).scalar_one())


async def lock_balances(work: UnitOfWork, account_ids: Sequence[int]) -> dict[int, int]:
    """The balances of some accounts, locked in the order of the journal until the unit of work ends."""
    rows = await work.run(_LOCK, accounts=list(account_ids))
    return {row.account_id: row.balance_cents for row in rows}


async def booked_before_cents(work: UnitOfWork, kinds: Sequence[AccountKind], day: date) -> int:
    """The sum of all accounts of some kinds over what was booked before a day: their opening on that day."""
    result = await work.run(_BOOKED_BEFORE, kinds=[int(kind) for kind in kinds], day=day)
    return int(result.scalar_one())
