"""What theirs tells before us: lines of the last days of a period that we booked in the first days of the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ledger.reconciliation.model import DAYS_APART_MAX, Unit
from ledger.reconciliation.rules.board import Board, Theirs, group_by
from ledger.reconciliation.rules.labels import fold


def booked_later(board: Board, later: Sequence[Unit], last_day: date) -> list[Theirs]:
    """The same reference, or neither names one that contradicts; merchant and amount alike, three days apart at most,
    one on each side. What is held by another line already is not meant, unless this line is cleared, too.
    """
    units = [(unit, unit.merchant and fold(unit.merchant)) for unit in later]
    waiting = group_by(units, lambda pair: (pair[1], pair[0].amount_cents))
    near = [theirs for theirs in board.theirs.values() if (last_day - theirs.day).days <= DAYS_APART_MAX]
    fresh = [theirs for theirs in near if (theirs.party or theirs.claims) and not board.is_copy(theirs)]
    found = []
    for key, group in group_by(fresh if waiting else [], lambda item: (item.party, item.cents)).items():
        for theirs in group:
            meant = [unit for unit, _ in waiting.get(key, ()) if _may_be(theirs, unit)]
            named = [unit for unit in meant if unit.reference and unit.reference.casefold() in theirs.claims]
            if len(named) == 1 or (len(meant) == len(group) == 1 and not theirs.claims):
                found.append(theirs)
    return found


def _may_be(theirs: Theirs, unit: Unit) -> bool:
    near = abs((unit.booked_on - theirs.day).days) <= DAYS_APART_MAX
    return near and (unit.match_id is None or theirs.line.cleared)
