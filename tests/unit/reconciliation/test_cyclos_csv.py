"""The export of a platform of the Cyclos family, with its balances in a file beside it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import ClosingUnproven, FileFaulty, StatementDoesNotAddUp
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.model import ReadStatement
from tests.reconciled import faults_of

HEADER = "transactionNumber,date,amount,relatedAccount,description,type\n"
ROWS = (
    "TX-1,2026-10-03T10:00:00+02:00,125.00,CCAS,mandat 2026-1107,Virement\n"
    "TX-2,2026-10-06T23:30:00+02:00,-40.20,Maraîcher de Vouneuil,ticket T00002,Paiement\n"
    'TX-3,2026-10-31T22:30:00+00:00,-4.80,"Épicerie, du Pont",Paiement Épicerie, du Pont,Paiement\n'
)
STATUS: dict[str, Any] = {
    "balanceAtBegin": "0.00",
    "balanceAtEnd": "80.00",
    "incoming": {"count": 1, "sum": "125.00"},
    "outgoing": {"count": 2, "sum": "-45.00"},
}


def written(folder: Path, rows: str = ROWS, status: object = STATUS) -> Path:
    path = folder / "october.csv"
    rows = rows.replace("Paiement Épicerie, du Pont", '"Paiement Épicerie, du Pont"')
    path.write_text(HEADER + rows, encoding="utf-8")
    if status is not None:
        (folder / "october.statut.json").write_text(json.dumps(status), encoding="utf-8")
    return path


def read(folder: Path, rows: str = ROWS, status: object = STATUS, **expected: Any) -> ReadStatement:
    return read_statement(written(folder, rows, status), Expected(**expected))


def test_it_becomes_the_same_canonical_lines(tmp_path: Path) -> None:
    statement = read(tmp_path, ROWS)
    assert [(line.booked_on.day, line.amount_cents, line.balance_cents) for line in statement.lines] == [
        (3, 12_500, 12_500),
        (6, -4_020, 8_480),
        (31, -480, 8_000),
    ]
    assert [line.label for line in statement.lines] == [
        "mandat 2026-1107 CCAS",
        "ticket T00002 Maraîcher de Vouneuil",
        "Paiement Épicerie, du Pont",
    ]
    assert [line.their_reference for line in statement.lines] == ["TX-1", "TX-2", "TX-3"]
    assert (statement.first_day, statement.closing_cents) == (date(2026, 10, 1), 8_000)


def test_a_time_is_taken_to_its_day_in_paris(tmp_path: Path) -> None:
    with pytest.raises(FileFaulty) as refused:  # half past midnight there
        read(tmp_path, ROWS.replace("2026-10-31T22:30:00+00:00", "2026-10-31T23:30:00+00:00"))
    [fault] = faults_of(refused.value)
    assert (fault["row"], fault["column"], fault["value"]) == (4, "date", "2026-11-01")


def test_without_balances_the_officer_has_to_prove_the_end(tmp_path: Path) -> None:
    with pytest.raises(ClosingUnproven) as refused:
        read(tmp_path, ROWS, None)
    assert refused.value.facts["closing_cents"] == 8_000
    assert read(tmp_path, ROWS, None, closing_cents=8_000).closing_cents == 8_000


def test_an_end_that_differs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StatementDoesNotAddUp):
        read(tmp_path, ROWS, STATUS | {"balanceAtEnd": "81.00"})


@pytest.mark.parametrize("numbers", [{"balanceAtBegin": 0, "balanceAtEnd": 80.0}, {"status": STATUS}])
def test_balances_may_be_numbers_or_nested(tmp_path: Path, numbers: dict[str, Any]) -> None:
    assert read(tmp_path, ROWS, numbers).closing_cents == 8_000


@pytest.mark.parametrize(
    ("status", "column"),
    [
        ({"balanceAtBegin": "0.00"}, "balanceAtEnd"),
        (STATUS | {"balanceAtBegin": "nought"}, "balanceAtBegin"),
        (STATUS | {"balanceAtEnd": "80.001"}, "balanceAtEnd"),
        (STATUS | {"incoming": {"count": 2, "sum": "125.00"}}, "incoming.count"),
        (STATUS | {"outgoing": {"count": 2, "sum": "-46.00"}}, "outgoing.sum"),
        ([], "balanceAtBegin"),
    ],
)
def test_faulty_balances_are_named(tmp_path: Path, status: object, column: str) -> None:
    with pytest.raises(FileFaulty) as refused:
        read(tmp_path, ROWS, status)
    found = faults_of(refused.value)
    assert refused.value.facts["file"] == "october.statut.json"
    assert column in [fault["column"] for fault in found]


def test_balances_that_are_no_json_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS, None)
    (tmp_path / "october.statut.json").write_text("{", encoding="utf-8")
    with pytest.raises(FileFaulty) as refused:
        read_statement(path, Expected())
    [first, *_others] = faults_of(refused.value)
    assert first["code"] == "not-json"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("TX-9,yesterday,1.00,CCAS,x,y\n", "date"),
        ("TX-9,,1.00,CCAS,x,y\n", "date"),
        ("TX-9,2026-10-05T10:00:00+02:00,one,CCAS,x,y\n", "amount"),
    ],
)
def test_faulty_rows_are_named(tmp_path: Path, row: str, column: str) -> None:
    with pytest.raises(FileFaulty) as refused:
        read(tmp_path, ROWS + row)
    [fault] = faults_of(refused.value)
    assert (fault["row"], fault["column"]) == (5, column)
