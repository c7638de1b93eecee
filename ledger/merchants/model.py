"""Merchants and tills as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

Remittance = Literal["detail", "daily"]
Scope = Literal["till", "merchant", "training"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A partner merchant. `categories` order the buttons of its till; `remittance`: how the association books
    its sales; `state`: approved, suspended or closed.
    """

    id: UUID
    siret: str
    name: str
    town: str
    categories: tuple[str, ...]
    remittance: Remittance
    account_id: int
    converting_account_id: int
    state: str


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """What a merchant file says of one; the bank account is personal data of a sole trader."""

    siret: str
    name: str
    town: str
    categories: tuple[str, ...]
    remittance: Remittance
    iban: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MerchantImport:
    """What an import of merchants came to."""

    rows: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """A pairing code for one till, to be used once and soon; it is never shown again."""

    code: str = field(repr=False)
    scope: Scope
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PairedTill:
    """What a till keeps: the token is stored here as a hash only."""

    till_id: UUID
    merchant: Merchant
    scope: Scope
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TillSession:
    """Who is asking: a paired till of an approved merchant."""

    till_id: UUID
    merchant_id: UUID
    scope: Scope
    merchant: Merchant


@dataclass(frozen=True, slots=True)
class Till:
    """A paired device for the operator's list; `state`: paired or revoked."""

    id: UUID
    siret: str
    merchant_name: str
    scope: Scope
    paired_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class OwnTill:
    """A device for the shop's own list. `last_sale_at`: among the last sales of the shop, if it made one of them."""

    id: UUID
    scope: Scope
    paired_at: datetime
    state: str
    last_sale_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong pairing codes since the start of a window."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class OwnerCode:
    """What enrols the owner's telephone; shown once and never again."""

    siret: str
    name: str
    secret: str = field(repr=False)

    @property
    def uri(self) -> str:
        """An `otpauth` key URI, which authenticator applications read as a QR code."""
        return f"otpauth://totp/Pois:{self.siret}?secret={self.secret}&algorithm=SHA256&digits=8&period=30"


@dataclass(frozen=True, slots=True)
class OwnerSecret:
    """What checking an owner's code needs: the secret, still encrypted, and the last step accepted."""

    secret: bytes = field(repr=False)
    last_step: int
