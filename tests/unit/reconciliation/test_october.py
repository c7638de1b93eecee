"""The sample month, straight from its files: every difference told apart, nothing matched twice, proof 0,00."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from ledger.reconciliation.model import Books
from ledger.reconciliation.rules import prove
from tests.reconciled import october_books, october_statement, reconciled, told

LAST_DAY_TICKETS = [441, 444, 446, 449, 450, 452, 453, 455, 456, 458, 459, 460, 461, 462]


def test_each_difference_of_october_is_named_with_category_and_ticket() -> None:
    _, breaks = reconciled(october_books())
    assert [told(found) for found in breaks] == [
        ("duplicate-theirs", [109], ["T00127"]),
        ("missing-at-association", [], ["T00157"]),
        ("fee", [143], []),
        ("amount-differs", [290], ["T00360"]),
        *(("timing-ours-first", [], [f"T{number:05}"]) for number in LAST_DAY_TICKETS),
    ]


def test_october_is_proven_to_the_cent() -> None:
    books, statement = october_books(), october_statement()
    _, breaks = reconciled(books)
    ours = sum(unit.amount_cents for unit in books.units)
    proof = prove(statement.closing_cents, ours, breaks)
    assert (proof.theirs_cents, proof.ours_cents, proof.proof_cents) == (426_028, 401_093, 0)
    assert (proof.ours_only_cents, proof.theirs_only_cents, proof.amounts_cents) == (-27_927, -2_902, 90)


def test_what_is_no_break_is_matched_once() -> None:
    books = october_books()
    matches, breaks = reconciled(books)
    lines = Counter(line.key for match in matches for line in match.lines)
    lines += Counter(line.key for found in breaks for line in found.lines)
    units = Counter(unit.id for match in matches for unit in match.units)
    units += Counter(unit.id for found in breaks for unit in found.units)
    assert lines == Counter(line.key for line in books.lines)
    assert units == Counter(unit.id for unit in books.units)


def test_the_rules_share_october_as_expected() -> None:
    matches, _ = reconciled(october_books())
    lines = Counter[str]()
    for match in matches:
        lines[match.rule.value] += len(match.lines)
    assert lines == {"reference": 145, "amount-date-merchant": 117, "day-total": 84}


def test_the_order_of_the_input_does_not_matter() -> None:
    books = october_books()
    expected = reconciled(books)
    for seed in range(5):
        assert reconciled(shuffled(books, seed)) == expected


def shuffled(books: Books, seed: int) -> Books:
    mix = random.Random(seed)
    return replace(
        books,
        parties=tuple(mix.sample(books.parties, len(books.parties))),
        lines=tuple(mix.sample(books.lines, len(books.lines))),
        units=tuple(mix.sample(books.units, len(books.units))),
    )
