"""How associations and banks word a line: in capitals, without accents, shortened, cut off, with shop numbers."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Collection

DETAIL = [
    "Épicerie du Pont",
    "Épicerie du Pont-Neuf",
    "Épicerie de Migné",
    "Ferme des Prés",
    "Boulangerie de Bellejouanne",
    "Boucherie du Marché Notre-Dame",
    "Maraîcher des Trois-Cités",
    "L’Îlot aux Légumes",
    "Fromagerie Sainte-Radegonde",
]
DAILY = ["Coopérative bio de Saint-Éloi", "Coopérative bio de Ligugé", "Primeur de Chasseneuil"]
_SHORT = {
    "Épicerie": "Épic.",
    "Boulangerie": "Boul.",
    "Boucherie": "Bouch.",
    "Maraîcher": "Mar.",
    "Coopérative": "Coop",
    "Primeur": "Prim.",
    "Fromagerie": "From.",
    "Sainte-Radegonde": "Ste Radegonde",
    "Saint-Éloi": "St-Éloi",
}
_SMALL = {"de", "du", "des", "aux"}
_CUT_MIN = 0.7  # of a name that is cut off


def without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def sales_label(
    mix: random.Random, merchant: str, ticket: str | None, others: Collection[str], *, may_cut: bool = True
) -> str:
    """A sale; one that names no ticket may be cut off at the end."""
    if ticket is None and may_cut and mix.random() < 0.1:
        return _cut(mix, merchant, others)
    before = mix.choice(["Paiement ", "Paiement ", "PAIEMENT ", "Achat ", "Paiement carte "])
    return before + told(mix, merchant) + _ticket(mix, ticket)


def refund_label(mix: random.Random, merchant: str, ticket: str | None) -> str:
    before = mix.choice(["Remboursement ", "REMBOURSEMENT ", "Remb. "])
    return before + told(mix, merchant) + ("" if ticket is None else f" {ticket}")


def cancel_label(mix: random.Random, merchant: str, ticket: str) -> str:
    return mix.choice(["Annulation paiement ", "ANNULATION ", "Contre-passation "]) + f"{merchant} ticket {ticket}"


def total_label(mix: random.Random, merchant: str, tickets: int | None) -> str:
    before = mix.choice(["Remise du jour ", "Remise ", "REMISE DU JOUR "])
    count = "" if tickets is None else mix.choice([f" ({tickets} tickets)", f"\n({tickets} tickets)"])
    return before + told(mix, merchant) + count


def fee_label(mix: random.Random) -> str:
    return mix.choice(["Frais de gestion plateforme", "FRAIS TENUE DE COMPTE", "Cotisation trimestrielle", "Frais"])


def told(mix: random.Random, merchant: str) -> str:
    """A name in one of the ways in which it is told."""
    way = mix.choice([_plainly, _plainly, _plainly, _capitals, _bare_capitals, _lower, _shortened, _numbered, _brief])
    return way(mix, merchant)


def _ticket(mix: random.Random, ticket: str | None) -> str:
    if ticket is None:
        return ""
    return mix.choice([" ticket {}", " ticket {}", " TICKET {}", " tkt {}", " - {}", " ticket n° {}"]).format(ticket)


def _cut(mix: random.Random, merchant: str, others: Collection[str]) -> str:
    """Cut off where the beginning still fits no other merchant, and is no whole name of one either."""
    name = without_accents(merchant).upper()
    names = [without_accents(other).upper() for other in others if other != merchant]
    lengths = range(int(len(name) * _CUT_MIN) + 1, len(name))
    good = [length for length in lengths if name[length - 1].isalpha() and not _fits(name[:length], names)]
    return f"PAIEMENT {name[: mix.choice(good)]}" if good else f"PAIEMENT {name}"


def _fits(beginning: str, names: Collection[str]) -> bool:
    return any(name.startswith(beginning) or beginning.startswith(name) for name in names)


def _plainly(_: random.Random, merchant: str) -> str:
    return merchant


def _capitals(_: random.Random, merchant: str) -> str:
    return merchant.upper()


def _bare_capitals(_: random.Random, merchant: str) -> str:
    return without_accents(merchant).upper().replace("-", " ")


def _lower(_: random.Random, merchant: str) -> str:
    return merchant.lower()


def _shortened(mix: random.Random, merchant: str) -> str:
    text = " ".join(_SHORT.get(word, word) for word in merchant.split(" "))
    return without_accents(text).upper() if mix.random() < 0.5 else text


def _numbered(mix: random.Random, merchant: str) -> str:
    return f"{without_accents(merchant).upper()} {mix.randint(1, 9999):04}"


def _brief(_: random.Random, merchant: str) -> str:
    return " ".join(word for word in without_accents(merchant).upper().split(" ") if word.lower() not in _SMALL)
