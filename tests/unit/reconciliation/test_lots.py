"""Payout lots: many payments of ours against one line of the bank and its commission."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.books.transaction import TransactionKind
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.model import Account, Books, Break, Line, Match, Unit
from ledger.reconciliation.rules import find_answered, prove
from tests.month import OCTOBER
from tests.reconciled import day, line, reconciled, rows, told, unit

LAST = day(31)
LOT = "LOT-2026-10"


def paid(net_cents: int, commission_cents: int, lot: str | None = LOT, on: date = LAST) -> Unit:
    made = unit(TransactionKind.CONVERSION_PAID, on, -net_cents - commission_cents, lot)
    return replace(made, commission_cents=-commission_cents)


def sent_back(net_cents: int, commission_cents: int = 0, lot: str = LOT, on: date = LAST) -> Unit:
    made = unit(TransactionKind.CONVERSION_RETURNED, on, net_cents + commission_cents, lot)
    return replace(made, commission_cents=commission_cents)


def compared(lines: list[Line], units: list[Unit]) -> tuple[list[Match], list[Break]]:
    """Matches and breaks; the proof holds and nothing is held twice, whatever they are."""
    books = Books((), tuple(lines), tuple(units), account=Account.RESERVE)
    matches, breaks = reconciled(books)
    theirs, ours = sum(one.amount_cents for one in lines), sum(one.amount_cents for one in units)
    assert prove(theirs, ours, breaks).proof_cents == 0
    held = [tie for match in matches for tie in match.ties]
    assert len(held) == len(set(held))
    assert all(sum(one.amount_cents for one in m.lines) == sum(one.amount_cents for one in m.units) for m in matches)
    return matches, breaks


def shape(matches: list[Match]) -> list[tuple[str, list[int], int]]:
    return [(match.rule.value, [one.number for one in match.lines], len(match.units)) for match in matches]


def test_the_reserve_of_october_is_matched_but_for_the_fee() -> None:
    statement = read_statement(OCTOBER / "releve-reserve-2026-10.camt053.xml", Expected())
    lines = [line(one.number, one.booked_on, one.label, one.amount_cents) for one in statement.lines]
    payments = [
        paid(int(row["net_centimes"]), int(row["commission_centimes"]), row["lot"])
        for row in rows("lot-reconversions.csv")
    ]
    matches, breaks = compared(lines, [unit(TransactionKind.FUNDING, day(3), 1_250_000, "2026-1107"), *payments])
    assert shape(matches) == [("payout-lot", [2, 3], 9), ("reference", [1], 1)]
    assert [told(found) for found in breaks] == [("fee", [4], [])]


def test_a_bank_may_carry_a_lot_out_in_several_transfers() -> None:
    lines = [line(1, LAST, f"VIR {LOT}", -9800), line(2, LAST, f"VIR {LOT}", -4900), line(3, LAST, "COMMISSION", -300)]
    assert shape(compared(lines, [paid(9800, 200), paid(4900, 100)])[0]) == [("payout-lot", [1, 2, 3], 2)]


def test_transfers_booked_one_by_one_name_their_lot() -> None:
    """As our own file numbers them, over the days on which a bank carries them out; one comes back under its number."""
    lines = [
        line(1, LAST, f"VIR SEPA {LOT}.001", -9800),
        line(2, LAST, f"REF {LOT}.002", -4900),
        line(3, LAST, "COMMISSION", -300),
        line(4, LAST, f"REJET {LOT}.002", 4900),
        line(5, LAST, "COMMISSION RENDUE", 100),
    ]
    matches, breaks = compared(lines, [paid(9800, 200), paid(4900, 100), sent_back(4900, 100)])
    assert sorted(shape(matches)) == [("payout-lot", [1, 2, 3], 2), ("payout-lot", [4, 5], 1)]
    assert breaks == []


def test_commission_in_the_same_sum_or_by_the_same_reference_is_taken_too() -> None:
    assert shape(compared([line(1, LAST, LOT, -10_000)], [paid(9800, 200)])[0]) == [("payout-lot", [1], 1)]
    lines = [line(1, LAST, LOT, -9800), line(2, day(20), f"FRAIS {LOT}", -200)]
    assert shape(compared(lines, [paid(9800, 200)])[0]) == [("payout-lot", [1, 2], 1)]


def test_a_line_that_says_commission_comes_before_another_of_its_amount() -> None:
    lines = [line(1, LAST, LOT, -9800), line(2, LAST, "FRAIS", -200), line(3, LAST, "VIR Commission", -200)]
    matches, breaks = compared(lines, [paid(9800, 200)])
    assert (shape(matches), [told(found) for found in breaks]) == ([("payout-lot", [1, 3], 1)], [("fee", [2], [])])


def test_one_commission_for_the_lots_of_a_month() -> None:
    lines = [
        line(1, day(10), "LOT-A100", -9800),
        line(2, day(30), "LOT-B200", -4900),
        line(3, LAST, "COMMISSIONS", -300),
    ]
    units = [paid(9800, 200, "LOT-A100", day(10)), paid(4900, 100, "LOT-B200", day(30))]
    assert shape(compared(lines, units)[0]) == [("payout-lot", [1, 2, 3], 2)]


def test_a_payment_that_the_bank_held_back_is_named() -> None:
    lines = [line(1, LAST, LOT, -14_700), line(2, LAST, "COMMISSION", -300)]
    matches, breaks = compared(lines, [paid(9800, 200), paid(4900, 100), paid(2940, 60)])
    assert shape(matches) == [("payout-lot", [1, 2], 2)]
    assert [(*told(found), found.ours_cents) for found in breaks] == [("timing-ours-first", [], [LOT], -3000)]


def test_another_amount_is_one_difference_of_the_lot() -> None:
    lines = [line(1, LAST, LOT, -14_600), line(2, LAST, "COMMISSION", -300)]
    matches, [found] = compared(lines, [paid(9800, 200), paid(4900, 100)])
    assert (matches, told(found), found.difference_cents) == ([], ("amount-differs", [1, 2], [LOT]), -100)


def test_a_commission_that_stayed_in_the_reserve_is_the_difference() -> None:
    _, [found] = compared([line(1, LAST, LOT, -14_700)], [paid(9800, 200), paid(4900, 100)])
    assert (told(found), found.difference_cents) == (("amount-differs", [1], [LOT]), -300)


def test_a_lot_booked_twice_by_the_bank_is_found() -> None:
    lines = [line(1, LAST, LOT, -9800), line(2, LAST, LOT, -9800), line(3, LAST, "COMMISSION", -200)]
    matches, breaks = compared(lines, [paid(9800, 200)])
    assert shape(matches) == [("payout-lot", [1, 3], 1)]
    assert [told(found) for found in breaks] == [("duplicate-theirs", [2], [LOT])]


def test_a_lot_unknown_to_us_is_missing_in_the_ledger() -> None:
    lines = [line(1, LAST, LOT, -9800), line(2, LAST, "COMMISSION", -200), line(3, LAST, "VIR LOT-2026-09", -9800)]
    _, breaks = compared(lines, [paid(9800, 200)])
    assert [told(found)[:2] for found in breaks] == [("missing-in-ledger", [3])]


def test_a_returned_payment_is_matched_by_its_lot() -> None:
    lines = [line(1, LAST, LOT, -14_700), line(2, LAST, "COMMISSION", -300), line(3, LAST, f"REJET {LOT}", 4900)]
    matches, breaks = compared(lines, [paid(9800, 200), paid(4900, 100), sent_back(4900)])
    assert sorted(shape(matches)) == [("payout-lot", [1, 2], 2), ("payout-lot", [3], 1)]
    assert breaks == []
    lines.append(line(4, LAST, "COMMISSION", 100))
    matches, breaks = compared(lines, [paid(9800, 200), paid(4900, 100), sent_back(4900, 100)])
    assert (sorted(shape(matches)), breaks) == ([("payout-lot", [1, 2], 2), ("payout-lot", [3, 4], 1)], [])


def test_a_transfer_without_reference_is_told_by_its_net_amount() -> None:
    lines = [line(1, LAST, "VIR RECONVERSIONS", -14_700), line(2, LAST, "COMMISSION", -300)]
    assert shape(compared(lines, [paid(9800, 200), paid(4900, 100)])[0]) == [("payout-lot", [1, 2], 2)]
    assert compared(lines, [paid(9800, 200, "L1"), paid(4900, 100, "L2")])[0] == []


def test_a_net_amount_equal_to_somebody_elses_gross_is_not_mistaken() -> None:
    lines = [line(1, LAST, LOT, -9800), line(2, LAST, LOT, -9604), line(3, LAST, "COMMISSION", -396)]
    assert shape(compared(lines, [paid(9800, 200), paid(9604, 196)])[0]) == [("payout-lot", [1, 2, 3], 2)]


def test_money_in_that_names_nothing_is_unknown() -> None:
    _, breaks = compared([line(1, LAST, "DON", 500), line(2, LAST, "FRAIS", -250)], [])
    assert [told(found)[0] for found in breaks] == ["unknown", "fee"]


@pytest.mark.parametrize("booked_on", [LAST, date(2026, 11, 17)])
def test_a_loss_booked_later_closes_the_fee_by_its_amount(booked_on: date) -> None:
    loss = unit(TransactionKind.RESERVE_LOSS, booked_on, -250)
    matches, breaks = compared([line(4, LAST, "FRAIS TENUE DE COMPTE", -250)], [loss])
    assert (len(matches), breaks) == (1, [])


def test_of_equal_fees_the_earliest_is_closed() -> None:
    lines = [line(1, day(2), "FRAIS", -250), line(2, day(20), "FRAIS", -250)]
    loss = unit(TransactionKind.RESERVE_LOSS, date(2026, 11, 17), -250)
    assert shape(compared(lines, [loss])[0]) == [("correction", [1], 1)]


def test_a_correction_that_names_its_break_closes_it_and_no_other() -> None:
    lines = [line(1, day(2), "FRAIS", -250), line(2, day(20), "FRAIS", -250)]
    books = Books((), tuple(lines), (), account=Account.RESERVE)
    _, breaks = reconciled(books)
    loss = replace(unit(TransactionKind.RESERVE_LOSS, date(2026, 11, 17), -250), answers=breaks[1].id)
    assert reconciled(replace(books, units=(loss,)))[0] == []
    [match] = find_answered([loss], breaks, frozenset())
    assert [one.number for one in match.lines] == [2]
    assert find_answered([replace(loss, amount_cents=-251)], breaks, frozenset()) == []
    assert find_answered([loss], breaks, frozenset([match.ties])) == []
    assert find_answered([replace(loss, answers=uuid4())], breaks, frozenset()) == []


def test_what_was_unmatched_by_hand_is_not_matched_again() -> None:
    lines, units = [line(1, LAST, LOT, -9800), line(2, LAST, "COMMISSION", -200)], [paid(9800, 200)]
    books = Books((), tuple(lines), tuple(units), account=Account.RESERVE)
    [match], _ = reconciled(books)
    matches, breaks = reconciled(replace(books, rejected=frozenset([match.ties])))
    assert matches == []
    assert [told(found)[0] for found in breaks] == ["missing-in-ledger", "fee", "timing-ours-first"]


PAYMENTS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 50_000)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(PAYMENTS, st.randoms(use_true_random=False))
def test_whole_lots_are_always_found_and_the_order_does_not_matter(
    payments: list[tuple[int, int]], mix: object
) -> None:
    """Three lots at most, each a net line with its reference and a commission line with its number, of two percent."""
    units = [paid(cents, cents // 50 + 1, f"LOT-{100 + lot}", day(5 * lot)) for lot, cents in payments]
    lines = []
    for lot in sorted({lot for lot, _ in payments}):
        mine = [one for one in units if one.reference == f"LOT-{100 + lot}"]
        commission = sum(one.commission_cents for one in mine)
        lines.append(
            line(2 * lot, day(5 * lot), f"VIR LOT-{100 + lot}", sum(one.amount_cents for one in mine) - commission)
        )
        lines.append(line(2 * lot + 1, day(5 * lot), "VIR COMMISSION", commission))
    matches, breaks = compared(lines, units)
    assert (breaks, len(matches)) == ([], len(lines) // 2)
    mix.shuffle(units)  # type: ignore[attr-defined]
    again, _ = compared(lines[::-1], units)
    assert {match.ties for match in again} == {match.ties for match in matches}
