"""Every refusal that the contract tells of a call is given by that call; that it tells of all is seen by every test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from ledger.cards.actions import block_card
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import suspend_merchant
from ledger.sealing.actions import seal
from tests.contract import Operation, operations
from tests.owners import Owner
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, WINE, Town, ask_for_conversion, paired, wrong_pin
from tests.wallets import WalletClient

# What is said of every call because any may meet it; provoked for some in test_problems and test_lookups.
ANYWHERE = {"internal-error", "unavailable"}
OF_THE_OFFICE = {
    "getMerchantBalance",
    "getMerchantStatement",
    "listConversions",
    "requestConversion",
    "cancelConversion",
    "payMerchant",
    "askForCoupons",
    "listTills",
    "inviteTill",
    "revokeTill",
    "listPayees",
}
BAD_QUERY = {
    "listRedemptions": {"cursor": "x"},
    "getDayTotals": {"day": "x"},
    "getMerchantStatement": {"from": "x"},
    "listConversions": {"cursor": "x"},
    "getConsistency": {"from": "x"},
    "listPurchases": {"cursor": "x"},
}
OF_WALLETS = {name for name, one in operations().items() if one.told["security"] == [{"wallet": []}]}


@dataclass
class Stage:
    """A shop with a sale, its till and its owner, about to make one call."""

    operation: Operation
    till: TillClient
    town: Town
    ledger: Ledger
    clock: FixedClock
    superuser: asyncpg.Connection
    owner: Owner
    sale: str
    key: str
    wallet: WalletClient | None = None
    paper_card: str = ""  # of the wallet's household
    other_till: str = ""  # of the same shop

    @property
    def device(self) -> TillClient:
        if self.wallet is not None:
            return replace(self.till, token=self.wallet.token)
        return self.owner.device if self.operation.name in OF_THE_OFFICE else self.till

    def body(self, **changes: Any) -> dict[str, Any] | None:
        """A body that would do, or a changed one."""
        if "requestBody" not in self.operation.told:
            return None
        self.clock.instant += timedelta(seconds=30)  # the owner's next code
        [content] = self.operation.told["requestBody"]["content"].values()
        usual = dict(content["examples"]["example"]["value"])
        fitting = {
            "credential": self.town.paper_card.uri,
            "pin": self.town.paper_card.pin,
            "owner_code": self.owner.code(),
            "to_siret": self.town.shops[1].siret,
            "amount_cents": 1_00,
            "initiated_at": None,
            "card_number": str(self.town.paper_card.number),
            "card": self.paper_card,
            "purchase": self.sale,
        } | ({} if self.wallet is None else {"code": self.wallet.code()})
        return usual | {name: value for name, value in fitting.items() if name in usual} | changes

    async def send(self, device: TillClient | None = None, **changes: Any) -> httpx.Response:
        """Make the call; `changes` are of its body."""
        return await self.call(self.body(**changes), device)

    async def call(
        self,
        body: Any,
        device: TillClient | None = None,
        key: str | None = None,
        query: dict[str, str] | None = None,
    ) -> httpx.Response:
        device = device or self.device
        path = self.operation.path
        for name, value in {
            "redemption_id": self.sale,
            "conversion_id": str(UUID(int=1)),
            "till_id": self.other_till,
            "code": "no-such",
        }.items():
            path = path.replace("{" + name + "}", value)
        headers = device.headers(self.key if key is None else key)
        return await device.client.request(self.operation.method, path, headers=headers, json=body, params=query)

    async def convert(self) -> str:
        return str((await self.owner.convert(1_00)).json()["id"])


Provocation = Callable[[Stage], Awaitable[httpx.Response]]
USUAL: dict[str, Provocation] = {}
OF_A_CALL: dict[tuple[str, str], Provocation] = {}


def usually(code: str) -> Callable[[Provocation], Provocation]:
    def remember(provocation: Provocation) -> Provocation:
        USUAL[code] = provocation
        return provocation

    return remember


def by(code: str, *names: str) -> Callable[[Provocation], Provocation]:
    def remember(provocation: Provocation) -> Provocation:
        OF_A_CALL.update({(name, code): provocation for name in names})
        return provocation

    return remember


@usually("unauthorised")
async def by_a_stranger(stage: Stage) -> httpx.Response:
    return await stage.send(replace(stage.device, token="stranger"))


@usually("wallet-unknown")
async def by_a_till(stage: Stage) -> httpx.Response:
    return await stage.send(stage.till)


@usually("card-blocked")
async def with_a_blocked_telephone(stage: Stage) -> httpx.Response:
    await block_card(stage.ledger, stage.town.phone_card.number, AGENT)
    return await stage.send()


@usually("out-of-scope")
async def by_the_other_device(stage: Stage) -> httpx.Response:
    return await stage.send(stage.till if stage.device is stage.owner.device else stage.owner.device)


@by("out-of-scope", "getRedemptionProof")
async def by_a_till_in_training(stage: Stage) -> httpx.Response:
    return await stage.send(stage.till.at(await paired(stage.ledger, stage.town.shops[0], "training")))


@usually("merchant-not-active")
async def when_suspended(stage: Stage) -> httpx.Response:
    await suspend_merchant(stage.ledger, stage.town.shops[0].siret, AGENT)
    return await stage.send()


@usually("invalid-request")
async def unreadable(stage: Stage) -> httpx.Response:
    return await stage.call(stage.body(surprise=1), query=BAD_QUERY.get(stage.operation.name))


@usually("request-too-large")
async def with_a_novel(stage: Stage) -> httpx.Response:
    return await stage.send(surprise="x" * 70_000)


@usually("idempotency-key-missing")
async def without_a_key(stage: Stage) -> httpx.Response:
    return await stage.call(stage.body(), key="")


@by("idempotency-key-missing", "abandonRedemption")
async def about_no_key(stage: Stage) -> httpx.Response:
    return await stage.send(idempotency_key="two words")


@usually("idempotency-conflict")
async def with_a_used_key(stage: Stage) -> httpx.Response:
    await stage.till.redeem(stage.town.crowd[1], (FRUIT, 7), key=stage.key)
    return await stage.send()


@usually("request-abandoned")
async def after_it_was_given_up(stage: Stage) -> httpx.Response:
    await stage.till.abandon(stage.key)
    return await stage.send()


@usually("not-found")
async def of_nobody(stage: Stage) -> httpx.Response:
    stage.sale = str(uuid4())
    return await stage.send()


@usually("merchant-balance-too-low")
async def when_all_is_converted(stage: Stage) -> httpx.Response:
    await ask_for_conversion(stage.ledger, stage.town.shops[0], 8_50)
    return await stage.send()


@usually("owner-code-not-set")
async def without_an_owner(stage: Stage) -> httpx.Response:
    await stage.superuser.execute("SET session_replication_role = replica")
    await stage.superuser.execute("TRUNCATE ledger.owner_secret")
    return await stage.send()


@usually("code-refused")
async def with_a_wrong_owners_code(stage: Stage) -> httpx.Response:
    return await stage.send(owner_code="00000000")


@usually("code-already-used")
async def with_a_used_owners_code(stage: Stage) -> httpx.Response:
    body = stage.body()
    await stage.owner.convert(1, owner_code=stage.owner.code())
    return await stage.call(body)


@usually("too-many-attempts")
async def with_many_wrong_owners_codes(stage: Stage) -> httpx.Response:
    for _ in range(5):
        await stage.owner.convert(1, owner_code="00000000")
    return await stage.send()


CARD_CALLS = ("redeem", "getCardBalance")
GUEST_CALLS = ("getBalanceAsGuest", "blockTelephonesAsGuest")


@by("code-refused", *CARD_CALLS, *GUEST_CALLS)
async def with_a_wrong_pin(stage: Stage) -> httpx.Response:
    return await stage.send(pin=wrong_pin(stage.town.paper_card))


@by("code-already-used", *CARD_CALLS)
async def with_the_same_code_again(stage: Stage) -> httpx.Response:
    body = stage.body(**stage.till.shown(stage.town.phone_card), pin=None)
    await stage.till.redeem(stage.town.phone_card, credential=body["credential"] if body else "")
    return await stage.call(body)


@by("card-blocked", *CARD_CALLS, *GUEST_CALLS)
async def with_a_lost_card(stage: Stage) -> httpx.Response:
    await block_card(stage.ledger, stage.town.paper_card.number, AGENT)
    return await stage.send()


@by("too-many-attempts", *CARD_CALLS)
async def after_many_wrong_pins(stage: Stage) -> httpx.Response:
    for nth in range(1, 6):
        await stage.till.balance(stage.town.paper_card, pin=wrong_pin(stage.town.paper_card, nth))
    return await stage.send()


@by("too-many-attempts", *GUEST_CALLS)
async def after_many_wrong_pins_of_a_guest(stage: Stage) -> httpx.Response:
    for nth in range(1, 6):
        await stage.send(pin=wrong_pin(stage.town.paper_card, nth))
    return await stage.send()


@by("not-found", "blockCard", "changePin", "disputePurchase")
async def of_somebody_else(stage: Stage) -> httpx.Response:
    return await stage.call(
        stage.body(**{"purchase" if stage.operation.name == "disputePurchase" else "card": str(uuid4())})
    )


@by("pin-too-simple", "changePin")
async def with_four_ones(stage: Stage) -> httpx.Response:
    return await stage.send(pin="1111")


@by("code-refused", "changePin")
async def with_a_code_of_another_telephone(stage: Stage) -> httpx.Response:
    return await stage.send(code="00000000")


@by("too-many-attempts", "changePin")
async def with_many_codes_of_another_telephone(stage: Stage) -> httpx.Response:
    for _ in range(5):
        await stage.send(code="00000000")
    return await stage.send()


@by("enrolment-refused", "enrolTelephone")
async def with_no_such_letter(stage: Stage) -> httpx.Response:
    return await stage.send()


@by("training-card", *CARD_CALLS)
async def with_a_training_card(stage: Stage) -> httpx.Response:
    return await stage.send(credential="0000 000 018")


@by("training-till", *CARD_CALLS)
async def at_a_till_in_training(stage: Stage) -> httpx.Response:
    device = await paired(stage.ledger, stage.town.shops[0], "training")
    return await stage.send(stage.till.at(device))


@by("stale-request", "redeem")
async def long_after_it_was_keyed(stage: Stage) -> httpx.Response:
    return await stage.send(initiated_at="2026-10-06T07:00:00Z")


@by("insufficient-balance", "redeem")
async def with_an_empty_card(stage: Stage) -> httpx.Response:
    return await stage.send(credential=stage.town.poor_card.uri, pin=stage.town.poor_card.pin)


@by("nothing-eligible", "redeem")
async def for_wine_only(stage: Stage) -> httpx.Response:
    return await stage.send(basket=[{"category": WINE, "amount_cents": 6_00}])


@by("cap-reached", "redeem")
async def above_the_cap_and_not_in_part(stage: Stage) -> httpx.Response:
    rich, basket = stage.town.rich_card, [{"category": FRUIT, "amount_cents": 300_00}]
    return await stage.send(credential=rich.uri, pin=rich.pin, basket=basket, allow_partial=False)


@by("refund-too-large", "refundRedemption")
async def more_than_was_paid(stage: Stage) -> httpx.Response:
    return await stage.send(amount_cents=8_51)


@by("void-too-late", "voidRedemption")
async def half_an_hour_later(stage: Stage) -> httpx.Response:
    stage.clock.instant += timedelta(minutes=30)
    return await stage.send()


@by("already-refunded", "voidRedemption")
async def after_a_refund(stage: Stage) -> httpx.Response:
    await stage.till.refund(stage.sale, 1)
    return await stage.send()


@by("not-found", "cancelConversion")
@by("not-found", "explainError")
async def of_nothing(stage: Stage) -> httpx.Response:
    return await stage.send()


@by("conversion-not-open", "cancelConversion")
async def cancelled_before(stage: Stage) -> httpx.Response:
    made = await stage.convert()
    await stage.owner.cancel(made)
    return await stage.owner.cancel(made)


@by("not-found", "revokeTill")
async def of_another_shop(stage: Stage) -> httpx.Response:
    stage.other_till = str(stage.town.tills[1].till_id)
    return await stage.send()


@by("till-disconnected", "revokeTill")
async def disconnected_before(stage: Stage) -> httpx.Response:
    await stage.send()
    return await stage.send()


@by("unknown-merchant", "payMerchant")
async def to_nobody(stage: Stage) -> httpx.Response:
    return await stage.send(to_siret="00000000000000")


@by("payee-not-active", "payMerchant")
async def to_a_suspended_shop(stage: Stage) -> httpx.Response:
    await suspend_merchant(stage.ledger, stage.town.shops[1].siret, AGENT)
    return await stage.send()


@by("not-whole-pois", "askForCoupons")
async def for_half_a_coupon(stage: Stage) -> httpx.Response:
    return await stage.send(amount_cents=1_50)


@by("pairing-code-refused", "pairTill")
async def with_no_such_code(stage: Stage) -> httpx.Response:
    return await stage.send()


@by("too-many-requests", "pairTill", "enrolTelephone")
async def with_many_wrong_codes(stage: Stage) -> httpx.Response:
    for _ in range(20):
        await stage.send()
    return await stage.send()


@usually("not-sealed-yet")
async def too_early(stage: Stage) -> httpx.Response:
    return await stage.call(None, query={"from": "1"} if stage.operation.name == "getConsistency" else None)


@by("unknown-checkpoint", "getConsistency")
async def since_a_size_that_never_was(stage: Stage) -> httpx.Response:
    await seal(stage.ledger)
    return await stage.call(None, query={"from": "1000000"})


@by("fact-not-as-sealed", "getRedemptionProof")
async def of_a_sale_that_was_altered(stage: Stage) -> httpx.Response:
    await seal(stage.ledger)
    await stage.superuser.execute("SET session_replication_role = replica")
    await stage.superuser.execute("UPDATE ledger.redemption SET reference = 'T9' WHERE id = $1", UUID(stage.sale))
    return await stage.send()


TOLD = [(name, code) for name, one in operations().items() for code in sorted(one.refusals - ANYWHERE)]


@pytest.mark.parametrize(("name", "code"), TOLD, ids=["-".join(pair) for pair in TOLD])
async def test_each_refusal_that_is_told_of_a_call_is_given_by_it(
    till: TillClient,
    town: Town,
    ledger: Ledger,
    clock: FixedClock,
    superuser: asyncpg.Connection,
    name: str,
    code: str,
) -> None:
    owner = await Owner.of(ledger, till, clock, town.office, AGENT)
    sale = str((await till.redeem(town.crowd[0], (FRUIT, 8_50))).json()["id"])
    stage = Stage(operations()[name], till, town, ledger, clock, superuser, owner, sale, str(uuid4()))
    stage.other_till = str(town.tills[3].till_id)
    if name in OF_WALLETS:
        stage.sale = str((await till.redeem(town.phone_card, (FRUIT, 8_50))).json()["id"])
        stage.wallet = await WalletClient.enrolled(ledger, till.client, clock, town.phone_card)
        stage.paper_card = await stage.wallet.card("paper")
    given = await (OF_A_CALL.get((name, code)) or USUAL[code])(stage)
    assert (given.status_code, given.json()["code"]) == (given.json()["status"], code), given.text


def test_nothing_is_provoked_that_no_call_tells_of() -> None:
    assert not {pair for pair in OF_A_CALL if pair not in TOLD}
    assert not {code for code in USUAL if code not in {told for _, told in TOLD}}
