"""Pairing, categories, the card's balance, the till's own merchant."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.params import JSONBody

from ledger import errors
from ledger.errors import N_, Refusal
from ledger.merchants.actions import pair_till
from ledger.programmes.actions import list_programmes
from ledger.redemptions.model import BalanceRequest, RequestKey
from merchant_api.category_labels import label_of
from merchant_api.contract.told import CARD, TRAINING, tells
from merchant_api.dependencies import CallingTill, OneDesk, OpenedLedger
from merchant_api.security import bearer_token, token_digest
from merchant_api.v1 import examples
from merchant_api.v1.documents import (
    BalanceBody,
    BalanceDocument,
    CategoriesDocument,
    CategoryDocument,
    MerchantDocument,
    PairedDocument,
    PairingBody,
    balance_document,
)
from merchant_api.v1.redemptions import credential_of


@post(
    "/tills/pair",
    operation_id="pairTill",
    status_code=201,
    opt=tells(
        N_("Pair a device"),
        N_(
            "Exchanges a one-time code for the token of this device. The code is good once, for 15 minutes. After 20 "
            "wrong codes from one address, no code from there is looked at until the time stated."
        ),
        errors.PairingCodeRefused,
        errors.TooManyRequests,
        body=examples.PAIRING,
        answer=examples.PAIRED,
    ),
)
async def pair(request: Request[Any, Any, Any], data: JSONBody[PairingBody], ledger: OpenedLedger) -> PairedDocument:
    caller = request.client.host if request.client else ""
    paired = await pair_till(ledger, data.pairing_code, caller)
    return PairedDocument(paired.token, paired.till_id, paired.scope, paired.merchant.name)


@post(
    "/card/balance",
    operation_id="getCardBalance",
    status_code=200,
    opt=tells(
        N_("What is left on a card"),
        N_("For the holder who asks at the till. Nothing is booked, and the code of a telephone stays unused."),
        *CARD,
        *TRAINING,
        body=examples.CARD,
        answer=examples.BALANCE,
    ),
)
async def balance(request: Request[Any, Any, Any], data: JSONBody[BalanceBody], desk: OneDesk) -> BalanceDocument:
    bound = RequestKey(token_digest(bearer_token(request.headers)), b"", b"")
    found = await desk.card_balance(BalanceRequest(bound, credential_of(data.credential, data.pin)))
    if isinstance(found, Refusal):
        raise found
    return balance_document(found)


@get(
    "/categories",
    operation_id="listCategories",
    opt=tells(
        N_("The buttons of the till"),
        N_("The categories of a basket, those that this shop is listed for first, labelled in the till's language."),
        answer=examples.CATEGORIES,
    ),
)
async def categories(ledger: OpenedLedger, calling_till: CallingTill) -> CategoriesDocument:
    listed = [name for programme in await list_programmes(ledger) for name in programme.rules.basket.listed]
    usual = frozenset(calling_till.merchant.categories)
    ordered = sorted(dict.fromkeys(listed), key=lambda name: name not in usual)
    return CategoriesDocument([CategoryDocument(name, label_of(name), name in usual) for name in ordered])


@get(
    "/merchant",
    operation_id="getMerchant",
    opt=tells(N_("The shop"), N_("The shop that this device belongs to."), answer=examples.MERCHANT),
)
async def merchant(calling_till: CallingTill) -> MerchantDocument:
    own = calling_till.merchant
    return MerchantDocument(own.name, own.town, own.siret)
