"""How well differences are told: precision and recall per category, over random months whose truth is known.

By itself: `python -m tests.bench.months [COUNT]`.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.judged import Judged, judged, read
from tests.months.pois import pois_month
from tests.months.reserve import reserve_month
from tests.months.writers import WRITTEN, write_month

FIRST_SEED = 10_000  # the tests use those before
RESERVE_EVERY = 5


@dataclass(frozen=True)
class Row:
    """A category over all months: how many there were, were told, and were told rightly."""

    category: str
    expected: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0


def quality(count: int) -> list[Row]:
    """So many months in files of every form, one after the other; every fifth one is the reserve's."""
    expected, found, right = Counter[str](), Counter[str](), Counter[str]()
    for one in _judged(count):
        for counter, breaks in (
            (expected, one.expected),
            (found, one.found),
            (right, one.expected & one.found),
        ):
            for told, times in breaks.items():
                counter[told.category] += times
    return [Row(name, expected[name], found[name], right[name]) for name in sorted(expected | found)]


def _judged(count: int) -> Iterator[Judged]:
    with tempfile.TemporaryDirectory(prefix="bonpois-months-") as folder:
        for seed in range(FIRST_SEED, FIRST_SEED + count):
            month = pois_month(seed) if seed % RESERVE_EVERY else reserve_month(seed)
            yield judged(month, read(write_month(month, Path(folder), WRITTEN[seed % len(WRITTEN)])))


def lines_of(rows: list[Row]) -> Iterator[str]:
    """As a table."""
    yield f"{'differences told':26}{'there were':>12}{'told':>8}{'precision':>11}{'recall':>8}"
    for row in rows:
        yield f"{row.category:26}{row.expected:>12}{row.found:>8}{row.precision:>11.3f}{row.recall:>8.3f}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    sys.stdout.write("\n".join(lines_of(quality(count))) + "\n")


if __name__ == "__main__":
    main()
