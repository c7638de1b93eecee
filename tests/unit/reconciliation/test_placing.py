"""Where a file belongs: behind, before, within or over what is known; and what makes it belong nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from ledger.reconciliation.model import Known, Placement, ReadStatement, StatementLine, Window
from ledger.reconciliation.rules import beside, place

Short = tuple[int, str, int]  # day, label, centimes


def lines(opening: int, moves: Sequence[Short]) -> tuple[StatementLine, ...]:
    found, balance = [], opening
    for number, (day, label, cents) in enumerate(moves, start=1):
        balance += cents
        found.append(StatementLine(number, date(2026, 10, day), label, cents, balance))
    return tuple(found)


def read(opening: int, *moves: Short, form: str = "a") -> ReadStatement:
    told = lines(opening, moves)
    closing = told[-1].balance_cents if told else opening
    return ReadStatement("new", b"", form, date(2026, 10, 1), date(2026, 10, 31), opening, closing, told)


def window(opening: int, *moves: Short, at_start: bool = True, at_end: bool = True) -> Window:
    known = tuple(
        Known(
            UUID(int=1),
            *(line.number, line.number, line.booked_on, line.label),
            line.amount_cents,
            line.balance_cents,
            None,
            "a",
            "old",
        )
        for line in lines(opening, moves)
    )
    return Window(opening, known, at_start, at_end)


def told(placement: Placement | None) -> tuple[list[str], list[str], list[str]] | None:
    """The labels in front, behind and known, or nothing."""
    if placement is None:
        return None
    known = [line.label for line, _ in placement.known]
    return [line.label for line in placement.before], [line.label for line in placement.after], known


A, B, C, D = (1, "A", 10), (2, "B", 20), (3, "C", 30), (4, "D", 40)
TWICE = (2, "X", 5)


@pytest.mark.parametrize(
    ("known", "file", "found"),
    [
        (window(0, A, B), read(30, C, D), ([], ["C", "D"], [])),
        (window(0, A, B), read(10, B, C), ([], ["C"], ["B"])),
        (window(0, A, B), read(0, A, B, C), ([], ["C"], ["A", "B"])),
        (window(0, A, B, C), read(10, B), ([], [], ["B"])),
        (window(30, C, D), read(0, A, B), (["A", "B"], [], [])),
        (window(10, B, C), read(0, A, B), (["A"], [], ["B"])),
        (window(10, B, C), read(0, A, B, C, D), (["A"], ["D"], ["B", "C"])),
        (window(0, A, B), read(0, A, C), None),
        (window(0, A, B), read(31, C), None),
        (window(0, A, B, at_end=False), read(30, C), None),
        (window(0, A, C), read(10, B, C), None),
    ],
)
def test_a_file_joins_on_where_its_balance_and_its_lines_fit(
    known: Window, file: ReadStatement, found: tuple[list[str], list[str], list[str]] | None
) -> None:
    assert told(place(known, file)) == found


def test_the_same_line_twice_in_a_file_is_two_and_in_two_files_one() -> None:
    known = window(0, A, TWICE, TWICE)
    assert told(place(known, read(10, TWICE, TWICE, C))) == ([], ["C"], ["X", "X"])
    assert told(place(known, read(15, TWICE, C))) == ([], ["C"], ["X"])
    assert told(place(known, read(15, TWICE, TWICE, C))) == ([], ["X", "C"], ["X"])
    assert told(place(known, read(20, TWICE, C))) == ([], ["X", "C"], [])


def test_the_order_within_what_is_told_again_does_not_matter() -> None:
    known = window(0, (2, "P", 10), (2, "Q", -10), (2, "R", 5))
    assert told(place(known, read(0, (2, "R", 5), (2, "Q", -10), (2, "P", 10), C))) == ([], ["C"], ["R", "Q", "P"])


def test_what_comes_to_nothing_is_told_again_rather_than_new() -> None:
    known = window(7, (2, "P", 10), (2, "Q", -10))
    assert told(place(known, read(7, (2, "P", 10), (2, "Q", -10), C))) == ([], ["C"], ["P", "Q"])


def test_another_format_words_the_same_line_its_own_way() -> None:
    known = window(0, A, B)
    other = read(0, (1, "virement a", 10), (2, "virement b", 20), C, form="b")
    assert told(place(known, other)) == ([], ["C"], ["virement a", "virement b"])
    assert place(known, read(0, (1, "virement a", 10), B, C)) is None


def test_new_movements_among_known_days_do_not_fit() -> None:
    known = window(0, A, D)
    assert place(known, read(0, A, D, B)) is None
    missing, added = beside(known, read(0, A, B, D))
    assert ([line.label for line in missing], [line.label for line in added]) == ([], ["B"])
    missing, added = beside(known, read(0, A, (4, "E", 40)))
    assert ([line.label for line in missing], [line.label for line in added]) == (["D"], ["E"])
