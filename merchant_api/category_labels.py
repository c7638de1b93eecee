"""Food categories as a cashier reads them, in the language of the request."""

from __future__ import annotations

from ledger.errors import N_
from ledger.texts import gettext as _

LABELS = {
    "fruits-legumes": N_("Fruit and vegetables"),
    "legumineuses": N_("Pulses"),
    "cereales-pain": N_("Cereals and bread"),
    "lait-oeufs": N_("Milk and eggs"),
    "viande-poisson": N_("Meat and fish"),
    "huiles": N_("Oils"),
    "epicerie-simple": N_("Plain groceries"),
    "alcool": N_("Alcohol"),
    "confiserie": N_("Sweets"),
    "plats-prepares": N_("Ready meals"),
    "hygiene": N_("Hygiene"),
    "non-alimentaire": N_("Non-food"),
}


def label_of(category: str) -> str:
    """The words for a category; one that we have no words for is shown as it is written."""
    return _(LABELS[category]) if category in LABELS else category.replace("-", " ").capitalize()
