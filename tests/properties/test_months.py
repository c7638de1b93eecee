"""A hundred random months in files of every form: matches are true, all is found or offered, and named right."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.judged import judged, read
from tests.months.model import Month
from tests.months.pois import pois_month, shared_share
from tests.months.reserve import reserve_month
from tests.months.writers import WRITTEN, write_month

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
