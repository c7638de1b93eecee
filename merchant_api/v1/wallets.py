"""The household's telephone, and what a guest can do with a paper card alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import JSONBody

from ledger import errors
from ledger.cards.model import Credential, parse_credential
from ledger.errors import N_, InvalidRequest
from ledger.merchants.actions import list_merchants
from ledger.redemptions.holders import LAST
from ledger.wallets import actions
from merchant_api.contract.told import GUEST, tells
from merchant_api.dependencies import HoldingWallet, OpenedLedger
from merchant_api.v1 import wallet_examples as examples
from merchant_api.v1.cursors import Cursor, cursor_to, place_of
from merchant_api.v1.documents import BalanceDocument, balance_document
from merchant_api.v1.wallet_documents import (
    BlockBody,
    BlockedDocument,
    DisputeBody,
    DisputeDocument,
    EnrolBody,
    EnrolledDocument,
    GuestBlockedDocument,
    GuestBody,
    HistoryDocument,
    PinBody,
    PinDocument,
    ShopDocument,
    ShopsDocument,
    WalletDocument,
    purchase_document,
    wallet_document,
)

_ROWS = 30


class _Before(msgspec.Struct):
    """Where the page before ended."""

    purchase: UUID


@post(
    "/wallet/enrol",
    operation_id="enrolTelephone",
    status_code=201,
    opt=tells(
        N_("Enrol a telephone"),
        N_(
            "Exchanges the one-time code of a letter for the key of a card. The code is good once, for 30 days. The "
            "same telephone may ask again for 15 minutes, should the answer have been lost. After 20 wrong codes from "
            "one address, no code from there is looked at until the time stated."
        ),
        errors.EnrolmentRefused,
        errors.TooManyRequests,
        body=examples.ENROL,
        answer=examples.ENROLLED,
    ),
)
async def enrol(request: Request[Any, Any, Any], data: JSONBody[EnrolBody], ledger: OpenedLedger) -> EnrolledDocument:
    enrolled = await actions.enrol(ledger, data.code, data.nonce, _caller(request))
    return EnrolledDocument(enrolled.token, enrolled.secret, str(enrolled.number))


@get(
    "/wallet",
    operation_id="getWallet",
    opt=tells(
        N_("What is left"),
        N_("For the holder's own screen: what is left and until when, and the cards that pay with it. No name."),
        answer=examples.WALLET,
    ),
)
async def wallet(ledger: OpenedLedger, holding_wallet: HoldingWallet) -> WalletDocument:
    found = await actions.contents(ledger, holding_wallet)
    return wallet_document(found, holding_wallet, ledger.clock.now())


@get(
    "/wallet/history",
    operation_id="listPurchases",
    opt=tells(
        N_("What was bought"),
        N_("By this telephone and by the household's paper cards: where and how much, never what."),
        answer=examples.HISTORY,
    ),
)
async def history(ledger: OpenedLedger, holding_wallet: HoldingWallet, cursor: Cursor = None) -> HistoryDocument:
    before = LAST if cursor is None else place_of(ledger.keys, holding_wallet.id, cursor, _Before).purchase
    found = await actions.purchases(ledger, holding_wallet, before, _ROWS + 1)
    shown = found[:_ROWS]
    onward = cursor_to(ledger.keys, holding_wallet.id, _Before(shown[-1].id)) if len(found) > _ROWS else None
    return HistoryDocument([purchase_document(bought) for bought in shown], onward)


@get(
    "/wallet/shops",
    operation_id="listShops",
    opt=tells(N_("Where to pay"), N_("The shops that take Pois now, by name."), answer=examples.SHOPS),
)
async def shops(
    ledger: OpenedLedger,
    holding_wallet: HoldingWallet,  # noqa: ARG001 - asked for: the list is for households
) -> ShopsDocument:
    taking = [shop for shop in await list_merchants(ledger) if shop.state == "approved"]
    return ShopsDocument([ShopDocument(shop.name, shop.town, list(shop.categories)) for shop in taking])


@post(
    "/wallet/block",
    operation_id="blockCard",
    status_code=200,
    opt=tells(
        N_("Block a lost card"),
        N_("At once, also the card of this very telephone. The balance stays; only an agent gives another card."),
        errors.NotFound,
        body=examples.BLOCK,
        answer=examples.BLOCKED,
    ),
)
async def block(data: JSONBody[BlockBody], ledger: OpenedLedger, holding_wallet: HoldingWallet) -> BlockedDocument:
    await actions.block(ledger, holding_wallet, data.card)
    return BlockedDocument(data.card, "blocked")


@post(
    "/wallet/pin",
    operation_id="changePin",
    status_code=200,
    opt=tells(
        N_("Change a PIN"),
        N_("Of one of the household's paper cards; it counts from now on."),
        errors.NotFound,
        errors.PinTooSimple,
        errors.CodeRefused,
        errors.TooManyAttempts,
        body=examples.PIN,
        answer=examples.PIN_CHANGED,
    ),
)
async def change_pin(data: JSONBody[PinBody], ledger: OpenedLedger, holding_wallet: HoldingWallet) -> PinDocument:
    await actions.change_pin(ledger, holding_wallet, data.card, data.pin, data.code)
    return PinDocument(data.card)


@post(
    "/wallet/disputes",
    operation_id="disputePurchase",
    status_code=200,
    opt=tells(
        N_("Say: I did not buy this"),
        N_("Nothing moves in the books; an agent sees it and looks into it. Said again, nothing changes."),
        errors.NotFound,
        body=examples.DISPUTE,
        answer=examples.DISPUTED,
    ),
)
async def dispute(data: JSONBody[DisputeBody], ledger: OpenedLedger, holding_wallet: HoldingWallet) -> DisputeDocument:
    await actions.dispute(ledger, holding_wallet, data.purchase)
    return DisputeDocument(data.purchase)


@post(
    "/guest/balance",
    operation_id="getBalanceAsGuest",
    status_code=200,
    opt=tells(
        N_("What is left on a paper card"),
        N_("By its number and PIN, without till or telephone. Wrong PINs count together with those at tills."),
        *GUEST,
        body=examples.GUEST,
        answer=examples.GUEST_BALANCE,
    ),
)
async def guest_balance(
    request: Request[Any, Any, Any], data: JSONBody[GuestBody], ledger: OpenedLedger
) -> BalanceDocument:
    return balance_document(await actions.guest_balance(ledger, _credential(data), _caller(request)))


@post(
    "/guest/block",
    operation_id="blockTelephonesAsGuest",
    status_code=200,
    opt=tells(
        N_("Block a lost telephone"),
        N_("By number and PIN of the household's paper card, which goes on paying. The balance stays."),
        *GUEST,
        body=examples.GUEST,
        answer=examples.GUEST_BLOCKED,
    ),
)
async def guest_block(
    request: Request[Any, Any, Any], data: JSONBody[GuestBody], ledger: OpenedLedger
) -> GuestBlockedDocument:
    return GuestBlockedDocument(await actions.guest_block(ledger, _credential(data), _caller(request)))


ROUTES = [enrol, wallet, history, shops, block, change_pin, dispute, guest_balance, guest_block]


def _credential(data: GuestBody) -> Credential:
    """Number and PIN only: whoever has the QR code has no need of a guest's page."""
    try:
        found = parse_credential(data.card_number, data.pin)
    except ValueError:
        found = None
    if found is None or found.otp or found.secret:
        raise InvalidRequest(field="card_number", fault="Not a card number")
    return found


def _caller(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else ""
