"""L14: of all (kind of transaction × account debited × account credited), exactly the design's are possible."""

from __future__ import annotations

from itertools import product

import asyncpg
import pytest

from ledger.books.accounts import AccountKind as A
from ledger.books.transaction import TransactionKind as T
from tests.straight import approval, open_account, post

EUROS = [kind for kind in A if kind <= A.SUSPENSE_EUR]
POIS = [kind for kind in A if kind > A.SUSPENSE_EUR]
SUSPENSE = {A.SUSPENSE_EUR, A.SUSPENSE_POIS}
BACKING = {
    A.ASSOCIATION_GUARANTEE_FUND: 1,
    A.ASSOCIATION_OWES_RESERVE: 1,
    A.SUSPENSE_EUR: 1,
    A.ASSOCIATION_ISSUED: -1,
    A.SUSPENSE_POIS: -1,
}

# The table of transactions of the design, read a second time.
SIMPLE = {
    (T.MANDATE, A.ASSOCIATION_IN_TRANSIT, A.CCAS_MANDATED),
    (T.MANDATE_CANCELLED, A.CCAS_MANDATED, A.ASSOCIATION_IN_TRANSIT),
    (T.FUNDING, A.ASSOCIATION_GUARANTEE_FUND, A.ASSOCIATION_IN_TRANSIT),
    (T.FUNDING, A.ASSOCIATION_ISSUED, A.PROGRAMME_POOL),
    (T.ISSUE, A.PROGRAMME_POOL, A.VOUCHER),
    (T.REDEMPTION, A.VOUCHER, A.MERCHANT),
    (T.REFUND, A.MERCHANT, A.VOUCHER),
    (T.REFUND, A.MERCHANT, A.PROGRAMME_POOL),
    (T.LAPSE, A.VOUCHER, A.PROGRAMME_POOL),
    (T.REVOCATION, A.VOUCHER, A.PROGRAMME_POOL),
    (T.MERCHANT_PAYMENT, A.MERCHANT, A.MERCHANT),
    (T.CONVERSION_REQUEST, A.MERCHANT, A.MERCHANT_CONVERTING),
    (T.CONVERSION_CANCELLED, A.MERCHANT_CONVERTING, A.MERCHANT),
    (T.CONVERSION_PAID, A.MERCHANT_CONVERTING, A.ASSOCIATION_ISSUED),
    (T.CONVERSION_PAID, A.ASSOCIATION_PAID_OUT, A.ASSOCIATION_GUARANTEE_FUND),
    (T.CONVERSION_PAID, A.ASSOCIATION_COMMISSION, A.ASSOCIATION_GUARANTEE_FUND),
    (T.CONVERSION_RETURNED, A.ASSOCIATION_ISSUED, A.MERCHANT_CONVERTING),
    (T.CONVERSION_RETURNED, A.ASSOCIATION_GUARANTEE_FUND, A.ASSOCIATION_PAID_OUT),
    (T.CONVERSION_RETURNED, A.ASSOCIATION_GUARANTEE_FUND, A.ASSOCIATION_COMMISSION),
    (T.COUPONS, A.MERCHANT, A.COUPONS_CIRCULATING),
    (T.COUPONS_RETURNED, A.COUPONS_CIRCULATING, A.MERCHANT),
    (T.COUPONS_CONVERTED, A.COUPONS_CIRCULATING, A.ASSOCIATION_ISSUED),
    (T.COUPONS_CONVERTED, A.ASSOCIATION_PAID_OUT, A.ASSOCIATION_GUARANTEE_FUND),
    (T.COUPONS_CONVERTED, A.ASSOCIATION_COMMISSION, A.ASSOCIATION_GUARANTEE_FUND),
    (T.RETURN_REQUESTED, A.PROGRAMME_POOL, A.PROGRAMME_RETURNING),
    (T.RETURN_PAID, A.PROGRAMME_RETURNING, A.ASSOCIATION_ISSUED),
    (T.RETURN_PAID, A.CCAS_RETURNED, A.ASSOCIATION_GUARANTEE_FUND),
    (T.RESERVE_LOSS, A.ASSOCIATION_OWES_RESERVE, A.ASSOCIATION_GUARANTEE_FUND),
    (T.RESERVE_MADE_GOOD, A.ASSOCIATION_GUARANTEE_FUND, A.ASSOCIATION_OWES_RESERVE),
}
PAIRS = [*product(EUROS, EUROS), *product(POIS, POIS)]
THROUGH_SUSPENSE = {
    (kind, debit, credit)
    for kind in (T.ADJUSTMENT, T.REVERSAL)
    for debit, credit in PAIRS
    if debit != credit and {debit, credit} & SUSPENSE
}
MIRRORED = {(T.REVERSAL, credit, debit) for _, debit, credit in SIMPLE}
ALLOWED = SIMPLE | MIRRORED | THROUGH_SUSPENSE


