"""What is only offered: equal ones that cannot be told apart, sums, near misses; and the nearest misses of the rest."""

from __future__ import annotations

from dataclasses import replace

from ledger.reconciliation.model import Books, Criterion, Line, Party, Suggestion, Unit
from ledger.reconciliation.rules import find_suggestions
from ledger.reconciliation.rules.misses import misses_of_line, misses_of_unit
from ledger.reconciliation.rules.suggestions import SUM_ITEMS_MAX
from tests.reconciled import day, line, reconciled, sale, settled

PARTIES = (Party("Ferme", daily=False), Party("Épicerie", daily=False))


def paid(number: int, on: int, cents: int, rest: str = "", merchant: str = "Ferme") -> Line:
    return line(number, day(on), f"Paiement {merchant} {rest}".strip(), -cents)


def sold(on: int, cents: int, reference: str, merchant: str = "Ferme") -> Unit:
    return sale(day(on), merchant, cents, reference)


def offered(lines: list[Line], units: list[Unit]) -> list[Suggestion]:
    books = Books(PARTIES, tuple(lines), tuple(units))
    matches, breaks = reconciled(books)
    return find_suggestions(settled(books, matches), breaks)


def in_short(lines: list[Line], units: list[Unit]) -> list[tuple[str, list[int], list[str | None]]]:
    return [
        (one.rule.value, [item.number for item in one.lines], [item.reference for item in one.units])
        for one in offered(lines, units)
    ]


def test_equal_ones_are_offered_as_a_set_and_accepted_as_far_as_both_reach() -> None:
    [found] = offered([paid(1, 7, 500)], [sold(6, 500, "T1001"), sold(8, 500, "T1002")])
    assert (found.rule.value, [unit.reference for unit in found.units]) == ("equal-set", ["T1001", "T1002"])
    assert [unit.reference for unit in found.match.units] == ["T1001"]
    assert found.match.reasons[-1] == "accepted"
    assert len(found.break_ids) == 3


def test_sums_are_offered_both_ways_and_never_matched() -> None:
    units = [sold(6, 500, "T1001"), sold(6, 700, "T1002"), sold(6, 90, "T1003")]
    assert in_short([paid(1, 6, 1_200)], units) == [("subset-sum", [1], ["T1001", "T1002"])]
    lines = [paid(1, 6, 500), paid(2, 7, 700), paid(3, 6, 31)]
    assert in_short(lines, [sold(6, 1_200, "T1001")]) == [("subset-sum", [1, 2], ["T1001"])]


def test_of_several_sums_each_is_offered_and_said_so() -> None:
    units = [sold(6, cents, f"T100{nth}") for nth, cents in enumerate([100, 400, 200, 300])]
    found = offered([paid(1, 6, 500)], units)
    assert [one.reasons[-1] for one in found] == ["one-of-several-sums"] * 2


def test_sums_of_another_merchant_of_other_days_or_of_too_many_are_not_looked_for() -> None:
    units = [sold(6, 500, "T1001"), sold(6, 700, "T1002")]
    assert in_short([paid(1, 6, 1_200, merchant="Épicerie")], units) == []
    assert in_short([paid(1, 20, 1_200)], units) == []
    many = [sold(6, 2**nth, f"T{1000 + nth}") for nth in range(SUM_ITEMS_MAX + 1)]
    assert in_short([paid(1, 6, 3 * 2**4)], many) == []
    assert in_short([paid(1, 6, 3 * 2**4)], many[1:]) == [("subset-sum", [1], ["T1004", "T1005"])]


def test_one_thing_amiss_is_said() -> None:
    assert offered([paid(1, 6, 500, "ticket T9999")], [sold(6, 500, "T1001")])[0].reasons[-1] == "another-reference"
    assert offered([paid(1, 20, 500)], [sold(6, 500, "T1001")])[0].reasons[-1] == "far-apart"
    assert offered([paid(1, 6, 500, "", "Épicerie")], [sold(6, 500, "T1001")])[0].reasons[-1] == "another-merchant"


def test_what_was_rejected_as_a_set_is_not_offered_again() -> None:
    books = Books(PARTIES, (paid(1, 7, 500),), (sold(6, 500, "T1001"), sold(8, 500, "T1002")))
    _, breaks = reconciled(books)
    [found] = find_suggestions(books, breaks)
    assert find_suggestions(replace(books, rejected=frozenset({found.match.ties})), breaks) == []


def test_a_miss_says_in_what_it_fails() -> None:
    units = [sold(6, 500, "T1001"), sold(16, 500, "T1002"), sold(6, 700, "T1003", "Épicerie")]
    books = Books(PARTIES, (paid(1, 6, 510, "ticket T9999"),), tuple(units))
    [near] = misses_of_line(books, books.lines[0].key)
    assert (near.unit.reference, near.failed) == ("T1001", (Criterion.REFERENCE, Criterion.AMOUNT))
    assert misses_of_unit(books, units[0].id) == (near,)
    assert misses_of_unit(books, units[1].id) == ()
