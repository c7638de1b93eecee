"""The merchant's own money: balance, statement, conversions, payments, coupons. A movement needs the owner's code."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Struct

from ledger import errors
from ledger.conversions import actions
from ledger.conversions.model import Asked, StatementHead
from ledger.errors import N_
from ledger.keyring import Keyring
from ledger.sealing.actions import last_seal
from merchant_api.contract.told import OWNER, tells
from merchant_api.dependencies import CallingTill, OpenedLedger
from merchant_api.problems import granted, marks_of
from merchant_api.security import IdempotencyKey, bind
from merchant_api.v1 import examples
from merchant_api.v1.cursors import ROWS_USUAL, Cursor, Limit, cursor_to, place_of
from merchant_api.v1.money_documents import (
    CancelBody,
    ConversionDocument,
    ConversionsDocument,
    CouponsDocument,
    MerchantBalanceDocument,
    MovementBody,
    PaymentBody,
    PaymentDocument,
    StatementDocument,
    conversion_document,
    coupons_document,
    payment_document,
    requested_document,
    statement_document,
)

ConversionId = Annotated[UUID, PathParameter(description=N_("The conversion that is to be cancelled."))]


class StatementPlace(Struct, array_like=True):
    """Where a statement goes on: after this version of the account, under the same head."""

    head: StatementHead
    after: int
    rows_max: int


class ConversionsPlace(Struct, array_like=True):
    """Where a list of conversions goes on: after this one."""

    after: UUID
    rows_max: int


@get(
    "/merchant/balance",
    operation_id="getMerchantBalance",
    opt=tells(
        N_("What the shop holds"),
        N_("What this shop holds in Pois, what of it is on its way to euros, and the commission of today."),
        answer=examples.HELD,
    ),
)
async def balance(ledger: OpenedLedger, reading_device: CallingTill) -> MerchantBalanceDocument:
    found = await actions.merchant_balance(ledger, reading_device.merchant)
    return MerchantBalanceDocument(found.balance_cents, found.converting_cents, found.basis_points)


@get(
    "/merchant/statement",
    operation_id="getMerchantStatement",
    opt=tells(
        N_("Statement"),
        N_(
            "This shop's account over days in Paris, both included; this month by default, a year at most. All pages "
            "are of the account as it stood when the first one was asked for."
        ),
        answer=examples.STATEMENT,
    ),
)
async def statement(
    ledger: OpenedLedger,
    reading_device: CallingTill,
    starts: Annotated[
        date | None,
        QueryParameter(name="from", description=N_("The first day; by default the first of the same month.")),
    ] = None,
    ends: Annotated[
        date | None, QueryParameter(name="to", description=N_("The last day, included; today by default."))
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> StatementDocument:
    own, rows_max, after = reading_device.merchant, limit or ROWS_USUAL, 0
    if cursor is None:
        found = await actions.merchant_statement(ledger, own, rows_max + 1, starts, ends)
    else:
        place = place_of(ledger.keys, own.id, cursor, StatementPlace, starts, ends, limit)
        rows_max, after = place.rows_max, place.after
        found = await actions.more_of_statement(ledger, own, place.head, after, rows_max + 1)
    shown = found.lines[:rows_max]
    more = StatementPlace(found.head, shown[-1].version, rows_max) if len(found.lines) > rows_max else None
    seal = await last_seal(ledger)
    note = None if seal is None else seal.note
    return statement_document(found.head, shown, note, None if more is None else cursor_to(ledger.keys, own.id, more))


@get(
    "/conversions",
    operation_id="listConversions",
    opt=tells(
        N_("List conversions"),
        N_("This shop's conversions, the latest first."),
        answer=examples.CONVERSIONS,
    ),
)
async def list_conversions(
    ledger: OpenedLedger, reading_device: CallingTill, limit: Limit = None, cursor: Cursor = None
) -> ConversionsDocument:
    own, rows_max, after = reading_device.merchant, limit or ROWS_USUAL, None
    if cursor is not None:
        place = place_of(ledger.keys, own.id, cursor, ConversionsPlace, limit)
        rows_max, after = place.rows_max, place.after
    found = await actions.own_conversions(ledger, own, rows_max + 1, after)
    shown = found[:rows_max]
    more = ConversionsPlace(shown[-1].id, rows_max) if len(found) > rows_max else None
    documents = [conversion_document(conversion) for conversion in shown]
    return ConversionsDocument(documents, None if more is None else cursor_to(ledger.keys, own.id, more))


@post(
    "/conversions",
    operation_id="requestConversion",
    status_code=201,
    opt=tells(
        N_("Ask for euros"),
        N_("Sets Pois aside until the treasurer of the association has paid them in euros, or it is cancelled."),
        *OWNER,
        errors.MerchantBalanceTooLow,
        body=examples.AMOUNT,
        answer=examples.CONVERSION,
    ),
)
async def request_conversion(
    request: Request[Any, Any, Any],
    data: JSONBody[MovementBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[ConversionDocument]:
    asked = _asked(request, ledger.keys, idempotency_key, "convert", data)
    answer = await actions.request_conversion(ledger, owning_device, asked, data.amount_cents)
    return Response(requested_document(granted(answer)), headers=marks_of(answer))


@post(
    "/conversions/{conversion_id:uuid}/cancel",
    operation_id="cancelConversion",
    status_code=200,
    opt=tells(
        N_("Cancel a conversion"),
        N_("Takes back a conversion that is not paid."),
        *OWNER,
        errors.NotFound,
        errors.ConversionNotOpen,
        body=examples.CONSENT,
        answer=examples.CANCELLED,
    ),
)
async def cancel_conversion(
    request: Request[Any, Any, Any],
    conversion_id: ConversionId,
    data: JSONBody[CancelBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[ConversionDocument]:
    asked = _asked(request, ledger.keys, idempotency_key, f"cancel {conversion_id}", data)
    answer = await actions.cancel_conversion(ledger, owning_device, asked, conversion_id)
    return Response(conversion_document(granted(answer)), headers=marks_of(answer))


@post(
    "/payments",
    operation_id="payMerchant",
    status_code=201,
    opt=tells(
        N_("Pay another shop"),
        N_("Pays another shop in Pois, at once."),
        *OWNER,
        errors.UnknownMerchant,
        errors.PayeeNotActive,
        errors.MerchantBalanceTooLow,
        body=examples.PAY,
        answer=examples.PAYMENT,
    ),
)
async def pay(
    request: Request[Any, Any, Any],
    data: JSONBody[PaymentBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[PaymentDocument]:
    asked = _asked(request, ledger.keys, idempotency_key, "pay", data)
    answer = await actions.pay_merchant(ledger, owning_device, asked, data.to_siret, data.amount_cents)
    return Response(payment_document(granted(answer)), headers=marks_of(answer))


@post(
    "/coupons",
    operation_id="askForCoupons",
    status_code=201,
    opt=tells(
        N_("Ask for paper coupons"),
        N_("Turns Pois into paper coupons, in whole Pois; the association hands them over."),
        *OWNER,
        errors.NotWholePois,
        errors.MerchantBalanceTooLow,
        body=examples.AMOUNT,
        answer=examples.COUPONS,
    ),
)
async def take_coupons(
    request: Request[Any, Any, Any],
    data: JSONBody[MovementBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[CouponsDocument]:
    asked = _asked(request, ledger.keys, idempotency_key, "coupons", data)
    answer = await actions.ask_for_coupons(ledger, owning_device, asked, data.amount_cents)
    return Response(coupons_document(granted(answer)), headers=marks_of(answer))


def _asked(
    request: Request[Any, Any, Any], keys: Keyring, key: str, call: str, body: MovementBody | CancelBody | PaymentBody
) -> Asked:
    return Asked(bind(request.headers, keys, key, call, body), body.owner_code)
