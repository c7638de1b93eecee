"""The customer statement message: what is taken of it, and how each fault is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import FileFaulty
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.formats.mt940 import about
from ledger.reconciliation.model import ReadStatement
from tests.reconciled import faults_of
from tests.statement_files import Moved, mt940, write

MOVES = [
    Moved(date(2026, 10, 3), "VIR CCAS DE POITIERS MANDAT 2026-1107", 1_250_000),
    Moved(date(2026, 10, 31), "FRAIS TENUE DE COMPTE", -250),
]


def read(folder: Path, text: str, encoding: str = "utf-8") -> ReadStatement:
    return read_statement(write(folder, "releve.sta", text, encoding), Expected())


def message(*fields: str, opening: str = "C261001EUR0,", closing: str = "C261031EUR10,") -> str:
    return "\n".join([":20:X", ":25:FR76", ":28C:1", f":60F:{opening}", *fields, f":62F:{closing}"]) + "\n-\n"


def faults(folder: Path, text: str) -> list[tuple[Any, ...]]:
    with pytest.raises(FileFaulty) as refused:
        read(folder, text)
    found = faults_of(refused.value)
    assert all(fault["fault"] and fault["remedy"] for fault in found)
    return [(fault["row"], fault["column"], fault["code"]) for fault in found]


def test_a_month_is_read_line_by_line(tmp_path: Path) -> None:
    found = read(tmp_path, mt940(100, MOVES))
    assert (found.format, found.opening_cents, found.closing_cents) == ("mt940", 100, 1_249_850)
    assert [(line.booked_on, line.label, line.amount_cents) for line in found.lines] == [
        (move.day, move.label, move.cents) for move in MOVES
    ]


@pytest.mark.parametrize(
    ("field", "cents"),
    [
        ("2610061006C10,00NTRFNONREF", 1_000),
        ("2610061006D10,00NTRFNONREF", -1_000),
        ("2610061006RC10,00NTRFNONREF", -1_000),
        ("2610061006RD10,00NTRFNONREF", 1_000),
        ("2610061006CR10,NTRFNONREF", 1_000),
        ("261006C10,5NMSCNONREF", 1_050),
    ],
    ids=["credit", "debit", "credit taken back", "debit given back", "funds code", "value day only"],
)
def test_the_mark_says_which_way_it_went(tmp_path: Path, field: str, cents: int) -> None:
    closing = f"{'D' if cents < 0 else 'C'}261031EUR{abs(cents) // 100},{abs(cents) % 100:02}"
    assert [line.amount_cents for line in read(tmp_path, message(f":61:{field}", closing=closing)).lines] == [cents]


def test_the_booking_day_counts_and_finds_its_year(tmp_path: Path) -> None:
    fields = [":61:2612311231C5,00NTRFNONREF", ":61:2612310102C5,00NTRFNONREF"]
    found = read(tmp_path, message(*fields, opening="C261231EUR0,", closing="C270102EUR10,"))
    assert [line.booked_on for line in found.lines] == [date(2026, 12, 31), date(2027, 1, 2)]


def test_references_are_kept_and_those_that_say_nothing_are_not(tmp_path: Path) -> None:
    fields = [":61:2610061006C10,00NTRFLOT-2026-10//B2026100002", ":86:VIR SEPA"]
    [line] = read(tmp_path, message(*fields)).lines
    assert (line.label, line.their_reference) == ("VIR SEPA LOT-2026-10", "B2026100002")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("VIR SEPA\nMANDAT 2026-1107", "VIR SEPA MANDAT 2026-1107"),
        ("166?00VIREMENT?20MANDAT 2026-1107?32MADAME MARTIN?31FR7630004008", "VIREMENT MANDAT 2026-1107"),
        ("166?00VIR?20SVWZ+MANDAT DU CCAS DE POIT?21IERS 2026-1107", "VIR SVWZ+MANDAT DU CCAS DE POITIERS 2026-1107"),
        ("/ORDP//NAME/MADAME MARTIN/REMI//USTD//MANDAT 2026-1107/EREF/NOTPROVIDED", "MANDAT 2026-1107"),
        ("/EREF/LOT-2026-10/IBAN/FR7630004008/REMI/RECONVERSIONS", "LOT-2026-10 RECONVERSIONS"),
        ("x" * 65 + "\n" + "y" * 5, "x" * 65 + "y" * 5),
    ],
    ids=["rows", "subfields", "a word cut in two", "code words", "no party", "full rows"],
)
def test_what_a_payment_is_about_is_found_without_the_parties(text: str, said: str) -> None:
    assert about(text) == said


def test_envelopes_private_fields_and_available_balances_are_passed_over(tmp_path: Path) -> None:
    text = "{1:F01BANKFRPPAXXX0000000000}{2:O9400000}{4:\r\n" + mt940(0, MOVES).replace(
        "-\r\n", ":64:C261031EUR1,\r\n:86:SOLDE DISPONIBLE\r\n:NS:22Mme Martin\r\n-}\r\n"
    )
    assert [line.label for line in read(tmp_path, text).lines] == [move.label for move in MOVES]


def test_pages_and_days_are_one_statement(tmp_path: Path) -> None:
    first = message(":61:2610061006C10,00NTRFNONREF", opening="C261001EUR0,").replace("62F", "62M")
    second = message(":61:2610071007D3,00NTRFNONREF", opening="C261006EUR10,", closing="C261031EUR7,").replace(
        "60F", "60M"
    )
    assert [line.balance_cents for line in read(tmp_path, first + second).lines] == [1_000, 700]
    other = second.replace("C261006EUR10,", "C261006EUR11,")
    assert faults(tmp_path, first + other) == [(11, ":60F:", "part-broken"), (11, ":60F:", "not-continued")]


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (":61:2610061006C1O,00NTRFNONREF", (5, ":61:", "not-a-movement")),
        (":61:2610061006X10,00NTRFNONREF", (5, ":61:", "not-a-movement")),
        (":61:2610061006C10,000NTRFNONREF", (5, ":61:", "not-a-movement")),
        (":61:2602301006C10,00NTRFNONREF", (5, ":61:", "not-a-day")),
        (":61:2610061399C10,00NTRFNONREF", (5, ":61:", "not-a-day")),
        (":99:?", (5, ":99:", "not-a-tag")),
    ],
)
def test_no_movement_is_lost_in_silence(tmp_path: Path, field: str, found: tuple[Any, ...]) -> None:
    assert faults(tmp_path, message(field)) == [found]


def test_balances_are_told_by_their_rows(tmp_path: Path) -> None:
    assert faults(tmp_path, message(opening="C261001USD0,", closing="C261031USD0,")) == [
        (4, ":60F:", "other-currency"),
        (5, ":62F:", "other-currency"),
    ]
    assert faults(tmp_path, message(opening="nothing")) == [(4, ":60F:", "not-a-balance")]
    assert faults(tmp_path, ":20:X\n:61:2610061006C10,00NTRFNONREF\n") == [
        (2, ":61:", "no-opening"),
    ]
    assert faults(tmp_path, ":20:X\n") == [(1, ":60F:", "no-opening")]


def test_other_accounts_in_the_file_are_told(tmp_path: Path) -> None:
    other = message(opening="C261031EUR10,", closing="C261031EUR10,").replace("FR76", "DE99")
    assert faults(tmp_path, message(":61:2610061006C10,00NTRFNONREF") + other) == [(11, "", "other-account")]
