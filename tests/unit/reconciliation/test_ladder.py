"""Each rung of the ladder, and what it must leave alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.books.transaction import TransactionKind
from ledger.reconciliation.model import Books, Line, Match, Party, Unit
from ledger.reconciliation.rules import find_matches
from tests.reconciled import day, line, refund, sale, unit

PARTIES = (Party("Ferme", daily=False), Party("Épicerie", daily=False), Party("Primeur", daily=True))


def books(lines: list[Line], units: list[Unit]) -> Books:
    return Books(PARTIES, tuple(lines), tuple(units))


def matched(lines: list[Line], units: list[Unit]) -> list[tuple[str, list[int], list[int]]]:
    """Rule, record numbers, and places of the units in the list given."""
    places = {one.id: place for place, one in enumerate(units)}
    return [
        (made.rule.value, [one.number for one in made.lines], [places[one.id] for one in made.units])
        for made in find_matches(books(lines, units))
    ]


def paid(number: int, on: int, cents: int, rest: str = "", merchant: str = "Ferme") -> Line:
    return line(number, day(on), f"Paiement {merchant} {rest}".strip(), -cents)


def sold(on: int, cents: int, reference: str | None = None, merchant: str = "Ferme") -> Unit:
    return sale(day(on), merchant, cents, reference)


def total(number: int, on: int, cents: int, tickets: int | None = None) -> Line:
    count = "" if tickets is None else f" ({tickets} tickets)"
    return line(number, day(on), f"Remise du jour Primeur{count}", -cents)


def test_a_reference_goes_before_an_equal_amount() -> None:
    units = [sold(6, 500, "T1001"), sold(6, 500, "T1002")]
    lines = [paid(1, 6, 500), paid(2, 6, 500, "ticket T1001")]
    assert matched(lines, units) == [("reference", [2], [0]), ("amount-date-merchant", [1], [1])]


def test_a_reference_that_is_used_every_day_goes_to_its_own_day() -> None:
    units = [sold(7, 500, "T1001"), sold(6, 500, "T1001")]
    lines = [paid(1, 6, 500, "ticket T1001"), paid(2, 7, 500, "ticket T1001")]
    assert sorted(matched(lines, units)) == [("reference", [1], [1]), ("reference", [2], [0])]


def test_a_reference_is_found_however_late_it_is_booked() -> None:
    assert matched([paid(1, 30, 500, "ticket T1001")], [sold(1, 500, "T1001")]) == [("reference", [1], [0])]


@pytest.mark.parametrize("label", ["Paiement Épicerie ticket T1001", "Paiement Ferme ticket T1002", "Paiement Inconnu"])
def test_another_merchant_or_another_ticket_is_not_taken(label: str) -> None:
    assert matched([line(1, day(6), label, -500)], [sold(6, 500, "T1001")]) == []


def test_a_refund_is_not_its_sale() -> None:
    units = [sold(6, 500, "T1001"), refund(day(6), "Ferme", 500, "T1001")]
    lines = [line(1, day(6), "Remboursement Ferme T1001", 500), paid(2, 6, 500, "ticket T1001")]
    assert sorted(matched(lines, units)) == [("reference", [1], [1]), ("reference", [2], [0])]


def test_two_refunds_of_a_ticket_may_be_booked_as_one() -> None:
    units = [refund(day(6), "Ferme", 200, "T1001"), refund(day(7), "Ferme", 300, "T1001")]
    assert matched([line(1, day(7), "Remboursement Ferme T1001", 500)], units) == [("reference", [1], [0, 1])]


def test_the_euros_are_matched_by_the_number_of_the_mandate() -> None:
    units = [unit(TransactionKind.FUNDING, day(3), 12_500, "2026-1107")]
    assert matched([line(1, day(5), "Virement CCAS mandat 2026-1107", 12_500)], units) == [("reference", [1], [0])]


def test_the_same_reference_with_another_amount_is_kept_for_its_ticket() -> None:
    units = [sold(6, 500, "T1001"), sold(6, 700, "T1002")]
    assert matched([paid(1, 6, 700, "ticket T1001")], units) == []


def test_a_ticket_without_reference_may_be_named_by_the_line() -> None:
    assert matched([paid(1, 6, 500, "ticket T1001")], [sold(6, 500)]) == [("amount-date-merchant", [1], [0])]


def test_equal_ones_are_matched_as_a_set() -> None:
    units = [sold(6, 500, "T1001"), sold(6, 500, "T1002")]
    assert matched([paid(1, 6, 500), paid(2, 6, 500)], units) == [("equal-set", [1, 2], [0, 1])]


def test_of_more_tickets_than_lines_the_latest_are_left() -> None:
    units = [sold(6, 500, "T1001"), sold(6, 500, "T1002"), sold(6, 500, "T1003")]
    assert matched([paid(1, 6, 500), paid(2, 6, 500)], units) == [("equal-set", [1, 2], [0, 1])]


def test_of_a_record_and_its_copy_the_copy_is_left() -> None:
    lines = [paid(1, 6, 500), paid(2, 6, 500), paid(3, 6, 500, "carte")]
    assert matched(lines, [sold(6, 500), sold(6, 500)]) == [("equal-set", [1, 3], [0, 1])]
    assert matched(lines[:2], [sold(6, 500)]) == [("amount-date-merchant", [1], [0])]


@pytest.mark.parametrize(("on", "found"), [(6, 1), (9, 1), (3, 1), (10, 0), (2, 0)])
def test_an_amount_is_looked_for_three_days_around(on: int, found: int) -> None:
    assert len(matched([paid(1, on, 500)], [sold(6, 500, "T1001")])) == found


def test_days_apart_only_where_nothing_else_could_be_meant() -> None:
    assert matched([paid(1, 7, 500)], [sold(6, 500), sold(8, 500)]) == []
    both = [sold(6, 500), sold(7, 500)]
    assert matched([paid(1, 9, 500), paid(2, 9, 500)], both) == [("equal-set", [1, 2], [0, 1])]


def test_a_copy_is_not_taken_for_another_day() -> None:
    units = [sold(6, 500), sold(8, 500)]
    assert matched([paid(1, 6, 500), paid(2, 6, 500)], units) == [("amount-date-merchant", [1], [0])]


def test_a_total_stands_for_all_sales_of_its_day() -> None:
    units = [sold(6, cents, merchant="Primeur") for cents in (500, 700, 900)]
    assert matched([total(1, 6, 2_100, 3)], units) == [("day-total", [1], [0, 1, 2])]
    assert matched([line(1, day(6), "Paiement Primeur", -2_100)], units) == [("day-total", [1], [0, 1, 2])]


def test_several_totals_of_a_day_may_come_to_the_sum() -> None:
    units = [sold(6, cents, merchant="Primeur") for cents in (500, 700, 900)]
    assert matched([total(1, 6, 1_300), total(2, 6, 800)], units) == [("day-total", [1, 2], [0, 1, 2])]


def test_a_total_does_not_count_refunds() -> None:
    units = [sold(6, 500, "T1001", "Primeur"), refund(day(6), "Primeur", 200, "T1001")]
    lines = [total(1, 6, 500, 1), line(2, day(6), "Remboursement Primeur T1001", 200)]
    assert sorted(matched(lines, units)) == [("day-total", [1], [0]), ("reference", [2], [1])]


def test_a_total_may_be_booked_the_day_after() -> None:
    units = [sold(6, 500, merchant="Primeur"), sold(6, 700, merchant="Primeur")]
    assert matched([total(1, 7, 1_200, 2)], units) == [("day-total", [1], [0, 1])]
    assert matched([total(1, 10, 1_200, 2)], units) == []


def test_a_total_that_leaves_a_ticket_out_goes_to_the_others() -> None:
    units = [sold(6, cents, merchant="Primeur") for cents in (500, 700, 900)]
    assert matched([total(1, 6, 1_400, 2)], units) == [("day-total", [1], [0, 2])]
    assert matched([total(1, 6, 700, 1)], units) == [("day-total", [1], [1])]
    assert matched([total(1, 6, 1_400)], units) == [("day-total", [1], [0, 2])]


def test_of_equal_tickets_a_total_leaves_the_last_out() -> None:
    units = [sold(6, cents, merchant="Primeur") for cents in (500, 700, 500)]
    assert matched([total(1, 6, 1_200, 2)], units) == [("day-total", [1], [0, 1])]


@pytest.mark.parametrize(
    ("cents", "tickets"), [(1_500, 2), (2_000, 3), (1_400, 3), (500, 0), (2_100, 4), (1_500, None)]
)
def test_a_total_that_cannot_be_explained_is_left(cents: int, tickets: int | None) -> None:
    units = [sold(6, cents, merchant="Primeur") for cents in (500, 700, 900)]
    expected = [("day-total", [1], [0, 1, 2])] if cents == 2_100 else []
    assert matched([total(1, 6, cents, tickets)], units) == expected


def test_different_tickets_that_explain_a_total_equally_well_are_left_to_people() -> None:
    units = [sold(6, cents, merchant="Primeur") for cents in (100, 400, 200, 300)]
    assert matched([total(1, 6, 500, 2)], units) == []


def test_the_same_match_is_not_made_again_after_it_was_taken_back() -> None:
    before = books([paid(1, 6, 500)], [sold(6, 500)])
    [made] = find_matches(before)
    assert find_matches(replace(before, rejected=frozenset({made.ties}))) == []


def test_what_is_matched_already_is_left_in_peace() -> None:
    before = books([paid(1, 6, 500)], [sold(6, 500)])
    [made] = find_matches(before)
    held = replace(before, lines=tuple(replace(one, match_id=made.units[0].id) for one in before.lines))
    assert find_matches(held) == []


def test_a_match_is_complete_when_both_sides_are_known() -> None:
    made = Match(
        rule=find_matches(books([paid(1, 6, 500)], [sold(6, 500)]))[0].rule,
        score=100,
        reasons=(),
        lines=(paid(1, 6, 500),),
        units=(sold(30, 500),),
    )
    assert made.complete_on == day(31)
