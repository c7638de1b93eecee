"""Reading balances. A balance is the signed sum of the postings: debit positive, credit negative, in centimes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import AccountTooLow

_NOW = text("SELECT balance_cents FROM ledger.balance WHERE account_id = :account_id")
_LOCK = text("SELECT account_id, balance_cents FROM ledger.lock_balances(:accounts)")


async def balance_cents(work: UnitOfWork, account_id: int) -> int:
    """The balance of an account now."""
    return int((await work.run(_NOW, account_id=account_id)).scalar_one())


async def lock_balances(work: UnitOfWork, account_ids: Sequence[int]) -> dict[int, int]:
    """The balances of some accounts, locked in the order of the journal until the unit of work ends."""
    rows = await work.run(_LOCK, accounts=list(account_ids))
    return {row.account_id: row.balance_cents for row in rows}


def require_held(balances: Mapping[int, int], account_id: int, name: str, amount_cents: int) -> None:
    """Refuse (`AccountTooLow`) to take more from a locked account than it holds, before the books would (L4)."""
    held_cents = abs(balances[account_id])
    if held_cents < amount_cents:
        raise AccountTooLow(account=name, available_cents=held_cents, needed_cents=amount_cents)
