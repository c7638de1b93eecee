"""What the association acknowledged: its own reference, told to us line by line, is the surest of all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ledger.reconciliation.model import Rule
from ledger.reconciliation.rules.board import Board, Ours, Theirs, group_by, total_cents

_TOKEN = re.compile(r"[!-~]+")
_AROUND = ".,;:()[]«»\"'"

Pair = tuple[list[Theirs], list[Ours]]


def match_remitted(board: Board) -> None:
    """All lines with an acknowledged reference against all that was acknowledged with it; else one line alone,
    so that a copy of it is left over as such.
    """
    for theirs, ours in remitted(board):
        sum_cents = total_cents(ours)
        alone = [line for line in theirs if line.cents == sum_cents]
        lines = theirs if total_cents(theirs) == sum_cents else alone[:1]
        if lines:
            board.take(Rule.REMITTANCE, 100, lines, ours, "acknowledged-reference", "amount")


def keep_remitted(board: Board) -> None:
    """Acknowledged and booked with another amount: a difference of these, not of others."""
    for theirs, ours in list(differing_remitted(board)):
        board.set_aside(theirs, ours)


def differing_remitted(board: Board) -> Iterator[Pair]:
    """What is left of a reference on both sides, with another amount."""
    return (pair for pair in list(remitted(board)) if total_cents(pair[0]) != total_cents(pair[1]))


def remitted(board: Board) -> Iterator[Pair]:
    """What is free of each acknowledged reference, where both sides have something."""
    acknowledged = [ours for ours in board.ours.values() if ours.unit.remitted is not None]
    units = group_by(acknowledged, lambda ours: ours.unit.remitted)
    named = ((reference, theirs) for theirs in board.theirs.values() for reference in _named(theirs) & units.keys())
    lines = group_by(named, lambda pair: pair[0]) if units else {}
    taken: set[object] = set()
    for reference, pairs in lines.items():
        free = [theirs for _, theirs in pairs if theirs.line.key not in taken]
        taken.update(theirs.line.key for theirs in free)
        if free:
            yield free, units[reference]


def _named(theirs: Theirs) -> set[str]:
    """The line's own number, and every word of its label."""
    words = {word.strip(_AROUND) for word in _TOKEN.findall(theirs.line.label)}
    return words | ({theirs.line.their_reference} if theirs.line.their_reference else set())
