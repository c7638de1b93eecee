"""What is read out of a label, in whatever words it is written."""

from __future__ import annotations

import pytest

from ledger.reconciliation.model import Party
from ledger.reconciliation.rules.labels import LabelReader, fold

PARTIES = [
    Party("Épicerie du Pont", daily=False),
    Party("Épicerie du Pont-Neuf", daily=False),
    Party("L’Îlot", daily=True),
    Party("Commerce 12", daily=False),
]
OWNERS: dict[str, set[str | None]] = {
    "t00012": {fold("Épicerie du Pont")},
    "2026-1107": {None},
    "7": {fold("L’Îlot")},
    "k1": {"a", "b"},
}
READER = LabelReader(PARTIES, OWNERS)


@pytest.mark.parametrize(
    ("label", "party"),
    [
        ("Paiement Épicerie du Pont", "Épicerie du Pont"),
        ("Paiement Épicerie du Pont-Neuf", "Épicerie du Pont-Neuf"),
        ("PAIEMENT ÉPICERIE DU PONT ticket T00099", "Épicerie du Pont"),
        ("Épicerie  du\u00a0Pont : paiement", "Épicerie du Pont"),
        ("Paiement L'Îlot", "L’Îlot"),
        ("Paiement E\u0301picerie du Pont", "Épicerie du Pont"),
        ("Paiement ticket T00012", "Épicerie du Pont"),
        ("Paiement Épicerie du Pontet", None),
        ("Paiement Epicerie du Pont", "Épicerie du Pont"),
        ("PAIEMENT EPICERIE DU PONT NEUF", "Épicerie du Pont-Neuf"),
        ("PAIEMENT EPICERIE DU PONT NEU", "Épicerie du Pont-Neuf"),
        ("Paiement Épic. Pont Neuf 0421", "Épicerie du Pont-Neuf"),
        ("EPICERIE 0421 DU PONT TKT T00099", "Épicerie du Pont"),
        ("PAIEMENT L ILOT N°12", "L’Îlot"),
        ("PAIEMENT ILOT", "L’Îlot"),
        ("Paiement Commerce 1", None),
        ("Paiement Épicerie", None),
        ("Frais de gestion plateforme", None),
        ("Virement CCAS mandat 2026-1107", None),
        ("Paiement K1", None),
        ("", None),
    ],
)
def test_the_merchant_is_the_longest_name_in_the_label(label: str, party: str | None) -> None:
    assert READER.read(label).party == (party and fold(party))


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("Paiement Épicerie du Pont ticket T00012", ("T00012",)),
        ("Remboursement Épicerie du Pont T00012", ("T00012",)),
        ("Paiement t00012", ("t00012",)),
        ("Paiement Épicerie du Pont ticket X9/1.", ("X9/1",)),
        ("Paiement Épicerie du Pont, ticket n° 4711 du 06/10/2026", ("4711",)),
        ("Virement CCAS mandat 2026-1107", ("2026-1107",)),
        ("Virement CCAS réf. 2026-1107", ("2026-1107",)),
        ("Paiement Commerce 12", ()),
        ("Paiement L'Îlot 7", ()),
        ("Paiement L'Îlot ticket 7", ("7",)),
        ("Mandat de gestion", ()),
        ("Remise du jour L'Îlot (7 tickets)", ()),
        ("Paiement X99999", ("X99999",)),
        ("Paiement carte 4821 du 06/10/2026", ()),
    ],
)
def test_a_reference_is_one_that_we_know_that_looks_like_one_or_that_is_announced(
    label: str, written: tuple[str, ...]
) -> None:
    assert READER.read(label).written == written


@pytest.mark.parametrize(
    ("label", "total", "tickets"),
    [
        ("Remise du jour L'Îlot (3 tickets)", True, 3),
        ("Remise du jour L'Îlot\n(1 ticket)", True, 1),
        ("Remise L'Îlot", True, None),
        ("Paiement L'Îlot", False, None),
        ("Remise L'Îlot ticket T00012", False, None),
    ],
)
def test_a_day_total_says_so_itself(label: str, total: bool, tickets: int | None) -> None:
    clue = READER.read(label)
    assert (clue.total, clue.tickets) == (total, tickets)
