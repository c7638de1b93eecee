"""What goes in and out, as the contract names it. Amounts are whole centimes; unknown fields are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar.params import PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from ledger.errors import N_
from ledger.redemptions.model import CardBalance, DayTotals, Movements, Redemption, Refund, Totals
from merchant_api.training.model import Practised

END = "$(?!\\n)"  # `$` alone would let a line end through

Cents = Annotated[int, Meta(ge=1, le=100_000_000, description=N_("Whole centimes, at least 1."))]
Category = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9-]{0,39}" + END,
        description=N_("A food category; the list of categories has them. One that nobody knows is not eligible."),
    ),
]
Reference = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9._/-]{0,34}" + END,
        description=N_("The till's own ticket number; it helps to find a sale again. No names, no free text."),
    ),
]
CredentialText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description=N_("What the QR code says, or the card number as it is printed; case and blanks do not matter."),
    ),
]
Pin = Annotated[
    str,
    Meta(pattern="^[0-9]{4}" + END, description=N_("Four digits, typed by the holder of a paper card.")),
]
Instant = Annotated[datetime, Meta(tz=True, description=N_("A time of RFC 3339 with its offset."))]
SaleId = Annotated[UUID, PathParameter(description=N_("The id of the sale."))]
Training = Annotated[
    Literal[True] | UnsetType,
    Meta(description=N_("Only at a till in training, and then true: nothing of this is in the books.")),
]


class PairingBody(Struct, forbid_unknown_fields=True):
    """The one-time code that the administration gave to the shop."""

    pairing_code: Annotated[
        str,
        Meta(
            min_length=4,
            max_length=40,
            description=N_("As it was shown; case, blanks and hyphens do not matter, nor O for 0, I or L for 1."),
        ),
    ]


class PairedDocument(Struct):
    """The till's token, said once; keep it in the device."""

    token: Annotated[str, Meta(description=N_("Goes into every call: Authorization: Bearer. It is never said again."))]
    till_id: Annotated[UUID, Meta(description=N_("The name of this device, for the administration."))]
    scope: Annotated[
        Literal["till", "merchant", "training"],
        Meta(description=N_("till: it sells. merchant: it sees to the merchant's money. training: it only practises.")),
    ]
    merchant: Annotated[str, Meta(description=N_("The name of the shop."))]


class LineBody(Struct, forbid_unknown_fields=True):
    """The total of one category."""

    category: Category
    amount_cents: Cents


class RedemptionBody(Struct, forbid_unknown_fields=True):
    """A sale: the card, the basket by category, and whether a part may be paid."""

    credential: CredentialText
    basket: Annotated[
        list[LineBody],
        Meta(min_length=1, max_length=50, description=N_("The totals by category; never single articles.")),
    ]
    pin: Pin | None = None
    allow_partial: Annotated[
        bool,
        Meta(description=N_("Whether a part may be paid where not all of it can be; if not, a shortage is refused.")),
    ] = True
    reference: Reference | None = None
    initiated_at: Annotated[
        Instant | None,
        Meta(description=N_("When the cashier began. A request that is more than 60 seconds late is refused.")),
    ] = None


class LineDocument(Struct):
    """What was asked of a category and what is paid in Pois."""

    category: Annotated[str, Meta(description=N_("The category as it was sent."))]
    amount_cents: Annotated[int, Meta(description=N_("What was asked, in centimes."))]
    approved_cents: Annotated[int, Meta(description=N_("What of it is paid in Pois, in centimes."))]


class RedemptionDocument(Struct):
    """A sale that was debited."""

    id: Annotated[UUID, Meta(description=N_("The sale; refund, void and look-up name it."))]
    receipt_number: Annotated[
        str, Meta(description=N_("For the receipt: the shop's sales of a year are numbered without a gap."))
    ]
    approved_cents: Annotated[int, Meta(description=N_("What was debited and is paid, in centimes."))]
    remainder_cents: Annotated[int, Meta(description=N_("What is left to pay by any other means, in centimes."))]
    lines: Annotated[list[LineDocument], Meta(description=N_("The basket, in the order in which it was sent."))]
    occurred_at: Annotated[datetime, Meta(tz=True, description=N_("When it was debited, in UTC."))]
    refundable_cents: Annotated[int, Meta(description=N_("What can still be given back, in centimes."))]
    reference: Annotated[str | None, Meta(description=N_("The till's own ticket number."))]
    training: Training = UNSET


class RedemptionPage(Struct):
    """Some sales in the order of their receipts."""

    redemptions: Annotated[list[RedemptionDocument], Meta(description=N_("Sales in the order of their receipts."))]
    next_cursor: Annotated[str | None, Meta(description=N_("Leads to the next page; null at the end."))]
    training: Training = UNSET


class AbandonBody(Struct, forbid_unknown_fields=True):
    """The key of a request whose answer was lost."""

    idempotency_key: Annotated[
        str, Meta(min_length=1, max_length=255, description=N_("The key of the request whose answer was lost."))
    ]


class FateDocument(Struct):
    """The one fate of a key, with the sale that was debited, the refund made, or the refusal that was given."""

    fate: Annotated[
        Literal["approved", "refused", "abandoned"],
        Meta(description=N_("approved: it had gone through. refused: it had not. abandoned: it never will.")),
    ]
    redemption: Annotated[RedemptionDocument | None, Meta(description=N_("The sale, if the key was a sale's."))] = None
    refund: Annotated[RefundDocument | None, Meta(description=N_("The refund, if the key was a refund's."))] = None
    refusal: Annotated[
        dict[str, Any] | None, Meta(description=N_("The problem document that was given under this key."))
    ] = None
    training: Training = UNSET


