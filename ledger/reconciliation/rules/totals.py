"""Totals of a day: one line of the association for all sales of a merchant that day, refunds apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import combinations
from math import comb

from ledger.reconciliation.model import DAYS_APART_MAX, Rule
from ledger.reconciliation.rules.board import Board, Ours, Theirs, group_by, total_cents

COMBINATIONS_MAX = 5000  # of one day's sales that are tried; a day with more is left to people
SALES_TRIED_MAX = 12  # of a day, with whose every choice a total that leaves one out is compared

DayKey = tuple[str | None, date]


def totals_by_day(board: Board) -> dict[DayKey, list[Theirs]]:
    """Free lines that are the total of a day; those that say how many tickets come first."""
    lines = [theirs for theirs in board.theirs.values() if theirs.total]
    lines.sort(key=lambda theirs: theirs.tickets is None)
    return group_by(lines, lambda theirs: (theirs.party, theirs.day))


def fresh_totals(board: Board, theirs: Sequence[Theirs]) -> list[Theirs]:
    """Those of a day that repeat nothing accounted for; where some say how many tickets, only these."""
    fresh = [line for line in theirs if not board.is_copy(line)]
    return [line for line in fresh if line.tickets is not None] or fresh


def sales_by_day(board: Board) -> dict[DayKey, list[Ours]]:
    """Free sales of each merchant and day."""
    sales = [ours for ours in board.ours.values() if ours.cents < 0 and ours.party is not None]
    return group_by(sales, lambda ours: (ours.party, ours.day))


def match_whole_days(board: Board) -> None:
    """All sales of the day against one line, or against several that come to the same sum."""
    sales = sales_by_day(board)
    for key, theirs in totals_by_day(board).items():
        total = total_cents(sales.get(key, ()))
        exact = [line for line in theirs if line.cents == total]
        if exact:
            board.take(Rule.DAY_TOTAL, 95, exact[:1], sales[key], *reasons(exact[0], sales[key], "whole-day"))
        elif key in sales and total_cents(theirs) == total:
            board.take(Rule.DAY_TOTAL, 90, theirs, sales[key], "merchant", "same-day", "several-lines")


def match_other_days(board: Board) -> None:
    """A total that was booked up to three days off, where only one day and one line can be meant; one that does not
    say how many tickets only if nothing is left of its own day.
    """
    sales = sales_by_day(board)
    days = group_by(sales.items(), lambda day: (day[0][0], total_cents(day[1])))
    lines = [theirs for theirs in board.theirs.values() if theirs.total and not board.is_copy(theirs)]
    for key, theirs in group_by(lines, lambda theirs: (theirs.party, theirs.cents)).items():
        if len(theirs) == 1 and len(days.get(key, ())) == 1:
            [line], [((_, day), ours)] = theirs, days[key]
            near = abs((line.day - day).days) <= DAYS_APART_MAX
            meant = line.tickets == len(ours) if line.tickets is not None else (line.party, line.day) not in sales
            if near and meant:
                board.take(Rule.DAY_TOTAL, 75, [line], ours, *reasons(line, ours, "other-day"))


def match_parts_of_days(board: Board, *, counted: bool) -> None:
    """A total that leaves tickets out: it goes to the others, if they can be told; those left out are breaks.

    `counted`: with labels that say how many tickets, which is stronger than an equal sum on another day.
    """
    sales = sales_by_day(board)
    for key, theirs in totals_by_day(board).items():
        fresh = fresh_totals(board, theirs)
        if len(fresh) == 1 and key in sales and (fresh[0].tickets is not None) == counted:
            part = part_of_day(sales[key], fresh[0].cents, fresh[0].tickets)
            if part:
                board.take(Rule.DAY_TOTAL, 80, fresh, part, *reasons(fresh[0], part, "part-of-day"))


def part_of_day(ours: Sequence[Ours], cents: int, tickets: int | None) -> list[Ours] | None:
    """The sales that a total stands for: as many as its label says, else all but one, if no other choice comes to
    the sum. None where that is unclear.

    Of equal ones the latest are left out: a day is closed before its last sales, not before its first.
    """
    kept = len(ours) - 1 if tickets is None else tickets
    if not 0 < kept < len(ours) or comb(len(ours), kept) > COMBINATIONS_MAX:
        return None
    sizes = [kept] if tickets is not None or len(ours) > SALES_TRIED_MAX else range(kept, 0, -1)
    found = [part for size in sizes for part in combinations(ours, size) if total_cents(part) == cents]
    amounts = {tuple(sorted(item.cents for item in part)) for part in found}
    return list(found[0]) if len(amounts) == 1 and len(found[0]) == kept else None


def reasons(line: Theirs, ours: Sequence[Ours], how: str) -> tuple[str, ...]:
    counted = ("ticket-count",) if line.tickets == len(ours) else ()
    return ("merchant", how, *counted)
