"""Wallets as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ledger.cards.model import Card
from ledger.redemptions.model import HeldCard


def link(address: str, code: str) -> str:
    """Where a telephone enrols. The code stands behind the #, which no browser sends and no server logs."""
    return f"{address.rstrip('/')}/wallet#{code}"


@dataclass(frozen=True, slots=True)
class WalletInvitation:
    """A code that makes one telephone show a card; shown once."""

    number: int
    code: str = field(repr=False)
    expires_at: datetime

    def link(self, address: str) -> str:
        """What the letter's QR holds."""
        return link(address, self.code)


@dataclass(frozen=True, slots=True)
class EnrolledWallet:
    """What a telephone keeps; the token is stored here as a hash only."""

    number: int
    secret: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wallet:
    """An enrolled telephone. `card_number` is that of the card whose code it shows."""

    id: UUID
    card_id: UUID
    card_number: int
    household_id: UUID
    blocked: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a wallet shows: what is left, and the cards that it may block."""

    held: HeldCard
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """How far an enrolment code has come: whose it is, and since when a telephone has it."""

    card_id: UUID
    expires_at: datetime
    enrolled_at: datetime | None
    token_sha256: bytes | None = field(repr=False)
