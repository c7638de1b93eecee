"""What the households and shops of a rehearsal hold in their hands: cards and till tokens.

In real life this leaves the installation on paper and in devices. A rehearsal plays both sides, so it keeps them in
a file of its own home, for nobody else to read, and can go on where it was cut.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from ledger.cards.model import CardKind, IssuedCard
from ledger.cards.rules import one_time_code, step_at


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A card in a household's hand."""

    number: int
    kind: CardKind
    secret: str = field(repr=False)
    pin: str | None = field(repr=False)

    def credential(self, at: datetime) -> str:
        """What its QR shows at an instant."""
        code = self.secret if self.kind == "paper" else one_time_code(self.secret, step_at(at))
        return f"BP1/{self.number}/{code}"


@dataclass
class Wallets:
    """Cards by case number, till tokens by SIRET; by SIRET too the owners' devices and what their telephones hold."""

    path: Path
    cards: dict[str, HeldCard] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    owner_tokens: dict[str, str] = field(default_factory=dict)
    owner_secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: Path) -> Wallets:
        """What an earlier run of the same home handed out."""
        if not path.exists():
            return cls(path)
        kept = json.loads(path.read_text(encoding="utf-8"))
        cards = {case: HeldCard(**card) for case, card in kept["cards"].items()}
        return cls(path, cards, kept["tokens"], kept["owner_tokens"], kept["owner_secrets"])

    def hand_out(self, case_number: str, card: IssuedCard) -> None:
        self.cards[case_number] = HeldCard(card.number, card.kind, card.secret, card.pin)

    def save(self) -> None:
        """Replace the file in one step."""
        kept = {
            "cards": {case: asdict(card) for case, card in self.cards.items()},
            "tokens": self.tokens,
            "owner_tokens": self.owner_tokens,
            "owner_secrets": self.owner_secrets,
        }
        beside = self.path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        beside.replace(self.path)
