"""Writing into the books straight in SQL, past every action: for the tests that try to break them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.books.accounts import AccountKind
from ledger.books.transaction import TransactionKind
from tests.people import insert_approval, insert_operator, insert_proposal

NOON = datetime(2026, 10, 6, 10, tzinfo=UTC)
APPROVED_KINDS = frozenset(
    {
        TransactionKind.ISSUE,
        TransactionKind.RETURN_REQUESTED,
        TransactionKind.RETURN_PAID,
        TransactionKind.RESERVE_LOSS,
        TransactionKind.RESERVE_MADE_GOOD,
        TransactionKind.ADJUSTMENT,
        TransactionKind.REVERSAL,
    }
)
UNIQUE, CHECK, FOREIGN_KEY, NOT_NULL, PRIVILEGE = "23505", "23514", "23503", "23502", "42501"

Leg = tuple[int, int]


@contextmanager
def refused_as(*sqlstates: str) -> Iterator[None]:
    """The block has to end in a refusal by the database, with one of these SQLSTATEs."""
    with pytest.raises(asyncpg.PostgresError) as refused:
        yield
    assert refused.value.sqlstate in sqlstates, refused.value


@dataclass(frozen=True)
class Row:
    """One row of `ledger.posting`, as a test wants it to be."""

    account_id: int
    version: int
    line: int
    amount_cents: int
    balance_after_cents: int
    posted_at: datetime


async def open_account(connection: asyncpg.Connection, kind: AccountKind, name: str) -> int:
    return int(await connection.fetchval("SELECT ledger.open_accounts($1, ARRAY[$2])", kind.code, name))


async def account(connection: asyncpg.Connection, name: str) -> int:
    return int(await connection.fetchval("SELECT id FROM ledger.account WHERE name = $1", name))


async def balance(connection: asyncpg.Connection, account_id: int) -> int:
    sql = "SELECT balance_cents FROM ledger.balance WHERE account_id = $1"
    return int(await connection.fetchval(sql, account_id))


async def post(
    connection: asyncpg.Connection,
    *transactions: tuple[TransactionKind, Sequence[Leg]],
    approval_id: UUID | None = None,
    occurred_at: datetime = NOON,
) -> list[UUID]:
    """A batch through the one writer."""
    ids = [uuid4() for _ in transactions]
    legs = [(place, *leg) for place, (_, legs) in enumerate(transactions, start=1) for leg in legs]
    await connection.execute(
        "SELECT ledger.post($1, $2, $3, $4, $5, $6, $7, $8)",
        ids,
        [kind for kind, _ in transactions],
        [occurred_at for _ in transactions],
        [approval_id if kind in APPROVED_KINDS else None for kind, _ in transactions],
        [place for place, _, _ in legs],
        [account_id for _, account_id, _ in legs],
        [cents for _, _, cents in legs],
        [None for _ in legs],
    )
    return ids


async def rows_for(connection: asyncpg.Connection, legs: Sequence[Leg]) -> list[Row]:
    """What a right writer would insert for one transaction."""
    clock = await connection.fetchval("SELECT clock_timestamp()")
    rows = []
    seen: dict[int, tuple[int, int]] = {}
    for line, (account_id, cents) in enumerate(legs, start=1):
        if account_id not in seen:
            sql = "SELECT version, balance_cents FROM ledger.balance WHERE account_id = $1"
            found = await connection.fetchrow(sql, account_id)
            seen[account_id] = (found["version"], found["balance_cents"]) if found else (0, 0)
        version, before = seen[account_id]
        seen[account_id] = (version + 1, before + cents)
        rows.append(Row(account_id, version + 1, line, cents, before + cents, clock))
    return rows


async def insert_transaction(
    connection: asyncpg.Connection,
    kind: TransactionKind,
    posted_at: datetime,
    *,
    postings: int = 2,
    approval_id: UUID | None = None,
) -> UUID:
    """The head of a transaction, past the writer."""
    transaction_id = uuid4()
    await connection.execute(
        """INSERT INTO ledger.ledger_transaction
            (id, kind, occurred_at, booked_on, posting_count, approval_id, posted_at)
        VALUES ($1, $2, $3, ledger.booking_day($3), $4, $5, $6)""",
        transaction_id,
        kind,
        NOON,
        postings,
        approval_id,
        posted_at,
    )
    return transaction_id


async def insert_postings(connection: asyncpg.Connection, *transactions: tuple[UUID, Sequence[Row]]) -> None:
    """Postings of one or more transactions in one statement, past the writer."""
    rows = [(transaction_id, row) for transaction_id, rows in transactions for row in rows]
    await connection.execute(
        """INSERT INTO ledger.posting
            (transaction_id, account_id, version, line, amount_cents, balance_after_cents, posted_at)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::integer[], $5::bigint[],
            $6::bigint[], $7::timestamptz[])""",
        [transaction_id for transaction_id, _ in rows],
        [row.account_id for _, row in rows],
        [row.version for _, row in rows],
        [row.line for _, row in rows],
        [row.amount_cents for _, row in rows],
        [row.balance_after_cents for _, row in rows],
        [row.posted_at for _, row in rows],
    )


async def approval(connection: asyncpg.Connection) -> UUID:
    """Something that one operator prepared and another approved."""
    preparer, checker = (f"p{uuid4().hex[:12]}" for _ in range(2))
    for person in (preparer, checker):
        await insert_operator(connection, person)
    return await insert_approval(connection, await insert_proposal(connection, preparer), checker)


@dataclass(frozen=True)
class Money:
    """A pool, two vouchers and two merchants, with money in each of them."""

    pool: int
    vouchers: tuple[int, int]
    merchants: tuple[int, int]
    fund: int
    in_transit: int
    issued: int
    mandated: int
    approval_id: UUID


async def money(connection: asyncpg.Connection) -> Money:
    """100 000 mandated and funded, 10 000 on each voucher, of which each merchant has earned 4 000."""
    approval_id = await approval(connection)
    pool = await open_account(connection, AccountKind.PROGRAMME_POOL, "programme:TEST:pool")
    vouchers = [await open_account(connection, AccountKind.VOUCHER, f"voucher:TEST-{n}") for n in "12"]
    merchants = [await open_account(connection, AccountKind.MERCHANT, f"merchant:{n}") for n in "12"]
    fund, in_transit, issued, mandated = [
        await account(connection, name)
        for name in (
            "association:guarantee-fund",
            "association:in-transit",
            "association:issued",
            "ccas:mandated",
        )
    ]
    funding = [(fund, 100_000), (in_transit, -100_000), (issued, 100_000), (pool, -100_000)]
    await post(
        connection,
        (TransactionKind.MANDATE, [(in_transit, 100_000), (mandated, -100_000)]),
        (TransactionKind.FUNDING, funding),
        (TransactionKind.ISSUE, [(pool, 20_000), (vouchers[0], -10_000), (vouchers[1], -10_000)]),
        (TransactionKind.REDEMPTION, [(vouchers[0], 4_000), (merchants[0], -4_000)]),
        (TransactionKind.REDEMPTION, [(vouchers[1], 4_000), (merchants[1], -4_000)]),
        approval_id=approval_id,
    )
    return Money(
        pool,
        (vouchers[0], vouchers[1]),
        (merchants[0], merchants[1]),
        fund,
        in_transit,
        issued,
        mandated,
        approval_id,
    )
