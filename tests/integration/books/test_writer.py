"""The one writer, `ledger.post()`: what it takes and refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import asyncpg
import pytest

from ledger.books.accounts import AccountKind
from ledger.books.transaction import TransactionKind
from tests.straight import CHECK, NOT_NULL, UNIQUE, Leg, Money, balance, money, open_account, post, refused_as

SALE = TransactionKind.REDEMPTION


@pytest.fixture
async def books(owner: asyncpg.Connection) -> Money:
    return await money(owner)


def sale(books: Money, cents: int = 100) -> list[Leg]:
    return [(books.vouchers[0], cents), (books.merchants[0], -cents)]


async def test_the_writer_refuses_an_account_that_moved(owner: asyncpg.Connection, books: Money) -> None:
    sql = "SELECT ledger.post($1, $2, $3, $4, $5, $6, $7, $8)"
    accounts, amounts = zip(*sale(books), strict=True)
    heads = ([uuid4()], [SALE], [datetime.now(UTC)], [None])
    with refused_as("BPX01"):
        await owner.execute(sql, *heads, [1, 1], accounts, amounts, [1, None])
    await owner.execute(sql, *heads, [1, 1], accounts, amounts, [2, 1])


async def test_the_writer_refuses_an_unknown_account(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as("BPL01", "BPL03"):
        await post(owner, (SALE, [(books.vouchers[0], 100), (123_456_789, -100)]))


async def test_the_writer_refuses_a_transaction_without_legs(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as(CHECK):
        await post(owner, (SALE, sale(books)), (SALE, []))
    with refused_as(CHECK):
        await post(owner, (SALE, []))
    with refused_as(CHECK, NOT_NULL):
        await post(owner, (SALE, []), (SALE, sale(books)))


async def test_the_writer_takes_an_id_once(owner: asyncpg.Connection, books: Money) -> None:
    sql = "SELECT ledger.post($1, $2, $3, $4, $5, $6, $7, $8)"
    accounts, amounts = zip(*sale(books), strict=True)
    values = ([uuid4()], [SALE], [datetime.now(UTC)], [None], [1, 1], accounts, amounts, [None, None])
    await owner.execute(sql, *values)
    with refused_as(UNIQUE):
        await owner.execute(sql, *values)


async def test_an_empty_batch_is_nothing(owner: asyncpg.Connection, books: Money) -> None:
    assert await post(owner) == []


@pytest.mark.parametrize(
    ("occurred_at", "day"),
    [
        (datetime(2026, 10, 6, 21, 59, tzinfo=UTC), date(2026, 10, 6)),
        (datetime(2026, 10, 6, 22, 0, tzinfo=UTC), date(2026, 10, 7)),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
async def test_a_transaction_is_booked_on_its_day_in_paris(
    owner: asyncpg.Connection, books: Money, occurred_at: datetime, day: date
) -> None:
    [transaction_id] = await post(owner, (SALE, sale(books)), occurred_at=occurred_at)
    sql = "SELECT booked_on FROM ledger.ledger_transaction WHERE id = $1"
    assert await owner.fetchval(sql, transaction_id) == day


async def test_accounts_open_at_zero_and_shared_ones_are_locked_last(owner: asyncpg.Connection) -> None:
    own = await open_account(owner, AccountKind.VOUCHER, "voucher:X")
    shared = await open_account(owner, AccountKind.PROGRAMME_POOL, "programme:X:pool")
    assert own < 9_000_000_000_000_000 < shared
    assert await balance(owner, own) == await balance(owner, shared) == 0
