"""Records of 120 characters: what is taken of them, and how each fault is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import FileFaulty
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.model import ReadStatement
from tests.reconciled import faults_of
from tests.statement_files import Moved, cfonb120, cfonb_record, write

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
MOVES = [
    Moved(date(2026, 10, 3), "VIR CCAS DE POITIERS", 1_250_000),
    Moved(date(2026, 10, 31), "FRAIS TENUE DE COMPTE", -250),
]


def read(folder: Path, text: str | bytes, encoding: str = "utf-8") -> ReadStatement:
    return read_statement(write(folder, "releve.txt", text, encoding), Expected())


def records(*between: str, opening: int = 0, closing: int = 1_000) -> str:
    return "\n".join([cfonb_record("01", FIRST, opening), *between, cfonb_record("07", LAST, closing)])


def faults(folder: Path, text: str) -> list[tuple[Any, ...]]:
    with pytest.raises(FileFaulty) as refused:
        read(folder, text)
    found = faults_of(refused.value)
    assert all(fault["fault"] and fault["remedy"] for fault in found)
    return [(fault["row"], fault["column"], fault["code"]) for fault in found]


def labels(folder: Path, *details: str) -> list[str]:
    movement = cfonb_record("04", FIRST, 1_000, "VIR SEPA RECU")
    return [line.label for line in read(folder, records(movement, *details)).lines]


def test_a_month_is_read_line_by_line(tmp_path: Path) -> None:
    found = read(tmp_path, cfonb120(100, MOVES))
    assert (found.format, found.currency, found.opening_cents, found.closing_cents) == (
        *("cfonb120", "EUR", 100),
        1_249_850,
    )
    assert [(line.booked_on, line.label, line.amount_cents) for line in found.lines] == [
        (move.day, move.label, move.cents) for move in MOVES
    ]
    assert (found.first_day, found.last_day) == (date(2026, 10, 3), LAST)


@pytest.mark.parametrize("cents", [0, 1, 9, 10, -1, -9, -10, -123_457, 99_999_999_999])
def test_the_last_character_is_digit_and_sign(tmp_path: Path, cents: int) -> None:
    text = records(cfonb_record("04", FIRST, cents, "X"), closing=cents)
    assert [line.amount_cents for line in read(tmp_path, text).lines] == [cents]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\r\n", ""),
        lambda text: text.replace("\r\n", "\r\n\r\n"),
        lambda text: "\n".join(line.rstrip() for line in text.splitlines()),
        lambda text: "\ufeff" + text,
        lambda text: text + "\x1a",
        lambda text: text.replace("EUR2", "    "),
        lambda text: text.replace("{", "é").replace("}", "è"),
    ],
    ids=["no line breaks", "blank lines", "trimmed", "byte order mark", "end of file", "no currency", "French letters"],
)
def test_what_banks_and_editors_do_to_it_is_understood(tmp_path: Path, change: Any) -> None:
    text = change(cfonb120(100, MOVES))
    assert [line.amount_cents for line in read(tmp_path, text).lines] == [1_250_000, -250]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_an_accent_is_one_character_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = cfonb120(0, [Moved(FIRST, "VIR REÇU ÉPICERIE", 1_000)])
    assert read(tmp_path, text, encoding).lines[0].label == "VIR REÇU ÉPICERIE"


def test_complements_are_added_once_and_parties_never(tmp_path: Path) -> None:
    def detail(kind: str, text: str) -> str:
        return cfonb_record("05", FIRST, None, text, kind=kind)

    assert labels(
        tmp_path,
        detail("NPY", "MADAME MARTIN"),
        detail("IBE", "FR7630004008280001234567861"),
        detail("LIB", "VIR SEPA RECU"),
        detail("LCC", "LOT-2026-10"),
        detail("RCN", "NOTPROVIDED"),
    ) == ["VIR SEPA RECU LOT-2026-10"]


def test_the_reference_of_a_movement_is_in_its_label(tmp_path: Path) -> None:
    movement = cfonb_record("04", FIRST, 1_000, "VIR", reference="LOT-2026-10")
    assert read(tmp_path, records(movement)).lines[0].label == "VIR LOT-2026-10"


def test_days_in_a_file_are_one_statement_whatever_their_order(tmp_path: Path) -> None:
    days = [date(2026, 10, 7), date(2026, 10, 6)]
    parts = [cfonb120(1_000, [Moved(days[0], "B", -300)]), cfonb120(0, [Moved(days[1], "A", 1_000)])]
    assert [line.balance_cents for line in read(tmp_path, "".join(parts)).lines] == [1_000, 700]


def test_that_nothing_moved_may_be_said_in_words(tmp_path: Path) -> None:
    quiet = cfonb_record("01", FIRST, None, "** PAS DE MOUVEMENT CE JOUR **")
    assert read(tmp_path, quiet + "\n" + cfonb120(0, MOVES)).closing_cents == 1_249_750


def test_the_day_of_the_closing_before_is_not_of_this_month(tmp_path: Path) -> None:
    before = cfonb_record("01", date(2026, 9, 30), 0)
    found = read(tmp_path, "\n".join([before, GOOD, cfonb_record("07", LAST, 1_000)]))
    assert (found.first_day, found.last_day) == (FIRST, LAST)


def broken(record: str, start: int, text: str) -> str:
    return record[:start] + text + record[start + len(text) :]


GOOD = cfonb_record("04", FIRST, 1_000, "X")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([broken(GOOD, 34, "311126")], [(2, "35-40", "not-a-day")]),
        ([broken(GOOD, 34, "      ")], [(2, "35-40", "blank")]),
        ([broken(GOOD, 103, "Z")], [(2, "91-104", "not-an-amount")]),
        ([broken(GOOD, 90, "00000000001O0A")], [(2, "91-104", "not-an-amount")]),
        ([broken(GOOD, 21, "00099999999")], [(2, "22-32", "out-of-place")]),
        ([broken(GOOD, 0, "09")], [(2, "1-2", "not-a-record")]),
        ([GOOD + "0"], [(2, "1-2", "not-a-record")]),
        ([cfonb_record("05", FIRST, None, "X", kind="LIB"), GOOD], [(2, "1-2", "out-of-place")]),
        (
            [broken(GOOD, 34, "000000"), broken(GOOD, 103, "?")],
            [(2, "35-40", "not-a-day"), (3, "91-104", "not-an-amount")],
        ),
    ],
)
def test_every_fault_is_told_by_row_and_positions(
    tmp_path: Path, rows: Sequence[str], found: list[tuple[Any, ...]]
) -> None:
    assert faults(tmp_path, records(*rows)) == found


def test_another_money_is_told_where_it_stands(tmp_path: Path) -> None:
    text = cfonb_record("01", FIRST, 0, currency="XPF", decimals="0") + "\n" + cfonb_record("07", LAST, 0)
    assert faults(tmp_path, text) == [(1, "17-19", "other-currency")]


def test_decimals_are_those_of_the_record(tmp_path: Path) -> None:
    text = records(cfonb_record("04", FIRST, 10, "X", decimals="0"), closing=1_000)
    assert [line.amount_cents for line in read(tmp_path, text).lines] == [1_000]
    assert faults(tmp_path, records(cfonb_record("04", FIRST, 1_005, "X", decimals="3"))) == [
        (2, "91-104", "not-an-amount")
    ]


def test_a_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    assert faults(tmp_path, "\n".join([cfonb_record("01", FIRST, 0), GOOD])) == [(1, "", "not-closed")]
    assert faults(tmp_path, GOOD) == [(1, "1-2", "out-of-place")]


def test_parts_have_to_follow_each_other_and_be_of_one_account(tmp_path: Path) -> None:
    gap = cfonb120(0, MOVES[:1]) + cfonb120(7, MOVES[1:])
    assert faults(tmp_path, gap) == [(4, "91-104", "not-continued")]
    other = cfonb120(0, MOVES[:1]) + cfonb120(1_250_000, MOVES[1:]).replace("00012345678", "00099999999")
    assert faults(tmp_path, other) == [(4, "", "other-account")]
