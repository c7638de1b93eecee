"""OFX of both generations: what is taken of it, and how each fault is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import ClosingUnproven, FileFaulty, StatementDoesNotAddUp, StatementFormatUnknown
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.model import ReadStatement
from tests.reconciled import faults_of
from tests.statement_files import OFX_HEADER, Moved, ofx1, ofx2, write

MOVES = [
    Moved(date(2026, 10, 3), "VIR CCAS DE POITIERS & Cie", 1_250_000),
    Moved(date(2026, 10, 31), "FRAIS TENUE DE COMPTE", -250),
]
FORMS = [ofx1, ofx2]


def read(folder: Path, text: str | bytes, encoding: str = "utf-8", **expected: Any) -> ReadStatement:
    return read_statement(write(folder, "releve.ofx", text, encoding), Expected(**expected))


def faults(folder: Path, text: str) -> list[tuple[Any, ...]]:
    with pytest.raises(FileFaulty) as refused:
        read(folder, text)
    found = faults_of(refused.value)
    assert all(fault["fault"] and fault["remedy"] for fault in found)
    return [(fault["row"], fault["column"], fault["code"]) for fault in found]


@pytest.mark.parametrize("form", FORMS)
def test_a_month_is_read_line_by_line(tmp_path: Path, form: Any) -> None:
    found = read(tmp_path, form(0, MOVES))
    assert (found.format, found.currency, found.opening_cents, found.closing_cents) == ("ofx", "EUR", 0, 1_249_750)
    assert [(line.booked_on, line.label, line.amount_cents) for line in found.lines] == [
        (move.day, move.label, move.cents) for move in MOVES
    ]
    assert [line.their_reference for line in found.lines] == ["20261003000001", "20261031000002"]
    assert (found.first_day, found.last_day) == (date(2026, 10, 3), date(2026, 10, 31))


@pytest.mark.parametrize("form", FORMS)
def test_the_opening_is_typed_or_the_last_closing(tmp_path: Path, form: Any) -> None:
    assert read(tmp_path, form(700, MOVES), opening_cents=700).closing_cents == 1_250_450
    assert read(tmp_path, form(700, MOVES), last_closing_cents=700).closing_cents == 1_250_450
    with pytest.raises(StatementDoesNotAddUp):
        read(tmp_path, form(700, MOVES))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("-2.50", "-2,50"),
        lambda text: text.replace("-2.50", "        -2.5000"),
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", ""),
        lambda text: text.replace("20261003\r\n<TRNAMT", "20261003000000.000[+2:CEST]\r\n<TRNAMT"),
        lambda text: text.replace("<TRNTYPE>OTHER", "<VALUEDATE>20261005<TRNTYPE>OTHER"),
        lambda text: text.replace("OFXHEADER", "\r\nOFXHEADER"),
        lambda text: text.replace("<STMTTRN>", "<stmttrn>").replace("</STMTTRN>", ""),
        lambda text: text.removeprefix(OFX_HEADER),
    ],
    ids=["comma", "places", "unix", "one line", "time", "own element", "blank first", "no end tags", "no header"],
)
def test_what_banks_do_to_it_is_understood(tmp_path: Path, change: Any) -> None:
    found = read(tmp_path, change(ofx1(0, MOVES)))
    assert [(line.booked_on.day, line.amount_cents) for line in found.lines] == [(3, 1_250_000), (31, -250)]


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("20261006230000[0:GMT]", 7),
        ("20261006230000", 6),
        ("20261006[0:GMT]", 6),
        ("20261006013000[+5.5:IST]", 5),
        ("202610061200", 6),
    ],
)
def test_a_time_is_taken_to_its_day_in_paris(tmp_path: Path, told: str, day: int) -> None:
    moves = [Moved(date(2026, 10, 1), "A", 100), Moved(date(2026, 10, 31), "B", 100)]
    text = ofx1(0, moves).replace("<DTPOSTED>20261001", f"<DTPOSTED>{told}", 1)
    assert read(tmp_path, text).lines[0].booked_on.day == day


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_accents_survive_what_the_header_says(tmp_path: Path, encoding: str) -> None:
    text = ofx1(0, [Moved(date(2026, 10, 3), "ÉPICERIE DE MIGNÉ", 100)])
    assert read(tmp_path, text, encoding).lines[0].label == "ÉPICERIE DE MIGNÉ"


def test_latin_9_is_read_where_it_is_declared(tmp_path: Path) -> None:
    text = ofx1(0, [Moved(date(2026, 10, 3), "CŒUR", 100)]).replace("CHARSET:1252", "CHARSET:8859-15")
    assert read(tmp_path, text, "iso-8859-15").lines[0].label == "CŒUR"


def test_a_name_is_not_said_twice(tmp_path: Path) -> None:
    text = ofx1(0, [Moved(date(2026, 10, 3), "VIR CCAS", 100)])
    again = text.replace("<NAME>VIR CCAS", "<NAME>VIR CCAS\r\n<MEMO>VIR CCAS MANDAT 2026-1107\r\n<CHECKNUM>77")
    assert read(tmp_path, again).lines[0].label == "VIR CCAS MANDAT 2026-1107 77"


def test_a_balance_of_another_day_proves_nothing(tmp_path: Path) -> None:
    later = ofx1(0, MOVES).replace("<DTASOF>20261031", "<DTASOF>20261120").replace("12497.50", "3.00")
    with pytest.raises(ClosingUnproven):
        read(tmp_path, later)
    assert read(tmp_path, later, closing_cents=1_249_750).closing_cents == 1_249_750


def test_the_number_of_a_movement_is_given_once(tmp_path: Path) -> None:
    twice = ofx1(0, MOVES).replace("20261031000002", "20261003000001")
    assert [code for _, _, code in faults(tmp_path, twice)] == ["repeated-number"]


@pytest.mark.parametrize("form", FORMS)
def test_equal_movements_are_as_many_as_stand_there(tmp_path: Path, form: Any) -> None:
    assert len(read(tmp_path, form(0, [MOVES[1], MOVES[1]])).lines) == 2


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<TRNAMT>-2.50", "<TRNAMT>-2.5O", "not-an-amount"),
        ("<TRNAMT>-2.50\r\n", "", "blank"),
        ("<DTPOSTED>20261031", "<DTPOSTED>20261131", "not-a-day"),
        ("<DTPOSTED>20261031\r\n", "", "blank"),
        ("<CURDEF>EUR", "<CURDEF>USD", "other-currency"),
        ("<BANKTRANLIST>", "<OTHERLIST>", "blank"),
    ],
)
def test_every_fault_is_told_by_row_and_element(tmp_path: Path, old: str, new: str, code: str) -> None:
    [(row, column, found)] = faults(tmp_path, ofx1(0, MOVES).replace(old, new))
    assert (row > 10, bool(column), found) == (True, True, code)


def test_what_is_no_bank_statement_is_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(StatementFormatUnknown):
        read(tmp_path, ofx1(0, MOVES).replace("BANKMSGSRSV1", "CREDITCARDMSGSRSV1"))
    with pytest.raises(FileFaulty):
        read(tmp_path, OFX_HEADER)
    second = ofx2(0, MOVES).replace("</BANKMSGSRSV1>", "<STMTTRNRS><STMTRS></STMTRS></STMTTRNRS></BANKMSGSRSV1>")
    assert [code for _, _, code in faults(tmp_path, second)] == ["other-account"]
