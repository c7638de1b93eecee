"""What goes in and out of the merchant scope: balance, statement, conversions, payments, coupons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

from ledger.conversions.model import Conversion, CouponMovement, MerchantPayment, StatementHead, StatementLine
from ledger.errors import N_
from merchant_api.v1.documents import Cents

_END = "$(?!\\n)"  # `$` alone would let a line end through

OwnerCodeText = Annotated[
    str,
    Meta(
        pattern="^[0-9]{8}" + _END,
        description=N_("The eight digits that the owner's telephone shows now; each works once."),
    ),
]
Siret = Annotated[
    str,
    Meta(
        pattern="^[0-9]{14}" + _END,
        description=N_("The 14 digits of the merchant to be paid, in the register of firms."),
    ),
]


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

    balance_cents: Annotated[int, Meta(description=N_("What the shop holds, in centimes."))]
    converting_cents: Annotated[int, Meta(description=N_("What is set aside until it is paid in euros, in centimes."))]
    commission_basis_points: Annotated[
        int,
        Meta(
            description=N_(
                "What the association keeps of a conversion that is paid today, in hundredths of a percent; rounded "
                "down to the centime."
            )
        ),
    ]


class ConversionDocument(Struct):
    """Pois to be paid in euros."""

    id: Annotated[UUID, Meta(description=N_("The conversion."))]
    amount_cents: Annotated[int, Meta(description=N_("How many Pois, in centimes."))]
    state: Annotated[
        Literal["requested", "ordered", "cancelled", "paid", "returned"],
        Meta(
            description=N_(
                "requested, or returned by the bank: it waits to be paid; ordered: it is in a lot for the bank and "
                "cannot be cancelled; paid; cancelled."
            )
        ),
    ]
    requested_at: Annotated[datetime, Meta(tz=True, description=N_("When it was asked for, in UTC."))]
    paid_on: Annotated[date | None, Meta(description=N_("The day on which euros were sent."))] = None
    net_cents: Annotated[int | None, Meta(description=N_("The euros sent, in centimes."))] = None
    commission_cents: Annotated[
        int | None, Meta(description=N_("What the association kept, in centimes of a euro."))
    ] = None


class ConversionsDocument(Struct):
    """This merchant's conversions, the latest first."""

    conversions: Annotated[list[ConversionDocument], Meta(description=N_("Conversions, the latest first."))]
    next_cursor: Annotated[str | None, Meta(description=N_("Leads to the next page; null at the end."))]


class PaymentDocument(Struct):
    """Pois that another merchant has now."""

    id: Annotated[UUID, Meta(description=N_("The payment."))]
    to_siret: Annotated[str, Meta(description=N_("The merchant that was paid."))]
    to_name: Annotated[str, Meta(description=N_("Its name."))]
    amount_cents: Annotated[int, Meta(description=N_("How many Pois, in centimes."))]
    occurred_at: Annotated[datetime, Meta(tz=True, description=N_("When, in UTC."))]


class CouponsDocument(Struct):
    """Pois that left the account for paper coupons, to be handed over by the association."""

    id: Annotated[UUID, Meta(description=N_("The movement; the association asks for it."))]
    amount_cents: Annotated[int, Meta(description=N_("How many Pois, in centimes."))]
    occurred_at: Annotated[datetime, Meta(tz=True, description=N_("When, in UTC."))]


class StatementLineDocument(Struct):
    """A movement of the merchant's account."""

    id: Annotated[UUID, Meta(description=N_("The movement: a sale, a refund, a conversion, a payment, coupons."))]
    kind: Annotated[
        str,
        Meta(
            description=N_(
                "redemption, refund, conversion-request, conversion-cancelled, merchant-payment, coupons, "
                "coupons-returned, adjustment or reversal; others may come."
            )
        ),
    ]
    amount_cents: Annotated[int, Meta(description=N_("In centimes; what comes in is positive."))]
    occurred_at: Annotated[datetime, Meta(tz=True, description=N_("When, in UTC."))]
    receipt_number: Annotated[str | None, Meta(description=N_("Of a sale, and of its refunds."))]
    reference: Annotated[str | None, Meta(description=N_("The till's own ticket number."))]
    other_siret: Annotated[str | None, Meta(description=N_("The other side of a payment between merchants."))]


class StatementDocument(Struct):
    """The merchant's account over local days: opening and lines give the closing."""

    first_day: Annotated[date, Meta(description=N_("The first day."))] = field(name="from")
    last_day: Annotated[date, Meta(description=N_("The last day; it is included."))] = field(name="to")
    opening_cents: Annotated[int, Meta(description=N_("What the shop held before the first day, in centimes."))]
    lines: Annotated[
        list[StatementLineDocument], Meta(description=N_("The movements in the order of the account, page by page."))
    ]
    closing_cents: Annotated[
        int,
        Meta(description=N_("What it held after the last line of the last page, the same on each page, in centimes.")),
    ]
    checkpoint: Annotated[
        str | None,
        Meta(
            description=N_(
                "The last signed head of the books; kept with the statement, it shows later whether they were "
                "rewritten."
            )
        ),
    ]
    next_cursor: Annotated[str | None, Meta(description=N_("Leads to the next page; null at the end."))]


def conversion_document(conversion: Conversion) -> ConversionDocument:
    """A conversion as it stands now."""
    paid = conversion.state == "paid"
    return ConversionDocument(
        conversion.id,
        conversion.amount_cents,
        "ordered" if conversion.ordered_in else conversion.state,
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


def statement_document(
    head: StatementHead, lines: Iterable[StatementLine], checkpoint: str | None, next_cursor: str | None
) -> StatementDocument:
    """A page of a statement in the words of the contract."""
    return StatementDocument(
        first_day=head.first_day,
        last_day=head.last_day,
        opening_cents=head.opening_cents,
        lines=[_line(line) for line in lines],
        closing_cents=head.closing_cents,
        checkpoint=checkpoint,
        next_cursor=next_cursor,
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
