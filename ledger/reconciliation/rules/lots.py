"""Payout lots: many conversions of ours, of which a bank shows one line with the sum of the net amounts and another
one with the commission. One match holds them all: two lines, and as many of our transactions as the lot has.

The reference of the lot tells which line it is. The commission rarely names it: it is told by its very amount, at
most three days off. What the bank sent back is looked for payment by payment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from math import comb

from ledger.reconciliation.model import DAYS_APART_MAX, Rule
from ledger.reconciliation.rules.board import Board, Ours, Theirs, group_by, total_cents

LEFT_OUT_MAX = 2  # payments of a lot that a bank may have held back, told from the sum
COMBINATIONS_MAX = 5000

Found = tuple[list[Theirs], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Lot:
    """Payments that a bank carries out in one go; all amounts have the sign of the movement."""

    reference: str | None
    units: tuple[Ours, ...]

    @property
    def cents(self) -> int:
        return total_cents(self.units)

    @property
    def commission_cents(self) -> int:
        return sum(ours.unit.commission_cents for ours in self.units)

    @property
    def net_cents(self) -> int:
        return self.cents - self.commission_cents

    @property
    def is_incoming(self) -> bool:
        return self.units[0].cents > 0

    def days_from(self, day: date) -> int:
        return min(abs((ours.day - day).days) for ours in self.units)


def match_lots(board: Board) -> None:
    """Whole lots by their reference, then several that share one commission, then parts, then by amount alone."""
    for lot in lots(board):
        _take(board, lot, lines_naming(board, lot), "whole-lot")
    _match_with_shared_commission(board)
    for lot in lots(board):
        _match_part(board, lot)
    _match_nameless(board)


def keep_lots(board: Board) -> None:
    """A lot with another amount is a difference of that lot: nothing of it is matched by amount."""
    for theirs, ours in differing_lots(board):
        board.set_aside(theirs, ours)


def differing_lots(board: Board) -> Iterator[tuple[list[Theirs], list[Ours]]]:
    """What is left of each lot on both sides, its commission included where that is plain."""
    for (reference, _), free in group_by((ours for lot in lots(board) for ours in lot.units), _side).items():
        if reference is not None:
            lot = Lot(reference, tuple(free))
            named = lines_naming(board, lot)
            if named:
                commission = _commission_line(board, lot, named) if lot.commission_cents else None
                theirs = [*named, *([commission] if commission else [])]
                if total_cents(theirs) != lot.cents:
                    yield theirs, free


def lots(board: Board) -> list[Lot]:
    """The free payments, by lot; those sent back, and those without a lot, one by one."""
    payments = [ours for ours in board.ours.values() if not ours.stands_alone]
    together = group_by(payments, lambda ours: (*_side(ours), ours.unit.id if _goes_alone(ours) else None))
    return [Lot(reference, tuple(units)) for (reference, _, _), units in together.items()]


def lines_naming(board: Board, lot: Lot) -> list[Theirs]:
    """The free lines that name a lot and go its way."""
    if lot.reference is None:
        return []
    return [
        theirs
        for theirs in board.theirs.values()
        if lot.reference in theirs.claims and (theirs.cents > 0) == lot.is_incoming
    ]


def _side(ours: Ours) -> tuple[str | None, bool]:
    return ours.reference, ours.cents > 0


def _goes_alone(ours: Ours) -> bool:
    return ours.cents > 0 or ours.reference is None


def _take(board: Board, lot: Lot, named: Sequence[Theirs], how: str) -> bool:
    found = _lines_for(board, lot, named)
    if found is None:
        return False
    lines, reasons = found
    return board.take(Rule.PAYOUT_LOT, 95, lines, lot.units, "reference", *reasons, how)


def _lines_for(board: Board, lot: Lot, named: Sequence[Theirs]) -> Found | None:
    """All lines that name the lot, else one of them, with its commission where that is apart."""
    choices = [list(named)] if named else []
    choices += [[line] for line in named] if len(named) > 1 else []
    for chosen in choices:
        rest_cents = lot.cents - total_cents(chosen)
        if rest_cents == 0:
            return chosen, ("sum",)
        commission = _commission_line(board, lot, chosen) if rest_cents == lot.commission_cents else None
        if commission is not None:
            return [*chosen, commission], ("net", "commission")
    return None


def _commission_line(board: Board, lot: Lot, chosen: Sequence[Theirs]) -> Theirs | None:
    """The line of the lot's commission: one that says so before any other, then the fewest days off."""

    def distance(line: Theirs) -> int:
        return min(abs((line.day - other.day).days) for other in chosen)

    fitting = [
        line
        for line in board.theirs.values()
        if line.cents == lot.commission_cents
        and line not in chosen
        and (not line.claims or lot.reference in line.claims)
        and distance(line) <= DAYS_APART_MAX
    ]
    return min(fitting, key=lambda line: (not _says_commission(line), distance(line)), default=None)


def _says_commission(line: Theirs) -> bool:
    return "commission" in line.line.label.casefold()


def _match_with_shared_commission(board: Board) -> None:
    """The lots of a month whose commission left in one sum."""
    waiting: dict[tuple[int, int], list[tuple[Lot, list[Theirs]]]] = {}
    for lot in lots(board):
        named = lines_naming(board, lot)
        if named and lot.commission_cents and total_cents(named) == lot.net_cents:
            last = max(line.day for line in named)
            waiting.setdefault((last.year, last.month), []).append((lot, named))
    for group in waiting.values():
        together = Lot(None, tuple(ours for lot, _ in group for ours in lot.units))
        named = [line for _, lines in group for line in lines]
        commission = _commission_line(board, together, named)
        if commission is not None and _says_commission(commission):
            lines = [*named, commission]
            board.take(Rule.PAYOUT_LOT, 90, lines, together.units, "reference", "net", "shared-commission")


def _match_part(board: Board, lot: Lot) -> None:
    """A lot of which the bank held back a payment or two, if only one choice comes to the sum."""
    named = lines_naming(board, lot)
    for left_out in range(1, min(LEFT_OUT_MAX, len(lot.units) - 1) + 1) if named else ():
        kept = len(lot.units) - left_out
        if comb(len(lot.units), kept) > COMBINATIONS_MAX:
            return
        parts = [Lot(lot.reference, units) for units in combinations(lot.units, kept)]
        fitting = [part for part in parts if _lines_for(board, part, named) is not None]
        amounts = {tuple(sorted(ours.cents for ours in part.units)) for part in fitting}
        if len(amounts) == 1 and _take(board, fitting[0], named, "part-of-lot"):
            return


def _match_nameless(board: Board) -> None:
    """A transfer that does not say for which lot: its net amount, where nothing else can be meant."""
    waiting = [lot for lot in lots(board) if not lines_naming(board, lot)]
    by_net = group_by(waiting, lambda lot: lot.net_cents)
    for net_cents, equal in by_net.items():
        near = [
            line
            for line in board.theirs.values()
            if line.cents == net_cents and not line.claims and equal[0].days_from(line.day) <= DAYS_APART_MAX
        ]
        if len(equal) == len(near) == 1:
            found = _lines_for(board, equal[0], near)
            if found is not None:
                board.take(Rule.PAYOUT_LOT, 75, found[0], equal[0].units, *found[1], "alone-both-sides")
