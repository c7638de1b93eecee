"""The nearest misses of what is open: what is comparable on the other side, and in what each does not agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from ledger.reconciliation.model import DAYS_APART_MAX, Books, Criterion, LineKey, Miss
from ledger.reconciliation.rules.board import Board, Ours, Theirs

MISSES_MAX = 5

Pair = tuple[Theirs, Ours]


def misses_of_line(books: Books, key: LineKey) -> tuple[Miss, ...]:
    """What one line might have been matched with, the nearest first."""
    board = Board(books)
    theirs = board.theirs[key]
    return _nearest(board, ((theirs, ours) for ours in board.all_ours))


def misses_of_unit(books: Books, unit_id: UUID) -> tuple[Miss, ...]:
    """What one of our transactions might have been matched with, the nearest first."""
    board = Board(books, every_line=True)
    [ours] = [one for one in board.all_ours if one.unit.id == unit_id]
    return _nearest(board, ((theirs, ours) for theirs in board.all_theirs))


def _nearest(board: Board, pairs: Iterable[Pair]) -> tuple[Miss, ...]:
    comparable = [(_failed(theirs, ours), theirs, ours) for theirs, ours in pairs if _are_comparable(theirs, ours)]
    comparable.sort(key=lambda one: (len(one[0]), _days(one[1], one[2]), abs(one[1].cents - one[2].cents)))
    return tuple(
        Miss(
            theirs.line,
            ours.unit,
            failed,
            taken_back=frozenset({theirs.line.key, ours.unit.id}) in board.rejected,
        )
        for failed, theirs, ours in comparable[:MISSES_MAX]
    )


def _are_comparable(theirs: Theirs, ours: Ours) -> bool:
    """They share a reference, or two of merchant, amount and day."""
    if (theirs.cents > 0) != (ours.cents > 0):
        return False
    near = _days(theirs, ours) <= DAYS_APART_MAX
    alike = (theirs.party is not None and theirs.party == ours.party, theirs.cents == ours.cents, near)
    return (ours.reference is not None and ours.reference in theirs.claims) or sum(alike) > 1


def _failed(theirs: Theirs, ours: Ours) -> tuple[Criterion, ...]:
    return tuple(_disagreements(theirs, ours))


def _disagreements(theirs: Theirs, ours: Ours) -> Iterator[Criterion]:
    if theirs.claims and ours.reference is not None and ours.reference not in theirs.claims:
        yield Criterion.REFERENCE
    if theirs.party != ours.party:
        yield Criterion.MERCHANT
    if theirs.cents != ours.cents:
        yield Criterion.AMOUNT
    if _days(theirs, ours) > DAYS_APART_MAX:
        yield Criterion.DATE
    if theirs.line.match_id is not None or ours.unit.match_id is not None:
        yield Criterion.FREE


def _days(theirs: Theirs, ours: Ours) -> int:
    return abs((theirs.day - ours.day).days)
