"""The journal: the one writer of transactions, for a batch of any size.

`ledger.post()` locks the balances by ascending account id (shared accounts last), computes versions, running
balances and `posted_at` under the locks, and the trigger `settle()` refuses what breaks L1, L3, L4, L8 or L14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, SmallInteger, Uuid, bindparam, text

from ledger.books.transaction import Transaction
from ledger.database.unit_of_work import UnitOfWork

_POST = text(
    "SELECT ledger.post(:ids, :kinds, :occurred, :approvals, :positions, :accounts, :amounts, :versions)"
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("kinds", type_=ARRAY(SmallInteger)),
    bindparam("occurred", type_=ARRAY(DateTime(timezone=True))),
    bindparam("approvals", type_=ARRAY(Uuid)),
    bindparam("positions", type_=ARRAY(Integer)),
    bindparam("accounts", type_=ARRAY(BigInteger)),
    bindparam("amounts", type_=ARRAY(BigInteger)),
    bindparam("versions", type_=ARRAY(BigInteger)),
)


@dataclass(frozen=True)
class Legs:
    """Postings of many transactions side by side; `positions` name the transaction, counted from 1."""

    positions: list[int]
    accounts: list[int]
    amounts: list[int]
    versions: list[int | None]


def flatten(transactions: Sequence[Transaction]) -> Legs:
    """The postings of a batch as the arrays that `ledger.post()` takes."""
    rows = [
        (position, leg.account_id, leg.amount_cents, leg.expected_version)
        for position, transaction in enumerate(transactions, start=1)
        for leg in transaction.postings
    ]
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    return Legs(*columns)


async def post(work: UnitOfWork, transactions: Sequence[Transaction]) -> datetime:
    """Write a batch into the books and return its `posted_at`; a broken invariant aborts the unit of work."""
    legs = flatten(transactions)
    result = await work.run(
        _POST,
        ids=[transaction.id for transaction in transactions],
        kinds=[int(transaction.kind) for transaction in transactions],
        occurred=[transaction.occurred_at for transaction in transactions],
        approvals=[transaction.approval_id for transaction in transactions],
        positions=legs.positions,
        accounts=legs.accounts,
        amounts=legs.amounts,
        versions=legs.versions,
    )
    posted_at: datetime = result.scalar_one()
    return posted_at
