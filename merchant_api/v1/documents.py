"""What goes in and out, as the contract names it. Amounts are whole centimes; unknown fields are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from ledger.redemptions.model import CardBalance, Redemption, Refund

_END = "$(?!\\n)"  # `$` alone would let a line end through

Cents = Annotated[int, Meta(ge=1, le=100_000_000, description="Whole centimes.")]
Category = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,39}" + _END, description="A food category of the programme.")]
Reference = Annotated[
    str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._/-]{0,34}" + _END, description="The till's own ticket number.")
]
CredentialText = Annotated[
    str, Meta(min_length=1, max_length=64, description="What the QR code says, or the printed card number.")
]
Pin = Annotated[str, Meta(pattern="^[0-9]{4}" + _END, description="Typed by the holder of a paper card.")]
Instant = Annotated[datetime, Meta(tz=True)]


class PairingBody(Struct, forbid_unknown_fields=True):
    """The one-time code that the administration gave to the shop."""

    pairing_code: Annotated[str, Meta(min_length=4, max_length=40)]


class PairedDocument(Struct):
    """The till's token, said once; keep it in the device."""

    token: str
    till_id: UUID
    scope: str
    merchant: str


class LineBody(Struct, forbid_unknown_fields=True):
    """The total of one category."""

    category: Category
    amount_cents: Cents


class RedemptionBody(Struct, forbid_unknown_fields=True):
    """A sale: the card, the basket by category, and whether a part may be paid."""

    credential: CredentialText
    basket: Annotated[list[LineBody], Meta(min_length=1, max_length=50)]
    pin: Pin | None = None
    allow_partial: bool = True
    reference: Reference | None = None
    initiated_at: Instant | None = None


class LineDocument(Struct):
    """What was asked of a category and what is paid in Pois."""

    category: str
    amount_cents: int
    approved_cents: int


class RedemptionDocument(Struct):
    """A sale that was debited. `remainder_cents` is left to pay by any other means."""

    id: UUID
    receipt_number: str
    approved_cents: int
    remainder_cents: int
    lines: list[LineDocument]
    occurred_at: datetime
    refundable_cents: int
    reference: str | None


class RedemptionPage(Struct):
    """Some sales in the order of their receipts; `next_cursor` leads on, null at the end."""

    redemptions: list[RedemptionDocument]
    next_cursor: str | None


class AbandonBody(Struct, forbid_unknown_fields=True):
    """The key of a request whose answer was lost."""

    idempotency_key: Annotated[str, Meta(min_length=1, max_length=255)]


class FateDocument(Struct):
    """The one fate of a key, with the sale that was debited, the refund made, or the refusal that was given."""

    fate: Literal["approved", "refused", "abandoned"]
    redemption: RedemptionDocument | None = None
    refund: RefundDocument | None = None
    refusal: dict[str, Any] | None = None


class RefundBody(Struct, forbid_unknown_fields=True):
    """How much is given back (all that is refundable where it is left out), and why."""

    amount_cents: Cents | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=200)] = "other"


class RefundDocument(Struct):
    """Money that is back on the card, and what is still refundable of the sale."""

    id: UUID
    redemption_id: UUID
    amount_cents: int
    occurred_at: datetime
    refundable_cents: int


class BalanceBody(Struct, forbid_unknown_fields=True):
    """The card whose holder asks what is left."""

    credential: CredentialText
    pin: Pin | None = None


class EndDocument(Struct):
    """What ends with the last day of `valid_until`."""

    valid_until: date
    balance_cents: int


class BalanceDocument(Struct):
    """What is left on the card, the first end first."""

    balance_cents: int
    ends: list[EndDocument]


class CategoryDocument(Struct):
    """A button of the till."""

    category: str
    label: str
    usual: bool


class CategoriesDocument(Struct):
    """The categories of a basket, those usual at this merchant first."""

    categories: list[CategoryDocument]


class MerchantDocument(Struct):
    """The till's own merchant."""

    name: str
    town: str
    siret: str


def redemption_document(redemption: Redemption) -> RedemptionDocument:
    """A redemption in the words of the contract."""
    return RedemptionDocument(
        id=redemption.id,
        receipt_number=redemption.receipt,
        approved_cents=redemption.approved_cents,
        remainder_cents=redemption.remainder_cents,
        lines=[
            LineDocument(line.category, line.amount_cents, approved)
            for line, approved in zip(redemption.lines, redemption.approved_by_line, strict=True)
        ],
        occurred_at=redemption.occurred_at.astimezone(UTC),
        refundable_cents=redemption.refundable_cents,
        reference=redemption.reference,
    )


def refund_document(refund: Refund) -> RefundDocument:
    """A refund in the words of the contract."""
    return RefundDocument(
        refund.id,
        refund.redemption_id,
        refund.amount_cents,
        refund.occurred_at.astimezone(UTC),
        refund.refundable_cents,
    )


def balance_document(balance: CardBalance) -> BalanceDocument:
    """A card's balance in the words of the contract."""
    return BalanceDocument(balance.balance_cents, [EndDocument(day, cents) for day, cents in balance.ends])
