"""Selling, looking up, refunding, and settling the fate of a lost answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from ledger.calendar import PARIS, paris_day
from ledger.cards.model import Credential, parse_credential
from ledger.clock import Clock
from ledger.errors import InvalidRequest
from ledger.identifiers import new_event_id
from ledger.keyring import Keyring
from ledger.redemptions import actions
from ledger.redemptions.model import Line, Page, Redemption, RedemptionRequest, RefundRequest
from merchant_api.dependencies import CallingTill, OneDesk, OpenedLedger
from merchant_api.problems import RESPONSES, document, granted, marks_of
from merchant_api.security import IdempotencyKey, bind, key_digest
from merchant_api.v1.documents import (
    AbandonBody,
    FateDocument,
    RedemptionBody,
    RedemptionDocument,
    RedemptionPage,
    RefundBody,
    RefundDocument,
    redemption_document,
    refund_document,
)

_PAGE_ROWS = 100
# A till may send any words; the books keep one of these (L12: no free text).
_REASONS = frozenset({"returned-goods", "wrong-amount", "cashier-error", "void", "other"})


@post("/redemptions", operation_id="redeem", responses=RESPONSES, status_code=201)
async def redeem(
    request: Request[Any, Any, Any],
    data: JSONBody[RedemptionBody],
    ledger: OpenedLedger,
    desk: OneDesk,
    idempotency_key: IdempotencyKey = "",
) -> Response[RedemptionDocument]:
    """Pay as much of a basket as the card allows. The same key gives the same answer, whatever happened between."""
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


@post("/redemptions/abandon", operation_id="abandonRedemption", responses=RESPONSES, status_code=200)
async def abandon(data: JSONBody[AbandonBody], ledger: OpenedLedger, settling_till: CallingTill) -> FateDocument:
    """Settle the fate of a request whose answer was lost; an unseen key is closed for ever."""
    settled = await actions.abandon(ledger, settling_till, key_digest(data.idempotency_key))
    return FateDocument(
        settled.fate,
        None if settled.redemption is None else redemption_document(settled.redemption),
        None if settled.refund is None else refund_document(settled.refund),
        None if settled.refusal is None else document(settled.refusal),
    )


@get("/redemptions/{redemption_id:uuid}", operation_id="getRedemption", responses=RESPONSES)
async def get_redemption(
    redemption_id: FromPath[UUID], ledger: OpenedLedger, calling_till: CallingTill
) -> RedemptionDocument:
    """A sale of this merchant."""
    return redemption_document(await actions.find_redemption(ledger, calling_till, redemption_id))


@get("/redemptions", operation_id="listRedemptions", responses=RESPONSES)
async def list_redemptions(
    ledger: OpenedLedger,
    calling_till: CallingTill,
    starts: Annotated[datetime | None, QueryParameter(name="from")] = None,
    ends: Annotated[datetime | None, QueryParameter(name="to")] = None,
    cursor: Annotated[str, QueryParameter(name="cursor", pattern=r"^([0-9]{4}-[0-9]{6,9})?$")] = "",
) -> RedemptionPage:
    """This merchant's sales from one instant to another (today by default), in the order of their receipts."""
    first, last = _stretch(starts, ends, ledger.clock)
    year, _, number = cursor.partition("-")
    after = (int(year), int(number)) if cursor else (0, 0)
    page = Page(calling_till.merchant_id, first, last, after, _PAGE_ROWS + 1)
    found = await actions.list_redemptions(ledger, page)
    shown, more = found[:_PAGE_ROWS], len(found) > _PAGE_ROWS
    return RedemptionPage([redemption_document(sale) for sale in shown], _cursor(shown[-1]) if more else None)


@post(
    "/redemptions/{redemption_id:uuid}/refunds", operation_id="refundRedemption", responses=RESPONSES, status_code=201
)
async def refund(
    request: Request[Any, Any, Any],
    redemption_id: FromPath[UUID],
    data: JSONBody[RefundBody],
    ledger: OpenedLedger,
    selling_till: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[RefundDocument]:
    """Give a sale back, whole or in part, onto the card that paid it. Card present or not."""
    bound = bind(request.headers, ledger.keys, idempotency_key, f"refund {redemption_id}", data)
    reason = data.reason if data.reason in _REASONS else "other"
    amount = data.amount_cents if isinstance(data.amount_cents, int) else None
    answer = await actions.refund(ledger, selling_till, RefundRequest(bound, redemption_id, amount, reason))
    return Response(refund_document(granted(answer)), headers=marks_of(answer))


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


def _cursor(redemption: Redemption) -> str:
    return redemption.receipt
