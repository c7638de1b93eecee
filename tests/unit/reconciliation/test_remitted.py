"""What the association acknowledged is matched by its own reference before anything else."""

from __future__ import annotations

from dataclasses import replace

from ledger.reconciliation.model import Books, Line, Party, Unit
from tests.reconciled import day, line, reconciled, refund, sale, told

SHOP = "Ferme du Bois"


def acknowledged(unit: Unit, reference: str) -> Unit:
    return replace(unit, remitted=reference)


def numbered(line: Line, reference: str) -> Line:
    return replace(line, their_reference=reference)


def shop(lines: list[Line], units: list[Unit]) -> Books:
    return Books((Party(SHOP, daily=False),), tuple(lines), tuple(units))


def test_their_number_decides_between_equal_sales_on_any_day() -> None:
    units = [acknowledged(sale(day(6), SHOP, 500), "X-1"), acknowledged(sale(day(6), SHOP, 500), "X-2")]
    lines = [
        numbered(line(1, day(20), f"Paiement {SHOP}", -500), "X-2"),
        line(2, day(21), f"Paiement {SHOP} (X-1)", -500),
    ]
    matches, breaks = reconciled(shop(lines, units))
    assert [(m.rule.value, m.lines[0].number, m.units[0].remitted) for m in matches] == [
        ("remittance", 1, "X-2"),
        ("remittance", 2, "X-1"),
    ]
    assert breaks == []


def test_a_total_stands_for_all_that_was_acknowledged_with_it() -> None:
    units = [acknowledged(sale(day(6), SHOP, cents), "TOT9") for cents in (500, 250, 125)]
    lines = [line(1, day(7), "Remise TOT9", -600), line(2, day(7), "Remise TOT9", -275)]
    [match], breaks = reconciled(shop(lines, units))
    assert (len(match.lines), len(match.units), breaks) == (2, 3, [])


def test_a_refund_has_its_own_reference() -> None:
    units = [acknowledged(sale(day(6), SHOP, 500, "T1"), "X1"), acknowledged(refund(day(7), SHOP, 200, "T1"), "X2")]
    lines = [line(1, day(7), f"Remboursement {SHOP} X2", 200), line(2, day(6), f"Paiement {SHOP} X1", -500)]
    matches, breaks = reconciled(shop(lines, units))
    assert ({m.rule.value for m in matches}, breaks) == ({"remittance"}, [])


def test_another_amount_is_a_difference_of_these_and_of_no_others() -> None:
    units = [acknowledged(sale(day(6), SHOP, 500), "X1"), sale(day(6), SHOP, 505)]
    lines = [numbered(line(1, day(6), f"Paiement {SHOP}", -505), "X1")]
    matches, breaks = reconciled(shop(lines, units))
    assert matches == []
    assert [told(found)[:2] for found in breaks] == [("amount-differs", [1]), ("missing-at-association", [])]
    assert breaks[0].why.value == "acknowledged-with-another-amount"


def test_a_line_booked_twice_is_a_duplicate() -> None:
    units = [acknowledged(sale(day(6), SHOP, 500, "T1"), "X1")]
    lines = [line(number, day(6), f"Paiement {SHOP} X1", -500) for number in (1, 2)]
    matches, breaks = reconciled(shop(lines, units))
    assert ([one.number for m in matches for one in m.lines], told(breaks[0])[:2]) == ([1], ("duplicate-theirs", [2]))


def test_what_was_unmatched_by_hand_is_left_open() -> None:
    books = shop([line(1, day(6), f"Paiement {SHOP} X1", -500)], [acknowledged(sale(day(6), SHOP, 500), "X1")])
    [match], _ = reconciled(books)
    assert reconciled(replace(books, rejected=frozenset([match.ties])))[0] == []