@pytest.fixture
async def accounts(owner: asyncpg.Connection) -> dict[A, tuple[int, int]]:
    """Two accounts of each kind, with so much in them that L4 never gets in the way."""
    opened = {
        kind: (
            await open_account(owner, kind, f"one:{kind.name.replace('_', '-')}"),
            await open_account(owner, kind, f"other:{kind.name.replace('_', '-')}"),
        )
        for kind in A
    }
    await owner.execute("UPDATE ledger.balance SET balance_cents = 1000000 * side, version = 1")
    return opened


async def test_the_table_in_the_database_is_the_designs(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("SELECT kind, debit_kind, credit_kind FROM ledger.transaction_shape")
    assert {(T(row[0]), A(row[1]), A(row[2])) for row in rows} == ALLOWED


async def test_every_other_shape_is_refused(owner: asyncpg.Connection, accounts: dict[A, tuple[int, int]]) -> None:
    approval_id = await approval(owner)
    found, expected = {}, {}
    async with owner.transaction():
        for kind, (debit, credit) in product(T, PAIRS):
            shape = (kind, debit, credit)
            legs = [(accounts[debit][0], 1), (accounts[credit][1], -1)]
            expected[shape] = _expected(kind, debit, credit)
            found[shape] = await _attempt(owner, (kind, legs), approval_id)
    wrong = {shape: found[shape] for shape in found if found[shape] != expected[shape]}
    assert wrong == {}
    assert list(expected.values()).count(None) > 40


async def test_one_wrong_pair_among_right_ones_is_refused(
    owner: asyncpg.Connection, accounts: dict[A, tuple[int, int]]
) -> None:
    legs = [(accounts[A.VOUCHER][0], 2), (accounts[A.MERCHANT][0], -1), (accounts[A.PROGRAMME_POOL][0], -1)]
    assert await _attempt(owner, (T.REDEMPTION, legs), None) == "BPL14"
    assert await _attempt(owner, (T.LAPSE, legs), None) == "BPL14"


async def test_a_kind_that_does_not_exist_is_refused(
    owner: asyncpg.Connection, accounts: dict[A, tuple[int, int]]
) -> None:
    legs = [accounts[A.VOUCHER][0], accounts[A.MERCHANT][0]]
    sql = "SELECT ledger.post(ARRAY[gen_random_uuid()], $1, ARRAY[now()], $2, ARRAY[1, 1], $3, $4, $5)"
    for kind in (0, 23, -1):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(sql, [kind], [None], legs, [1, -1], [None, None])
        assert refused.value.sqlstate == "BPL14"


def _expected(kind: T, debit: A, credit: A) -> str | None:
    """L14 first; then, of the halves that move only one side of the backing, L8."""
    if (kind, debit, credit) not in ALLOWED:
        return "BPL14"
    return None if BACKING.get(debit, 0) == BACKING.get(credit, 0) else "BPL08"


async def _attempt(
    owner: asyncpg.Connection, transaction: tuple[T, list[tuple[int, int]]], approval_id: object
) -> str | None:
    """Try it and take it back; the SQLSTATE of its refusal, if any."""
    unit = owner.transaction()
    await unit.start()
    try:
        await post(owner, transaction, approval_id=approval_id)  # type: ignore[arg-type]
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    finally:
        await unit.rollback()
    return None
