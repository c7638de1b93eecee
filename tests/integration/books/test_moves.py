"""L9, tried straight in SQL: only what was proposed and approved is booked, to the posting, and taken back once."""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.books.transaction import TransactionKind as T
from tests.people import insert_approval, insert_operator, insert_proposal
from tests.straight import CHECK, FOREIGN_KEY, NOON, UNIQUE, Leg, Money, account, money, refused_as

CENTS = 250


@pytest.fixture
async def books(owner: asyncpg.Connection) -> Money:
    return await money(owner)


async def proposed(
    owner: asyncpg.Connection,
    transaction_id: UUID,
    kind: T,
    legs: list[Leg],
    *,
    reverses_id: UUID | None = None,
) -> UUID:
    """The approval of a move of these legs."""
    maker, checker = f"m{uuid4().hex[:12]}", f"c{uuid4().hex[:12]}"
    for name in (maker, checker):
        await insert_operator(owner, name)
    proposal_id = await insert_proposal(owner, maker, kind.code)
    async with owner.transaction():
        await owner.execute(
            """INSERT INTO ledger.proposed_move (proposal_id, transaction_id, kind, reason, reverses_id)
            VALUES ($1, $2, $3, 'bank-fee', $4)""",
            *(proposal_id, transaction_id, kind, reverses_id),
        )
        await owner.executemany(
            "INSERT INTO ledger.proposed_posting (proposal_id, line, account_id, amount_cents) VALUES ($1, $2, $3, $4)",
            [(proposal_id, line, *leg) for line, leg in enumerate(legs, start=1)],
        )
    return await insert_approval(owner, proposal_id, checker)


async def book(owner: asyncpg.Connection, transaction_id: UUID, kind: T, legs: list[Leg], approval_id: UUID) -> None:
    await owner.execute(
        "SELECT ledger.post($1, $2, $3, $4, $5, $6, $7, $8)",
        *([transaction_id], [kind], [NOON], [approval_id], [1] * len(legs)),
        *([leg[0] for leg in legs], [leg[1] for leg in legs], [None] * len(legs)),
    )


async def loss(owner: asyncpg.Connection, books: Money, cents: int = CENTS) -> list[Leg]:
    return [(await account(owner, "association:owes-reserve"), cents), (books.fund, -cents)]


async def test_what_was_approved_is_booked(owner: asyncpg.Connection, books: Money) -> None:
    transaction_id, legs = uuid4(), await loss(owner, books)
    approval_id = await proposed(owner, transaction_id, T.RESERVE_LOSS, legs)
    await book(owner, transaction_id, T.RESERVE_LOSS, legs, approval_id)


async def test_an_altered_amount_is_refused(owner: asyncpg.Connection, books: Money) -> None:
    transaction_id, legs = uuid4(), await loss(owner, books)
    approval_id = await proposed(owner, transaction_id, T.RESERVE_LOSS, legs)
    with refused_as("BPL09"):
        await book(owner, transaction_id, T.RESERVE_LOSS, await loss(owner, books, CENTS + 1), approval_id)


async def test_another_transaction_does_not_stand_on_the_approval(owner: asyncpg.Connection, books: Money) -> None:
    legs = await loss(owner, books)
    approval_id = await proposed(owner, uuid4(), T.RESERVE_LOSS, legs)
    with refused_as("BPL09"):
        await book(owner, uuid4(), T.RESERVE_LOSS, legs, approval_id)


async def test_nor_does_one_of_another_kind(owner: asyncpg.Connection, books: Money) -> None:
    transaction_id, legs = uuid4(), await loss(owner, books)
    approval_id = await proposed(owner, transaction_id, T.RESERVE_MADE_GOOD, legs)
    with refused_as("BPL09"):
        await book(owner, transaction_id, T.RESERVE_LOSS, legs, approval_id)


async def test_an_approval_of_something_else_is_no_approval(owner: asyncpg.Connection, books: Money) -> None:
    with refused_as("BPL09"):
        await book(owner, uuid4(), T.RESERVE_LOSS, await loss(owner, books), books.approval_id)


async def test_nothing_is_slipped_in_after_the_proposal(owner: asyncpg.Connection, books: Money) -> None:
    await proposed(owner, uuid4(), T.RESERVE_LOSS, await loss(owner, books))
    sql = """INSERT INTO ledger.proposed_posting (proposal_id, line, account_id, amount_cents)
        SELECT proposal_id, 3, $1, 5 FROM ledger.proposed_move"""
    with refused_as("BPL09"):
        await owner.execute(sql, books.fund)


@pytest.mark.parametrize("kind", [T.ISSUE, T.FUNDING, T.REDEMPTION])
async def test_other_kinds_are_no_moves(owner: asyncpg.Connection, books: Money, kind: T) -> None:
    with refused_as(CHECK):
        await proposed(owner, uuid4(), kind, [])


async def test_only_a_reversal_reverses_something_that_exists(owner: asyncpg.Connection, books: Money) -> None:
    some = await owner.fetchval("SELECT id FROM ledger.ledger_transaction LIMIT 1")
    with refused_as(CHECK):
        await proposed(owner, uuid4(), T.REVERSAL, [])
    with refused_as(CHECK):
        await proposed(owner, uuid4(), T.RESERVE_LOSS, [], reverses_id=some)
    with refused_as(FOREIGN_KEY):
        await proposed(owner, uuid4(), T.REVERSAL, [], reverses_id=uuid4())


async def test_a_reversal_is_the_mirror_and_happens_once(owner: asyncpg.Connection, books: Money) -> None:
    original, other, legs = uuid4(), uuid4(), await loss(owner, books)
    for each in (original, other):
        await book(owner, each, T.RESERVE_LOSS, legs, await proposed(owner, each, T.RESERVE_LOSS, legs))
    partly, mirrored = [(leg[0], -leg[1] // 2) for leg in legs], [(leg[0], -leg[1]) for leg in legs]

    async def reverse(back: list[Leg], *, recorded: bool = True) -> None:
        transaction_id = uuid4()
        approval_id = await proposed(owner, transaction_id, T.REVERSAL, back, reverses_id=original)
        async with owner.transaction():
            await book(owner, transaction_id, T.REVERSAL, back, approval_id)
            if recorded:
                sql = "INSERT INTO ledger.reversal (transaction_id, reverses_id) VALUES ($1, $2)"
                await owner.execute(sql, transaction_id, original)

    with refused_as("BPL09"):
        await reverse(partly)
    with refused_as("BPL09"):
        await reverse(mirrored, recorded=False)
    await reverse(mirrored)
    with refused_as(UNIQUE):
        await reverse(mirrored)
