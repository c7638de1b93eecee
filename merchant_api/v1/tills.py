"""Pairing, categories, the card's balance, the till's own merchant."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.params import JSONBody

from ledger.errors import Refusal
from ledger.merchants.actions import pair_till
from ledger.programmes.actions import list_programmes
from ledger.redemptions import actions
from ledger.redemptions.model import BalanceRequest, RequestKey
from merchant_api.category_labels import label_of
from merchant_api.dependencies import CallingTill, OpenedLedger
from merchant_api.problems import RESPONSES
from merchant_api.security import bearer_token, token_digest
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


@post("/tills/pair", operation_id="pairTill", responses=RESPONSES, status_code=201, security=[])
async def pair(data: JSONBody[PairingBody], ledger: OpenedLedger) -> PairedDocument:
    """Exchange a one-time code for the token of this device."""
    paired = await pair_till(ledger, data.pairing_code)
    return PairedDocument(paired.token, paired.till_id, paired.scope, paired.merchant.name)


@post("/card/balance", operation_id="getCardBalance", responses=RESPONSES, status_code=200)
async def balance(
    request: Request[Any, Any, Any], data: JSONBody[BalanceBody], ledger: OpenedLedger
) -> BalanceDocument:
    """For the holder who asks at the till what is left."""
    bound = RequestKey(token_digest(bearer_token(request.headers)), b"", b"")
    found = await actions.card_balance(ledger, BalanceRequest(bound, credential_of(data.credential, data.pin)))
    if isinstance(found, Refusal):
        raise found
    return balance_document(found)


@get("/categories", operation_id="listCategories", responses=RESPONSES)
async def categories(ledger: OpenedLedger, calling_till: CallingTill) -> CategoriesDocument:
    """The buttons of this till: what the merchant is listed for comes first."""
    listed = [name for programme in await list_programmes(ledger) for name in programme.rules.basket.listed]
    usual = frozenset(calling_till.merchant.categories)
    ordered = sorted(dict.fromkeys(listed), key=lambda name: name not in usual)
    return CategoriesDocument([CategoryDocument(name, label_of(name), name in usual) for name in ordered])


@get("/merchant", operation_id="getMerchant", responses=RESPONSES)
async def merchant(calling_till: CallingTill) -> MerchantDocument:
    """The merchant that this device belongs to."""
    own = calling_till.merchant
    return MerchantDocument(own.name, own.town, own.siret)
