"""The merchant's own money: balance, statement, conversions, payments, coupons. A movement needs the owner's code."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from ledger.conversions import actions
from ledger.conversions.model import Asked
from ledger.keyring import Keyring
from merchant_api.dependencies import CallingTill, OpenedLedger
from merchant_api.problems import RESPONSES, granted, marks_of
from merchant_api.security import IdempotencyKey, bind
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


@get("/merchant/balance", operation_id="getMerchantBalance", responses=RESPONSES)
async def balance(ledger: OpenedLedger, reading_device: CallingTill) -> MerchantBalanceDocument:
    """What this merchant holds, and what is on its way to euros."""
    found = await actions.merchant_balance(ledger, reading_device.merchant)
    return MerchantBalanceDocument(found.balance_cents, found.converting_cents)


@get("/merchant/statement", operation_id="getMerchantStatement", responses=RESPONSES)
async def statement(
    ledger: OpenedLedger,
    reading_device: CallingTill,
    starts: Annotated[date | None, QueryParameter(name="from")] = None,
    ends: Annotated[date | None, QueryParameter(name="to")] = None,
) -> StatementDocument:
    """This merchant's account over local days, both included; this month by default, a year at most."""
    return statement_document(await actions.merchant_statement(ledger, reading_device.merchant, starts, ends))


@get("/conversions", operation_id="listConversions", responses=RESPONSES)
async def list_conversions(ledger: OpenedLedger, reading_device: CallingTill) -> ConversionsDocument:
    """This merchant's conversions, the latest first."""
    found = await actions.own_conversions(ledger, reading_device.merchant)
    return ConversionsDocument([conversion_document(conversion) for conversion in found])


@post("/conversions", operation_id="requestConversion", responses=RESPONSES, status_code=201)
async def request_conversion(
    request: Request[Any, Any, Any],
    data: JSONBody[MovementBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[ConversionDocument]:
    """Ask for euros: the Pois are set aside until the treasurer has paid, or the request is cancelled."""
    asked = _asked(request, ledger.keys, idempotency_key, "convert", data)
    answer = await actions.request_conversion(ledger, owning_device, asked, data.amount_cents)
    return Response(requested_document(granted(answer)), headers=marks_of(answer))


@post("/conversions/{conversion_id:uuid}/cancel", operation_id="cancelConversion", responses=RESPONSES, status_code=200)
async def cancel_conversion(
    request: Request[Any, Any, Any],
    conversion_id: FromPath[UUID],
    data: JSONBody[CancelBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[ConversionDocument]:
    """Take back a conversion that is not paid."""
    asked = _asked(request, ledger.keys, idempotency_key, f"cancel {conversion_id}", data)
    answer = await actions.cancel_conversion(ledger, owning_device, asked, conversion_id)
    return Response(conversion_document(granted(answer)), headers=marks_of(answer))


@post("/payments", operation_id="payMerchant", responses=RESPONSES, status_code=201)
async def pay(
    request: Request[Any, Any, Any],
    data: JSONBody[PaymentBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[PaymentDocument]:
    """Pay another merchant in Pois."""
    asked = _asked(request, ledger.keys, idempotency_key, "pay", data)
    answer = await actions.pay_merchant(ledger, owning_device, asked, data.to_siret, data.amount_cents)
    return Response(payment_document(granted(answer)), headers=marks_of(answer))


@post("/coupons", operation_id="askForCoupons", responses=RESPONSES, status_code=201)
async def take_coupons(
    request: Request[Any, Any, Any],
    data: JSONBody[MovementBody],
    ledger: OpenedLedger,
    owning_device: CallingTill,
    idempotency_key: IdempotencyKey = "",
) -> Response[CouponsDocument]:
    """Ask for paper coupons, in whole Pois."""
    asked = _asked(request, ledger.keys, idempotency_key, "coupons", data)
    answer = await actions.ask_for_coupons(ledger, owning_device, asked, data.amount_cents)
    return Response(coupons_document(granted(answer)), headers=marks_of(answer))


def _asked(
    request: Request[Any, Any, Any], keys: Keyring, key: str, call: str, body: MovementBody | CancelBody | PaymentBody
) -> Asked:
    return Asked(bind(request.headers, keys, key, call, body), body.owner_code)
