"""What two people booked because of a difference, and the difference itself: they belong together."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.reconciliation.model import Break, Match, Rule, Ties, Unit
from ledger.reconciliation.rules.board import Board, group_by


def find_answered(units: Iterable[Unit], breaks: Iterable[Break], rejected: frozenset[Ties]) -> list[Match]:
    """The breaks that corrections name, where both sides are equal with them."""
    free = (unit for unit in units if unit.match_id is None and unit.answers is not None)
    answers = group_by(free, lambda unit: unit.answers)
    found = []
    for broken in breaks:
        booked = answers.get(broken.id, [])
        sum_cents = sum(unit.amount_cents for unit in booked)
        if booked and broken.lines and broken.difference_cents + sum_cents == 0:
            match = Match(Rule.CORRECTION, 100, ("approved", "amount"), broken.lines, (*broken.units, *booked))
            found += [match] if match.ties not in rejected else []
    return found


def match_corrections(board: Board) -> None:
    """A correction that names no break goes to a line of its amount that names nothing either: the earliest, for
    equal ones may stand for each other.
    """
    lines = [theirs for theirs in board.theirs.values() if theirs.party is None and not theirs.claims]
    waiting = group_by(lines, lambda theirs: theirs.cents)
    for ours in list(board.ours.values()):
        if ours.unit.is_correction and ours.unit.answers is None and ours.reference is None:
            equal = waiting.get(ours.cents, [])
            if equal:
                board.take(Rule.CORRECTION, 70, [equal.pop(0)], [ours], "correction", "amount")
