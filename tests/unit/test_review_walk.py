"""What keys do in a review, without books: every key in every place, and every step taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin_cli.review.state import END_OF_INPUT, ENTER, ERASE, ESCAPE, LEFT, RIGHT, Act, Done, Item, Mode, Order, Walk
from admin_cli.review.walk import carried_out, day_typed, press, renewed, settled, taken_back
from ledger.books.transaction import TransactionKind
from ledger.reconciliation.model import Break, Category, Line, Rule, Suggestion, Unit, Why
from ledger.reconciliation.model.breaks import Life, State

TODAY = date(2026, 11, 2)
DAY = date(2026, 10, 5)


def line(number: int, cents: int = -12_50) -> Line:
    return Line(UUID(int=1), number, DAY, "ACHAT EPICERIE", cents, date(2026, 10, 31))


def unit(number: int, cents: int = -12_50, kind: TransactionKind = TransactionKind.REDEMPTION) -> Unit:
    occurred_at = datetime(2026, 10, 5, 10, tzinfo=UTC)
    return Unit(UUID(int=100 + number), kind, DAY, occurred_at, cents, "T00001", "Épicerie")


def suggestion(number: int) -> Item:
    one = Suggestion(Rule.ALIKE, 40, ("merchant", "amount"), (line(number),), (unit(number),))
    return Item(one.id, suggestion=one)


def difference(number: int, ours: TransactionKind | None = None) -> Item:
    lines, units = ((line(number),), ()) if ours is None else ((), (unit(number, kind=ours),))
    found = Break(UUID(int=200 + number), Category.UNKNOWN, lines, units, (), Why.NOTHING_NEAR)
    return Item(found.id, found=found, life=Life(State.OPEN, 3, 12_50))


WALK = Walk((suggestion(1), difference(2), difference(3, TransactionKind.REDEMPTION)), TODAY)
LOSS = Walk((difference(4, TransactionKind.RESERVE_LOSS),), TODAY)


def pressed(walk: Walk, keys: str | list[str]) -> tuple[Walk, list[Order]]:
    orders = []
    for key in keys:
        walk, order = press(walk, key)
        orders += [order] if order else []
    return walk, orders


def test_one_goes_on_and_back_and_stays_within_the_list() -> None:
    assert pressed(WALK, "ss")[0].place == 2
    assert pressed(WALK, ["s", RIGHT, " "])[0].item is None
    end = pressed(WALK, "ssss")[0]
    assert (end.place, "end" in end.notice) == (3, True)
    assert pressed(WALK, ["s", "s", LEFT, "b", "b"])[0].place == 0


def test_a_suggestion_is_accepted_and_a_difference_is_not() -> None:
    [order] = pressed(WALK, "A")[1]
    assert (order.act, order.item) == (Act.ACCEPT, WALK.items[0])
    after, orders = pressed(WALK, "sa")
    assert (orders, "suggestions" in after.notice) == ([], True)


@pytest.mark.parametrize("key", ["m", "c", "w", "p"])
def test_what_is_for_differences_does_nothing_to_a_suggestion(key: str) -> None:
    after, orders = pressed(WALK, key)
    assert (orders, after.mode, "differences" in after.notice) == ([], Mode.LOOK, True)


def test_a_comment_is_typed_corrected_and_kept() -> None:
    _, [order] = pressed(WALK, ["s", "c", ENTER, *"Bonjourr", ERASE, " ", "é", ENTER])
    assert (order.act, order.words, order.item) == (Act.COMMENT, "Bonjour é", WALK.items[1])
    after, orders = pressed(WALK, ["s", "c", "q", ESCAPE])
    assert (after.mode, after.is_over, orders) == (Mode.LOOK, False, [])


@pytest.mark.parametrize("typed", ["+14", "16/11/2026", "2026-11-16"])
def test_a_day_is_typed_in_three_ways(typed: str) -> None:
    _, [order] = pressed(WALK, ["s", "w", *typed, ENTER])
    assert (order.act, order.day) == (Act.WAIT, date(2026, 11, 16))


@pytest.mark.parametrize("typed", ["soon", "+", "+x", "+99999999999", "31/02/2026", "²"])
def test_what_is_no_day_is_asked_again(typed: str) -> None:
    after, orders = pressed(WALK, ["s", "p", "t", *typed, ENTER])
    assert (orders, after.mode, after.asked) == ([], Mode.TYPE, Act.CLAIM)
    assert after.facts == {"value": typed}
    assert day_typed(typed, TODAY) is None


def test_proposals_take_two_keys_and_a_reason_where_ours_is_taken_back() -> None:
    assert [order.act for order in pressed(WALK, "spx")[1]] == [Act.WRITE_OFF]
    assert [(order.act, order.words) for order in pressed(WALK, "spo")[1]] == [(Act.CORRECT, "")]
    assert [order.words for order in pressed(LOSS, "po1")[1]] == ["booked-twice"]
    for start, keys in ((WALK, "spz"), (LOSS, "po9")):
        after, orders = pressed(start, keys)
        assert (orders, after.mode) == ([], Mode.LOOK)


def test_a_sale_is_not_taken_back_but_refunded() -> None:
    after, orders = pressed(WALK, "sspo")
    assert (orders, after.facts, after.is_refused) == ([], {"instead": "refund"}, True)


def test_every_step_is_taken_back_in_turn() -> None:
    skipped = pressed(WALK, "s")[0]
    done = Done(Act.WAIT, WALK.items[1].id)
    decided = carried_out(skipped, done)
    assert decided.place == 2
    asked, [order] = pressed(decided, "u")
    assert (order.act, order.done, order.item) == (Act.UNDO, done, WALK.items[1])
    back = taken_back(asked)
    assert back.place == 1
    first = pressed(back, "u")[0]
    assert (first.place, first.steps) == (0, ())
    assert "nothing to take back" in pressed(first, "u")[0].notice


def test_looking_after_and_commenting_decide_nothing() -> None:
    there = pressed(WALK, "s")[0]
    assert carried_out(there, Done(Act.ASSIGN, WALK.items[1].id)).place == 1


def test_what_is_settled_keeps_its_place_and_is_passed_over() -> None:
    now = renewed(WALK, [WALK.items[2], difference(9)])
    assert [item.gone for item in now.items] == [True, True, False, False]
    assert (now.place, settled(now).place, len(now.open_items)) == (0, 2, 2)
    assert renewed(now, WALK.items).items[:3] == WALK.items


def test_help_is_left_by_any_key() -> None:
    helped = pressed(WALK, "?")[0]
    assert helped.mode is Mode.HELP
    assert pressed(helped, "q")[0] == WALK


def test_the_end_of_the_input_ends_it_everywhere() -> None:
    for keys in ("", "?", "sp", "sc"):
        assert press(pressed(WALK, keys)[0], END_OF_INPUT)[0].is_over


@given(st.lists(st.sampled_from([*"asbumcwpqtox1?z+4", ENTER, ERASE, ESCAPE, LEFT, RIGHT]), max_size=30))
def test_no_keys_in_any_order_lead_astray(keys: list[str]) -> None:
    walk = WALK
    for key in keys:
        walk, order = press(walk, key)
        if order is not None and order.done is None:
            walk = carried_out(walk, Done(order.act, order.item.id))
            walk = renewed(walk, [one for one in walk.items if one.id != order.item.id or not order.act.decides])
        elif order is not None:
            walk = renewed(taken_back(walk), [replace(one, gone=False) for one in walk.items])
        assert 0 <= walk.place <= len(walk.items)
        assert len(walk.items) == 3
