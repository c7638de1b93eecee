"""Steps at the till, and about cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from msgspec import structs

from ledger.cards.actions import block_card, issue_card, replace_card
from ledger.cards.model import Credential
from ledger.redemptions.actions import abandon, card_balance, refund
from ledger.redemptions.model import VOID, BalanceRequest, Line, RedemptionRequest, RefundRequest
from tests.properties.machine import sales
from tests.properties.machine.asking import Op
from tests.properties.machine.codes import Shown
from tests.properties.machine.draws import Draw, Scene, any_till, bound, new_key, phone_code
from tests.properties.machine.ground import BREAD, FRUIT, MILK, WINE
from tests.properties.machine.sales import RefundAsked, SaleAsked

UNKNOWN_CARD, TRAINING_CARD = 1_000_000_009, 18


def sell(scene: Scene, draw: Draw) -> Op:
    """A sale, or an earlier one again."""
    if scene.sent and draw.slips(0.1):
        return again(scene, draw)
    return _sale(scene, draw, *_fresh(scene, draw))


def _fresh(scene: Scene, draw: Draw) -> tuple[SaleAsked, RedemptionRequest]:
    token = any_till(scene, draw, "till").token
    key, fingerprint = new_key(scene, draw, token)
    shown, credential = shows(scene, draw)
    basket = _basket(draw)
    asked = SaleAsked(draw.uuid(), token, key, fingerprint, shown, basket, draw.random() < 0.7)
    if draw.slips(0.15):
        asked = replace(asked, initiated_at=scene.now - timedelta(seconds=draw.choice([5, 61, 3600])))
    request = RedemptionRequest(
        asked.id,
        bound(token, key, fingerprint),
        credential,
        tuple(Line(*line) for line in basket),
        asked.partial,
        "T1",
        asked.initiated_at,
    )
    scene.sent.append((asked, request))
    return asked, request


def again(scene: Scene, draw: Draw) -> Op:
    """The very same request, or another one under the same key; perhaps at another service on the same books."""
    asked, request = draw.choice(scene.sent)
    assert isinstance(request, RedemptionRequest)
    if draw.slips(0.2):
        other = draw.digest()
        asked = replace(asked, fingerprint=other)
        request = structs.replace(request, bound=structs.replace(request.bound, fingerprint=other))
    return _sale(scene, draw, asked, request)


def _sale(scene: Scene, draw: Draw, asked: SaleAsked, request: RedemptionRequest) -> Op:
    desk, now = draw.choice(scene.desks), scene.now
    text = f"sell {asked.basket} to {asked.shown}, key {asked.key[:3].hex()}"
    return Op(text, lambda: desk.redeem(request), lambda books, told: sales.sell(books, asked, now, told))


def _basket(draw: Draw) -> tuple[tuple[str, int], ...]:
    categories = [WINE] if draw.slips(0.06) else draw.sample([FRUIT, BREAD, MILK, WINE], draw.randint(1, 3))
    most = draw.choice([3_00, 12_00, 60_00])
    return tuple((category, draw.randint(1, most)) for category in categories)


def shows(scene: Scene, draw: Draw) -> tuple[Shown, Credential]:
    """What the holder of a card shows: the right thing, mostly."""
    number = draw.choice(_live_cards(scene) or list(scene.books.cards))
    if draw.slips(0.05):
        number = draw.choice(list(scene.books.cards))
    if draw.slips(0.02):
        return Shown(UNKNOWN_CARD, "number"), Credential(UNKNOWN_CARD, pin="1234")
    if draw.slips(0.03):
        return Shown(TRAINING_CARD, "number"), Credential(TRAINING_CARD, pin="1234")
    card = scene.books.cards[number]
    if (card.kind == "phone") is not draw.slips(0.02):
        code, step = phone_code(scene, draw, number) if card.kind == "phone" else ("12345678", 0)
        return Shown(number, "phone", step), Credential(number, otp=code)
    if card.kind == "phone":
        return Shown(number, "number"), Credential(number, pin="1234")
    assert card.pin is not None
    right_pin, right_secret = not draw.slips(0.04), not draw.slips(0.02)
    pin = card.pin if right_pin else f"{(int(card.pin) + 1) % 10_000:04}"
    if draw.slips(0.15):
        return Shown(number, "number", right_pin=right_pin), Credential(number, pin=pin)
    secret = card.secret if right_secret else card.secret[::-1] + "A"
    return Shown(number, "qr", 0, right_secret, right_pin), Credential(number, secret=secret, pin=pin)


def _live_cards(scene: Scene) -> list[int]:
    """Of households with money on vouchers, and not blocked."""
    rich = {one.household for one in scene.books.vouchers.values() if scene.books.held(one.account)}
    return [one.number for one in scene.books.cards.values() if one.household in rich and not one.blocked]


def guess(scene: Scene, draw: Draw) -> list[Op]:
    """Somebody tries PINs until nobody listens any more."""
    token = any_till(scene, draw, "till").token
    number = draw.one(list(scene.books.cards), UNKNOWN_CARD)
    return [_guess(scene, draw, token, number) for _ in range(draw.choice([2, 7]))]


def _guess(scene: Scene, draw: Draw, token: str, number: int) -> Op:
    card, now = scene.books.cards.get(number), scene.now
    pin = "1234" if card is None or card.pin is None else f"{(int(card.pin) + 1) % 10_000:04}"
    credential, shown = Credential(number, pin=pin), Shown(number, "number")
    request = BalanceRequest(bound(token, draw.digest(), draw.digest()), credential)
    return Op(
        f"guess the PIN of {number}",
        lambda: card_balance(scene.ledger, request),
        lambda books, told: sales.look_up(books, token, shown, now, told),
    )


def look_up(scene: Scene, draw: Draw) -> Op:
    token, now = any_till(scene, draw, "till").token, scene.now
    shown, credential = shows(scene, draw)
    request = BalanceRequest(bound(token, draw.digest(), draw.digest()), credential)
    return Op(
        f"balance of {shown}",
        lambda: card_balance(scene.ledger, request),
        lambda books, told: sales.look_up(books, token, shown, now, told),
    )


def give_back(scene: Scene, draw: Draw) -> Op:
    """A refund at a till of the shop that sold, mostly."""
    sale_id = draw.uuid() if draw.slips(0.03) else draw.one(list(scene.books.sales), draw.uuid())
    sale = scene.books.sales.get(sale_id)
    siret = None if sale is None or draw.slips(0.04) else sale.siret
    return _refund(scene, draw, sale_id, any_till(scene, draw, "till", siret).token)


def give_back_at(scene: Scene, draw: Draw, token: str) -> Op:
    """A refund of any sale, at this device."""
    return _refund(scene, draw, draw.one(list(scene.books.sales), draw.uuid()), token)


def _refund(scene: Scene, draw: Draw, sale_id: UUID, token: str) -> Op:
    sale, now = scene.books.sales.get(sale_id), scene.now
    left, void = 0 if sale is None else sale.approved - sale.refunded, draw.slips(0.15)
    cents = None if void or draw.slips(0.25) else draw.cents(left)
    asked = RefundAsked(token, *new_key(scene, draw, token), sale_id, cents, void)
    reason = VOID if void else "returned-goods"
    request = RefundRequest(bound(token, asked.key, asked.fingerprint), sale_id, cents, reason)

    async def ask() -> object:
        return await refund(scene.ledger, await scene.session(token), request)

    return Op(f"refund {cents} of {sale_id}", ask, lambda books, told: sales.refund(books, asked, now, told))


def give_up(scene: Scene, draw: Draw) -> Op:
    """A till settles the fate of a key whose answer it lost; a later request under it comes too late."""
    token = any_till(scene, draw, "till").token
    seen = [key for asked, key, _ in scene.keys if asked == token]
    key = draw.one(seen, draw.digest()) if draw.random() < 0.5 else draw.digest()
    scene.keys.append((token, key, draw.digest()))

    async def ask() -> object:
        return await abandon(scene.ledger, await scene.session(token, although_suspended=True), key)

    return Op(f"give up key {key[:3].hex()}", ask, lambda books, told: sales.abandon(books, token, key, told))


def too_late(scene: Scene, draw: Draw) -> list[Op]:
    """A sale is given up before its request arrives."""
    asked, request = _fresh(scene, draw)
    token, key = asked.token, asked.key

    async def ask() -> object:
        return await abandon(scene.ledger, await scene.session(token, although_suspended=True), key)

    text = f"give up key {key[:3].hex()} before its sale"
    return [
        Op(text, ask, lambda books, told: sales.abandon(books, token, key, told)),
        _sale(scene, draw, asked, request),
    ]


def new_card(scene: Scene, draw: Draw) -> Op:
    household = draw.uuid() if draw.slips(0.05) else draw.one(list(scene.books.households), draw.uuid())
    return make_card(scene, household, draw.choice(["paper", "phone"]), draw.who("ana", "dual"))


def make_card(scene: Scene, household: UUID, kind: str, operator: str) -> Op:
    return Op(
        f"issue a {kind} card",
        lambda: issue_card(scene.ledger, household, "paper" if kind == "paper" else "phone", operator),
        lambda books, told: sales.add_card(books, household, kind, operator, told),
    )


def lose_card(scene: Scene, draw: Draw) -> Op:
    """Block it, or replace it at once."""
    number = UNKNOWN_CARD if draw.slips(0.15) else draw.one(list(scene.books.cards), UNKNOWN_CARD)
    operator = draw.who("ana", "dual")
    if draw.slips(0.3):
        return Op(
            f"block {number}",
            lambda: block_card(scene.ledger, number, operator),
            lambda books, told: sales.block_card(books, number, operator, told),
        )
    return Op(
        f"replace {number}",
        lambda: replace_card(scene.ledger, number, operator),
        lambda books, told: sales.replace_card(books, number, operator, told),
    )
