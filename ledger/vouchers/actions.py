"""What can be done with vouchers: issue a chunk of them (a step of an aid run), list a household's."""

from __future__ import annotations

from uuid import UUID

from ledger.books.accounts import AccountKind, open_accounts
from ledger.books.balances import lock_balances
from ledger.books.journal import post
from ledger.books.transaction import Posting, Transaction, TransactionKind
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import PoolTooLow
from ledger.identifiers import new_subject_id
from ledger.vouchers import store
from ledger.vouchers.model import IssueOrder, Voucher, serial


async def issue_chunk(work: UnitOfWork, order: IssueOrder) -> bool:
    """Issue the vouchers of one chunk in one transaction: the pool is debited once, each voucher credited.

    `False` where the books have this transaction already, so that a run which was cut can be started again.
    Refuses `PoolTooLow`.
    """
    balances = await lock_balances(work, [order.pool_account])
    if await store.is_booked(work, order.transaction_id):
        return False
    available_cents = -balances[order.pool_account]
    if available_cents < order.total_cents:
        raise PoolTooLow(available_cents=available_cents, needed_cents=order.total_cents)
    year = order.valid_from.year
    first = await store.take_numbers(work, order.programme_id, year, len(order.grants))
    serials = [serial(order.programme_code, year, first + nth) for nth in range(len(order.grants))]
    accounts = await open_accounts(work, AccountKind.VOUCHER, [f"voucher:{number}" for number in serials])
    await post(work, [_issue(work, order, accounts)])
    await store.add_vouchers(work, order, [new_subject_id() for _ in serials], serials, accounts)
    return True


async def list_vouchers(ledger: Ledger, household_id: UUID) -> list[Voucher]:
    """The vouchers of a household with their balances, the one that ends first before the others."""
    async with ledger.unit_of_work() as work:
        return await store.vouchers_of(work, household_id)


def _issue(work: UnitOfWork, order: IssueOrder, accounts: list[int]) -> Transaction:
    legs = [Posting(account, -grant.amount_cents) for account, grant in zip(accounts, order.grants, strict=True)]
    postings = (Posting(order.pool_account, order.total_cents), *legs)
    return Transaction(order.transaction_id, TransactionKind.ISSUE, work.now, postings, order.approval_id)
