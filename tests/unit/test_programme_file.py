"""The rules of a programme as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.programmes.model import (
    Caps,
    Eligibility,
    FlatRate,
    PerConsumptionUnit,
    Validity,
    Weights,
    rules_from_json,
    rules_to_json,
)
from ledger.programmes.reading import read_programme
from tests.month import PROGRAMME_FILE

TEXT = PROGRAMME_FILE.read_text(encoding="utf-8")
FLAT_SCALE = '[bareme]\nforme = "forfait"\nfixe = "75.00"\npar_adulte = "0"\npar_enfant = "45,00"\n'


def replaced(before: str, after: str) -> str:
    assert before in TEXT
    return TEXT.replace(before, after)


def with_scale(scale: str) -> str:
    start, end = TEXT.index("[bareme]"), TEXT.index("[eligibilite]")
    return TEXT[:start] + scale + TEXT[end:]


def test_the_sample_says_what_it_says() -> None:
    file, faults = read_programme(TEXT)
    assert not faults
    assert file is not None
    rules = file.rules
    assert (file.code, file.label) == ("AA-2026", "Aide alimentaire 2026")
    assert rules.scale == PerConsumptionUnit(100_00, Weights(Decimal(1), Decimal("0.5"), Decimal("0.3")))
    assert rules.eligibility == Eligibility(10_00, frozenset({"urgence", "sans-justificatif"}))
    assert rules.validity == Validity(days=62, calendar_year=True)
    assert rules.caps == Caps(paper_sale_cents=200_00, paper_day_cents=300_00)
    assert len(rules.basket.eligible) == 7
    assert "alcool" not in rules.basket.eligible
    assert rules.basket.listed[0] == "fruits-legumes"
    assert rules.basket.listed[-1] == "non-alimentaire"


def test_a_flat_rate_and_caps_are_read() -> None:
    file, faults = read_programme(with_scale(FLAT_SCALE) + '[plafonds]\npapier_par_vente = "50"\n')
    assert file is not None, faults
    assert file.rules.scale == FlatRate(75_00, 0, 45_00, Weights())
    assert file.rules.caps == Caps(paper_sale_cents=50_00, paper_day_cents=300_00)


@pytest.mark.parametrize(
    ("section", "days"), [("", 730), *((f"[conservation]\nidentite_jours = {days}\n", days) for days in (365, 730))]
)
def test_identities_are_kept_for_two_years_unless_it_says_otherwise(section: str, days: int) -> None:
    file, faults = read_programme(TEXT + section)
    assert file is not None, faults
    assert file.rules.identity_days == days
    assert rules_from_json(rules_to_json(file.rules)) == file.rules
    assert (b"identity_days" in rules_to_json(file.rules)) == (days != 730)  # older rules keep their hash


@pytest.mark.parametrize(
    "section", ["[conservation]\n", "[conservation]\nidentite_jours = 0\n", "[conservation]\nx = 1\n"]
)
def test_a_wrong_time_of_keeping_is_a_fault(section: str) -> None:
    file, faults = read_programme(TEXT + section)
    assert file is None
    assert all(fault.column.startswith("conservation.") for fault in faults)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (replaced('code = "AA-2026"', 'code = "aa 2026"'), {("code", "wrong-form")}),
        (replaced('libelle = "Aide alimentaire 2026"', ""), {("libelle", "missing-key")}),
        (replaced('unite = "POIS"', 'unite = "EUR"'), {("unite", "not-a-choice")}),
        (replaced('unite = "POIS"', 'unite = "POIS"\nx = 1'), {("x", "unknown-key")}),
        (replaced('base = "100.00"', 'base = "cent"'), {("bareme.base", "not-an-amount")}),
        (replaced('base = "100.00"', 'base = "-1"'), {("bareme.base", "not-an-amount")}),
        (replaced('base = "100.00"', "base = 100.001"), {("bareme.base", "not-an-amount")}),
        (replaced('base = "100.00"', "base = true"), {("bareme.base", "not-an-amount")}),
        (replaced('base = "100.00"', 'base = "0"'), {("bareme.base", "nothing-due")}),
        (replaced("unites-de-consommation", "loto"), {("bareme.forme", "not-a-choice")}),
        (replaced('moins_14 = "0.3"', 'moins_14 = "-0.3"'), {("bareme.moins_14", "wrong-form")}),
        (replaced('adulte = "1.0"', 'adulte = "0"'), {("bareme.premier_adulte", "wrong-form")}),
        (replaced("jours = 62", "jours = 0"), {("validite.jours", "not-a-whole-number")}),
        (replaced("jours = 62", 'jours = "62"'), {("validite.jours", "not-a-whole-number")}),
        (replaced("jours = 62", "jours = true"), {("validite.jours", "not-a-whole-number")}),
        (replaced("annee_civile = true", "annee_civile = 1"), {("validite.annee_civile", "not-a-choice")}),
        (replaced('"urgence", ', '"urgence", "urgence", '), {("eligibilite.derogations", "wrong-form")}),
        (replaced('"urgence", ', '"Urgence !", '), {("eligibilite.derogations", "wrong-form")}),
        (replaced('"alcool"', '"huiles"'), {("panier.hors_panier", "in-both-lists")}),
        (replaced('["alcool", ', '[1, "alcool", '), {("panier.hors_panier", "wrong-form")}),
        (with_scale(""), {("bareme", "missing-key")}),
        (with_scale("bareme = 3\n"), {("bareme", "wrong-form")}),
        (with_scale(FLAT_SCALE.replace("75.00", "0")), {("bareme.fixe", "nothing-due")}),
        (with_scale(FLAT_SCALE + "base = 1\n"), {("bareme.base", "unknown-key")}),
        (TEXT + '[plafonds]\npapier_par_jour = "0"\n', {("plafonds.papier_par_jour", "not-an-amount")}),
        (TEXT + "[plafonds]\npapier = 1\n", {("plafonds.papier", "unknown-key")}),
        (TEXT + "[panier.x]\n", {("panier.x", "unknown-key")}),
        (TEXT.replace("[panier]", "[panier"), {("", "not-toml")}),
        ("", {(name, "missing-key") for name in ("code", "libelle", "unite", "bareme")}
             | {(name, "missing-key") for name in ("eligibilite", "validite", "panier")}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_key(text: str, faults: set[tuple[str, str]]) -> None:
    file, found = read_programme(text)
    assert file is None
    assert {(fault.column, fault.code) for fault in found} == faults


def test_an_unreadable_file_names_the_row() -> None:
    _, [fault] = read_programme('code = "AA"\nlibelle = \n')
    assert fault.row == 2


@given(st.dictionaries(st.sampled_from(["code", "libelle", "unite", "bareme", "panier", "plafonds"]),
    st.sampled_from(['""', "1", "1.5", "true", "[]", "[1]", "{}", "{base = []}", "2026-10-01", "nan"])))  # fmt: skip
def test_whatever_stands_there_is_told_and_not_tripped_over(values: dict[str, str]) -> None:
    file, faults = read_programme("\n".join(f"{key} = {value}" for key, value in values.items()))
    assert file is None
    assert faults
