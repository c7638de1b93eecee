"""Which voucher pays for what, held against the largest total that any sharing could reach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.vouchers.rules import Allocation, Spendable, allocate

FRUIT, BREAD, MILK, OIL = "fruits-legumes", "cereales-pain", "lait-oeufs", "huiles"
EARLY, LATE = date(2026, 10, 31), date(2026, 12, 31)
NO_LIMIT = 10**12

Lines = list[tuple[str, int]]


def voucher(account: int, cents: int, *categories: str, until: date = LATE) -> Spendable:
    return Spendable(account, cents, frozenset(categories), until)


def by_preference(vouchers: Sequence[Spendable]) -> list[Spendable]:
    """The most restricted first, then the one that ends first."""
    return sorted(vouchers, key=lambda each: (len(each.categories), each.valid_until, each.account_id))


def largest_total(lines: Lines, vouchers: Sequence[Spendable]) -> int:
    """Max-flow equals min-cut: over every set of categories, what they demand plus what may go elsewhere."""
    demand: dict[str, int] = {}
    for category, cents in lines:
        demand[category] = demand.get(category, 0) + cents
    cuts = [frozenset(chosen) for size in range(len(demand) + 1) for chosen in combinations(demand, size)]
    return min(
        sum(demand[category] for category in cut)
        + sum(each.balance_cents for each in vouchers if each.categories & demand.keys() - cut)
        for cut in cuts
    )


def test_a_basket_is_paid_from_the_voucher() -> None:
    allocation = allocate([(FRUIT, 850), (BREAD, 150)], [voucher(1, 2000, FRUIT, BREAD)], NO_LIMIT)
    assert allocation == Allocation(((1, 1000),), (850, 150))
    assert allocation.approved_cents == 1000


def test_what_no_voucher_covers_is_left() -> None:
    allocation = allocate([(FRUIT, 850), ("alcool", 600)], [voucher(1, 2000, FRUIT)], NO_LIMIT)
    assert allocation == Allocation(((1, 850),), (850, 0))


def test_a_balance_that_does_not_suffice_is_shared_in_proportion() -> None:
    allocation = allocate([(FRUIT, 600), (BREAD, 300)], [voucher(1, 600, FRUIT, BREAD)], NO_LIMIT)
    assert allocation == Allocation(((1, 600),), (400, 200))


def test_the_odd_cent_goes_to_the_largest_remainder_then_to_the_earlier_line() -> None:
    lines = [(FRUIT, 100), (BREAD, 100), (MILK, 100)]
    wide = voucher(1, 200, FRUIT, BREAD, MILK)
    assert allocate(lines, [wide], NO_LIMIT).approved_by_line == (67, 67, 66)
    uneven = [(FRUIT, 100), (BREAD, 101), (MILK, 99)]
    assert allocate(uneven, [wide], NO_LIMIT).approved_by_line == (67, 67, 66)
    assert allocate([(FRUIT, 1), (BREAD, 2)], [voucher(1, 1, FRUIT, BREAD)], NO_LIMIT).approved_by_line == (0, 1)


def test_two_lines_of_one_category_share_what_it_gets() -> None:
    lines = [(FRUIT, 300), (OIL, 500), (FRUIT, 100)]
    allocation = allocate(lines, [voucher(1, 200, FRUIT), voucher(2, 100, OIL)], NO_LIMIT)
    assert allocation == Allocation(((1, 200), (2, 100)), (150, 100, 50))


def test_the_most_restricted_voucher_is_spent_first() -> None:
    vouchers = [voucher(1, 1000, FRUIT, BREAD), voucher(2, 1000, FRUIT)]
    assert allocate([(FRUIT, 1200)], vouchers, NO_LIMIT).taken == ((2, 1000), (1, 200))


def test_the_one_that_ends_first_is_spent_first_among_equals() -> None:
    vouchers = [voucher(1, 1000, FRUIT), voucher(2, 1000, FRUIT, until=EARLY)]
    assert allocate([(FRUIT, 1200)], vouchers, NO_LIMIT).taken == ((2, 1000), (1, 200))


def test_restricted_comes_before_early() -> None:
    vouchers = [voucher(1, 1000, FRUIT, BREAD, until=EARLY), voucher(2, 1000, FRUIT)]
    assert allocate([(FRUIT, 1200)], vouchers, NO_LIMIT).taken == ((2, 1000), (1, 200))


def test_as_much_as_possible_comes_before_the_preference() -> None:
    """The early voucher would take the fruit first; then the other could pay nothing."""
    vouchers = [voucher(1, 500, FRUIT, BREAD, until=EARLY), voucher(2, 500, FRUIT, MILK)]
    lines = [(FRUIT, 500), (BREAD, 500)]
    assert allocate(lines, vouchers, NO_LIMIT) == Allocation(((1, 500), (2, 500)), (500, 500))


def test_payments_are_rerouted_along_a_chain_of_vouchers() -> None:
    vouchers = [
        voucher(1, 100, "a", "b"),
        voucher(2, 100, "b", "c"),
        voucher(3, 100, "c", "d"),
        voucher(4, 100, "a", "a2"),
    ]
    lines = [("a", 100), ("b", 100), ("c", 100), ("d", 100)]
    assert allocate(lines, vouchers, NO_LIMIT).approved_by_line == (100, 100, 100, 100)


@pytest.mark.parametrize("limit", [0, 1, 399, 400, 401])
def test_no_more_than_the_limit_is_taken(limit: int) -> None:
    vouchers = [voucher(1, 300, FRUIT), voucher(2, 300, FRUIT, BREAD)]
    allocation = allocate([(FRUIT, 300), (BREAD, 300)], vouchers, limit)
    assert allocation.approved_cents == limit
    assert dict(allocation.taken).get(1, 0) == min(limit, 300)


@pytest.mark.parametrize("vouchers", [[], [voucher(1, 0, FRUIT)], [voucher(1, 100, BREAD)], [voucher(1, 100)]])
def test_where_nothing_can_be_paid_nothing_is_taken(vouchers: list[Spendable]) -> None:
    assert allocate([(FRUIT, 100)], vouchers, NO_LIMIT) == Allocation((), (0,))


def test_an_empty_voucher_is_not_taken_from() -> None:
    vouchers = [voucher(1, 0, FRUIT), voucher(2, 500, FRUIT)]
    assert allocate([(FRUIT, 100)], vouchers, NO_LIMIT).taken == ((2, 100),)


CATEGORIES = st.sampled_from("abcde")
BASKETS = st.lists(st.tuples(CATEGORIES, st.integers(1, 40)), min_size=1, max_size=8)
WALLETS = st.lists(
    st.tuples(st.integers(0, 60), st.frozensets(CATEGORIES, max_size=4), st.sampled_from([EARLY, LATE])), max_size=5
).map(lambda drawn: [Spendable(nth, *each) for nth, each in enumerate(drawn, start=1)])
LIMITS = st.one_of(st.integers(0, 150), st.just(NO_LIMIT))


@settings(max_examples=400)
@given(BASKETS, WALLETS, LIMITS)
def test_the_total_is_the_largest_there_is_and_the_preferred_vouchers_pay_most_of_it(
    lines: Lines, vouchers: list[Spendable], limit: int
) -> None:
    taken = dict(allocate(lines, vouchers, limit).taken)
    ordered = by_preference(vouchers)
    for count in range(len(ordered) + 1):
        paid = sum(taken.get(each.account_id, 0) for each in ordered[:count])
        assert paid == min(limit, largest_total(lines, ordered[:count]))


@given(BASKETS, WALLETS, LIMITS)
def test_nothing_is_taken_that_is_not_there_and_nothing_paid_that_was_not_asked(
    lines: Lines, vouchers: list[Spendable], limit: int
) -> None:
    allocation = allocate(lines, vouchers, limit)
    balances = {each.account_id: each.balance_cents for each in vouchers}
    assert all(0 < cents <= balances[account] for account, cents in allocation.taken)
    assert len(dict(allocation.taken)) == len(allocation.taken)
    assert all(0 <= paid <= asked for paid, (_, asked) in zip(allocation.approved_by_line, lines, strict=True))
    assert sum(cents for _, cents in allocation.taken) == sum(allocation.approved_by_line) <= limit


@given(BASKETS, WALLETS, LIMITS)
def test_what_the_lines_get_could_really_be_paid_by_what_was_taken(
    lines: Lines, vouchers: list[Spendable], limit: int
) -> None:
    allocation = allocate(lines, vouchers, limit)
    by_account = {each.account_id: each for each in vouchers}
    parts = [Spendable(account, cents, by_account[account].categories, LATE) for account, cents in allocation.taken]
    paid = [(line[0], cents) for line, cents in zip(lines, allocation.approved_by_line, strict=True)]
    assert largest_total(paid, parts) == allocation.approved_cents


@given(st.data(), BASKETS, WALLETS, LIMITS)
def test_neither_the_order_of_vouchers_nor_that_of_lines_matters(
    data: st.DataObject, lines: Lines, vouchers: list[Spendable], limit: int
) -> None:
    usual = allocate(lines, vouchers, limit)
    assert allocate(lines, data.draw(st.permutations(vouchers)), limit) == usual
    assert allocate(data.draw(st.permutations(lines)), vouchers, limit).taken == usual.taken


@given(BASKETS, st.integers(0, 400))
def test_within_one_set_of_categories_each_line_gets_its_share_to_the_cent(lines: Lines, cents: int) -> None:
    allocation = allocate(lines, [voucher(1, cents, *"abcde")], NO_LIMIT)
    asked = sum(amount for _, amount in lines)
    assert allocation.approved_cents == min(cents, asked)
    for paid, (_, amount) in zip(allocation.approved_by_line, lines, strict=True):
        assert abs(paid * asked - allocation.approved_cents * amount) < asked
