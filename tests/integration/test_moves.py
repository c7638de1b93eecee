"""Moves that two people answer for: their postings, what refuses them, and that nobody does it alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from ledger.adjustments.actions import (
    approve_move,
    propose_adjustment,
    propose_reserve_loss,
    propose_reserve_made_good,
    propose_return_paid,
    propose_return_request,
    propose_reversal,
    show_move,
)
from ledger.adjustments.model import Leg, Move, Reason
from ledger.adjustments.rules import INSTEAD
from ledger.approvals.actions import reject_proposal, suspend_operator
from ledger.approvals.model import Reason as Rejected
from ledger.approvals.model import Role
from ledger.books.accounts import AccountKind
from ledger.books.transaction import TransactionKind
from ledger.checks.actions import run_checks
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    AccountTooLow,
    AlreadyExists,
    BackingBroken,
    BadValue,
    MoveNotAllowed,
    MoveUnbalanced,
    NotPending,
    NotPossibleNow,
    NotReversible,
    OperatorSuspended,
    PoolTooLow,
    Refusal,
    RoleMissing,
    SamePerson,
    SignatureRefused,
    UnknownAccount,
    UnknownProgramme,
    UnknownProposal,
    UnknownTransaction,
)
from ledger.programmes.actions import prepare_aid_run, programme_funds
from tests.month import CHECKER, CHECKER_SIGNER, CODE, MAKER_SIGNER, programme_with_households, programme_with_money
from tests.people import enrol, signer
from tests.straight import open_account

POOL, RETURNING = f"programme:{CODE}:pool", f"programme:{CODE}:returning"
FUND, OWES = "association:guarantee-fund", "association:owes-reserve"
ALL_CENTS = 12_500_00

KINDS = ["return-requested", "return-paid", "reserve-loss", "reserve-made-good", "adjustment", "reversal"]


async def balances(app: asyncpg.Connection) -> dict[str, int]:
    sql = "SELECT a.name, b.balance_cents FROM ledger.account AS a JOIN ledger.balance AS b ON b.account_id = a.id"
    rows = await app.fetch(sql)
    return {row["name"]: row["balance_cents"] for row in rows if row["balance_cents"]}


async def booked(app: asyncpg.Connection, move: Move) -> list[tuple[str, str, int]]:
    sql = "SELECT kind, account, amount_cents FROM ledger.journal WHERE transaction_id = $1 ORDER BY line"
    return [tuple(row) for row in await app.fetch(sql, move.transaction_id)]


async def done(ledger: Ledger, move: Move) -> Move:
    return await approve_move(ledger, move.proposal_id, CHECKER_SIGNER)


async def requested(ledger: Ledger, cents: int) -> None:
    await done(ledger, await propose_return_request(ledger, CODE, cents, MAKER_SIGNER))


async def lost(ledger: Ledger, cents: int) -> Move:
    return await done(ledger, await propose_reserve_loss(ledger, cents, MAKER_SIGNER))


def shuffle(cents: int) -> list[Leg]:
    """Euros that were booked as paid out, found to be still in the fund."""
    return [Leg("suspense:EUR", cents), Leg(FUND, -cents)]


async def any_move(ledger: Ledger, kind: str) -> Move:
    """One of each kind, as the books of the month can take it."""
    match kind:
        case "return-requested":
            return await propose_return_request(ledger, CODE, 100_00, MAKER_SIGNER)
        case "return-paid":
            await requested(ledger, 100_00)
            return await propose_return_paid(ledger, CODE, 100_00, MAKER_SIGNER)
        case "reserve-loss":
            return await propose_reserve_loss(ledger, 2_50, MAKER_SIGNER)
        case "reserve-made-good":
            await lost(ledger, 2_50)
            return await propose_reserve_made_good(ledger, 2_50, MAKER_SIGNER)
        case "adjustment":
            return await propose_adjustment(ledger, shuffle(7_00), Reason.UNEXPLAINED, MAKER_SIGNER)
        case _:
            loss = await lost(ledger, 2_50)
            return await propose_reversal(ledger, loss.transaction_id, Reason.BOOKED_TWICE, MAKER_SIGNER)


POSTINGS = {
    "return-requested": [(POOL, 100_00), (RETURNING, -100_00)],
    "return-paid": [
        *[(RETURNING, 100_00), ("association:issued", -100_00)],
        *[("ccas:returned", 100_00), (FUND, -100_00)],
    ],
    "reserve-loss": [(OWES, 2_50), (FUND, -2_50)],
    "reserve-made-good": [(FUND, 2_50), (OWES, -2_50)],
    "adjustment": [("suspense:EUR", 7_00), (FUND, -7_00)],
    "reversal": [(OWES, -2_50), (FUND, 2_50)],
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_move_is_booked_posting_by_posting_when_another_person_approves(
    ledger: Ledger, app: asyncpg.Connection, kind: str
) -> None:
    await programme_with_money(ledger)
    move = await any_move(ledger, kind)
    assert await booked(app, move) == []
    assert await approve_move(ledger, move.proposal_id, CHECKER_SIGNER) == move
    assert await booked(app, move) == [(kind, *posting) for posting in POSTINGS[kind]]
    assert await show_move(ledger, move.proposal_id) == move
    assert await run_checks(ledger) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_does_it_alone(ledger: Ledger, app: asyncpg.Connection, kind: str) -> None:
    await programme_with_money(ledger)
    move = await any_move(ledger, kind)
    with pytest.raises(SamePerson):
        await approve_move(ledger, move.proposal_id, MAKER_SIGNER)
    with pytest.raises(SignatureRefused):  # in another's name, with a key that is not his
        await approve_move(ledger, move.proposal_id, replace(signer("stranger"), name=CHECKER))
    assert await booked(app, move) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_who_has_no_such_duty_neither_prepares_nor_approves(ledger: Ledger, kind: str) -> None:
    await programme_with_money(ledger)
    move = await any_move(ledger, kind)
    agent = await enrol(ledger, "agathe", Role.AGENT)
    with pytest.raises(RoleMissing):
        await approve_move(ledger, move.proposal_id, agent)
    with pytest.raises(RoleMissing):
        await propose_reserve_loss(ledger, 1, agent)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_move_is_approved_once(ledger: Ledger, app: asyncpg.Connection, kind: str) -> None:
    await programme_with_money(ledger)
    move = await any_move(ledger, kind)
    third = await enrol(ledger, "third")
    both = (approve_move(ledger, move.proposal_id, who) for who in (CHECKER_SIGNER, third))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Move", "NotPending"]
    with pytest.raises(NotPending):
        await done(ledger, move)
    assert len(await booked(app, move)) == len(POSTINGS[kind])


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_rejected_is_never_booked(ledger: Ledger, app: asyncpg.Connection, kind: str) -> None:
    await programme_with_money(ledger)
    move = await any_move(ledger, kind)
    await reject_proposal(ledger, move.proposal_id, CHECKER_SIGNER, Rejected.MISTAKE)
    with pytest.raises(NotPending):
        await approve_move(ledger, move.proposal_id, await enrol(ledger, "third"))
    assert await booked(app, move) == []
    assert await run_checks(ledger) == []


async def test_a_suspended_operator_neither_prepares_nor_approves(ledger: Ledger) -> None:
    await programme_with_money(ledger)
    move = await any_move(ledger, "reserve-loss")
    await suspend_operator(ledger, CHECKER, MAKER_SIGNER)
    with pytest.raises(OperatorSuspended):
        await done(ledger, move)
    with pytest.raises(OperatorSuspended):
        await propose_reserve_loss(ledger, 1, CHECKER_SIGNER)


async def test_unspent_aid_goes_back_to_the_ccas_in_euros(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_with_money(ledger)
    await requested(ledger, 970_00)
    funds = await programme_funds(ledger, CODE)
    assert (funds.pool_cents, funds.returning_cents) == (ALL_CENTS - 970_00, 970_00)
    await done(ledger, await propose_return_paid(ledger, CODE, 970_00, MAKER_SIGNER))
    after = await balances(app)
    assert RETURNING not in after
    assert after["ccas:returned"] == 970_00
    assert after[FUND] == after["association:issued"] == ALL_CENTS - 970_00


async def test_more_than_the_pool_holds_free_is_not_returned(ledger: Ledger) -> None:
    await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)  # needs 11 530,00
    with pytest.raises(PoolTooLow) as refused:
        await propose_return_request(ledger, CODE, 970_01, MAKER_SIGNER)
    assert refused.value.facts == {"available_cents": 970_00, "needed_cents": 970_01}
    await requested(ledger, 970_00)


async def test_a_run_prepared_meanwhile_keeps_its_pois(ledger: Ledger) -> None:
    await programme_with_households(ledger)
    move = await propose_return_request(ledger, CODE, 970_01, MAKER_SIGNER)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    with pytest.raises(PoolTooLow):
        await done(ledger, move)
    funds = await programme_funds(ledger, CODE)
    assert (funds.pool_cents, funds.returning_cents) == (ALL_CENTS, 0)


async def test_no_more_is_paid_back_than_was_asked_for(ledger: Ledger) -> None:
    await programme_with_money(ledger)
    await requested(ledger, 100_00)
    with pytest.raises(AccountTooLow) as refused:
        await propose_return_paid(ledger, CODE, 100_01, MAKER_SIGNER)
    assert refused.value.facts == {"account": RETURNING, "available_cents": 100_00, "needed_cents": 100_01}


async def test_no_more_is_lost_than_there_is_and_no_more_made_good_than_is_owed(ledger: Ledger) -> None:
    await programme_with_money(ledger)
    with pytest.raises(AccountTooLow):
        await propose_reserve_loss(ledger, ALL_CENTS + 1, MAKER_SIGNER)
    await lost(ledger, 2_50)
    with pytest.raises(AccountTooLow):
        await propose_reserve_made_good(ledger, 2_51, MAKER_SIGNER)


async def test_what_went_away_before_the_approval_stops_it_and_leaves_it_pending(
    ledger: Ledger, app: asyncpg.Connection
) -> None:
    await programme_with_money(ledger)
    first, second = [await propose_reserve_loss(ledger, 8_000_00, MAKER_SIGNER) for _ in range(2)]
    await done(ledger, first)
    with pytest.raises(AccountTooLow):
        await done(ledger, second)
    assert await app.fetchval("SELECT count(*) FROM ledger.approval") == 1
    await done(ledger, await propose_reversal(ledger, first.transaction_id, Reason.WRONG_AMOUNT, MAKER_SIGNER))
    await done(ledger, second)


async def test_two_approvals_at_once_never_take_an_account_below_nothing(
    ledger: Ledger, app: asyncpg.Connection
) -> None:
    await programme_with_money(ledger)
    moves = [await propose_reserve_loss(ledger, 5_000_00, MAKER_SIGNER) for _ in range(4)]
    results = await asyncio.gather(*(done(ledger, move) for move in moves), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AccountTooLow"] * 2 + ["Move"] * 2
    assert (await balances(app))[FUND] == 2_500_00


@pytest.mark.parametrize("cents", [0, -1, 10**12 + 1])
async def test_an_amount_that_is_none_is_bad_input(ledger: Ledger, cents: int) -> None:
    await programme_with_money(ledger)
    with pytest.raises(BadValue):
        await propose_reserve_loss(ledger, cents, MAKER_SIGNER)
    with pytest.raises(BadValue):
        await propose_return_request(ledger, CODE, cents, MAKER_SIGNER)


async def test_what_does_not_exist_is_refused_by_name(ledger: Ledger) -> None:
    await programme_with_money(ledger)
    with pytest.raises(UnknownProgramme):
        await propose_return_request(ledger, "ZZ", 1, MAKER_SIGNER)
    legs = [Leg("suspense:EUR", 1), Leg("ccas:moon", -1)]
    with pytest.raises(UnknownAccount) as refused:
        await propose_adjustment(ledger, legs, Reason.UNEXPLAINED, MAKER_SIGNER)
    assert refused.value.facts == {"account": "ccas:moon"}
    with pytest.raises(UnknownTransaction):
        await propose_reversal(ledger, uuid4(), Reason.BOOKED_TWICE, MAKER_SIGNER)
    with pytest.raises(UnknownProposal):
        await approve_move(ledger, uuid4(), CHECKER_SIGNER)
    with pytest.raises(BadValue):
        await propose_reserve_loss(ledger, 1, MAKER_SIGNER, uuid4())


async def test_a_difference_of_the_reconciliation_may_be_named(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_with_money(ledger)
    seen = uuid4()
    sql = "INSERT INTO ledger.break_seen (id, account, category, first_seen_at) VALUES ($1, 'reserve', 'fee', now())"
    await app.execute(sql, seen)
    move = await propose_reserve_loss(ledger, 2_50, MAKER_SIGNER, seen)
    assert (await done(ledger, move)).draft.break_id == seen


# Adjustments

WRONG: list[tuple[list[Leg], type[Refusal]]] = [
    ([Leg("suspense:EUR", 1)], BadValue),
    ([Leg("suspense:EUR", 1), Leg("suspense:EUR", -1)], BadValue),
    ([Leg("suspense:EUR", 0), Leg(FUND, 0)], BadValue),
    ([Leg("suspense:EUR", 1), Leg(FUND, -2)], MoveUnbalanced),
    ([Leg("suspense:POIS", 1), Leg(FUND, -1)], MoveUnbalanced),
    ([Leg(OWES, 1), Leg(FUND, -1)], MoveNotAllowed),
    ([Leg("suspense:EUR", 1), Leg(OWES, 1), Leg(FUND, -2)], MoveNotAllowed),
    ([Leg("suspense:EUR", 1), Leg("association:paid-out", -1)], BackingBroken),
    ([Leg(POOL, 1), Leg("suspense:POIS", -1)], BackingBroken),
    ([Leg("suspense:EUR", ALL_CENTS + 1), Leg(FUND, -ALL_CENTS - 1)], AccountTooLow),
]


@pytest.mark.parametrize(("legs", "refusal"), WRONG)
async def test_an_adjustment_that_the_books_would_not_take_is_refused_in_words(
    ledger: Ledger, legs: list[Leg], refusal: type[Refusal]
) -> None:
    await programme_with_money(ledger)
    with pytest.raises(refusal):
        await propose_adjustment(ledger, legs, Reason.UNEXPLAINED, MAKER_SIGNER)


async def test_pois_and_the_euros_that_back_them_are_adjusted_together(ledger: Ledger, app: asyncpg.Connection) -> None:
    """Pois found in the pool for which no euros came: both differences wait in suspense."""
    await programme_with_money(ledger)
    legs = [Leg(POOL, 5_00), Leg("suspense:POIS", -5_00), Leg("ccas:returned", 5_00), Leg("suspense:EUR", -5_00)]
    move = await done(ledger, await propose_adjustment(ledger, legs, Reason.WRONG_AMOUNT, MAKER_SIGNER))
    assert len(await booked(app, move)) == 4
    assert (await balances(app))["suspense:EUR"] == -5_00
    assert await run_checks(ledger) == []


# Reversals


async def test_a_reversal_leaves_the_books_as_if_nothing_had_been(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_with_money(ledger)
    before = await balances(app)
    await requested(ledger, 40_00)
    paid = await done(ledger, await propose_return_paid(ledger, CODE, 40_00, MAKER_SIGNER))
    await done(ledger, await propose_reversal(ledger, paid.transaction_id, Reason.NEVER_HAPPENED, MAKER_SIGNER))
    request = await app.fetchval("SELECT id FROM ledger.ledger_transaction WHERE kind = 17")
    await done(ledger, await propose_reversal(ledger, request, Reason.NEVER_HAPPENED, MAKER_SIGNER))
    assert await balances(app) == before
    assert await run_checks(ledger) == []


async def test_a_transaction_is_reversed_once(ledger: Ledger) -> None:
    await programme_with_money(ledger)
    await lost(ledger, 9_00)
    loss = await lost(ledger, 2_50)
    one, other = [
        await propose_reversal(ledger, loss.transaction_id, Reason.BOOKED_TWICE, MAKER_SIGNER) for _ in range(2)
    ]
    results = await asyncio.gather(done(ledger, one), done(ledger, other), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyExists", "Move"]
    with pytest.raises(AlreadyExists):
        await propose_reversal(ledger, loss.transaction_id, Reason.BOOKED_TWICE, MAKER_SIGNER)


async def test_money_that_moved_on_is_not_taken_back(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_with_money(ledger)
    await requested(ledger, 40_00)
    await done(ledger, await propose_return_paid(ledger, CODE, 40_00, MAKER_SIGNER))
    request = await app.fetchval("SELECT id FROM ledger.ledger_transaction WHERE kind = 17")
    with pytest.raises(AccountTooLow):
        await propose_reversal(ledger, request, Reason.NEVER_HAPPENED, MAKER_SIGNER)


async def test_what_has_an_undo_of_its_own_is_not_reversed_and_the_undo_is_named(
    ledger: Ledger, app: asyncpg.Connection
) -> None:
    await programme_with_money(ledger)
    mandate = await app.fetchval("SELECT id FROM ledger.ledger_transaction WHERE kind = 1")
    with pytest.raises(NotReversible) as refused:
        await propose_reversal(ledger, mandate, Reason.WRONG_AMOUNT, MAKER_SIGNER)
    assert refused.value.facts["instead"] == "fund cancel-mandate"
    loss = await lost(ledger, 2_50)
    back = await done(ledger, await propose_reversal(ledger, loss.transaction_id, Reason.BOOKED_TWICE, MAKER_SIGNER))
    with pytest.raises(NotReversible):
        await propose_reversal(ledger, back.transaction_id, Reason.BOOKED_TWICE, MAKER_SIGNER)


def test_every_kind_is_either_reversible_or_says_what_to_do_instead() -> None:
    assert {kind.code for kind in TransactionKind} - {kind.code for kind in INSTEAD} == {
        *("funding", "merchant-payment", "coupons-converted", "return-requested", "return-paid"),
        *("reserve-loss", "reserve-made-good", "adjustment"),
    }


async def test_a_merchant_that_left_is_given_nothing(ledger: Ledger, owner: asyncpg.Connection) -> None:
    await programme_with_money(ledger)
    accounts = [
        await open_account(owner, AccountKind.MERCHANT, "merchant:gone"),
        await open_account(owner, AccountKind.MERCHANT_CONVERTING, "merchant:gone:converting"),
    ]
    shop = uuid4()
    await owner.execute(
        """INSERT INTO ledger.merchant
            (id, siret, name, town, categories, remittance, account_id, converting_account_id, registered_at)
        VALUES ($1, '12345678901234', 'Gone', 'Poitiers', '{}', 'detail', $2, $3, now())""",
        *(shop, *accounts),
    )
    close = "INSERT INTO ledger.event (subject, subject_id, kind, occurred_at) VALUES ('merchant', $1, 'close', now())"
    await owner.execute(close, shop)
    legs = [Leg("suspense:POIS", 1), Leg("merchant:gone", -1), Leg("suspense:EUR", 1), Leg("association:paid-out", -1)]
    with pytest.raises(NotPossibleNow) as refused:
        await propose_adjustment(ledger, legs, Reason.UNEXPLAINED, MAKER_SIGNER)
    assert refused.value.facts["state"] == "closed"
