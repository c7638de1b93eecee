"""What came and was taken back on one side, and never was on the other: the two answer each other."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.reconciliation.model import DAYS_APART_MAX, Rule
from ledger.reconciliation.rules.board import Board, Theirs, group_by


def match_reversals(board: Board) -> None:
    """Ours and its reversal, unless that answers a difference; theirs and the line that says it takes it back."""
    for ours in list(board.ours.values()):
        original = board.ours.get(ours.unit.reverses) if ours.unit.reverses else None
        if original is not None and ours.unit.answers is None and original.cents == -ours.cents:
            board.take(Rule.REVERSAL_PAIR, 95, [], [original, ours], "reversal", "amount", "ours-only")
    for back, original_line in taken_back(board):
        board.take(Rule.REVERSAL_PAIR, 90, [original_line, back], [], "reversal", "amount", "theirs-only")


def taken_back(board: Board) -> Iterator[tuple[Theirs, Theirs]]:
    """Free lines that take a free one back: of the same merchant, the same ticket (or neither with one), the opposite
    amount, three days off at most; one on each side.
    """
    backs = [theirs for theirs in board.theirs.values() if theirs.cancels]
    others = [theirs for theirs in board.theirs.values() if not theirs.cancels]
    originals = group_by(others, lambda item: (item.party, item.claims, item.cents))
    for (party, claims, cents), group in group_by(backs, lambda item: (item.party, item.claims, item.cents)).items():
        near = originals.get((party, claims, -cents), [])
        if (party or claims) and len(group) == len(near) == 1 and _are_near(group[0], near[0]):
            yield group[0], near[0]


def _are_near(one: Theirs, other: Theirs) -> bool:
    return abs((one.day - other.day).days) <= DAYS_APART_MAX
