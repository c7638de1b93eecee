"""Account numbers and labels: what ships is whole, and what somebody puts in its place is checked."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ledger.books.accounts import AccountKind
from ledger.books.transaction import TransactionKind
from ledger.exports.rules import Chart, read_chart
from ledger.exports.rules.chart import Numbered
from ledger.exports.rules.form import NATURES, OPENING

SHIPPED = files("ledger.exports").joinpath("comptes.toml").read_text(encoding="utf-8")


def chart(own: str | None = None) -> Chart:
    found, faults = read_chart(SHIPPED, own)
    assert found is not None, faults
    return found


def test_what_ships_has_every_kind_of_account_and_of_transaction() -> None:
    shipped = chart()
    assert shipped.accounts.keys() == {kind.code for kind in AccountKind} == NATURES.keys()
    assert shipped.operations.keys() == {*(kind.code for kind in TransactionKind), OPENING}
    assert {operation.journal for operation in shipped.operations.values()} == shipped.journals.keys()
    assert shipped.siren is None


def test_what_ships_would_pass_as_somebody_s_own_file() -> None:
    assert chart(SHIPPED) == chart()


def test_each_kind_of_account_has_a_number_of_its_own() -> None:
    numbers = [account.number for account in chart().accounts.values()]
    assert len(set(numbers)) == len(numbers)


def test_an_own_file_replaces_what_it_names_and_nothing_else() -> None:
    own = chart("""
        siren = "732829320"
        [comptes]
        voucher = { numero = "4634" }
        [journaux]
        BQ = "Banque"
        [operations]
        conversion-paid = { journal = "BQ" }
    """)
    assert own.siren == "732829320"
    assert own.accounts["voucher"] == Numbered("4634", chart().accounts["voucher"].label)
    assert own.accounts["merchant"] == chart().accounts["merchant"]
    assert own.journals == {**chart().journals, "BQ": "Banque"}
    assert own.operations["conversion-paid"].journal == "BQ"
    assert own.operations["conversion-paid"].label == chart().operations["conversion-paid"].label


def test_an_imputation_is_of_one_programme_or_of_all() -> None:
    own = chart("""
        [imputations]
        "*" = { numero = "651", libelle = "Aides" }
        AA-2026 = { numero = "652", libelle = "Aide alimentaire" }
    """)
    assert own.imputation("AA-2026") == Numbered("652", "Aide alimentaire")
    assert own.imputation("BB-2026") == Numbered("651", "Aides")
    assert chart().imputation("AA-2026") is None


@pytest.mark.parametrize(
    ("own", "place", "code"),
    [
        ("= 1", "", "not-toml"),
        ('sirene = "1"', "sirene", "unknown-key"),
        ('siren = "732829321"', "siren", "wrong-form"),
        ("siren = 732829320", "siren", "wrong-form"),
        ('comptes = "467"', "comptes", "wrong-form"),
        ('[comptes]\nvouchers = { numero = "467" }', "comptes.vouchers", "unknown-key"),
        ('[comptes]\nvoucher = "467"', "comptes.voucher", "wrong-form"),
        ('[comptes]\nvoucher = { number = "467" }', "comptes.voucher.number", "unknown-key"),
        ('[comptes]\nvoucher = { numero = "46" }', "comptes.voucher.numero", "wrong-form"),
        ("[comptes]\nvoucher = { numero = 467000 }", "comptes.voucher.numero", "wrong-form"),
        ('[comptes]\nvoucher = { libelle = "a\\tb" }', "comptes.voucher.libelle", "wrong-form"),
        ('[comptes]\nvoucher = { libelle = "=1+1" }', "comptes.voucher.libelle", "wrong-form"),
        ('[comptes]\nvoucher = { numero = "463440" }', "comptes.merchant.libelle", "two-labels"),
        ('[journaux]\nbq = "Banque"', "journaux", "wrong-form"),
        ('[journaux]\nBQ = ""', "journaux.BQ", "wrong-form"),
        ('[operations]\nfunding = { journal = "BQ" }', "operations.funding.journal", "not-a-choice"),
        ("[operations]\nfunding = { journal = 1 }", "operations.funding.journal", "wrong-form"),
        ('[organismes]\nville = "Poitiers"', "organismes.ville", "unknown-key"),
        ('[organismes]\nccas = "=1+1"', "organismes.ccas", "wrong-form"),
        ("[signataires]\ncomptable = 1", "signataires.comptable", "wrong-form"),
        ('[imputations]\naa = { numero = "651", libelle = "Aides" }', "imputations", "wrong-form"),
        ('[imputations]\nAA-2026 = "651"', "imputations.AA-2026", "wrong-form"),
        ('[imputations]\nAA-2026 = { numero = "651" }', "imputations.AA-2026", "wrong-form"),
        ('[imputations]\nAA-2026 = { numero = "65", libelle = "Aides" }', "imputations.AA-2026.numero", "wrong-form"),
    ],
)
def test_a_fault_is_named_by_its_key(own: str, place: str, code: str) -> None:
    found, faults = read_chart(SHIPPED, own)
    assert found is None
    assert (place, code) in [(fault.column, fault.code) for fault in faults]


def test_all_faults_are_told_at_once() -> None:
    _, faults = read_chart(SHIPPED, 'siren = "1"\n[comptes]\nvoucher = { numero = "1", label = "x" }')
    assert [fault.column for fault in faults] == ["siren", "comptes.voucher.numero", "comptes.voucher.label"]
