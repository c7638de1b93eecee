"""What goes in and out of the merchant scope: balance, statement, conversions, payments, coupons."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

from ledger.conversions.model import Conversion, CouponMovement, MerchantPayment, MerchantStatement, StatementLine
from merchant_api.v1.documents import Cents

_END = "$(?!\\n)"  # `$` alone would let a line end through

OwnerCodeText = Annotated[
    str, Meta(pattern="^[0-9]{8}" + _END, description="What the owner's telephone shows now (TOTP); each works once.")
]
Siret = Annotated[str, Meta(pattern="^[0-9]{14}" + _END, description="Of the merchant to be paid.")]


class MovementBody(Struct, forbid_unknown_fields=True):
    """How much is to be moved, and the owner's consent."""

    amount_cents: Cents
    owner_code: OwnerCodeText


class CancelBody(Struct, forbid_unknown_fields=True):
    """The owner's consent."""

    owner_code: OwnerCodeText


class PaymentBody(Struct, forbid_unknown_fields=True):
    """Whom to pay, how much, and the owner's consent."""

    to_siret: Siret
    amount_cents: Cents
    owner_code: OwnerCodeText


class MerchantBalanceDocument(Struct):
    """What the merchant holds, and what of its Pois is on its way to euros."""

    balance_cents: int
    converting_cents: int


class ConversionDocument(Struct):
    """Pois to be paid in euros. `requested` or `returned` (by the bank): it waits; `paid`: with day, net and
    commission; `cancelled`.
    """

    id: UUID
    amount_cents: int
    state: Literal["requested", "cancelled", "paid", "returned"]
    requested_at: datetime
    paid_on: date | None = None
    net_cents: int | None = None
    commission_cents: int | None = None


class ConversionsDocument(Struct):
    """This merchant's conversions, the latest first, at most 500."""

    conversions: list[ConversionDocument]


class PaymentDocument(Struct):
    """Pois that another merchant has now."""

    id: UUID
    to_siret: str
    to_name: str
    amount_cents: int
    occurred_at: datetime


class CouponsDocument(Struct):
    """Pois that left the account for paper coupons, to be handed over by the association."""

    id: UUID
    amount_cents: int
    occurred_at: datetime


class StatementLineDocument(Struct):
    """A movement; what comes in is positive. `receipt_number` and `reference` are those of a sale and its refunds,
    `other_siret` is the other side of a payment.
    """

    id: UUID
    kind: str
    amount_cents: int
    occurred_at: datetime
    receipt_number: str | None
    reference: str | None
    other_siret: str | None


class StatementDocument(Struct):
    """The merchant's account over local days, the first and last included: opening and lines give the closing."""

    first_day: date = field(name="from")
    last_day: date = field(name="to")
    opening_cents: int
    lines: list[StatementLineDocument]
    closing_cents: int


def conversion_document(conversion: Conversion) -> ConversionDocument:
    """A conversion as it stands now."""
    paid = conversion.state == "paid"
    return ConversionDocument(
        conversion.id,
        conversion.amount_cents,
        conversion.state,
        conversion.requested_at.astimezone(UTC),
        conversion.paid_on if paid else None,
        conversion.net_cents if paid else None,
        conversion.commission_cents if paid else None,
    )


def requested_document(conversion: Conversion) -> ConversionDocument:
    """A conversion as it was when it was asked for: the same answer however often the request is sent."""
    requested_at = conversion.requested_at.astimezone(UTC)
    return ConversionDocument(conversion.id, conversion.amount_cents, "requested", requested_at)


def payment_document(payment: MerchantPayment) -> PaymentDocument:
    """A payment in the words of the contract."""
    return PaymentDocument(
        payment.id,
        payment.payee_siret,
        payment.payee_name,
        payment.amount_cents,
        payment.occurred_at.astimezone(UTC),
    )


def coupons_document(coupons: CouponMovement) -> CouponsDocument:
    """Coupons in the words of the contract."""
    return CouponsDocument(coupons.id, coupons.amount_cents, coupons.occurred_at.astimezone(UTC))


def statement_document(statement: MerchantStatement) -> StatementDocument:
    """A statement in the words of the contract."""
    return StatementDocument(
        first_day=statement.first_day,
        last_day=statement.last_day,
        opening_cents=statement.opening_cents,
        lines=[_line(line) for line in statement.lines],
        closing_cents=statement.closing_cents,
    )


def _line(line: StatementLine) -> StatementLineDocument:
    return StatementLineDocument(
        line.id,
        line.kind,
        line.amount_cents,
        line.occurred_at.astimezone(UTC),
        line.receipt,
        line.reference,
        line.other_siret,
    )
