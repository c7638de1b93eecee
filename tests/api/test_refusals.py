"""Each refusal of the blocks E1 to E4 is provoked here once; a new one without its test fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from ledger import errors
from ledger.cards.actions import block_card
from ledger.cards.batches import record_paper_cards
from ledger.cards.rules import new_paper_card
from ledger.clock import FixedClock
from ledger.conversions.actions import close_merchant, return_payout, take_back_coupons, withdraw_conversion
from ledger.database.unit_of_work import Ledger
from ledger.errors import CATALOGUE, Refusal
from ledger.merchants.actions import invite_till, revoke_till, suspend_merchant
from ledger.papers.actions import block_batch, print_cards
from ledger.papers.model import CardOrder
from ledger.wallets.actions import invite_wallet
from tests.owners import Owner
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, PROGRAMME, WINE, Town, ask_for_conversion, paired, wrong_pin
from tests.wallets import WalletClient, enrol

PROVOKED_HERE = {number: refusal for number, refusal in CATALOGUE.items() if number // 1000 in {1, 2, 3, 4}}
MEMBERS = {"type", "title", "status", "detail", "code", "number", "retryable"}


@dataclass(frozen=True)
class Scene:
    """A till, the town around it, and its books."""

    till: TillClient
    town: Town
    ledger: Ledger

    async def owner(self) -> Owner:
        """Of the first shop, which has earned 8.50."""
        assert (await self.till.redeem(self.town.crowd[0])).status_code == 201
        assert isinstance(self.till.clock, FixedClock)
        return await Owner.of(self.ledger, self.till, self.till.clock, self.town.office, AGENT)


Provocation = Callable[[Scene], Awaitable[httpx.Response | Refusal]]
PROVOCATIONS: dict[type[Refusal], Provocation] = {}


def provokes(refusal: type[Refusal]) -> Callable[[Provocation], Provocation]:
    def remember(provocation: Provocation) -> Provocation:
        PROVOCATIONS[refusal] = provocation
        return provocation

    return remember


async def refusal_of(action: Awaitable[Any]) -> Refusal:
    """What an action refuses with that no till can ask for."""
    with pytest.raises(Refusal) as refused:
        await action
    return refused.value


@provokes(errors.InvalidRequest)
async def without_a_basket(scene: Scene) -> httpx.Response:
    return await scene.till.redeem(scene.town.paper_card, basket=[])


@provokes(errors.Unauthorised)
async def by_a_revoked_till(scene: Scene) -> httpx.Response:
    await revoke_till(scene.ledger, scene.town.tills[0].till_id, AGENT)
    assert (await scene.till.get("/v1/merchant")).status_code == 401
    return await scene.till.redeem(scene.town.paper_card)


@provokes(errors.OutOfScope)
async def by_a_device_of_the_office(scene: Scene) -> httpx.Response:
    assert (await scene.till.at(scene.town.office).refund(str(uuid4()))).status_code == 403
    assert (await scene.till.at(scene.town.office).abandon("key")).status_code == 403
    assert (await scene.till.at(scene.town.office).balance(scene.town.paper_card)).status_code == 403
    return await scene.till.at(scene.town.office).redeem(scene.town.paper_card)


@provokes(errors.NotFound)
async def a_sale_that_never_was(scene: Scene) -> httpx.Response:
    return await scene.till.get(f"/v1/redemptions/{UUID(int=1)}")


@provokes(errors.IdempotencyKeyMissing)
async def without_a_key(scene: Scene) -> httpx.Response:
    return await scene.till.post("/v1/redemptions", scene.till.sale(scene.town.paper_card))


@provokes(errors.MethodNotAllowed)
async def by_another_method(scene: Scene) -> httpx.Response:
    return await scene.till.client.put("/v1/redemptions", headers=scene.till.headers("key"), json={})


@provokes(errors.RequestTooLarge)
async def with_a_novel(scene: Scene) -> httpx.Response:
    return await scene.till.post("/v1/redemptions", {"novel": "x" * 70_000}, "key")


@provokes(errors.TooManyRequests)
async def by_guessing_pairing_codes(scene: Scene) -> httpx.Response:
    for _ in range(20):
        await scene.till.post("/v1/tills/pair", {"pairing_code": "00000-00000"})
    return await scene.till.post("/v1/tills/pair", {"pairing_code": "00000-00000"})


@provokes(errors.IdempotencyConflict)
async def with_a_used_key(scene: Scene) -> httpx.Response:
    await scene.till.redeem(scene.town.paper_card, (FRUIT, 100), key="key")
    return await scene.till.redeem(scene.town.paper_card, (FRUIT, 101), key="key")


@provokes(errors.RequestAbandoned)
async def after_it_was_given_up(scene: Scene) -> httpx.Response:
    await scene.till.abandon("key")
    return await scene.till.redeem(scene.town.paper_card, key="key")


@provokes(errors.StaleRequest)
async def long_after_it_was_keyed(scene: Scene) -> httpx.Response:
    return await scene.till.redeem(scene.town.paper_card, initiated_at="2026-10-06T07:42:59Z")


@provokes(errors.CodeRefused)
async def with_a_wrong_pin(scene: Scene) -> httpx.Response:
    return await scene.till.redeem(scene.town.paper_card, pin=wrong_pin(scene.town.paper_card))


@provokes(errors.CodeAlreadyUsed)
async def with_the_same_code_again(scene: Scene) -> httpx.Response:
    await scene.till.redeem(scene.town.phone_card)
    return await scene.till.redeem(scene.town.phone_card)


@provokes(errors.CardBlocked)
async def with_a_lost_card(scene: Scene) -> httpx.Response:
    await block_card(scene.ledger, scene.town.paper_card.number, AGENT)
    return await scene.till.redeem(scene.town.paper_card)


@provokes(errors.InsufficientBalance)
async def with_an_empty_card(scene: Scene) -> httpx.Response:
    return await scene.till.redeem(scene.town.poor_card)


@provokes(errors.NothingEligible)
async def for_wine_only(scene: Scene) -> httpx.Response:
    return await scene.till.redeem(scene.town.paper_card, (WINE, 600))


@provokes(errors.TooManyAttempts)
async def by_guessing_pins(scene: Scene) -> httpx.Response:
    for nth in range(1, 6):
        await scene.till.redeem(scene.town.paper_card, pin=wrong_pin(scene.town.paper_card, nth))
    return await scene.till.redeem(scene.town.paper_card)


@provokes(errors.CapReached)
async def by_spending_too_much_in_a_day(scene: Scene) -> httpx.Response:
    for _ in range(2):
        await scene.till.redeem(scene.town.rich_card, (FRUIT, 150_00))
    return await scene.till.redeem(scene.town.rich_card, (FRUIT, 1_00))


@provokes(errors.RefundTooLarge)
async def by_giving_back_more_than_was_paid(scene: Scene) -> httpx.Response:
    sold = await scene.till.redeem(scene.town.paper_card)
    return await scene.till.refund(sold.json()["id"], 851)


@provokes(errors.MerchantBalanceTooLow)
async def by_giving_back_what_was_converted(scene: Scene) -> httpx.Response:
    sold = await scene.till.redeem(scene.town.paper_card)
    await ask_for_conversion(scene.ledger, scene.town.shops[0], 850)
    return await scene.till.refund(sold.json()["id"])


@provokes(errors.VoidTooLate)
async def by_voiding_a_quarter_of_an_hour_later(scene: Scene) -> httpx.Response:
    sold = await scene.till.redeem(scene.town.paper_card)
    assert isinstance(scene.till.clock, FixedClock)
    scene.till.clock.instant += timedelta(minutes=15, seconds=1)
    return await scene.till.void(sold.json()["id"])


@provokes(errors.AlreadyRefunded)
async def by_voiding_what_was_refunded(scene: Scene) -> httpx.Response:
    sold = await scene.till.redeem(scene.town.paper_card)
    await scene.till.refund(sold.json()["id"], 1)
    return await scene.till.void(sold.json()["id"])


@provokes(errors.TrainingCard)
async def with_a_training_card(scene: Scene) -> httpx.Response:
    return await scene.till.redeem(scene.town.paper_card, credential="0000 000 018")


@provokes(errors.TrainingTill)
async def by_a_till_in_training(scene: Scene) -> httpx.Response:
    return await scene.till.at(await paired(scene.ledger, scene.town.shops[0], "training")).redeem(
        scene.town.paper_card
    )


@provokes(errors.EnrolmentRefused)
async def with_a_letter_of_nobody(scene: Scene) -> httpx.Response:
    return await enrol(scene.till.client, "00000-00000-00000")


@provokes(errors.WalletUnknown)
async def as_a_telephone_of_nobody(scene: Scene) -> httpx.Response:
    return await scene.till.get("/v1/wallet")


@provokes(errors.TelephoneEnrolled)
async def to_a_second_telephone(scene: Scene) -> Refusal:
    card = scene.town.phone_card
    await WalletClient.enrolled(scene.ledger, scene.till.client, scene.till.clock, card)
    return await refusal_of(invite_wallet(scene.ledger, card.number, AGENT))


@provokes(errors.PinTooSimple)
async def four_in_a_row(scene: Scene) -> httpx.Response:
    wallet = await WalletClient.enrolled(scene.ledger, scene.till.client, scene.till.clock, scene.town.phone_card)
    body = {"card": await wallet.card("paper"), "pin": "3456", "code": wallet.code()}
    return await wallet.post("/pin", body)


@provokes(errors.MerchantNotActive)
async def at_a_suspended_shop(scene: Scene) -> httpx.Response:
    await suspend_merchant(scene.ledger, scene.town.shops[0].siret, AGENT)
    assert (await scene.till.get("/v1/categories")).status_code == 403
    assert (await scene.till.refund(str(uuid4()))).status_code == 403
    assert (await scene.till.at(scene.town.tills[1]).redeem(scene.town.paper_card)).status_code == 201
    return await scene.till.redeem(scene.town.paper_card)


@provokes(errors.PairingCodeRefused)
async def with_a_wrong_pairing_code(scene: Scene) -> httpx.Response:
    return await scene.till.post("/v1/tills/pair", {"pairing_code": "00000-00000"})


@provokes(errors.UnknownMerchant)
async def inviting_a_till_of_nobody(scene: Scene) -> Refusal:
    return await refusal_of(invite_till(scene.ledger, "00000000000000", "till", AGENT))


@provokes(errors.UnknownTill)
async def revoking_no_till(scene: Scene) -> Refusal:
    return await refusal_of(revoke_till(scene.ledger, UUID(int=1), AGENT))


@provokes(errors.TillDisconnected)
async def disconnecting_a_till_twice(scene: Scene) -> httpx.Response:
    owner, path = await scene.owner(), f"/v1/merchant/tills/{scene.town.tills[0].till_id}/revoke"
    assert (await owner.ask(path)).status_code == 200
    return await owner.ask(path)


@provokes(errors.UnknownConversion)
async def withdrawing_no_conversion(scene: Scene) -> Refusal:
    return await refusal_of(withdraw_conversion(scene.ledger, UUID(int=1), AGENT))


@provokes(errors.ConversionNotOpen)
async def cancelling_twice(scene: Scene) -> httpx.Response:
    owner = await scene.owner()
    made = (await owner.convert(1_00)).json()["id"]
    await owner.cancel(made)
    return await owner.cancel(made)


@provokes(errors.PayeeNotActive)
async def paying_a_suspended_shop(scene: Scene) -> httpx.Response:
    await suspend_merchant(scene.ledger, scene.town.shops[1].siret, AGENT)
    return await (await scene.owner()).pay(scene.town.shops[1].siret, 1_00)


@provokes(errors.NotWholePois)
async def asking_for_half_a_coupon(scene: Scene) -> httpx.Response:
    return await (await scene.owner()).coupons(1_50)


@provokes(errors.OwnerCodeNotSet)
async def moving_money_without_an_owner(scene: Scene) -> httpx.Response:
    body = {"amount_cents": 1_00, "owner_code": "12345678"}
    return await scene.till.at(scene.town.office).post("/v1/conversions", body, "key")


@provokes(errors.MerchantNotEmpty)
async def leaving_with_pois(scene: Scene) -> Refusal:
    await scene.owner()
    return await refusal_of(close_merchant(scene.ledger, scene.town.shops[0].siret, AGENT))


@provokes(errors.CouponsTooFew)
async def bringing_coupons_that_nobody_got(scene: Scene) -> Refusal:
    return await refusal_of(take_back_coupons(scene.ledger, scene.town.shops[0].siret, 1_00, AGENT))


@provokes(errors.UnknownPayout)
async def returning_what_was_never_paid(scene: Scene) -> Refusal:
    return await refusal_of(return_payout(scene.ledger, scene.town.shops[0].siret, "LOT-1", AGENT))


@pytest.fixture
def scene(till: TillClient, town: Town, ledger: Ledger) -> Scene:
    return Scene(replace(till, language="en"), town, ledger)


@provokes(errors.NoCardWanted)
async def everybody_has_a_card(scene: Scene) -> Refusal:
    return await refusal_of(print_cards(scene.ledger, CardOrder(PROGRAMME, Path("nowhere")), AGENT))


@provokes(errors.CardsChanged)
async def somebody_else_made_the_card(scene: Scene) -> Refusal:
    async with scene.ledger.unit_of_work() as work:
        return await refusal_of(record_paper_cards(work, [(scene.town.households["TEN"], new_paper_card())]))


@provokes(errors.PapersLost)
async def a_folder_came_while_the_papers_were_made(scene: Scene) -> Refusal:
    await block_card(scene.ledger, scene.town.ten_card.number, AGENT)
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "batch"
        order = CardOrder(PROGRAMME, folder)
        return await refusal_of(print_cards(scene.ledger, order, AGENT, lambda _done, _total: folder.mkdir()))


@provokes(errors.UnknownBatch)
async def no_batch_was_made_then(scene: Scene) -> Refusal:
    return await refusal_of(block_batch(scene.ledger, PROGRAMME, datetime(2026, 1, 1, tzinfo=UTC), AGENT))


@pytest.mark.parametrize("number", PROVOKED_HERE, ids=[refusal.code for refusal in PROVOKED_HERE.values()])
async def test_each_refusal_is_given_when_it_should_be(scene: Scene, number: int) -> None:
    refusal = PROVOKED_HERE[number]
    assert refusal in PROVOCATIONS, f"nobody provokes E{number} {refusal.code}"
    given = await PROVOCATIONS[refusal](scene)
    if isinstance(given, Refusal):
        assert type(given) is refusal
        return
    document = given.json()
    assert (given.status_code, document["code"], document["number"]) == (refusal.status, refusal.code, f"E{number}")
    assert given.headers["content-type"] == "application/problem+json"
    assert set(document) >= MEMBERS
    assert (document["title"], document["detail"]) == (refusal.title, refusal.remedy)
    assert (document["status"], document["retryable"]) == (refusal.status, refusal.retryable)
    assert (refusal.status == 429) == ("retry-after" in given.headers)
