"""Selling, looking up, refunding, voiding, the totals of a day, and settling the fate of a lost answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Struct

from ledger import errors
from ledger.calendar import PARIS, paris_day
from ledger.cards.model import Credential, parse_credential
from ledger.clock import Clock
from ledger.errors import N_, InvalidRequest
from ledger.identifiers import new_event_id
from ledger.keyring import Keyring
from ledger.redemptions.model import VOID, Line, Page, RedemptionRequest, RefundRequest
from merchant_api.contract.told import CARD, TRAINING, tells
from merchant_api.counters import AtCounter, TrainingCounter
from merchant_api.dependencies import OneDesk, OpenedLedger
from merchant_api.problems import document, granted, marks_of
from merchant_api.security import IdempotencyKey, bind, key_digest
from merchant_api.v1 import examples
from merchant_api.v1.cursors import ROWS_USUAL, Cursor, Limit, cursor_to, place_of
from merchant_api.v1.documents import (
    AbandonBody,
    DayTotalsDocument,
    FateDocument,
    RedemptionBody,
    RedemptionDocument,
    RedemptionPage,
    RefundBody,
    RefundDocument,
    SaleId,
    VoidBody,
    day_totals_document,
    redemption_document,
    refund_document,
)

# A till may send any words; the books keep one of these (L12: no free text). A void has a call of its own.
_REASONS = frozenset({"returned-goods", "wrong-amount", "cashier-error", "other"})
_YEARS = range(1900, 9000)  # a calendar of the machine's ends somewhere


class SalesPlace(Struct, array_like=True):
    """Where a list of sales goes on: after this receipt, within the same two instants."""

    starts: datetime
    ends: datetime
    after: tuple[int, int]
    rows_max: int


@post(
    "/redemptions",
    operation_id="redeem",
    status_code=201,
    opt=tells(
        N_("Sell"),
        N_(
            "Pays as much of the basket as the card allows: what is eligible, what is left on the card, and, on paper "
            "cards, the limits per sale and per day. The rest is paid by any other means. The same key gives the same "
            "answer, whatever happened between; so after a lost answer send the very same request again."
        ),
        *CARD,
        *TRAINING,
        errors.MerchantNotActive,
        errors.StaleRequest,
        errors.InsufficientBalance,
        errors.NothingEligible,
        errors.CapReached,
        body=examples.BASKET,
        answer=examples.SALE,
    ),
)
async def redeem(
    request: Request[Any, Any, Any],
    data: JSONBody[RedemptionBody],
    ledger: OpenedLedger,
    desk: OneDesk,
    idempotency_key: IdempotencyKey = "",
) -> Response[RedemptionDocument]:
    answer = await desk.redeem(asked(request.headers, ledger.keys, idempotency_key, data))
    return Response(redemption_document(granted(answer)), headers=marks_of(answer))


def asked(headers: Mapping[str, str], keys: Keyring, key: str, body: RedemptionBody) -> RedemptionRequest:
    """A sale in the words of the desk."""
    return RedemptionRequest(
        id=new_event_id(),
        bound=bind(headers, keys, key, "redeem", body),
        credential=credential_of(body.credential, body.pin),
        basket=tuple(Line(line.category, line.amount_cents) for line in body.basket),
        allow_partial=body.allow_partial,
        reference=body.reference,
        initiated_at=body.initiated_at,
    )


@post(
    "/redemptions/abandon",
    operation_id="abandonRedemption",
    status_code=200,
    opt=tells(
        N_("Settle a lost answer"),
        N_(
            "Says what became of a key: approved, refused, or abandoned. A key that never arrived is closed for ever, "
            "so that a late request cannot debit after the customer paid otherwise. May be asked as often as needed."
        ),
        errors.IdempotencyKeyMissing,
        body=examples.LOST,
        answer=examples.FATE,
    ),
)
async def abandon(data: JSONBody[AbandonBody], settling_counter: AtCounter) -> FateDocument:
    settled = await settling_counter.abandon(key_digest(data.idempotency_key))
    return FateDocument(
        settled.fate,
        None if settled.redemption is None else redemption_document(settled.redemption),
        None if settled.refund is None else refund_document(settled.refund),
        None if settled.refusal is None else document(settled.refusal),
        True if isinstance(settling_counter, TrainingCounter) else UNSET,
    )


@get(
    "/redemptions/{redemption_id:uuid}",
    operation_id="getRedemption",
    opt=tells(
        N_("Look up a sale"),
        N_("A sale of this shop, with what can still be given back of it."),
        errors.NotFound,
        answer=examples.SALE,
    ),
)
async def get_redemption(redemption_id: SaleId, looking_counter: AtCounter) -> RedemptionDocument:
    return redemption_document(await looking_counter.find(redemption_id))


@get(
    "/redemptions",
    operation_id="listRedemptions",
    opt=tells(
        N_("List sales"),
        N_(
            "The shop's sales from one instant to another, today by default, in the order of their receipts. Sales "
            "that are made meanwhile come at the end; none is left out, none comes twice."
        ),
        answer=examples.SALES,
    ),
)
async def list_redemptions(
    ledger: OpenedLedger,
    looking_counter: AtCounter,
    starts: Annotated[
        datetime | None,
        QueryParameter(name="from", description=N_("The first instant; by default the beginning of today.")),
    ] = None,
    ends: Annotated[
        datetime | None, QueryParameter(name="to", description=N_("The end, which is not included; now by default."))
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> RedemptionPage:
    merchant_id = looking_counter.till.merchant_id
    if cursor is None:
        place = SalesPlace(*_stretch(starts, ends, ledger.clock), (0, 0), limit or ROWS_USUAL)
    else:
        place = place_of(ledger.keys, merchant_id, cursor, SalesPlace, starts, ends, limit)
    page = Page(merchant_id, place.starts, place.ends, place.after, place.rows_max + 1)
    found = list(await looking_counter.list(page))
    shown, more = found[: place.rows_max], len(found) > place.rows_max
    if more:
        place.after = (shown[-1].receipt_year, shown[-1].receipt_number)
    return RedemptionPage(
        [redemption_document(sale) for sale in shown],
        cursor_to(ledger.keys, merchant_id, place) if more else None,
        True if isinstance(looking_counter, TrainingCounter) else UNSET,
    )


@post(
    "/redemptions/{redemption_id:uuid}/refunds",
    operation_id="refundRedemption",
    status_code=201,
    opt=tells(
        N_("Refund a sale"),
        N_(
            "Gives a sale back, whole or in part, onto the card that paid it, whether the card is there or not. Never "
            "more than was taken."
        ),
        errors.NotFound,
        errors.RefundTooLarge,
        errors.MerchantBalanceTooLow,
        body=examples.GIVE_BACK,
        answer=examples.REFUND,
    ),
)
async def refund(
    request: Request[Any, Any, Any],
    redemption_id: SaleId,
    data: JSONBody[RefundBody],
    ledger: OpenedLedger,
    selling_counter: AtCounter,
    idempotency_key: IdempotencyKey = "",
) -> Response[RefundDocument]:
    bound = bind(request.headers, ledger.keys, idempotency_key, f"refund {redemption_id}", data)
    reason = data.reason if data.reason in _REASONS else "other"
    amount = data.amount_cents if isinstance(data.amount_cents, int) else None
    answer = await selling_counter.refund(RefundRequest(bound, redemption_id, amount, reason))
    return Response(refund_document(granted(answer)), headers=marks_of(answer))


@post(
    "/redemptions/{redemption_id:uuid}/void",
    operation_id="voidRedemption",
    status_code=201,
    opt=tells(
        N_("Void a sale"),
        N_(
            "Takes a whole sale back within 15 minutes, as if it had not been: the wrong amount, the wrong customer. "
            "Later, or once something was refunded, it is a refund. In the totals of the day, voids stand apart."
        ),
        errors.NotFound,
        errors.VoidTooLate,
        errors.AlreadyRefunded,
        errors.MerchantBalanceTooLow,
        body=examples.VOIDING,
        answer=examples.VOID,
    ),
)
async def void(
    request: Request[Any, Any, Any],
    redemption_id: SaleId,
    data: JSONBody[VoidBody],
    ledger: OpenedLedger,
    selling_counter: AtCounter,
    idempotency_key: IdempotencyKey = "",
) -> Response[RefundDocument]:
    bound = bind(request.headers, ledger.keys, idempotency_key, f"void {redemption_id}", data)
    answer = await selling_counter.refund(RefundRequest(bound, redemption_id, None, VOID))
    return Response(refund_document(granted(answer)), headers=marks_of(answer))


@get(
    "/day-totals",
    operation_id="getDayTotals",
    opt=tells(
        N_("Totals of a day"),
        N_(
            "For the count of the drawer: what this till sold, gave back and voided on a day in Paris, and what all "
            "tills of the shop did. A refund counts at the till that made it, on the day on which it was made."
        ),
        answer=examples.DAY,
    ),
)
async def day_totals(
    ledger: OpenedLedger,
    selling_counter: AtCounter,
    day: Annotated[date | None, QueryParameter(name="day", description=N_("A day in Paris; today by default."))] = None,
) -> DayTotalsDocument:
    wanted = day or paris_day(ledger.clock.now())
    if wanted.year not in _YEARS:
        raise InvalidRequest(field="day", fault="Not a day of ours")
    totals = day_totals_document(await selling_counter.day_totals(wanted), selling_counter.till.till_id)
    totals.training = True if isinstance(selling_counter, TrainingCounter) else UNSET
    return totals


def credential_of(text: str, pin: str | None) -> Credential:
    """What was scanned or typed; only its form is looked at here."""
    try:
        return parse_credential(text, pin)
    except ValueError as error:
        raise InvalidRequest(field=str(error)) from None


def _stretch(starts: datetime | None, ends: datetime | None, clock: Clock) -> tuple[datetime, datetime]:
    now = clock.now()
    first = starts or datetime.combine(paris_day(now), time.min, PARIS)
    last = ends or now + timedelta(seconds=1)
    return (
        first if first.tzinfo else first.replace(tzinfo=UTC),
        last if last.tzinfo else last.replace(tzinfo=UTC),
    )
