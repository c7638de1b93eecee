"""The one writer under many hands, and with much to write."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import pytest

from ledger.books.accounts import AccountKind
from ledger.books.transaction import TransactionKind
from ledger.database.connect import connected
from tests.databases import DatabaseUrls
from tests.straight import Money, balance, money, post

WRITERS, ROUNDS = 20, 10


@pytest.fixture
async def books(owner: asyncpg.Connection) -> Money:
    return await money(owner)


async def test_many_writers_on_the_same_accounts_neither_deadlock_nor_lose_anything(
    owner: asyncpg.Connection, books: Money, database_urls: DatabaseUrls
) -> None:
    """Half of them name the accounts in one order, half in the other."""
    one, other = books.merchants

    async def work(connection: asyncpg.Connection, number: int) -> None:
        for _ in range(ROUNDS):
            legs = [(one, 2), (other, -2)] if number % 2 else [(other, 1), (one, -1)]
            await post(connection, (TransactionKind.MERCHANT_PAYMENT, legs))

    async with AsyncExitStack() as stack:
        urls = [database_urls.app] * WRITERS
        connections = [await stack.enter_async_context(connected(url)) for url in urls]
        async with asyncio.timeout(60):
            await asyncio.gather(*(work(connection, number) for number, connection in enumerate(connections)))

    moved = WRITERS // 2 * ROUNDS
    assert await balance(owner, one) == -4_000 + 2 * moved - moved
    assert await balance(owner, other) == -4_000 - 2 * moved + moved
    for account_id in (one, other):
        await _assert_history_is_whole(owner, account_id, 1 + WRITERS * ROUNDS)


async def test_many_tills_on_the_last_money_take_exactly_what_is_there(
    owner: asyncpg.Connection, books: Money, database_urls: DatabaseUrls
) -> None:
    """6 000 are left on the voucher: of 20 sales of 500, 12 go through."""

    async def sell(number: int) -> str | None:
        legs = [(books.vouchers[0], 500), (books.merchants[number % 2], -500)]
        async with connected(database_urls.app) as connection:
            try:
                await post(connection, (TransactionKind.REDEMPTION, legs))
            except asyncpg.PostgresError as error:
                return str(error.sqlstate)
        return None

    answers = await asyncio.gather(*(sell(number) for number in range(WRITERS)))
    assert answers.count(None) == 12
    assert set(answers) == {None, "23514"}
    assert await balance(owner, books.vouchers[0]) == 0


@pytest.mark.parametrize("batches_before", [0, 8])
async def test_ten_thousand_postings_are_written_at_once(
    owner: asyncpg.Connection, books: Money, batches_before: int
) -> None:
    """Cold, and in a session whose plans were made for two postings: those must not turn quadratic."""
    for _ in range(batches_before):
        legs = [(books.vouchers[0], 1), (books.merchants[0], -1)]
        await post(owner, (TransactionKind.REDEMPTION, legs))
    names = [f"voucher:B{number}" for number in range(10_000)]
    sql = "SELECT * FROM ledger.open_accounts($1, $2)"
    vouchers = [row[0] for row in await owner.fetch(sql, AccountKind.VOUCHER.code, names)]
    await owner.execute("SET statement_timeout = '30s'")  # what would be quadratic takes minutes
    legs = [(books.pool, 10_000), *((voucher, -1) for voucher in vouchers)]
    await post(owner, (TransactionKind.ISSUE, legs), approval_id=books.approval_id)
    sales = [(TransactionKind.REDEMPTION, [(voucher, 1), (books.merchants[0], -1)]) for voucher in vouchers[:5000]]
    await post(owner, *sales)
    await _assert_history_is_whole(owner, books.merchants[0], 1 + batches_before + 5000)


async def test_a_small_batch_after_a_large_one_is_not_slowed_down(owner: asyncpg.Connection, books: Money) -> None:
    """The other way round: a plan made for many postings would read every balance for two of them."""
    names = [f"voucher:C{number}" for number in range(20_000)]
    sql = "SELECT * FROM ledger.open_accounts($1, $2)"
    vouchers = [row[0] for row in await owner.fetch(sql, AccountKind.VOUCHER.code, names)]
    assert await _balances_scanned(owner, books.vouchers[0], books.merchants[0]) == 0
    await owner.execute("ANALYZE ledger.balance")  # the session plans afresh
    legs = [(books.pool, 20_000), *((voucher, -1) for voucher in vouchers)]
    await post(owner, (TransactionKind.ISSUE, legs), approval_id=books.approval_id)
    assert await _balances_scanned(owner, books.vouchers[0], books.merchants[0]) == 0


async def _balances_scanned(owner: asyncpg.Connection, voucher: int, merchant: int) -> int:
    """How many balances a small batch reads one after the other instead of looking them up."""
    sql = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = 'ledger.balance'::regclass"
    async with owner.transaction():
        await post(owner, (TransactionKind.REDEMPTION, [(voucher, 1), (merchant, -1)]))
        return int(await owner.fetchval(sql))


async def _assert_history_is_whole(owner: asyncpg.Connection, account_id: int, postings: int) -> None:
    sql = """
        SELECT count(*) AS postings, max(version) AS last_version, sum(amount_cents) AS sum_cents,
            count(*) FILTER (WHERE posted_at < (
                SELECT e.posted_at FROM ledger.posting AS e
                WHERE e.account_id = p.account_id AND e.version = p.version - 1
            )) AS out_of_time
        FROM ledger.posting AS p WHERE account_id = $1
    """
    found = await owner.fetchrow(sql, account_id)
    assert found is not None
    assert (found["postings"], found["last_version"], found["out_of_time"]) == (postings, postings, 0)
    assert found["sum_cents"] == await balance(owner, account_id)
