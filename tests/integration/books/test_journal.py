"""L1, L3, L4 and L8, tried straight in SQL. As the owner, whom no grant stops: only the triggers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.books.transaction import TransactionKind
from tests.straight import (
    CHECK,
    UNIQUE,
    Leg,
    Money,
    balance,
    insert_postings,
    insert_transaction,
    money,
    post,
    refused_as,
    rows_for,
)

SALE = TransactionKind.REDEMPTION
LATER = timedelta(microseconds=1)


@pytest.fixture
async def books(owner: asyncpg.Connection) -> Money:
    return await money(owner)


async def insert(
    owner: asyncpg.Connection,
    legs: Sequence[Leg],
    change: Mapping[int, Mapping[str, Any]] | None = None,
    kind: TransactionKind = SALE,
    postings: int | None = None,
) -> UUID:
    """A transaction past the writer, in a unit of work; `change` falsifies rows, by their place."""
    rows = await rows_for(owner, legs)
    falsified = [replace(row, **(change or {}).get(place, {})) for place, row in enumerate(rows)]
    async with owner.transaction():
        transaction_id = await insert_transaction(owner, kind, rows[0].posted_at, postings=postings or len(rows))
        await insert_postings(owner, (transaction_id, falsified))
    return transaction_id


def sale(books: Money, cents: int = 100) -> list[Leg]:
    return [(books.vouchers[0], cents), (books.merchants[0], -cents)]


def second_sale(books: Money, cents: int = 100) -> list[Leg]:
    return [(books.vouchers[1], cents), (books.merchants[1], -cents)]


async def test_a_right_transaction_is_taken_past_the_writer_too(owner: asyncpg.Connection, books: Money) -> None:
    await insert(owner, sale(books))
    assert await balance(owner, books.vouchers[0]) == -5_900
    assert await balance(owner, books.merchants[0]) == -4_100


# L1


async def test_an_unbalanced_transaction_is_refused(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as("BPL01"):
        await insert(owner, [(books.vouchers[0], 100), (books.merchants[0], -99)])


async def test_one_asset_cannot_balance_another(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as("BPL01"):
        await insert(owner, [(books.fund, 100), (books.pool, -100)], kind=TransactionKind.FUNDING)


async def test_a_transaction_without_postings_is_refused_at_commit(owner: asyncpg.Connection, books: Money) -> None:
    unit_of_work = owner.transaction()
    await unit_of_work.start()
    await insert_transaction(owner, SALE, datetime.now(UTC))
    with refused_as("BPL01"):
        await unit_of_work.commit()


@pytest.mark.parametrize("postings", [0, 1])
async def test_a_transaction_says_that_it_has_at_least_two_postings(
    owner: asyncpg.Connection, books: Money, postings: int
) -> None:
    with refused_as(CHECK):
        await insert_transaction(owner, SALE, datetime.now(UTC), postings=postings)


@pytest.mark.parametrize("postings", [2, 4])
async def test_it_has_as_many_postings_as_it_says(owner: asyncpg.Connection, books: Money, postings: int) -> None:
    with refused_as("BPL01"):
        legs = [(books.vouchers[0], 100), (books.vouchers[1], 100), (books.merchants[0], -200)]
        await insert(owner, legs, postings=postings)


async def test_a_line_number_is_not_left_out(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as("BPL01"):
        await insert(owner, sale(books), {1: {"line": 3}})


async def test_its_postings_come_in_one_statement(owner: asyncpg.Connection, books: Money) -> None:
    rows = await rows_for(owner, sale(books))
    async with owner.transaction():
        transaction_id = await insert_transaction(owner, SALE, rows[0].posted_at)
        with refused_as("BPL01"):
            async with owner.transaction():
                await insert_postings(owner, (transaction_id, rows[:1]))
        await insert_postings(owner, (transaction_id, rows))


@pytest.mark.parametrize(("first_line", "sqlstates"), [(1, UNIQUE), (3, "BPL01")])
async def test_nothing_is_added_to_a_transaction_in_the_same_unit_of_work(
    owner: asyncpg.Connection, books: Money, first_line: int, sqlstates: str
) -> None:
    rows = await rows_for(owner, sale(books))
    async with owner.transaction():
        transaction_id = await insert_transaction(owner, SALE, rows[0].posted_at)
        await insert_postings(owner, (transaction_id, rows))
        again = await rows_for(owner, second_sale(books))
        more = [replace(row, line=row.line + first_line - 1) for row in again]
        with refused_as(sqlstates):
            async with owner.transaction():
                await insert_postings(owner, (transaction_id, more))


async def test_nothing_is_added_to_a_transaction_later(owner: asyncpg.Connection, books: Money) -> None:
    transaction_id = await insert(owner, sale(books))
    more = [replace(row, line=row.line + 2) for row in await rows_for(owner, second_sale(books))]
    with refused_as("BPL01"):
        await insert_postings(owner, (transaction_id, more))


async def test_nobody_posts_into_another_unit_of_work(
    owner: asyncpg.Connection, superuser: asyncpg.Connection, books: Money
) -> None:
    rows = await rows_for(owner, sale(books))
    await superuser.execute("SET session_replication_role = replica")  # so that the empty one can be committed
    transaction_id = await insert_transaction(superuser, SALE, rows[0].posted_at)
    with refused_as("BPL01"):
        await insert_postings(owner, (transaction_id, rows))


async def test_a_good_transaction_does_not_cover_for_an_unknown_one(owner: asyncpg.Connection, books: Money) -> None:
    good, orphan = await rows_for(owner, sale(books)), await rows_for(owner, second_sale(books))
    with refused_as("BPL01"):
        async with owner.transaction():
            transaction_id = await insert_transaction(owner, SALE, good[0].posted_at)
            await insert_postings(owner, (transaction_id, good), (uuid4(), orphan))


async def test_a_posting_has_the_instant_of_its_transaction(owner: asyncpg.Connection, books: Money) -> None:
    now = await owner.fetchval("SELECT clock_timestamp()")
    with refused_as("BPL01"):
        await insert(owner, sale(books), {place: {"posted_at": now + LATER} for place in (0, 1)})


# L3


@pytest.mark.parametrize(
    ("falsified", "sqlstate"),
    [
        ({"balance_after_cents": -5_899}, "BPL03"),
        ({"balance_after_cents": 0}, "BPL03"),
        ({"version": 1}, UNIQUE),
        ({"version": 2}, UNIQUE),
        ({"version": 4}, "BPL03"),
        ({"version": 0}, CHECK),
        ({"amount_cents": 0}, CHECK),
        ({"account_id": 123_456_789}, "BPL03"),
    ],
)
async def test_a_posting_that_does_not_continue_its_account_is_refused(
    owner: asyncpg.Connection, books: Money, falsified: dict[str, int], sqlstate: str
) -> None:
    with refused_as(sqlstate):
        await insert(owner, sale(books), {0: falsified})


async def test_two_postings_of_a_statement_continue_each_other(owner: asyncpg.Connection, books: Money) -> None:
    legs = [(books.vouchers[0], 100), (books.vouchers[0], 50), (books.merchants[0], -150)]
    with refused_as("BPL03"):
        await insert(owner, legs, {1: {"balance_after_cents": -5_950}})
    await insert(owner, legs)
    assert await balance(owner, books.vouchers[0]) == -5_850


async def test_a_posting_is_later_than_the_last_one_of_its_account(owner: asyncpg.Connection, books: Money) -> None:
    sql = "SELECT last_posted_at FROM ledger.balance WHERE account_id = $1"
    last = await owner.fetchval(sql, books.vouchers[0])
    rows = await rows_for(owner, sale(books))
    for posted_at in (last, last - LATER):
        with refused_as("BPL03"):
            async with owner.transaction():
                transaction_id = await insert_transaction(owner, SALE, posted_at)
                await insert_postings(owner, (transaction_id, [replace(row, posted_at=posted_at) for row in rows]))


async def test_the_writer_keeps_time_order_under_a_clock_that_went_back(
    owner: asyncpg.Connection, books: Money
) -> None:
    future = datetime(2100, 1, 1, tzinfo=UTC)
    sql = "UPDATE ledger.balance SET last_posted_at = $1 WHERE account_id = $2"
    await owner.execute(sql, future, books.vouchers[0])
    [transaction_id] = await post(owner, (SALE, sale(books)))
    sql = "SELECT posted_at FROM ledger.ledger_transaction WHERE id = $1"
    assert await owner.fetchval(sql, transaction_id) == future + LATER


# L4


async def test_no_account_ends_across_zero(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as(CHECK):
        await post(owner, (SALE, sale(books, 6_001)))
    await post(owner, (SALE, sale(books, 6_000)))
    assert await balance(owner, books.vouchers[0]) == 0


async def test_no_account_dips_across_zero_inside_a_batch(owner: asyncpg.Connection, books: Money) -> None:
    sale_too_large = (SALE, sale(books, 6_001))
    refund = (TransactionKind.REFUND, [(books.merchants[0], 1_000), (books.vouchers[0], -1_000)])
    with refused_as("BPL04"):
        await post(owner, sale_too_large, refund)
    await post(owner, refund, sale_too_large)
    assert await balance(owner, books.vouchers[0]) == -999


async def test_a_debit_account_dips_neither(owner: asyncpg.Connection, books: Money) -> None:
    mandate = (TransactionKind.MANDATE, [(books.in_transit, 500), (books.mandated, -500)])
    cancelled = (TransactionKind.MANDATE_CANCELLED, [(books.mandated, 500), (books.in_transit, -500)])
    with refused_as("BPL04"):
        await post(owner, cancelled, mandate)
    await post(owner, mandate, cancelled)


async def test_suspense_may_stand_on_either_side(owner: asyncpg.Connection, books: Money) -> None:
    suspense = await owner.fetchval("SELECT id FROM ledger.account WHERE name = 'suspense:POIS'")
    unit_of_work = owner.transaction()
    await unit_of_work.start()
    legs = [(books.issued, 100), (suspense, -100)]
    await post(owner, (TransactionKind.ADJUSTMENT, legs), approval_id=books.approval_id)
    back = [(suspense, 200), (books.issued, -200)]
    await post(owner, (TransactionKind.ADJUSTMENT, back), approval_id=books.approval_id)
    assert await balance(owner, suspense) == 100
    await unit_of_work.rollback()  # nobody proposed it, so it could not be committed


# L8


async def test_euros_are_not_received_without_pois(owner: asyncpg.Connection, books: Money) -> None:
    mandate = (TransactionKind.MANDATE, [(books.in_transit, 500), (books.mandated, -500)])
    with refused_as("BPL08"):
        await post(owner, mandate, (TransactionKind.FUNDING, [(books.fund, 500), (books.in_transit, -500)]))


async def test_pois_are_not_issued_without_euros(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as("BPL08"):
        await post(owner, (TransactionKind.FUNDING, [(books.issued, 500), (books.pool, -500)]))


async def test_pois_are_not_issued_against_fewer_euros(owner: asyncpg.Connection, books: Money) -> None:
    mandate = (TransactionKind.MANDATE, [(books.in_transit, 500), (books.mandated, -500)])
    legs = [(books.fund, 500), (books.in_transit, -500), (books.issued, 501), (books.pool, -501)]
    with refused_as("BPL08"):
        await post(owner, mandate, (TransactionKind.FUNDING, legs))


async def test_halves_of_two_transactions_do_not_back_each_other(owner: asyncpg.Connection, books: Money) -> None:
    mandate = (TransactionKind.MANDATE, [(books.in_transit, 500), (books.mandated, -500)])
    euros = (TransactionKind.FUNDING, [(books.fund, 500), (books.in_transit, -500)])
    pois = (TransactionKind.FUNDING, [(books.issued, 500), (books.pool, -500)])
    with refused_as("BPL08"):
        await post(owner, mandate, euros, pois)
