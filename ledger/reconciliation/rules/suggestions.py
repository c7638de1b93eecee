"""What may belong together, for people to say: equal ones that cannot be told apart, sums, and near misses.

A sum of several is looked for only within one merchant, one direction and three days, among at most `SUM_ITEMS_MAX`
of them: every choice is tried, 4 095 at most. Beyond that nothing is offered, and of
several sums the first five.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from uuid import UUID

from ledger.reconciliation.model import DAYS_APART_MAX, Books, Break, LineKey, Rule, Suggestion
from ledger.reconciliation.rules.board import Board, Ours, Theirs, group_by, total_cents
from ledger.reconciliation.rules.nearest import Item

SUM_ITEMS_MAX = 12
SUMS_OFFERED_MAX = 5
FAR_DAYS_MAX = 31

Run = tuple[list[Theirs], list[Ours]]


def find_suggestions(books: Books, breaks: Iterable[Break]) -> list[Suggestion]:
    """From what no match holds, the surest first; an accepted one was as good as any other of its set."""
    search = _Search(books, breaks)
    search.equal()
    search.sums()
    search.alike()
    return sorted(search.found, key=lambda one: (-one.score, [line.record for line in one.lines], one.id))


class _Search:
    def __init__(self, books: Books, breaks: Iterable[Break]) -> None:
        self.board = Board(books)
        self.breaks: dict[LineKey | UUID, UUID] = {}
        self.lines: list[Theirs] = []
        self.units: list[Ours] = []
        self.found: list[Suggestion] = []
        self.seen: set[UUID] = set()
        for one in breaks:
            self._put(one)

    def _put(self, one: Break) -> None:
        """The left-overs that may still find something: alone, or a total whose parts cannot be told."""
        lines = [self.board.theirs[line.key] for line in one.lines if line.key in self.board.theirs]
        units = [self.board.ours[unit.id] for unit in one.units if unit.id in self.board.ours]
        self.breaks |= dict.fromkeys((line.line.key for line in lines), one.id)
        self.breaks |= dict.fromkeys((unit.unit.id for unit in units), one.id)
        if not (lines and units) or any(line.total for line in lines):
            self.lines += [line for line in lines if not self.board.is_copy(line)]
            self.units += [unit for unit in units if unit.stands_alone]

    def equal(self) -> None:
        """Merchant and amount agree within three days, but not one with one."""
        for lines, units in self._runs():
            if all(not (line.claims and unit.reference) for line in lines for unit in units):
                self._offer(Rule.EQUAL_SET, 60, lines, units, "merchant", "amount", "equal-candidates")

    def sums(self) -> None:
        """One on one side, several on the other."""
        units = group_by(self.units, lambda item: (item.party, item.cents > 0))
        lines = group_by(self.lines, lambda item: (item.party, item.cents > 0))
        for key, group in lines.items():
            if key[0] is not None:
                for line in group:
                    if not line.claims:
                        self._sums_of(line, units.get(key, ()))
                for unit in units.get(key, ()):
                    self._lines_of(unit, [line for line in group if not line.claims])

    def alike(self) -> None:
        """One with one, equal but for one thing: reference, distance, merchant, or what a person took back."""
        for lines, units in self._runs():
            if len(lines) == len(units) == 1:
                how = "taken-back" if self._was_taken_back(lines[0], units[0]) else "another-reference"
                self._offer(Rule.ALIKE, 50 if how == "taken-back" else 40, lines, units, "merchant", "amount", how)
        equal = group_by(self.units, lambda item: (item.party, item.cents))
        for key, far in group_by(self.lines, lambda item: (item.party, item.cents)).items():
            units = equal.get(key, []) if key[0] is not None else []
            if len(far) == len(units) == 1 and abs((far[0].day - units[0].day).days) <= FAR_DAYS_MAX:
                self._offer(Rule.ALIKE, 30, far, units, "merchant", "amount", "far-apart")
        day = group_by(self.units, lambda item: (item.day, item.cents))
        for other, near in group_by(self.lines, lambda item: (item.day, item.cents)).items():
            if len(near) == len(day.get(other, ())) == 1:
                self._offer(Rule.ALIKE, 20, near, day[other], "amount", "same-day", "another-merchant")

    def _runs(self) -> Iterator[Run]:
        units = group_by(self.units, lambda item: (item.party, item.cents))
        for key, group in group_by(self.lines, lambda item: (item.party, item.cents)).items():
            if key[0] is not None and key in units:
                yield from _near_each_other(group, units[key])

    def _sums_of(self, line: Theirs, units: Sequence[Ours]) -> None:
        near = [unit for unit in units if abs((unit.day - line.day).days) <= DAYS_APART_MAX]
        same_day = [unit for unit in near if unit.day == line.day]
        for choice, when in ((same_day, "same-day"), (near, "other-day")):
            parts = _parts(choice, line.cents)
            for part in parts[:SUMS_OFFERED_MAX]:
                score, how = (45, "only-sum") if len(parts) == 1 else (35, "one-of-several-sums")
                self._offer(Rule.SUBSET_SUM, score, [line], part, "merchant", when, how)
            if parts:
                return

    def _lines_of(self, unit: Ours, lines: Sequence[Theirs]) -> None:
        near = [line for line in lines if abs((unit.day - line.day).days) <= DAYS_APART_MAX]
        parts = _parts(near, unit.cents)
        for part in parts[:SUMS_OFFERED_MAX]:
            score, how = (45, "only-sum") if len(parts) == 1 else (35, "one-of-several-sums")
            self._offer(Rule.SUBSET_SUM, score, part, [unit], "merchant", how)

    def _was_taken_back(self, line: Theirs, unit: Ours) -> bool:
        return frozenset({line.line.key, unit.unit.id}) in self.board.rejected

    def _offer(self, rule: Rule, score: int, lines: Sequence[Theirs], units: Sequence[Ours], *reasons: str) -> None:
        keys: list[LineKey | UUID] = [*(line.line.key for line in lines), *(unit.unit.id for unit in units)]
        concerned = tuple(dict.fromkeys(self.breaks[key] for key in keys))
        made = Suggestion(
            rule, score, reasons, tuple(one.line for one in lines), tuple(one.unit for one in units), concerned
        )
        rejected = made.match.ties in self.board.rejected and "taken-back" not in reasons
        if made.id not in self.seen and not rejected:
            self.seen.add(made.id)
            self.found.append(made)


def _near_each_other(theirs: Sequence[Theirs], ours: Sequence[Ours]) -> Iterator[Run]:
    """Runs of equal amounts, cut where more than three days are empty, that have something on both sides."""
    mixed: list[Theirs | Ours] = sorted([*theirs, *ours], key=lambda item: item.day)
    run: list[Theirs | Ours] = []
    for item in [*mixed, None]:
        if run and (item is None or (item.day - run[-1].day).days > DAYS_APART_MAX):
            lines = [one for one in run if isinstance(one, Theirs)]
            units = [one for one in run if isinstance(one, Ours)]
            if lines and units:
                yield lines, units
            run = []
        if item is not None:
            run.append(item)


def _parts(items: Sequence[Item], cents: int) -> list[list[Item]]:
    """The choices of two or more that come to a sum, of equal amounts the first only; the fewest first."""
    if not 1 < len(items) <= SUM_ITEMS_MAX:
        return []
    found: dict[tuple[int, ...], list[Item]] = {}
    for count in range(2, len(items) + 1):
        for part in combinations(items, count):
            if total_cents(part) == cents:
                found.setdefault(tuple(sorted(one.cents for one in part)), list(part))
    return list(found.values())
