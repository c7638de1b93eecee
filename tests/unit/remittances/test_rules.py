"""How sales become the lines of a file, and how the association's answer is read."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.people_files import Table, read_table
from ledger.remittances.model import Answer, Item, LineKind, LineState
from ledger.remittances.rules import (
    ACKNOWLEDGEMENT_COLUMNS,
    lines_of,
    read_answers,
    render,
    require_answerable,
)

NOON = datetime(2026, 10, 6, 10, tzinfo=UTC)
SHOPS = {"12345678900011": ("Ferme", "detail"), "98765432100022": ("Primeur; « Bio »", "daily")}


def item(siret: str, cents: int, *, is_sale: bool = True, on: int = 6, nth: int = 0, name: str | None = None) -> Item:
    shop, wish = SHOPS[siret]
    at = NOON + timedelta(days=on - 6, minutes=nth)
    return Item(
        id=uuid4(),
        is_sale=is_sale,
        booked_on=date(2026, 10, on),
        occurred_at=at,
        merchant_id=UUID(int=int(siret)),
        siret=siret,
        merchant_name=name or shop,
        wish=wish,  # type: ignore[arg-type]
        receipt_year=2026,
        receipt_number=nth + 1,
        reference=f"T{nth}",
        amount_cents=cents,
    )


DETAIL, DAILY = SHOPS


def test_each_merchant_is_told_as_it_is_booked() -> None:
    lines = lines_of(
        [
            item(DAILY, 300, nth=3),
            item(DAILY, 200, nth=2),
            item(DAILY, 50, nth=4, is_sale=False),
            item(DETAIL, 70, nth=6),
            item(DETAIL, 80, nth=5),
            item(DAILY, 10, on=5),
        ]
    )
    assert [(line.number, line.kind.value, line.amount_cents, len(line.items)) for line in lines] == [
        (1, "total", 10, 1),
        (2, "sale", 80, 1),
        (3, "sale", 70, 1),
        (4, "total", 500, 2),
        (5, "refund", 50, 1),
    ]
    assert sum(line.control_cents for line in lines) == 10 + 150 + 500 - 50


def test_the_file_is_read_by_spreadsheets_and_holds_nothing_but_sales() -> None:
    sale, total = item(DETAIL, 850, nth=1), item(DAILY, 500)
    content = render(12, lines_of([sale, total]))
    assert content.startswith(b"\xef\xbb\xbfligne;nature;jour;siret;")
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [dict(row) for row in rows] == [
        {
            "ligne": "R000012-00001",
            "nature": "vente",
            "jour": "2026-10-06",
            "siret": DETAIL,
            "commercant": "Ferme",
            "recu": "2026-000002",
            "ticket": "T1",
            "operation": str(sale.id),
            "nombre": "1",
            "montant_centimes": "850",
        },
        {
            "ligne": "R000012-00002",
            "nature": "total-jour",
            "jour": "2026-10-06",
            "siret": DAILY,
            "commercant": "Primeur; « Bio »",
            "recu": "",
            "ticket": "",
            "operation": "",
            "nombre": "1",
            "montant_centimes": "500",
        },
    ]


@pytest.mark.parametrize("name", ["=SOMME(A1)", "+33", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(name: str) -> None:
    assert f";'{name};".encode() in render(1, lines_of([item(DETAIL, 1, name=name)]))


SALES = st.lists(
    st.tuples(st.sampled_from(list(SHOPS)), st.integers(1, 10**6), st.booleans(), st.integers(1, 28)), max_size=30
)


@given(SALES, st.randoms(use_true_random=False))
def test_nothing_is_lost_and_the_same_sales_make_the_same_file(
    sales: list[tuple[str, int, bool, int]], mix: object
) -> None:
    items = [item(siret, cents, is_sale=sold, on=on, nth=nth) for nth, (siret, cents, sold, on) in enumerate(sales)]
    lines = lines_of(items)
    assert sorted(one.id for line in lines for one in line.items) == sorted(one.id for one in items)
    assert sum(line.control_cents for line in lines) == sum(
        one.amount_cents if one.is_sale else -one.amount_cents for one in items
    )
    content = render(1, lines)
    mix.shuffle(items)  # type: ignore[attr-defined]
    assert render(1, lines_of(items)) == content
    assert {line.kind for line in lines if line.items[0].wish == "detail"} <= {LineKind.SALE, LineKind.REFUND}


def answered(folder: Path, *rows: str) -> tuple[Table, list[tuple[int, Answer]]]:
    path = folder / "retour.csv"
    path.write_text("\n".join([";".join(ACKNOWLEDGEMENT_COLUMNS), *rows]), encoding="utf-8")
    table = read_table(path, ACKNOWLEDGEMENT_COLUMNS)
    return table, read_answers(table)


def test_an_answer_accepts_or_refuses(tmp_path: Path) -> None:
    table, answers = answered(tmp_path, "R000012-00001;ASSO-77;accepté;", "R000012-00002;;REFUSE;DOUBLON")
    assert [answer for _, answer in answers] == [
        Answer(12, 1, accepted=True, their_reference="ASSO-77", code=None),
        Answer(12, 2, accepted=False, their_reference=None, code="DOUBLON"),
    ]
    assert table.faults == []


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("R12-1;A;accepte;", "ligne", "wrong-form"),
        (";A;accepte;", "ligne", "blank"),
        ("R000012-00002;;accepte;", "reference", "blank"),
        ("R000012-00002;A B;accepte;", "reference", "wrong-form"),
        ("R000012-00002;A;peut-être;", "statut", "not-a-choice"),
        ("R000012-00002;;refuse;", "code", "blank"),
        ("R000012-00002;;refuse;pas ça", "code", "wrong-form"),
        ("R000012-00001;B;accepte;", "ligne", "repeated"),
    ],
)
def test_each_fault_of_an_answer_is_told(tmp_path: Path, row: str, column: str, code: str) -> None:
    table, _ = answered(tmp_path, "R000012-00001;A;accepte;", row)
    assert [(fault.row, fault.column, fault.code) for fault in table.faults] == [(3, column, code)]


def test_an_answer_is_about_a_line_that_waits_for_one(tmp_path: Path) -> None:
    table, answers = answered(
        tmp_path, "R000001-00001;A;accepte;", "R000001-00002;B;accepte;", "R000001-00003;C;accepte;"
    )
    sent = uuid4()
    states = {(1, 1): LineState(sent, accepted=True, answers=1), (1, 3): LineState(sent, accepted=False, answers=2)}
    require_answerable(table, answers, states)
    assert [(fault.row, fault.code) for fault in table.faults] == [(2, "accepted-before"), (3, "unknown-line")]
