"""The five identities: what each compares, and that a centime more on any side is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.reconciliation.model import Books, Category, Identity, Party, ProgrammeSums, SalesCompared, Sums
from ledger.reconciliation.rules.identities import identities
from tests.reconciled import day, line, reconciled, refund, sale

MOVED = {
    ("funding", "association:issued"): 1000,
    ("lapse", "voucher"): 50,
    ("revocation", "voucher"): 40,
    ("refund", "programme:pool"): -5,
    ("conversion-paid", "association:issued"): -200,
    ("conversion-paid", "association:paid-out"): 196,
    ("conversion-paid", "association:commission"): 4,
    ("conversion-returned", "association:issued"): 98,
    ("conversion-returned", "association:paid-out"): -98,
    ("coupons-converted", "association:issued"): -100,
    ("coupons-converted", "association:paid-out"): 98,
    ("coupons-converted", "association:commission"): 2,
}
BALANCES = {
    "ccas:mandated": -1200,
    "association:in-transit": 200,
    "association:guarantee-fund": 790,
    "association:owes-reserve": 8,
    "programme:pool": -100,
    "voucher": -310,
    "merchant": -300,
    "merchant:converting": -38,
    "coupons:circulating": -50,
}
SUMS = Sums(MOVED, BALANCES, face_cents=700, sold_cents=330, refunded_cents=35)
BOOKS = Books((Party("Ferme", daily=False),), (), ())
PROGRAMME = ProgrammeSums("AA-2026", 1200, 1000, 200)


def proven(sums: Sums = SUMS, programme: ProgrammeSums = PROGRAMME) -> list[Identity]:
    return identities(sums, [programme], None)


def test_good_books_prove_all_of_them() -> None:
    found = proven()
    assert [(one.number, one.programme) for one in found] == [
        *((1, None), (1, "AA-2026"), (2, None), (3, None), (4, None), (5, None))
    ]
    assert [one.difference_cents for one in found] == [0] * 6
    assert all(one.holds for one in found)
    assert [(term.name, term.cents) for term in found[-1].right] == [("net", 196), ("commission", 6)]


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        (1, {"balances": {**BALANCES, "ccas:mandated": -1201}}),
        (1, {"moved": {**MOVED, ("funding", "association:issued"): 999}}),
        (2, {"face_cents": 701}),
        (2, {"sold_cents": 331}),
        (2, {"refunded_cents": 36}),
        (2, {"moved": {**MOVED, ("lapse", "voucher"): 51}}),
        (4, {"balances": {**BALANCES, "association:guarantee-fund": 789}}),
        (4, {"balances": {**BALANCES, "coupons:circulating": -51}}),
        (5, {"moved": {**MOVED, ("conversion-paid", "association:commission"): 5}}),
    ],
)
def test_a_centime_is_seen(number: int, changed: dict[str, int]) -> None:
    failing = [one for one in proven(replace(SUMS, **changed)) if not one.holds]  # type: ignore[arg-type]
    assert [(one.number, abs(one.difference_cents)) for one in failing] == [(number, 1)]


def test_a_programme_is_looked_at_by_itself() -> None:
    [failing] = [one for one in proven(programme=replace(PROGRAMME, credited_cents=999)) if not one.holds]
    assert (failing.number, failing.programme, failing.difference_cents) == (1, "AA-2026", 1)


def test_more_euros_than_pois_are_no_fault() -> None:
    reserve = proven(replace(SUMS, balances={**BALANCES, "association:guarantee-fund": 900}))[4]
    assert (reserve.number, reserve.holds, reserve.difference_cents) == (4, True, 110)


def test_adjustments_are_a_term_of_their_own() -> None:
    moved = {**MOVED, ("adjustment", "association:in-transit"): -10, ("adjustment", "voucher"): 7}
    balances = {**BALANCES, "association:in-transit": 190, "voucher": -303}
    found = proven(replace(SUMS, moved=moved, balances=balances))
    assert [one.holds for one in found if one.number < 3] == [True] * 3
    assert [term.cents for term in found[0].right if term.name == "adjusted"] == [10]


def test_sales_hold_when_every_difference_is_named() -> None:
    shop = "Ferme"
    lines = [
        line(1, day(6), f"Paiement {shop} ticket T0001", -500),
        line(2, day(7), f"Paiement {shop} ticket T0002", -310),
        line(3, day(8), "Frais de gestion", -350),
        line(4, day(9), f"Paiement {shop} ticket T0009", -40),
    ]
    units = [
        sale(day(6), shop, 500, "T0001"),
        sale(day(7), shop, 300, "T0002"),
        sale(day(10), shop, 120, "T0003"),
        refund(day(11), shop, 20, "T0001"),
    ]
    books = replace(BOOKS, lines=tuple(lines), units=tuple(units))
    matches, breaks = reconciled(books)
    matched = -sum(one.amount_cents for match in matches for one in match.lines)
    ours = -sum(unit.amount_cents for unit in units)
    found = identities(SUMS, [], SalesCompared("2026-10", ours, matched, 0, tuple(breaks)))[2]
    assert {term.name: term.cents for term in found.left} == {
        "merchant-credits": 850,
        "ours-only": 100,
        "theirs-only": -40,
        "amounts-differ": -10,
    }
    assert (found.right_cents, found.holds, found.period) == (900, True, "2026-10")
    assert Category.FEE in {one.category for one in breaks}
    lost = identities(SUMS, [], SalesCompared("2026-10", ours + 1, matched, 0, tuple(breaks)))[2]
    assert (lost.holds, lost.difference_cents) == (False, -1)


def test_without_a_statement_there_is_nothing_to_compare() -> None:
    found = proven()[3]
    assert (found.number, found.left, found.right, found.holds) == (3, (), (), True)
