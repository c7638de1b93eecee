"""What goes in and out of a household's telephone, as the contract names it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ledger.cards.model import Card
from ledger.errors import N_
from ledger.redemptions.model import Purchase
from ledger.wallets.model import Contents, Wallet
from merchant_api.v1.documents import END, EndDocument, Pin

CardId = Annotated[UUID, Meta(description=N_("The id of a card that this telephone sees."))]
PurchaseId = Annotated[UUID, Meta(description=N_("The id of a purchase."))]
CardNumber = Annotated[
    str, Meta(min_length=10, max_length=20, description=N_("The number as it is printed; blanks do not matter."))
]
Kind = Annotated[Literal["paper", "phone"], Meta(description=N_("Whether it is on paper or on a telephone."))]
Ending = Annotated[str, Meta(description=N_("The last four digits of a card's number."))]


class EnrolBody(Struct, forbid_unknown_fields=True):
    """The code of the letter, and a number of the telephone's own."""

    code: Annotated[
        str,
        Meta(
            min_length=4,
            max_length=40,
            description=N_("As it stands in the letter; case, blanks and hyphens do not matter."),
        ),
    ]
    nonce: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9_-]{32,86}" + END,
            description=N_(
                "At least 192 random bits that the telephone makes and keeps until it has its answer: with the same "
                "number it gets a lost answer again, and nobody else does."
            ),
        ),
    ]


class EnrolledDocument(Struct):
    """What the telephone keeps; said to it alone, and only now."""

    token: Annotated[str, Meta(description=N_("For the calls of this telephone, as a bearer token."))]
    secret: Annotated[
        str, Meta(description=N_("The key of the one-time codes (RFC 6238, SHA-256, 8 digits, 30 s), in base32."))
    ]
    card_number: Annotated[str, Meta(description=N_("The number that the QR code carries."))]


class HeldCardDocument(Struct):
    """A card of the household."""

    id: CardId
    ending: Ending
    kind: Kind
    state: Annotated[Literal["active", "blocked"], Meta(description=N_("Whether it can pay."))]
    own: Annotated[bool, Meta(description=N_("Whether it is the one that this telephone shows."))]


class WalletDocument(Struct):
    """What is left, until when, and by which cards it can be spent."""

    balance_cents: Annotated[int, Meta(description=N_("What is left, in centimes."))]
    ends: Annotated[list[EndDocument], Meta(description=N_("What of it ends when, the first end first."))]
    cards: Annotated[
        list[HeldCardDocument],
        Meta(description=N_("This telephone's card and the household's paper cards, which have no screen.")),
    ]
    last_step: Annotated[
        int, Meta(description=N_("The last step of 30 seconds whose code a till took; 0 if none. It pays no more."))
    ]
    at: Annotated[datetime, Meta(description=N_("The service's time, which codes are reckoned by."))]


class PurchaseDocument(Struct):
    """A purchase: where and how much, never what."""

    id: PurchaseId
    occurred_at: Annotated[datetime, Meta(description=N_("When it was bought."))]
    shop: Annotated[str, Meta(description=N_("The name of the shop."))]
    town: Annotated[str, Meta(description=N_("The town of the shop."))]
    approved_cents: Annotated[int, Meta(description=N_("What was paid in Pois, in centimes."))]
    refunded_cents: Annotated[int, Meta(description=N_("What was given back since, in centimes."))]
    card_ending: Ending
    state: Annotated[
        Literal["undisputed", "disputed", "answered"],
        Meta(description=N_("Whether the holder said not to have bought it, and whether that was looked into.")),
    ]


class HistoryDocument(Struct):
    """Purchases, the newest first."""

    purchases: Annotated[list[PurchaseDocument], Meta(description=N_("The newest first."))]
    next_cursor: Annotated[str | None, Meta(description=N_("Leads to older ones; null on the last page."))]


class ShopDocument(Struct):
    """A shop that takes Pois."""

    name: Annotated[str, Meta(description=N_("The name of the shop."))]
    town: Annotated[str, Meta(description=N_("The town of the shop."))]
    categories: Annotated[list[str], Meta(description=N_("The food categories that it is listed for."))]


class ShopsDocument(Struct):
    """Where one can pay."""

    shops: Annotated[list[ShopDocument], Meta(description=N_("By name."))]


class BlockBody(Struct, forbid_unknown_fields=True):
    """The card that was lost."""

    card: CardId


class BlockedDocument(Struct):
    """It pays no more; the balance stays."""

    card: CardId
    state: Annotated[Literal["blocked"], Meta(description=N_("It pays no more; the balance stays."))]


class PinBody(Struct, forbid_unknown_fields=True):
    """A paper card and its new PIN."""

    card: CardId
    pin: Pin
    code: Annotated[
        str,
        Meta(
            pattern="^[0-9]{8}" + END,
            description=N_("What the telephone shows now: it proves that the key is there. It stays good for a sale."),
        ),
    ]


class PinDocument(Struct):
    """The new PIN counts from now on."""

    card: CardId


class DisputeBody(Struct, forbid_unknown_fields=True):
    """What the holder did not buy."""

    purchase: PurchaseId


class DisputeDocument(Struct):
    """An agent will look into it."""

    purchase: PurchaseId


class GuestBody(Struct, forbid_unknown_fields=True):
    """A paper card, without telephone or till."""

    card_number: CardNumber
    pin: Pin


class GuestBlockedDocument(Struct):
    """The household's telephones pay no more; the paper card does."""

    telephones: Annotated[int, Meta(description=N_("How many were blocked now."))]


def wallet_document(found: Contents, wallet: Wallet, at: datetime) -> WalletDocument:
    """A wallet in the words of the contract."""
    balance = found.held.balance
    ends = [EndDocument(day, cents) for day, cents in balance.ends]
    cards = [_card(card, wallet) for card in found.cards]
    return WalletDocument(balance.balance_cents, ends, cards, found.held.last_step, at)


def purchase_document(bought: Purchase) -> PurchaseDocument:
    """A purchase in the words of the contract."""
    return PurchaseDocument(
        bought.id,
        bought.occurred_at,
        bought.shop,
        bought.town,
        bought.approved_cents,
        bought.refunded_cents,
        _ending(bought.card_number),
        bought.state,
    )


def _card(card: Card, wallet: Wallet) -> HeldCardDocument:
    state: Literal["active", "blocked"] = "active" if card.state == "active" else "blocked"
    return HeldCardDocument(card.id, _ending(card.number), card.kind, state, own=card.id == wallet.card_id)


def _ending(number: int) -> str:
    return f"{number % 10_000:04}"
