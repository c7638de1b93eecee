"""The input files of the benchmark: many households, generous vouchers, merchants with valid numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stdnum import luhn

HOUSEHOLDS = 2000

CATEGORIES = ("fruits-legumes", "legumineuses", "cereales-pain", "lait-oeufs", "huiles")
RESTRICTED = CATEGORIES[:2]

_PROGRAMME = """
code = "BENCH-2026"
libelle = "Mesure"
unite = "POIS"
[bareme]
forme = "unites-de-consommation"
base = "50000.00"
premier_adulte = "1.0"
autre_14_et_plus = "0.5"
moins_14 = "0.3"
[eligibilite]
reste_a_vivre_par_jour_maximum = "10.00"
derogations = ["urgence"]
[validite]
jours = 62
annee_civile = false
[panier]
categories = {categories}
hors_panier = ["alcool"]
[plafonds]
papier_par_vente = "50000.00"
papier_par_jour = "500000.00"
"""


def _siret(place: int) -> str:
    siren = f"{80000000 + place:08d}"
    siren += luhn.calc_check_digit(siren)
    head = siren + "0001"
    return head + luhn.calc_check_digit(head)


MERCHANTS = tuple(_siret(place) for place in range(200))


def _iban(place: int) -> str:
    account = f"{place:023d}"
    return f"FR{98 - int(account + '152700') % 97:02d}{account}"


def write_inputs(folder: Path, count: int) -> None:
    """Write `programme.toml`, `menages.csv` and `commercants.csv`."""
    write_programme(folder / "programme.toml", CATEGORIES)
    write_households(folder / "menages.csv", 0, count)
    merchants = [
        "siret;nom;commune;categories;iban;remise",
        *(
            f"{siret};Commerce {place};Poitiers;fruits-legumes;{_iban(place)};detail"
            for place, siret in enumerate(MERCHANTS)
        ),
    ]
    (folder / "commercants.csv").write_text("\n".join(merchants) + "\n", encoding="utf-8")


def write_programme(file: Path, categories: Sequence[str]) -> Path:
    """The rules of the programme, with these categories to be paid by it."""
    listed = ", ".join(f'"{category}"' for category in categories)
    file.write_text(_PROGRAMME.replace("{categories}", f"[{listed}]"), encoding="utf-8")
    return file


def write_households(file: Path, first: int, stop: int) -> Path:
    """Households by their place in a list, all of them entitled."""
    columns = (
        "dossier;adultes;enfants_14_et_plus;enfants_moins_14;ressources_mensuelles;charges_mensuelles;langue;"
        "support;derogation"
    )
    rows = [f"B26-{place:05d};1;0;0;300,00;200,00;fr;papier;" for place in range(first, stop)]
    file.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    return file