class RefundBody(Struct, forbid_unknown_fields=True):
    """How much is given back, and why."""

    amount_cents: Annotated[
        Cents | UnsetType, Meta(description=N_("In centimes; all that can still be given back where it is left out."))
    ] = UNSET
    reason: Annotated[
        str,
        Meta(
            max_length=200,
            description=N_(
                "One of returned-goods, wrong-amount, cashier-error, other; any other text counts as other and is "
                "not kept."
            ),
        ),
    ] = "other"


class VoidBody(Struct, forbid_unknown_fields=True):
    """Nothing: a sale is voided whole."""


class RefundDocument(Struct):
    """Money that is back on the card, and what is still refundable of the sale."""

    id: Annotated[UUID, Meta(description=N_("The refund."))]
    redemption_id: Annotated[UUID, Meta(description=N_("The sale."))]
    amount_cents: Annotated[int, Meta(description=N_("What went back onto the card, in centimes."))]
    occurred_at: Annotated[datetime, Meta(tz=True, description=N_("When, in UTC."))]
    refundable_cents: Annotated[int, Meta(description=N_("What can still be given back of the sale, in centimes."))]
    training: Training = UNSET


class BalanceBody(Struct, forbid_unknown_fields=True):
    """The card whose holder asks what is left."""

    credential: CredentialText
    pin: Pin | None = None


class EndDocument(Struct):
    """What ends with the last day of `valid_until`."""

    valid_until: Annotated[date, Meta(description=N_("The last day on which it can be spent."))]
    balance_cents: Annotated[int, Meta(description=N_("How much ends with that day, in centimes."))]


class BalanceDocument(Struct):
    """What is left on the card, the first end first."""

    balance_cents: Annotated[int, Meta(description=N_("What is left, in centimes."))]
    ends: Annotated[list[EndDocument], Meta(description=N_("What of it ends when, the first end first."))]
    at_once_cents: Annotated[
        int | None,
        Meta(
            description=N_(
                "What the limits of a paper card allow in one sale now, in centimes; null where there is no limit."
            )
        ),
    ] = None
    training: Training = UNSET


class MovementsDocument(Struct):
    """How many movements, and what they come to."""

    count: Annotated[int, Meta(description=N_("How many."))]
    cents: Annotated[int, Meta(description=N_("What they come to, in centimes."))]


class TotalsDocument(Struct):
    """What was sold, given back and voided."""

    sales: Annotated[MovementsDocument, Meta(description=N_("All sales, also those voided or refunded later."))]
    refunds: Annotated[MovementsDocument, Meta(description=N_("What was given back, voids apart."))]
    voids: Annotated[MovementsDocument, Meta(description=N_("Sales that were voided."))]
    net_cents: Annotated[int, Meta(description=N_("Sales less refunds and voids, in centimes."))]


class DayTotalsDocument(Struct):
    """A local day of this till and of all tills of its merchant."""

    day: Annotated[date, Meta(description=N_("The day in Paris."))]
    till: Annotated[TotalsDocument, Meta(description=N_("What this till did."))]
    merchant: Annotated[TotalsDocument, Meta(description=N_("What all tills of the shop did, this one included."))]
    training: Training = UNSET


class CategoryDocument(Struct):
    """A button of the till."""

    category: Annotated[str, Meta(description=N_("What a basket names."))]
    label: Annotated[str, Meta(description=N_("For the button, in the till's language."))]
    usual: Annotated[bool, Meta(description=N_("Whether this shop is listed for it."))]


class CategoriesDocument(Struct):
    """The categories of a basket, those usual at this merchant first."""

    categories: Annotated[list[CategoryDocument], Meta(description=N_("Those usual at this shop come first."))]


class MerchantDocument(Struct):
    """The till's own merchant."""

    name: Annotated[str, Meta(description=N_("The name of the shop."))]
    town: Annotated[str, Meta(description=N_("Its town."))]
    siret: Annotated[str, Meta(description=N_("Its number in the register of firms: 14 digits."))]


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
        training=_mark(redemption),
    )


def refund_document(refund: Refund) -> RefundDocument:
    """A refund in the words of the contract."""
    return RefundDocument(
        refund.id,
        refund.redemption_id,
        refund.amount_cents,
        refund.occurred_at.astimezone(UTC),
        refund.refundable_cents,
        _mark(refund),
    )


def balance_document(balance: CardBalance) -> BalanceDocument:
    """A card's balance in the words of the contract."""
    ends = [EndDocument(day, cents) for day, cents in balance.ends]
    return BalanceDocument(balance.balance_cents, ends, balance.at_once_cents, _mark(balance))


def day_totals_document(totals: DayTotals, till_id: UUID) -> DayTotalsDocument:
    """The totals of a day in the words of the contract."""
    return DayTotalsDocument(totals.day, _totals(totals.of(till_id)), _totals(totals.whole))


def _mark(result: object) -> Literal[True] | UnsetType:
    return True if isinstance(result, Practised) else UNSET


def _totals(totals: Totals) -> TotalsDocument:
    sales, refunds, voids = map(_movements, (totals.sales, totals.refunds, totals.voids))
    return TotalsDocument(sales, refunds, voids, totals.net_cents)


def _movements(movements: Movements) -> MovementsDocument:
    return MovementsDocument(movements.count, movements.cents)
