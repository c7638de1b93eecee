"""Any CSV by a mapping file: amounts and days as people write them, sums at the end, and how each fault is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import is_normalized

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import FileFaulty, StatementFormatUnknown
from ledger.reconciliation.formats import CsvMapping, Expected, guess, read_mapping, read_raw, read_statement, written
from ledger.reconciliation.formats.amounts import DAY_FORMS, parse_amount, parse_day_as
from ledger.reconciliation.model import ReadStatement
from tests.reconciled import faults_of
from tests.statement_files import french, plain, write

MAPPING = """
separator = ";"
decimal = ","
day = "dd/mm/yyyy"
currency = "EUR"

[columns]
date = "Date opération"
label = ["Libellé", "Détail"]
debit = "Débit"
credit = "Crédit"
balance = "Solde"
"""
HEADER = "Compte 0001234;;;;;\r\nDate opération;Valeur;Libellé;Détail;Débit;Crédit;Solde\r\n"
ROWS = (
    "Solde initial;;Solde initial;;;;100,00\r\n"
    "03/10/2026;05/10/2026;Versement;CCAS;;1\u202f250,00 €;1\u00a0350,00\r\n"
    '04/10/2026;05/10/2026;"Retrait\r\n(2 tickets)";;-50,00;;1300,00\r\n'
)


def read(folder: Path, rows: str = ROWS, mapping: str = MAPPING, encoding: str = "utf-8", **told: Any) -> ReadStatement:
    path = write(folder, "releve.csv", HEADER + rows, encoding)
    return read_statement(path, Expected(**told), read_mapping(write(folder, "releve.toml", mapping)))


def faults(folder: Path, rows: str = ROWS, mapping: str = MAPPING) -> list[tuple[Any, ...]]:
    with pytest.raises(FileFaulty) as refused:
        read(folder, rows, mapping)
    found = faults_of(refused.value)
    assert all(fault["fault"] and fault["remedy"] for fault in found)
    return [(fault["row"], fault["column"], fault["code"]) for fault in found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_as_the_mapping_says(tmp_path: Path, encoding: str) -> None:
    rows = ROWS.replace("\u202f", " ").replace("Solde initial;;Solde", "01/10/2026;;Solde")
    found = read(tmp_path, rows, encoding=encoding)
    assert (found.format, found.currency, found.opening_cents, found.closing_cents) == (
        "mapped-csv",
        "EUR",
        10_000,
        130_000,
    )
    assert [(line.booked_on, line.label, line.amount_cents) for line in found.lines] == [
        (date(2026, 10, 3), "Versement CCAS", 125_000),
        (date(2026, 10, 4), "Retrait (2 tickets)", -5_000),
    ]


def test_columns_may_go_by_number_and_amounts_be_signed(tmp_path: Path) -> None:
    mapping = "rows_before = 2\n[columns]\ndate = 1\nlabel = 3\namount = 5\nreference = 2\n"
    found = read(tmp_path, "03/10/2026;N1;A;;-1,50\n03/10/2026;N2;B;;2,00\n", mapping, closing_cents=50)
    assert [(line.amount_cents, line.their_reference) for line in found.lines] == [(-150, "N1"), (200, "N2")]


def test_a_column_may_tell_the_way_and_all_may_be_turned(tmp_path: Path) -> None:
    mapping = 'rows_before = 2\ndebit_words = ["Sortie"]\n[columns]\ndate = 1\nlabel = 2\namount = 3\ndirection = 4\n'
    rows = "03/10/2026;A;1,50;sortie\n03/10/2026;B;2,00;Entrée\n"
    assert [line.amount_cents for line in read(tmp_path, rows, mapping, closing_cents=50).lines] == [-150, 200]
    turned = f"turned = true\n{mapping}"
    assert [line.amount_cents for line in read(tmp_path, rows, turned, closing_cents=-50).lines] == [150, -200]


def test_newest_first_is_turned_round(tmp_path: Path) -> None:
    rows = "04/10/2026;;B;;50,00;;1300,00\n03/10/2026;;A;;;1250,00;1350,00\n"
    found = read(tmp_path, rows, opening_cents=10_000)
    assert [(line.number, line.label, line.row) for line in found.lines] == [(1, "A", 4), (2, "B", 3)]


def test_sums_at_the_end_are_checked_and_are_no_movements(tmp_path: Path) -> None:
    good = "Solde initial;;;;;;100,00\n03/10/2026;;A;;;1250,00;1350,00\nTotal;;;;0,00;1250,00;\n"
    rows = good.replace("Solde initial;;;", "01/10/2026;;Solde initial;")
    assert len(read(tmp_path, rows).lines) == 1
    assert faults(tmp_path, rows.replace("0,00;1250,00;\n", "0,00;1350,00;\n")) == [(5, "Crédit", "wrong-total")]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("31/09/2026;;A;;;1,00;1351,00", [(6, "Date opération", "not-a-day")]),
        (";;A;;;1,00;1351,00", [(6, "Date opération", "blank")]),
        ("05/10/2026;;A;;;1,0O;x", [(6, "Crédit", "not-an-amount"), (6, "Solde", "not-an-amount")]),
        ("05/10/2026;;A;;1,00;1,00;1300,00", [(6, "Crédit", "two-amounts")]),
        ("05/10/2026;;A;;;;1300,00", [(6, "Débit", "no-amount")]),
        ("05/10/2026;;A;;1,00", [(6, "", "field-count")]),
        ("05/10/2026;;A;;;1,00;1302,00", [(6, "Solde", "balance-broken")]),
        ("05/11/2026;;A;;;1,00;1301,00", [(6, "Date opération", "outside-period")]),
    ],
)
def test_every_fault_is_told_by_row_and_name(tmp_path: Path, row: str, found: list[tuple[Any, ...]]) -> None:
    rows = ROWS.replace("Solde initial;;Solde", "01/10/2026;;Solde").replace("\r\n(2", " (2")
    assert faults(tmp_path, f"{rows}{row}\r\n") == found


def test_missing_columns_are_told_at_the_header_that_comes_nearest(tmp_path: Path) -> None:
    mapping = MAPPING.replace('"Débit"', '"Sorties"').replace('"Solde"', '"Reste"')
    assert faults(tmp_path, mapping=mapping) == [(2, "Sorties", "missing-column"), (2, "Reste", "missing-column")]


@pytest.mark.parametrize(
    ("mapping", "columns"),
    [
        ("[columns", [""]),
        ("", ["columns.date", "columns.label", "columns"]),
        ('colour = "red"\n' + MAPPING, ["colour"]),
        (MAPPING.replace('";"', '"#"'), ["separator"]),
        (MAPPING.replace("dd/mm/yyyy", "jj/mm/aaaa"), ["day"]),
        (MAPPING.replace('"Solde"', "0"), ["columns.balance"]),
        (MAPPING.replace("balance =", "remainder ="), ["columns.remainder"]),
        (MAPPING.replace('debit = "Débit"\n', ""), ["columns"]),
        (
            MAPPING.replace('decimal = ","', 'encoding = "base64"\nturned = "yes"\nrows_before = -1'),
            ["encoding", "turned", "rows_before"],
        ),
        (MAPPING.replace('decimal = ","', "opening = [1]"), ["opening"]),
    ],
)
def test_a_mapping_is_checked_whole(tmp_path: Path, mapping: str, columns: list[str]) -> None:
    with pytest.raises(FileFaulty) as refused:
        read_mapping(write(tmp_path, "releve.toml", mapping))
    assert [fault["column"] for fault in faults_of(refused.value)] == columns


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12,50", 1_250),
        ("-12.5", -1_250),
        ("12,50-", -1_250),
        ("(12,50)", -1_250),
        ("\u221212,50 €", -1_250),
        ("EUR 1 234,50", 123_450),
        ("1\u00a0234\u202f567,89", 123_456_789),
        ("1.234,50", 123_450),
        ("1,234.50", 123_450),
        ("1'234.50", 123_450),
        ("+3", 300),
        ("3 Pois", 300),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, cents: int) -> None:
    assert parse_amount(text) == cents


@pytest.mark.parametrize(
    "text", ["", "1.234", "1,234", "12,345", "1 23,00", "12,50,00", "--1", "1e5", "١٢", "12 50", "-"]
)
def test_an_amount_that_could_mean_two_things_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_amount(text)


def test_a_mark_that_is_told_decides() -> None:
    assert (parse_amount("1.234", ","), parse_amount("1,234", ".")) == (123_400, 123_400)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["", " ", "\u00a0", "\u202f"]))
def test_what_is_written_is_read_again(cents: int, blank: str) -> None:
    assert parse_amount(french(cents, blank), ",") == cents
    assert parse_amount(plain(cents), ".") == cents


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(DAY_FORMS))
def test_a_day_is_read_again_in_each_form(day: date, form: str) -> None:
    shown = form.replace("yyyy", f"{day:%Y}").replace("yy", f"{day:%y}").replace("mm", f"{day:%m}")
    assert parse_day_as(shown.replace("dd", f"{day:%d}"), form) == day


# What --guess proposes.

GUESSED = {
    "Date;Date valeur;Libellé;Débit;Crédit;Solde\n06/10/2026;07/10/2026;VIR;;1 250,00;1 350,00\n": 125_000,
    "Relevé du 01/10/2026\nCompte;X\n\nDate;Libelle operation;Montant(EUR)\n": None,
    '"Date de comptabilisation","Libellé","Montant"\n"2026-10-06","VIR","-1,250.00"\n': -125_000,
    "Booking date\tDescription\tAmount\n06.10.2026\tVIR\t-12.50\n": -1_250,
    "06/10/2026;VIR RECU CCAS;1250,00;1350,00\n07/10/2026;FRAIS;-2,50;1347,50\n": 125_000,
    "Date;Libellé;Montant;Sens\n06/10/2026;VIR;12,50;D\n": -1_250,
}


@pytest.mark.parametrize(("text", "cents"), GUESSED.items())
def test_a_mapping_is_proposed_that_reads_the_file(tmp_path: Path, text: str, cents: int | None) -> None:
    path = write(tmp_path, "export.csv", text, "cp1252")
    if cents is None:
        with pytest.raises(StatementFormatUnknown):
            guess(path)
        return
    proposed = guess(path)
    kept = read_mapping(write(tmp_path, "export.toml", written(proposed)))
    assert kept == proposed
    assert read_raw(path, kept).readable[0].amount_cents == cents


@pytest.mark.parametrize("text", ["", "hello\n", "<html></html>", "a;b;c\n1;2;3\n", "\x1b[31m;;;\n"])
def test_what_is_no_statement_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    with pytest.raises(StatementFormatUnknown):
        guess(write(tmp_path, "export.csv", text))


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda name: bool(name.strip()) and is_normalized("NFC", name)  # as every file of people is read
)


@given(NAMES, st.integers(1, 9), st.sampled_from(DAY_FORMS), st.booleans())
def test_what_is_proposed_can_be_kept(
    tmp_path_factory: pytest.TempPathFactory, name: str, place: int, day: str, turned: bool
) -> None:
    mapping = CsvMapping({"date": (place,), "label": (name, "b"), "amount": (name,)}, day=day, turned=turned)
    path = write(tmp_path_factory.getbasetemp(), "kept.toml", written(mapping))
    assert read_mapping(path) == mapping
