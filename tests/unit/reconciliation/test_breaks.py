"""What is left over, told apart as the association's officer would, and why nothing nearer was taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.books.transaction import TransactionKind
from ledger.reconciliation.model import Books, Break, Line, Party, Ties, Unit
from ledger.reconciliation.rules import find_breaks, prove, side
from tests.reconciled import LAST_DAY, day, line, reconciled, refund, sale, told, unit

PARTIES = (Party("Ferme", daily=False), Party("Épicerie", daily=False), Party("Primeur", daily=True))


UNKNOWN_BACK = "Annulation paiement Ferme ticket T9999"


def breaks(lines: list[Line], units: list[Unit]) -> list[Break]:
    return reconciled(Books(PARTIES, tuple(lines), tuple(units)))[1]


def in_short(lines: list[Line], units: list[Unit]) -> list[tuple[str, list[int], list[str]]]:
    return [told(found) for found in breaks(lines, units)]


def paid(number: int, on: int, cents: int, rest: str = "", merchant: str = "Ferme") -> Line:
    return line(number, day(on), f"Paiement {merchant} {rest}".strip(), -cents)


def sold(on: int, cents: int, reference: str = "T1001", merchant: str = "Ferme") -> Unit:
    return sale(day(on), merchant, cents, reference)


def total(number: int, on: int, cents: int, tickets: int) -> Line:
    return line(number, day(on), f"Remise du jour Primeur ({tickets} tickets)", -cents)


@pytest.mark.parametrize(
    ("on", "category"),
    [
        (27, "missing-at-association"),
        (28, "timing-ours-first"),
        (31, "timing-ours-first"),
        (1, "missing-at-association"),
    ],
)
def test_ours_alone_is_late_only_near_the_end_of_the_month(on: int, category: str) -> None:
    assert in_short([], [sold(on, 500)]) == [(category, [], ["T1001"])]


def test_a_line_without_merchant_is_a_fee() -> None:
    assert in_short([line(1, day(15), "Frais de gestion", -350)], []) == [("fee", [1], [])]


def test_a_fee_may_name_the_mandate_that_it_was_taken_for() -> None:
    funding = unit(TransactionKind.FUNDING, day(3), 12_500, "2026-1107")
    lines = [line(1, day(3), "Virement mandat 2026-1107", 12_500), line(2, day(3), "Frais mandat 2026-1107", -35)]
    assert in_short(lines, [funding]) == [("fee", [2], ["2026-1107"])]


def test_a_sale_of_nobody_known_is_no_fee() -> None:
    assert in_short([line(1, day(6), "Paiement Inconnu ticket T9999", -500)], []) == [
        ("missing-in-ledger", [1], ["T9999"])
    ]


def test_euros_of_an_unknown_mandate_are_no_fee() -> None:
    found = in_short([line(1, day(3), "Virement CCAS mandat 2026-9999", 100_00)], [])
    assert found == [("missing-in-ledger", [1], ["2026-9999"])]


def test_theirs_alone_is_missing_in_the_ledger() -> None:
    lines = [paid(1, 6, 500), paid(2, 6, 700, "ticket T9999"), line(3, day(6), "Remboursement Ferme T9998", 100)]
    assert in_short(lines, []) == [
        ("missing-in-ledger", [1], []),
        ("missing-in-ledger", [2], ["T9999"]),
        ("missing-in-ledger", [3], []),
    ]


@pytest.mark.parametrize("rest", ["", "ticket T1001"])
def test_the_later_of_two_equal_records_is_the_copy(rest: str) -> None:
    lines = [paid(1, 6, 500, rest), paid(2, 6, 500, rest)]
    assert in_short(lines, [sold(6, 500)]) == [("duplicate-theirs", [2], ["T1001"])]


def test_a_copy_of_a_total_names_the_tickets_of_the_day() -> None:
    units = [sold(6, 500, "T1001", "Primeur"), sold(6, 700, "T1002", "Primeur")]
    found = in_short([total(1, 6, 1_200, 2), total(2, 6, 1_200, 2)], units)
    assert found == [("duplicate-theirs", [2], ["T1001", "T1002"])]


def test_another_day_label_or_amount_is_no_copy() -> None:
    lines = [paid(1, 6, 500), paid(2, 8, 500), paid(3, 6, 501), paid(4, 6, 500, "carte")]
    categories = [found.category.value for found in breaks(lines, [sold(6, 500)])]
    assert categories == ["missing-in-ledger"] * 3


def test_a_record_that_is_unknown_twice_is_missing_twice() -> None:
    lines = [paid(1, 6, 500, "ticket T9999"), paid(2, 6, 500, "ticket T9999")]
    assert [told(found)[0] for found in breaks(lines, [])] == ["missing-in-ledger"] * 2


def test_the_same_reference_with_another_amount_differs() -> None:
    [found] = breaks([paid(1, 6, 900, "ticket T1001")], [sold(6, 500)])
    assert told(found) == ("amount-differs", [1], ["T1001"])
    assert (found.ours_cents, found.theirs_cents, found.difference_cents) == (-500, -900, 400)


def test_a_copy_of_a_record_that_differs_is_a_copy() -> None:
    lines = [paid(1, 6, 900, "ticket T1001"), paid(2, 6, 900, "ticket T1001")]
    assert in_short(lines, [sold(6, 500)]) == [
        ("amount-differs", [1], ["T1001"]),
        ("duplicate-theirs", [2], ["T1001"]),
    ]


def test_alone_on_both_sides_that_day_differs() -> None:
    units = [sold(6, 500), sold(7, 600, "T1002"), sold(6, 800, "T1003", "Épicerie")]
    lines = [paid(1, 6, 550), paid(2, 7, 600)]
    assert in_short(lines, units) == [
        ("amount-differs", [1], ["T1001"]),
        ("missing-at-association", [], ["T1003"]),
    ]


@pytest.mark.parametrize(
    ("lines", "units"),
    [
        ([paid(1, 6, 550), paid(2, 6, 560)], [sold(6, 500)]),
        ([paid(1, 6, 550)], [sold(6, 500), sold(6, 510, "T1002")]),
        ([paid(1, 6, 550)], [sold(7, 500)]),
        ([paid(1, 6, 550)], [sold(6, 500, merchant="Épicerie")]),
        ([paid(1, 6, 550, "ticket T9999")], [sold(6, 500)]),
        ([line(1, day(6), "Remboursement Ferme", 550)], [sold(6, 500)]),
    ],
    ids=["two lines", "two tickets", "another day", "another merchant", "another ticket", "another way"],
)
def test_otherwise_nothing_is_taken_for_the_same(lines: list[Line], units: list[Unit]) -> None:
    assert all(not (found.lines and found.units) for found in breaks(lines, units))


@pytest.mark.parametrize(("cents", "category"), [(500, "wrong-merchant"), (900, "amount-differs")])
def test_a_ticket_that_is_put_to_another_merchant_is_one_difference(cents: int, category: str) -> None:
    units = [sold(6, 500), sold(6, 500, "T1002")]
    lines = [paid(1, 6, cents, "ticket T1001", "Épicerie"), paid(2, 6, 500)]
    assert in_short(lines, units) == [(category, [1], ["T1001"])]


def test_where_merchants_use_the_same_numbers_a_ticket_of_another_one_tells_nothing() -> None:
    units = [sold(6, 500), sold(20, 800, "T1001", "Épicerie")]
    lines = [paid(1, 6, 500, "ticket T1001", "Épicerie")]
    assert [found[0] for found in in_short(lines, units)] == ["amount-differs", "missing-at-association"]


def test_the_same_ticket_twice_in_our_books_is_a_copy_of_ours() -> None:
    found = in_short([paid(1, 6, 500)], [sold(6, 500), sold(6, 500), sold(6, 500, "T1002")])
    assert found == [("duplicate-ours", [], ["T1001"]), ("missing-at-association", [], ["T1002"])]


def reversal(of: Unit, cents: int | None = None) -> Unit:
    made = unit(TransactionKind.REVERSAL, of.booked_on, -of.amount_cents if cents is None else cents, None, of.merchant)
    return replace(made, reverses=of.id, reference=of.reference)


def test_a_reversal_is_mirrored_or_said_not_to_be() -> None:
    kept = sold(6, 500)
    back = line(2, day(6), "Annulation paiement Ferme ticket T1001", 500)
    both = [kept, reversal(kept)]
    assert in_short([paid(1, 6, 500, "ticket T1001"), back], both) == []
    assert in_short([paid(1, 6, 500, "ticket T1001")], both) == [("reversal-not-mirrored", [], ["T1001"])]
    assert in_short([paid(1, 6, 500, "ticket T1001"), back], [kept]) == [("reversal-not-mirrored", [2], ["T1001"])]
    assert (
        in_short([], both) == in_short([paid(1, 6, 500, "ticket T9999"), replace(back, label=UNKNOWN_BACK)], []) == []
    )


def test_what_was_reversed_leaves_the_line_to_what_was_not() -> None:
    kept = sold(6, 500)
    assert in_short([paid(1, 6, 500)], [kept, reversal(kept), sold(6, 500, "T1002")]) == []


@pytest.mark.parametrize(
    ("label", "on", "category"),
    [
        ("Paiement Ferme ticket T1001", 31, "timing-theirs-first"),
        ("Paiement Ferme", 30, "timing-theirs-first"),
        ("Paiement Ferme", 28, "missing-in-ledger"),
        ("Paiement Ferme ticket T1002", 31, "missing-in-ledger"),
        ("Paiement Épicerie", 31, "missing-in-ledger"),
    ],
)
def test_a_line_that_we_book_in_the_first_days_after_the_end_is_theirs_first(
    label: str, on: int, category: str
) -> None:
    later = replace(sold(1, 500), booked_on=date(2026, 11, 1))
    books = Books(PARTIES, (line(1, day(on), label, -500),), (), later=(later,))
    assert [one.category.value for one in reconciled(books)[1]] == [category]


def test_a_payment_to_a_merchant_that_nobody_knows_is_no_fee() -> None:
    lines = [line(1, day(6), "Paiement Librairie du Centre", -500), line(2, day(6), "Commission sur paiement", -35)]
    assert [told(found)[0] for found in breaks(lines, [])] == ["missing-in-ledger", "fee"]


def test_a_refund_and_a_funding_may_differ_too() -> None:
    units = [refund(day(6), "Ferme", 300, "T1001"), unit(TransactionKind.FUNDING, day(3), 900, "2026-1107")]
    lines = [line(1, day(3), "Virement CCAS", 800), line(2, day(6), "Remboursement Ferme T1001", 200)]
    assert in_short(lines, units) == [
        ("amount-differs", [1], ["2026-1107"]),
        ("amount-differs", [2], ["T1001"]),
    ]


def test_a_total_that_differs_is_one_break_of_its_day() -> None:
    units = [sold(6, 500, "T1001", "Primeur"), sold(6, 700, "T1002", "Primeur")]
    [found] = breaks([total(1, 6, 1_150, 2)], units)
    assert told(found) == ("amount-differs", [1], ["T1001", "T1002"])


def test_a_total_that_differs_is_told_from_another_sale_of_the_day() -> None:
    units = [sold(6, 500, "T1001", "Primeur"), sold(6, 700, "T1002", "Primeur")]
    lines = [paid(1, 6, 90, merchant="Primeur"), total(2, 6, 1_150, 2)]
    assert in_short(lines, units) == [("missing-in-ledger", [1], []), ("amount-differs", [2], ["T1001", "T1002"])]


def test_a_ticket_left_out_of_a_total_is_a_break_of_its_own() -> None:
    units = [sold(6, 500, "T1001", "Primeur"), sold(6, 700, "T1002", "Primeur")]
    assert in_short([total(1, 6, 500, 1)], units) == [("missing-at-association", [], ["T1002"])]


def test_without_the_total_each_ticket_of_the_day_is_a_break() -> None:
    units = [sold(6, 500, "T1001", "Primeur"), sold(6, 700, "T1002", "Primeur")]
    assert in_short([], units) == [
        ("missing-at-association", [], ["T1001"]),
        ("missing-at-association", [], ["T1002"]),
    ]


@pytest.mark.parametrize(
    ("lines", "units", "why", "near"),
    [
        ([paid(1, 6, 500)], [], "nothing-comparable", None),
        ([paid(1, 6, 500, "ticket T9999")], [], "reference-unknown", None),
        ([paid(1, 6, 500, "ticket T9999")], [sold(6, 500)], "equal-but-another-reference", "T1001"),
        ([paid(1, 6, 500)], [sold(20, 500)], "equal-amount-on-another-day", "T1001"),
        ([paid(1, 7, 500)], [sold(6, 500), sold(8, 500, "T1002")], "several-equal-candidates", "T1001"),
        ([paid(1, 6, 500)], [sold(6, 400), sold(6, 300, "T1002")], "other-amounts-that-day", "T1001"),
        (
            [paid(1, 6, 500, "ticket T1001", "Épicerie"), paid(2, 6, 500, "ticket T1001")],
            [sold(6, 500)],
            "reference-of-another-merchant",
            "T1001",
        ),
        (
            [paid(1, 6, 400, "ticket T1001"), paid(2, 6, 500, "ticket T1001")],
            [sold(6, 500)],
            "reference-matched-already",
            "T1001",
        ),
    ],
)
def test_a_line_says_why_its_nearest_candidate_was_not_taken(
    lines: list[Line], units: list[Unit], why: str, near: str | None
) -> None:
    found = next(found for found in breaks(lines, units) if found.lines and found.lines[0].number == 1)
    assert found.why.value == why
    assert (found.near_unit and found.near_unit.reference) == near


def test_a_ticket_says_why_too() -> None:
    [found] = breaks([paid(1, 6, 500)], [sold(6, 500), sold(6, 500, "T1002")])
    assert (found.why.value, found.near_line and found.near_line.number) == ("equal-ones-matched-already", 1)


def test_what_was_taken_back_by_hand_is_said() -> None:
    books = Books(PARTIES, (paid(1, 6, 500),), (sold(6, 500),))
    rejected: frozenset[Ties] = frozenset({frozenset({books.lines[0].key, books.units[0].id})})
    _, found = reconciled(replace(books, rejected=rejected))
    assert [(one.category.value, one.why.value) for one in found] == [
        ("missing-in-ledger", "equal-but-unmatched-by-hand"),
        ("missing-at-association", "equal-but-unmatched-by-hand"),
    ]


def test_a_break_keeps_its_id_whatever_becomes_of_its_category() -> None:
    books = Books(PARTIES, (), (sold(30, 500),))
    [late] = find_breaks(books, LAST_DAY)
    [missing] = find_breaks(books, date(2026, 11, 30))
    assert (late.category.value, missing.category.value) == ("timing-ours-first", "missing-at-association")
    assert late.id == missing.id


def test_the_statement_form_goes_from_theirs_to_ours() -> None:
    units = [sold(6, 500), sold(7, 700, "T1002"), sold(31, 90, "T1003")]
    lines = [paid(1, 6, 550), paid(2, 7, 700), paid(3, 7, 700), line(4, day(8), "Frais", -35)]
    proof = prove(-1_985, -1_290, breaks(lines, units))
    assert (proof.ours_only_cents, proof.theirs_only_cents, proof.amounts_cents) == (-90, -735, 50)
    assert proof.proof_cents == 0
    assert prove(-1_985, -1_291, breaks(lines, units)).proof_cents == 1


def test_a_side_adds_up_from_opening_to_closing() -> None:
    assert side(100, 130, [50, -20]).proof_cents == 0
    assert side(100, 131, [50, -20]).proof_cents == -1
