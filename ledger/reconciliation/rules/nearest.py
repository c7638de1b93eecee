"""The nearest candidate of what is left over, and why it was not taken: nobody should have to wonder."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from ledger.reconciliation.model import DAYS_APART_MAX, Line, Unit, Why
from ledger.reconciliation.rules.board import Board, Ours, Theirs, group_by

Item = TypeVar("Item", Theirs, Ours)
EqualIndex = dict[tuple[str | None, int], list[Item]]
DayIndex = dict[tuple[str | None, date, bool], list[Item]]
SameIndex = dict[tuple[str | None, int, date], list[Item]]


class Near(NamedTuple):
    """At most one of the two sides is named."""

    why: Why
    line: Line | None = None
    unit: Unit | None = None


class Candidates(Generic[Item]):
    """One side: by merchant and amount, by merchant and day; the free ones and the matched ones apart."""

    def __init__(self, every: Sequence[Item], free: Sequence[Item]) -> None:
        by_day = sorted(free, key=lambda item: item.day)
        self.equal: EqualIndex[Item] = group_by(by_day, lambda item: (item.party, item.cents))
        self.that_day: DayIndex[Item] = group_by(free, lambda item: (item.party, item.day, item.cents > 0))
        self.same: SameIndex[Item] = group_by(every, lambda item: (item.party, item.cents, item.day))

    def nearest_equal(self, party: str | None, cents: int, day: date) -> Item | None:
        """The free one of this amount that is the fewest days off; the earlier one of two."""
        items = self.equal.get((party, cents), [])
        at = bisect_left(items, day, key=lambda item: item.day)
        around = items[max(0, at - 1) : at + 1]
        return min(around, key=lambda item: abs((item.day - day).days), default=None)


class Nearest:
    """Looks on the other side for the same reference, then for the same amount, then at the same day."""

    def __init__(self, board: Board) -> None:
        self.rejected = board.rejected
        self.ours = Candidates(board.all_ours, list(board.ours.values()))
        self.theirs = Candidates(board.all_theirs, list(board.theirs.values()))
        self.named = group_by(board.all_ours, lambda ours: (ours.reference, ours.cents > 0))
        claims = ((claim, theirs) for theirs in board.all_theirs for claim in theirs.claims)
        self.claiming = group_by(claims, lambda pair: (pair[0], pair[1].cents > 0))

    def of_line(self, theirs: Theirs) -> Near:
        named = [ours for claim in theirs.claims for ours in self.named.get((claim, theirs.cents > 0), ())]
        if named:
            here = same_merchant(named, theirs.party)
            return Near(_why_named(here), unit=(here or named[0]).unit)
        equal = self.ours.nearest_equal(theirs.party, theirs.cents, theirs.day)
        if equal is not None:
            return Near(self._why_equal(theirs, equal), unit=equal.unit)
        if theirs.claims:
            return Near(Why.REFERENCE_UNKNOWN)
        same = self.ours.same.get((theirs.party, theirs.cents, theirs.day))
        if same:
            return Near(Why.EQUAL_MATCHED, unit=same[0].unit)
        others = self.ours.that_day.get((theirs.party, theirs.day, theirs.cents > 0))
        return Near(Why.OTHER_AMOUNTS, unit=others[0].unit) if others else Near(Why.NOTHING_NEAR)

    def of_unit(self, ours: Ours) -> Near:
        named = [pair[1] for pair in self.claiming.get((ours.reference or "", ours.cents > 0), ())]
        if named:
            here = same_merchant(named, ours.party)
            return Near(_why_named(here), line=(here or named[0]).line)
        equal = self.theirs.nearest_equal(ours.party, ours.cents, ours.day)
        if equal is not None:
            return Near(self._why_equal(equal, ours), line=equal.line)
        same = self.theirs.same.get((ours.party, ours.cents, ours.day))
        if same:
            return Near(Why.EQUAL_MATCHED, line=same[0].line)
        others = self.theirs.that_day.get((ours.party, ours.day, ours.cents > 0))
        return Near(Why.OTHER_AMOUNTS, line=others[0].line) if others else Near(Why.NOTHING_NEAR)

    def _why_equal(self, theirs: Theirs, ours: Ours) -> Why:
        if frozenset({theirs.line.key, ours.unit.id}) in self.rejected:
            return Why.BY_HAND
        if abs((theirs.day - ours.day).days) > DAYS_APART_MAX:
            return Why.TOO_FAR
        return Why.ANOTHER_REFERENCE if theirs.claims and ours.reference else Why.SEVERAL


def same_merchant(items: Iterable[Item], party: str | None) -> Item | None:
    return next((item for item in items if item.party == party), None)


def _why_named(here: Theirs | Ours | None) -> Why:
    return Why.REFERENCE_ELSEWHERE if here is None else Why.REFERENCE_MATCHED
