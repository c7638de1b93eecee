"""The platform's export, with all its habits, and every way in which such a file can be wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import (
    CATALOGUE,
    FileFaulty,
    FileUnreadable,
    Refusal,
    StatementDoesNotAddUp,
    StatementFormatUnknown,
    StatementMayBeCut,
)
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.model import ReadStatement
from ledger.texts import in_language
from tests.reconciled import faults_of, october_statement

HEADER = "Date;Libellé;Débit;Crédit;Solde\r\n"
OPENING = "01/10/2026;Solde initial;;;100,00\r\n"


def written(folder: Path, text: str, encoding: str = "utf-8-sig") -> Path:
    path = folder / "october.csv"
    path.write_bytes(text.encode(encoding))
    return path


def read(folder: Path, rows: str, expected: Expected | None = None) -> ReadStatement:
    return read_statement(written(folder, HEADER + rows), expected or Expected())


def faults(folder: Path, rows: str, expected: Expected | None = None) -> list[tuple[Any, ...]]:
    with pytest.raises(FileFaulty) as refused:
        read(folder, rows, expected)
    found = faults_of(refused.value)
    assert all(fault["fault"] and fault["remedy"] for fault in found)
    return [(fault["row"], fault["column"], fault["code"]) for fault in found]


def movements(count: int, first_cents: int = 0) -> str:
    balance, rows = first_cents, []
    for _ in range(count):
        balance += 100
        rows.append(f"05/10/2026;Virement;;1,00;{balance // 100},00\r\n")
    return "".join(rows)


def test_the_sample_is_read_whole() -> None:
    statement = october_statement()
    assert (statement.first_day, statement.last_day) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (statement.opening_cents, statement.closing_cents) == (0, 426_028)
    assert [line.number for line in statement.lines] == list(range(1, 350))
    assert statement.lines[0].amount_cents == 1_250_000
    assert statement.lines[13].label == "Remise du jour Coopérative bio de Saint-Éloi (4 tickets)"
    assert statement.lines[-1].balance_cents == 426_028


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        ("05/10/2026;Achat;-40,20;;59,80", -4_020),
        ("05/10/2026;Achat;40,20;;59,80", -4_020),
        ("05/10/2026;Achat;\u221240,20;;59,80", -4_020),
        ("05/10/2026;Achat;40.2;;59.80", -4_020),
        ("05/10/2026;Achat;40,20;0,00;59,80", -4_020),
        ("05/10/2026;Don;;1\u00a0000,00;1\u00a0100,00", 100_000),
        ("05/10/2026;Don;;1\u202f000,00;1 100,00", 100_000),
        ("05/10/2026;Correction;;-1,00;99,00", -100),
        ("2026-10-05;Don;;1,00;101,00", 100),
        ("05/10/2026;Rien;0,00;;100,00", 0),
    ],
)
def test_amounts_are_read_as_people_and_platforms_write_them(tmp_path: Path, row: str, amount: int) -> None:
    assert [line.amount_cents for line in read(tmp_path, OPENING + row).lines] == [amount]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_usual_encoding_will_do(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, HEADER + OPENING + "05/10/2026;Été;;1,00;101,00\r\n", encoding)
    assert read_statement(path, Expected()).lines[0].label == "Été"


def test_a_line_break_inside_a_label_is_folded(tmp_path: Path) -> None:
    statement = read(tmp_path, OPENING + '05/10/2026;"Remise\r\n(2 tickets)";-1,00;;99,00\r\n')
    assert statement.lines[0].label == "Remise (2 tickets)"


def test_a_very_long_label_is_cut_and_kept(tmp_path: Path) -> None:
    statement = read(tmp_path, OPENING + f"05/10/2026;{'x' * 500};-1,00;;99,00\r\n")
    assert statement.lines[0].label == "x" * 200


def test_a_month_without_movements_is_a_statement_too(tmp_path: Path) -> None:
    statement = read(tmp_path, OPENING)
    assert (statement.lines, statement.opening_cents, statement.closing_cents) == ((), 10_000, 10_000)


def test_the_period_is_the_whole_month_of_the_opening_row(tmp_path: Path) -> None:
    statement = read(tmp_path, OPENING + "15/10/2026;Don;;1,00;101,00\r\n")
    assert (statement.first_day.day, statement.last_day.day) == (1, 31)


def test_without_an_opening_row_the_last_closing_goes_on(tmp_path: Path) -> None:
    row = "05/10/2026;Don;;1,00;101,00\r\n"
    assert read(tmp_path, row, Expected(last_closing_cents=10_000)).opening_cents == 10_000
    assert faults(tmp_path, row) == [(2, "Solde", "balance-broken")]


def test_a_closing_row_is_checked(tmp_path: Path) -> None:
    rows = OPENING + "05/10/2026;Don;;1,00;101,00\r\n31/10/2026;Solde final;;;"
    assert read(tmp_path, rows + "101,00\r\n").closing_cents == 10_100
    with pytest.raises(StatementDoesNotAddUp) as refused:
        read(tmp_path, rows + "102,00\r\n")
    facts = refused.value.facts
    assert (facts["opening_cents"], facts["lines_cents"], facts["closing_cents"]) == (10_000, 100, 10_200)
    assert facts["difference_cents"] == 100


def test_a_total_at_the_end_is_checked_and_is_no_movement(tmp_path: Path) -> None:
    rows = OPENING + "05/10/2026;Don;;1,00;101,00\r\n06/10/2026;Achat;-3,00;;98,00\r\n"
    for total in ("Total;;3,00;1,00;\r\n", ";TOTAL DU MOIS;-3,00;1,00;98,00\r\n"):
        assert len(read(tmp_path, rows + total).lines) == 2
    assert faults(tmp_path, rows + "Total;;4,00;1,00;\r\n") == [(5, "Débit", "wrong-total")]
    assert len(read(tmp_path, rows + "31/10/2026;Solde final;;;98,00\r\nTotal;;3,00;1,00;\r\n").lines) == 2


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("05/10/2026;Don;;1,00;102,00\r\n", [(3, "Solde", "balance-broken")]),
        ("31/09/2026;Don;;1,00;101,00\r\n", [(3, "Date", "not-a-day")]),
        ("5 oct.;Don;;1,00;101,00\r\n", [(3, "Date", "not-a-day")]),
        (";Don;;1,00;101,00\r\n", [(3, "Date", "blank")]),
        ("05/10/2026;Don;;1,0O;101,00\r\n", [(3, "Crédit", "not-an-amount")]),
        ("05/10/2026;Don;1.234,00;;101,00\r\n", [(3, "Débit", "not-an-amount")]),
        ("05/10/2026;Don;;1,00;cent\r\n", [(3, "Solde", "not-an-amount")]),
        ("05/10/2026;Don;;1,00;\r\n", [(3, "Solde", "blank")]),
        ("05/10/2026;Don;;;100,00\r\n", [(3, "Débit", "no-amount")]),
        ("05/10/2026;Don;1,00;2,00;101,00\r\n", [(3, "Crédit", "two-amounts")]),
        ("05/11/2026;Don;;1,00;101,00\r\n", [(3, "Date", "outside-period")]),
        ("30/09/2026;Don;;1,00;101,00\r\n", [(3, "Date", "outside-period")]),
        ("05/10/2026;Don;;1,00\r\n", [(3, "", "field-count")]),
        (
            "x;Don;;y;z\r\n05/10/2026;Don;;1,00;1,0,0\r\n",
            [
                (3, "Date", "not-a-day"),
                (3, "Crédit", "not-an-amount"),
                (3, "Solde", "not-an-amount"),
                (4, "Solde", "not-an-amount"),
            ],
        ),
    ],
)
def test_each_fault_is_named_by_row_and_column(tmp_path: Path, rows: str, found: list[tuple[int, str, str]]) -> None:
    assert sorted(faults(tmp_path, OPENING + rows)) == sorted(found)


def test_a_balance_that_breaks_names_its_row_once(tmp_path: Path) -> None:
    good = movements(5, 10_000).splitlines(keepends=True)
    assert faults(tmp_path, OPENING + "".join(good[:2] + good[3:])) == [(5, "Solde", "balance-broken")]
    assert faults(tmp_path, OPENING + "".join([*good[:3], good[2], *good[3:]])) == [(6, "Solde", "balance-broken")]


def test_a_broken_balance_says_what_it_should_be(tmp_path: Path) -> None:
    with in_language("en"), pytest.raises(FileFaulty) as refused:
        read(tmp_path, OPENING + '05/10/2026;"a\r\nb";;1,00;101,00\r\n06/10/2026;Don;;1,00;103,00\r\n')
    [fault] = faults_of(refused.value)
    assert (fault["row"], fault["value"]) == (5, "103.00")
    assert fault["fault"] == "The balance after record 2 should be 102.00."


def test_another_month_has_to_be_named(tmp_path: Path) -> None:
    rows = "05/10/2026;Don;;1,00;101,00\r\n"
    expected = Expected(period=date(2026, 11, 1))
    assert faults(tmp_path, OPENING + rows, expected) == [(3, "Date", "outside-period")]


@pytest.mark.parametrize("count", [1000, 2000])
def test_a_file_that_ends_where_pages_end_may_be_cut(tmp_path: Path, count: int) -> None:
    rows = "01/10/2026;Solde initial;;;0,00\r\n" + movements(count)
    with pytest.raises(StatementMayBeCut) as refused:
        read(tmp_path, rows)
    assert refused.value.facts["rows"] == count
    assert len(read(tmp_path, rows, Expected(closing_cents=100 * count)).lines) == count


@pytest.mark.parametrize("count", [999, 1001])
def test_any_other_length_is_taken(tmp_path: Path, count: int) -> None:
    assert len(read(tmp_path, "01/10/2026;Solde initial;;;0,00\r\n" + movements(count)).lines) == count


@pytest.mark.parametrize(
    ("expected", "refusal"),
    [
        (Expected(opening_cents=0), StatementDoesNotAddUp),
        (Expected(closing_cents=10_200), StatementDoesNotAddUp),
        (Expected(opening_cents=10_000, closing_cents=10_100), None),
    ],
)
def test_what_the_officer_types_has_to_fit(tmp_path: Path, expected: Expected, refusal: type[Refusal] | None) -> None:
    row = OPENING + "05/10/2026;Don;;1,00;101,00\r\n"
    if refusal is None:
        assert read(tmp_path, row, expected).closing_cents == 10_100
    else:
        with pytest.raises(refusal):
            read(tmp_path, row, expected)


@pytest.mark.parametrize("text", ["", "\r\n", "a;b;c\r\n1;2;3\r\n", "siret;nom;commune\r\n", "{}"])
def test_another_file_is_no_statement(tmp_path: Path, text: str) -> None:
    with pytest.raises(StatementFormatUnknown) as refused:
        read_statement(written(tmp_path, text), Expected())
    assert any("libellé" in known for known in refused.value.facts["known"])  # type: ignore[union-attr, operator]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFaulty) as refused:
        read_statement(written(tmp_path, "Date;Libellé;Débit;Crédit\r\n"), Expected())
    [fault] = faults_of(refused.value)
    assert (fault["column"], fault["code"]) == ("solde", "missing-column")


def test_a_header_alone_is_no_statement(tmp_path: Path) -> None:
    assert faults(tmp_path, "") == [(None, "", "no-rows")]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        read_statement(tmp_path / "none.csv", Expected())


def test_refusals_of_reconciliation_say_what_to_do() -> None:
    mine = [refusal for number, refusal in CATALOGUE.items() if 6000 < number < 7000]
    assert mine
    assert all(refusal.title.endswith(".") and refusal.remedy.endswith(".") for refusal in mine)
