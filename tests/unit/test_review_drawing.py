"""The screens of a review: nothing wider than the terminal, nothing higher, where one is always in sight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from rich.console import Console

from admin_cli.review.drawing import View, prompt, screen, summary
from admin_cli.review.state import ENTER, Act, Item, Walk
from admin_cli.review.walk import asked_for, press
from ledger.reconciliation.model import Account, Criterion, Miss, Rule, Statement, Suggestion
from ledger.reconciliation.model.breaks import BreakEvent, Course, Deed, Life, State
from ledger.texts import in_language
from tests.unit.test_review_walk import TODAY, WALK, line, pressed, unit

STATEMENT = Statement(
    UUID(int=1),
    Account.POIS,
    date(2026, 10, 1),
    date(2026, 10, 31),
    "octobre.csv",
    b"",
    9,
    0,
    0,
    datetime(2026, 11, 2, tzinfo=UTC),
)
LABEL = "PAIEMENT\r\nEPICERIE DU MARCHE NOTRE DAME LA GRANDE POITIERS TICKET T00433"
MISSES = tuple(
    Miss(replace(line(number), label=LABEL), unit(number), (Criterion.REFERENCE, Criterion.AMOUNT, Criterion.FREE))
    for number in range(4)
)
SAID = BreakEvent(
    UUID(int=2), UUID(int=3), 1, Deed.COMMENT, "lea", datetime(2026, 11, 2, tzinfo=UTC), comment="Elle rappelle. " * 9
)


def equal_set() -> Item:
    lines = tuple(replace(line(number), label=LABEL) for number in range(1, 8))
    one = Suggestion(Rule.EQUAL_SET, 60, ("merchant", "amount", "equal-candidates"), lines, tuple(map(unit, range(5))))
    return Item(one.id, suggestion=one)


def old_break() -> Item:
    life = Life(State.OPEN, 75, 12_50, owner="omar", course=Course.THEY_CORRECT, due_on=TODAY, overdue=True, comments=1)
    return replace(WALK.items[1], life=life)


CROWDED = Walk((equal_set(), old_break(), WALK.items[2]), TODAY)


def drawn(walk: Walk, columns: int, rows: int | None) -> list[str]:
    out = Console(width=columns, highlight=False, markup=False)
    with out.capture() as capture:
        out.print(screen(walk, View(STATEMENT, MISSES, [SAID])), height=rows)
    return capture.get().rstrip("\n").split("\n")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("columns", "rows"), [(80, 23), (120, 39), (80, 12), (60, None)])
@pytest.mark.parametrize("keys", ["", "s", "ss", "sss", "?", "sp", "spz", "sw", "a"])
def test_every_screen_fits(language: str, columns: int, rows: int | None, keys: str) -> None:
    with in_language(language):
        walk = pressed(CROWDED, keys)[0]
        lines = drawn(walk, columns, rows)
    assert max(map(len, lines)) <= columns
    assert rows is None or len(lines) <= max(rows, 20 if keys == "?" else rows)
    if keys not in {"?", "sss"}:
        assert lines[0].startswith(f"{walk.place + 1} ")
        assert any(key in " ".join(lines[-2:]) for key in ("q\N{NO-BREAK SPACE}", "Esc", "x\N{NO-BREAK SPACE}"))


def test_both_sides_stand_beside_each_other() -> None:
    with in_language("en"):
        text = "\n".join(drawn(CROWDED, 80, None))
    assert "record 1             -12.50 │ 5 Oct 2026  T00001              -12.50" in text
    assert all(words in text for words in ["and 3 more", "and 1 more", "-87.50 │ Sum", "would be matched: 5"])


def test_what_is_settled_elsewhere_and_what_is_late_are_said() -> None:
    gone = replace(CROWDED, place=1, items=tuple(replace(one, gone=True) for one in CROWDED.items))
    with in_language("en"):
        text = "\n".join(drawn(gone, 120, None))
    assert all(words in text for words in ["No longer open", "overdue", "omar", "75 days ago", "lea: Elle rappelle."])
    with in_language("fr"):
        assert "Il ne reste rien." in summary(gone)


def test_a_programme_is_typed_where_there_are_several() -> None:
    asked = asked_for(replace(CROWDED, place=1), Act.WRITE_OFF)
    typed = pressed(asked, "AA-2026")[0]
    with in_language("en"):
        assert prompt(typed) == "Programme: AA-2026"
    _, order = press(typed, ENTER)
    assert order is not None
    assert (order.act, order.words) == (Act.WRITE_OFF, "AA-2026")
