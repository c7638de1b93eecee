"""How each format writes a file, part by part."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.books.accounts import AccountKind
from ledger.exports.model import Format, Period
from ledger.exports.rules import form_of
from ledger.exports.rules.beancount import our_name, their_name
from ledger.exports.rules.fec import COLUMNS as FEC_COLUMNS
from ledger.exports.rules.form import Form, debit_and_credit, units
from ledger.exports.rules.letters import letters
from ledger.exports.rules.table import COLUMNS
from tests.unit.exports.entries import COVER, FROM_THE_BEGINNING, FUND, MERCHANT, REHEARSED, SALE, SIRET, UNSEALED
from tests.unit.exports.test_chart import chart

IDENTIFIERS = {
    AccountKind.PROGRAMME_POOL: ("programme:{}:pool", r"[A-Z][A-Z0-9-]{1,19}"),
    AccountKind.PROGRAMME_RETURNING: ("programme:{}:returning", r"[A-Z][A-Z0-9-]{1,19}"),
    AccountKind.VOUCHER: ("voucher:{}", r"[A-Z][A-Z0-9-]{1,19}-2026-[0-9]{6}"),
    AccountKind.MERCHANT: ("merchant:{}", r"[0-9]{14}"),
    AccountKind.MERCHANT_CONVERTING: ("merchant:{}:converting", r"[0-9]{14}"),
}


def fields(row: str) -> dict[str, str]:
    return dict(zip(FEC_COLUMNS, row.removesuffix("\r\n").split("\t"), strict=True))


@pytest.mark.parametrize(("cents", "shown"), [(0, "0.00"), (-5, "-0.05"), (123_456, "1234.56"), (-100, "-1.00")])
def test_amounts_have_two_decimals_and_no_grouping(cents: int, shown: str) -> None:
    assert units(cents) == shown


def test_debit_and_credit_have_no_sign() -> None:
    assert debit_and_credit(123_456, "") == ("1234,56", "")
    assert debit_and_credit(-123_456, "0,00") == ("0,00", "1234,56")


@pytest.mark.parametrize(
    ("number", "shown"),
    [(1, "AA"), (2, "AB"), (27, "BA"), (676, "ZZ"), (677, "AAA"), (18_252, "ZZZ"), (18_253, "AAAA")],
)
def test_letters_go_on_after_zz(number: int, shown: str) -> None:
    assert letters(number) == shown


@pytest.mark.parametrize("kind", AccountKind)
@given(data=st.data())
def test_a_name_of_beancount_s_leads_back_to_ours(kind: AccountKind, data: st.DataObject) -> None:
    name, pattern = IDENTIFIERS.get(kind, (kind.code, ""))
    ours = name.format(data.draw(st.from_regex(pattern, fullmatch=True)))
    theirs = their_name(ours, kind.code)
    assert our_name(theirs) == ours
    assert all(part[0].isupper() or part[0].isdigit() for part in theirs.split(":"))


def test_no_account_of_beancount_s_lies_below_another() -> None:
    """Its balances would take in those below."""
    names = [their_name(IDENTIFIERS.get(kind, (kind.code, ""))[0].format("A1"), kind.code) for kind in AccountKind]
    assert not [(one, other) for one in names for other in names if other.startswith(f"{one}:")]


def test_hledger() -> None:
    form = form_of(Format.HLEDGER, COVER, chart())
    assert form.declaration(MERCHANT) == f"account merchant:{SIRET}  ; type: L\n"
    assert form.opening(0, FUND) == "\n2026-09-30 * opening\n    association:guarantee-fund  1234.50 EUR\n"
    assert form.opening(1, MERCHANT) == f"    merchant:{SIRET}  -1234.50 POIS\n"
    assert form.entry(SALE).splitlines() == [
        "",
        "2026-10-06 * redemption",
        "    ; id: 00000000-0000-0000-0000-000000000007",
        "    ; occurred: 2026-10-06T10:00:00+00:00",
        "    ; posted: 2026-10-06T22:30:00+00:00",
        "    ; number: 12",
        "    ; receipt: 2026-000123",
        "    ; reference: T00012",
        "    voucher:AA-2026-2026-000001  8.50 POIS",
        f"    merchant:{SIRET}  -8.50 POIS",
    ]
    assert "number" not in form.entry(UNSEALED)
    assert form.closing(0, MERCHANT) == f"\n2026-10-31 * closing\n    merchant:{SIRET}  0.00 POIS = -1243.00 POIS\n"


def test_beancount() -> None:
    form = form_of(Format.BEANCOUNT, COVER, chart())
    account = f"Liabilities:Merchant:{SIRET}:Held"
    assert form.declaration(MERCHANT) == f'2026-09-30 open {account} POIS\n  name: "merchant:{SIRET}"\n'
    assert form.opening(0, MERCHANT) == f'\n2026-09-30 * "opening"\n  {account}  -1234.50 POIS\n'
    assert form.entry(SALE).splitlines() == [
        "",
        '2026-10-06 * "redemption"',
        "  number: 12",
        '  id: "00000000-0000-0000-0000-000000000007"',
        '  occurred: "2026-10-06T10:00:00+00:00"',
        '  posted: "2026-10-06T22:30:00+00:00"',
        '  receipt: "2026-000123"',
        '  reference: "T00012"',
        "  Liabilities:Voucher:AA-2026-2026-000001  8.50 POIS",
        f"  {account}  -8.50 POIS",
    ]
    assert form.closing(1, MERCHANT) == f"2026-11-01 balance {account}  -1243.00 ~ 0 POIS\n"


def test_csv() -> None:
    form = form_of(Format.CSV, COVER, chart())
    text = form.head() + form.opening(0, FUND) + form.entry(SALE) + form.entry(UNSEALED)
    assert text.startswith("\ufeffnumber;")
    first, voucher, merchant, *unsealed = csv.DictReader(StringIO(text[1:], newline=""), delimiter=";")
    assert tuple(first) == COLUMNS
    assert (first["kind"], first["booked_on"], first["debit"], first["number"]) == (
        "opening",
        "2026-09-30",
        "1234,50",
        "",
    )
    assert (voucher["line"], voucher["debit"], voucher["credit"], voucher["match"]) == ("1", "8,50", "", "BB")
    assert (merchant["line"], merchant["debit"], merchant["credit"], merchant["match"]) == ("2", "", "8,50", "")
    assert {row["number"] for row in unsealed} == {row["sealed_at"] for row in unsealed} == {""}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_the_csv_is_a_formula(start: str) -> None:
    form = form_of(Format.CSV, COVER, chart())
    evil = replace(SALE, reference=f"{start}HYPERLINK", legs=(replace(SALE.legs[0], account=f"{start}1"), SALE.legs[1]))
    rows = list(csv.reader(StringIO(form.head() + form.entry(evil), newline=""), delimiter=";"))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_fec() -> None:
    form = form_of(Format.FEC, COVER, chart())
    assert form.head().removesuffix("\r\n").split("\t") == list(FEC_COLUMNS)
    voucher, merchant = (fields(row) for row in form.entry(SALE).splitlines(keepends=True))
    assert (voucher["EcritureNum"], voucher["EcritureDate"], voucher["ValidDate"]) == ("12", "20261006", "20261007")
    assert (voucher["CompteNum"], voucher["CompAuxNum"], voucher["CompAuxLib"]) == (
        *("463430", "AA-2026-2026-000001"),
        "AA-2026-2026-000001",
    )
    assert (voucher["PieceRef"], voucher["PieceDate"], voucher["EcritureLib"]) == ("2026-000123", "20261006", "Achat")
    assert (voucher["Debit"], voucher["Credit"]) == ("8,50", "0,00")
    assert (voucher["EcritureLet"], voucher["DateLet"]) == ("BB", "20261007")
    assert (merchant["CompAuxNum"], merchant["CompAuxLib"]) == (SIRET, 'Chez "Lea", épicerie')
    assert (merchant["Debit"], merchant["Credit"], merchant["EcritureLet"]) == ("0,00", "8,50", "")
    assert (merchant["Montantdevise"], merchant["Idevise"]) == ("", "")


def test_the_openings_of_a_fec_come_before_entry_1() -> None:
    row = fields(form_of(Format.FEC, COVER, chart()).opening(0, MERCHANT))
    assert (row["JournalCode"], row["EcritureNum"], row["EcritureDate"]) == ("AN", "0", "20261001")
    assert (row["Debit"], row["Credit"]) == ("0,00", "1234,50")


def test_what_has_no_piece_is_known_by_its_id() -> None:
    entry = replace(SALE, receipt=None)
    form = form_of(Format.FEC, COVER, chart())
    assert fields(form.entry(entry).splitlines()[0])["PieceRef"] == "T00012"
    assert fields(form.entry(replace(entry, reference=None)).splitlines()[0])["PieceRef"] == str(entry.id)


@pytest.mark.parametrize("form", Format)
def test_the_books_of_a_rehearsal_say_so(form: Format) -> None:
    def file(cover: Form) -> str:
        return (cover.head() + cover.entry(SALE)).lower()

    words = {Format.CSV: ";yes", Format.FEC: "répétition"}
    word = words.get(form, "rehearsal")
    assert word in file(form_of(form, REHEARSED, chart()))
    assert word not in file(form_of(form, COVER, chart()))


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (Format.HLEDGER, "journal-2026-10-01-2026-10-31.journal"),
        (Format.BEANCOUNT, "journal-2026-10-01-2026-10-31.beancount"),
        (Format.CSV, "journal-2026-10-01-2026-10-31.csv"),
        (Format.FEC, "journal-2026-10-01-2026-10-31.txt"),
    ],
)
def test_a_file_is_named_by_its_days(form: Format, name: str) -> None:
    assert form_of(form, COVER, chart()).file_name == name


def test_a_fec_is_named_by_siren_and_last_day() -> None:
    assert form_of(Format.FEC, COVER, chart('siren = "732829320"')).file_name == "732829320FEC20261031.txt"


def test_without_days_the_file_speaks_of_those_that_are_booked() -> None:
    assert (FROM_THE_BEGINNING.first_day, FROM_THE_BEGINNING.last_day) == (date(2026, 10, 6), date(2026, 10, 7))
    assert FROM_THE_BEGINNING.opening_day is None
    empty = replace(FROM_THE_BEGINNING, first_booked=None, last_booked=None)
    assert (empty.first_day, empty.last_day) == (date(2026, 11, 2), date(2026, 11, 2))


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_days_like_others(day: date) -> None:
    cover = replace(COVER, period=Period(day, day))
    form = form_of(Format.BEANCOUNT, cover, chart())
    assert cover.opening_day is not None
    assert form.closing(0, FUND)
