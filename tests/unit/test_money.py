"""Amounts as people write them, rounding down, and sharing without losing a centime."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import floor_cents, parse_cents, share_cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("0", 0),
        ("12", 1200),
        ("12,5", 1250),
        ("12.50", 1250),
        ("12,05", 1205),
        ("-12,50", -1250),
        ("-0,01", -1),
        ("+3", 300),
        ("0,00", 0),
        (" 8,50 ", 850),
        ("1 234,00", 123400),
        ("1\u00a0234\u00a0567,89", 123456789),
        ("8\u202f507,54", 850754),
        ("00012,50", 1250),
        ("123456789,01", 12345678901),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, cents: int) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        ",50",
        "12,",
        "12,505",
        "12,5,0",
        "1,234.00",
        "1.234,00",
        "12 34,00",  # groups of three only
        "1 2345",
        "12€",
        "1e3",
        "0x10",
        "nan",
        "inf",
        "--1",
        "- 1",
        "１２",  # full-width digits: no French keyboard writes them
        "١٢",
        "12\n,50",
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError):
        parse_cents(text)


@given(st.integers(-(10**12), 10**12), st.sampled_from([",", "."]))
def test_what_is_written_is_read_back(cents: int, mark: str) -> None:
    units, rest = divmod(abs(cents), 100)
    assert parse_cents(f"{'-' if cents < 0 else ''}{units}{mark}{rest:02}") == cents


@pytest.mark.parametrize(
    ("units", "cents"),
    [("0", 0), ("2.30", 230), ("0.009", 0), ("0.019", 1), ("229.9999999999", 22999), ("100", 10000), ("-0.001", -1)],
)
def test_a_scale_rounds_down(units: str, cents: int) -> None:
    assert floor_cents(Decimal(units)) == cents


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (0, [1, 2], [0, 0]),
        (100, [], []),
        (100, [0, 0], [0, 0]),
        (10, [1, 1, 1], [4, 3, 3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (1, [1, 2], [0, 1]),
        (850, [850, 0], [850, 0]),
        (999, [333, 333, 334], [333, 333, 333]),
        (7, [3, 3, 3], [3, 2, 2]),
    ],
)
def test_shares_go_by_the_largest_remainder(total: int, weights: list[int], shares: list[int]) -> None:
    assert share_cents(total, weights) == shares


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=1, max_size=50).filter(any))
def test_shares_sum_up_and_stay_within_a_centime_of_proportion(total: int, weights: list[int]) -> None:
    shares, whole = share_cents(total, weights), sum(weights)
    assert sum(shares) == total
    assert all(abs(share * whole - total * weight) < whole for share, weight in zip(shares, weights, strict=True))
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any), st.data())
def test_no_share_exceeds_its_weight_where_the_total_does_not_exceed_their_sum(
    weights: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    assert all(share <= weight for share, weight in zip(share_cents(total, weights), weights, strict=True))


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**4), min_size=1, max_size=10).filter(any))
def test_equal_weights_differ_by_a_centime_at_most_and_the_earlier_gets_it(total: int, weights: list[int]) -> None:
    shares = share_cents(total, weights)
    for one in range(len(weights)):
        for two in range(one + 1, len(weights)):
            if weights[one] == weights[two]:
                assert 0 <= shares[one] - shares[two] <= 1
