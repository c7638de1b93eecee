"""A hundred random months in files of every form: matches are true, all is found or offered, and named right."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from ledger.reconciliation.model import Books
from tests.judged import books_of, judged, read
from tests.months.model import Month
from tests.months.pois import pois_month, shared_share
from tests.months.reserve import reserve_month
from tests.months.writers import WRITTEN, write_month
from tests.reconciled import reconciled, settled

MONTHS = 100
PER_TEST = 10
CATEGORIES = {
    "timing-ours-first",
    "timing-theirs-first",
    "missing-at-association",
    "missing-in-ledger",
    "amount-differs",
    "duplicate-theirs",
    "duplicate-ours",
    "wrong-merchant",
    "reversal-not-mirrored",
    "fee",
    "unknown",
}


def month(seed: int) -> Month:
    """Each tenth one small, so that a failure is easy to read; each fifth one of the reserve."""
    if seed % 5 == 4:
        return reserve_month(seed)
    return pois_month(seed, merchants=3, busy=2) if seed % 10 == 0 else pois_month(seed)


@pytest.mark.parametrize("first", range(0, MONTHS, PER_TEST))
def test_what_is_true_is_found_or_offered_and_what_differs_is_named_right(tmp_path: Path, first: int) -> None:
    wrong = []
    for seed in range(first, first + PER_TEST):
        made = month(seed)
        form = WRITTEN[(seed + seed // len(WRITTEN)) % len(WRITTEN)]
        wrong += judged(made, read(write_month(made, tmp_path, form))).judge()
    assert not wrong, "\n".join(wrong)


def test_the_months_are_hard_enough() -> None:
    months = [month(seed) for seed in range(0, MONTHS, 3)]
    told = Counter(one.category for made in months for one in made.expected)
    assert set(told) == CATEGORIES
    pois = [made for made in months if made.account == "pois" and len(made.merchants) > 4]
    assert sum(map(shared_share, pois)) / len(pois) >= 0.2
    lines = [one for made in pois for one in made.theirs if one.merchant and not made.merchants[one.merchant]]
    assert 0.4 < sum(not one.names_ticket for one in lines) / len(lines) < 0.6
    assert len({one.label for one in lines if not one.names_ticket}) > 100


def test_the_generator_knows_nothing_of_the_product() -> None:
    """Nor does what it imports of the tests."""
    root = Path(__file__).parents[2]
    waiting, seen = {"tests.months." + path.stem for path in (root / "tests/months").glob("*.py")}, set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        path = root / (name.removesuffix(".__init__").replace(".", "/") + ".py")
        path = path if path.exists() else path.with_suffix("") / "__init__.py"
        waiting |= {found for found in imported(path) if found.startswith("tests")} - seen
        assert not [found for found in imported(path) if found.split(".")[0] in {"ledger", "admin_cli", "merchant_api"}]
    assert "tests.months.pois" in seen


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_cut_and_order_of_the_files_gives_the_same(tmp_path: Path, seed: int) -> None:
    """The same month in one statement or in several, loaded in any order."""
    made = month(seed)
    books = books_of(made, read(write_month(made, tmp_path, "platform-csv")))
    at = [0, *sorted(made.mix.sample(range(1, len(books.lines)), 3)), len(books.lines)]
    lines = [
        replace(one, statement_id=UUID(int=nth), number=one.number - start, lines_before=start)
        for nth, (start, stop) in enumerate(pairwise(at))
        for one in books.lines[start:stop]
    ]
    made.mix.shuffle(lines)
    units = made.mix.sample(books.units, len(books.units))
    assert told(replace(books, lines=tuple(lines), units=tuple(units)), made) == told(books, made)


def told(books: Books, made: Month) -> tuple[Sequence[object], Sequence[object]]:
    """Matches and breaks by the records of the month."""
    matches, breaks = reconciled(books, made.last)
    return (
        sorted(
            (one.rule, one.score, sorted(line.record for line in one.lines), sorted(str(unit.id) for unit in one.units))
            for one in matches
        ),
        sorted(
            (one.category, [line.record for line in one.lines], sorted(str(unit.id) for unit in one.units))
            for one in breaks
        ),
    )


@pytest.mark.parametrize("seed", [5, 6])
def test_matched_again_after_every_match_was_undone_all_is_as_before(tmp_path: Path, seed: int) -> None:
    """Nothing of a run is left in the values that it was given; what an officer took back alone stays apart."""
    made = month(seed)
    books = books_of(made, read(write_month(made, tmp_path, "camt053")))
    before = told(books, made)
    matches, _ = reconciled(books, made.last)
    assert reconciled(settled(books, matches), made.last)[0] == []
    assert told(books, made) == before
