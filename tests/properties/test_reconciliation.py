"""Random months: whatever differs is found and told apart, nothing is matched twice, and the whole adds up."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from time import process_time

import pytest

from ledger.reconciliation.model import Books, Break, Party
from ledger.reconciliation.rules import prove
from ledger.reconciliation.rules.labels import fold
from tests.properties.random_month import DAILY, DETAIL, Expected, random_month
from tests.reconciled import day, line, reconciled, sale

SEEDS = range(16)


def found_in(breaks: list[Break]) -> Counter[Expected]:
    return Counter(
        (found.category.value, merchant_of(found), found.booked_on, found.ours_cents, found.theirs_cents)
        for found in breaks
    )


def merchant_of(found: Break) -> str | None:
    if found.units:
        return found.units[0].merchant
    names = [name for name in DETAIL + DAILY if fold(name) in fold(found.lines[0].label)]
    return max(names, key=len, default=None)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_difference_put_in_is_found_and_no_other(seed: int) -> None:
    month = random_month(seed)
    _, breaks = reconciled(month.books())
    assert found_in(breaks) == month.expected


@pytest.mark.parametrize("seed", SEEDS)
def test_each_line_and_unit_is_matched_once_or_is_in_one_break(seed: int) -> None:
    books = random_month(seed).books()
    matches, breaks = reconciled(books)
    lines = [one.key for made in matches for one in made.lines]
    lines += [one.key for found in breaks for one in found.lines]
    units = [one.id for made in matches for one in made.units]
    units += [one.id for found in breaks for one in found.units]
    assert sorted(lines) == sorted(one.key for one in books.lines)
    assert sorted(units) == sorted(one.id for one in books.units)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_of_a_match_are_equal_and_the_proof_is_nought(seed: int) -> None:
    books = random_month(seed).books()
    matches, breaks = reconciled(books)
    for made in matches:
        assert sum(one.amount_cents for one in made.lines) == sum(one.amount_cents for one in made.units)
    theirs, ours = (sum(one.amount_cents for one in side) for side in (books.lines, books.units))
    assert prove(theirs, ours, breaks).proof_cents == 0


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_the_order_of_the_input_does_not_matter(seed: int) -> None:
    books = random_month(seed).books()
    mix = random.Random(seed)
    other = replace(
        books,
        lines=tuple(mix.sample(books.lines, len(books.lines))),
        units=tuple(mix.sample(books.units, len(books.units))),
    )
    assert reconciled(other) == reconciled(books)


def test_the_months_are_hard_enough() -> None:
    months = [random_month(seed).books().lines for seed in SEEDS]
    alike = [
        Counter((one.booked_on, one.label.partition(" ticket ")[0], one.amount_cents) for one in lines)
        for lines in months
    ]
    sharing = sum(count for of_month in alike for count in of_month.values() if count > 1)
    assert sharing / sum(map(len, months)) > 0.2
    detail = [one for lines in months for one in lines if one.label.startswith("Paiement")]
    assert 0.4 < sum(" ticket " not in one.label for one in detail) / len(detail) < 0.6


def test_the_work_grows_with_the_lines_and_not_with_their_square() -> None:
    small, large = (seconds_to_match(count) for count in (4_000, 24_000))
    assert large < 3 * 6 * small


def seconds_to_match(count: int) -> float:
    mix = random.Random(count)
    names = [f"Commerce {number}" for number in range(50)]
    chosen = [(mix.choice(names), day(mix.randint(1, 31)), mix.randint(1, 400)) for _ in range(count)]
    units = tuple(sale(when, name, cents, f"T{nth:06}") for nth, (name, when, cents) in enumerate(chosen))
    lines = tuple(
        line(nth, when, f"Paiement {name}" + (f" ticket T{nth:06}" if nth % 2 else ""), -cents)
        for nth, (name, when, cents) in enumerate(chosen)
        if nth % 50
    )
    books = Books(tuple(Party(name, daily=False) for name in names), lines, units)
    started = process_time()
    reconciled(books)
    return process_time() - started
