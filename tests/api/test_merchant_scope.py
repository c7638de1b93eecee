"""Two scopes that share nothing: a till cannot touch the merchant's money, the merchant's device cannot sell."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.conversions.actions import close_merchant
from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import suspend_merchant
from tests.owners import Owner
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, paired

OTHERS = "4b1d8a9e-9d0c-4d35-8f5c-1f6f2a52c0b7"
READS = [
    "/v1/merchant/balance",
    "/v1/merchant/statement",
    "/v1/conversions",
    "/v1/merchant/tills",
    "/v1/merchant/payees",
]
MOVES = ["/v1/conversions", f"/v1/conversions/{OTHERS}/cancel", "/v1/payments", "/v1/coupons"]


@pytest.fixture
async def office(till: TillClient, ledger: Ledger, clock: FixedClock, town: Town) -> Owner:
    """The owner of the first shop, which has earned 50 Pois."""
    assert (await till.redeem(town.paper_card, (FRUIT, 50_00))).status_code == 201
    return await Owner.of(ledger, till, clock, town.office, AGENT)


def body_of(path: str, owner: Owner, town: Town) -> dict[str, object]:
    """A body that would be right from the owner's own device."""
    amount = {} if path.endswith("/cancel") else {"amount_cents": 1_00}
    payee = {"to_siret": town.shops[1].siret} if path == "/v1/payments" else {}
    return {"owner_code": owner.code(), **amount, **payee}


@pytest.mark.parametrize("path", READS)
async def test_a_till_reads_nothing_of_the_merchants_money(till: TillClient, path: str) -> None:
    answer = await till.get(path)
    assert (answer.status_code, answer.json()["code"], answer.json()["scope"]) == (403, "out-of-scope", "till")


@pytest.mark.parametrize("path", MOVES)
async def test_a_till_moves_nothing_even_with_the_owners_code(
    office: Owner, till: TillClient, town: Town, app: asyncpg.Connection, path: str
) -> None:
    answer = await till.post(path, body_of(path, office, town), str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")
    assert await office.balance() == (50_00, 0)
    assert not await app.fetchval("SELECT count(*) FROM ledger.owner_step")


@pytest.mark.parametrize("path", READS)
async def test_strangers_read_nothing(till: TillClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}):
        answer = await till.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")


@pytest.mark.parametrize("path", MOVES)
async def test_strangers_move_nothing(office: Owner, till: TillClient, town: Town, path: str) -> None:
    headers = {"Idempotency-Key": "k"}
    answer = await till.client.post(path, json=body_of(path, office, town), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")


async def test_the_merchants_device_cannot_sell(office: Owner, town: Town, till: TillClient) -> None:
    sold = (await till.redeem(town.crowd[0], (FRUIT, 1_00))).json()["id"]
    answers = [
        await office.device.redeem(town.crowd[0]),
        await office.device.refund(sold),
        await office.device.abandon("any"),
        await office.device.balance(town.crowd[0]),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "out-of-scope")] * 4


async def test_another_shops_conversion_is_as_if_it_did_not_exist(
    office: Owner, till: TillClient, ledger: Ledger, clock: FixedClock, town: Town
) -> None:
    made = (await office.convert(10_00)).json()["id"]
    stranger = await Owner.of(ledger, till, clock, await paired(ledger, town.shops[1], "merchant"), AGENT)
    theirs, nobodys = [await stranger.cancel(conversion) for conversion in (made, OTHERS)]
    assert (theirs.status_code, theirs.content) == (404, nobodys.content)
    assert theirs.json()["code"] == "not-found"
    assert await stranger.states() == []
    assert await stranger.balance() == (0, 0)
    assert (await stranger.device.get("/v1/merchant/statement")).json()["lines"] == []
    assert await office.states() == ["requested"]


async def test_the_key_of_a_request_for_nothing_stays_free(office: Owner) -> None:
    key = str(uuid4())
    assert (await office.cancel(OTHERS, key)).status_code == 404
    assert (await office.convert(1_00, key)).status_code == 201


async def test_a_suspended_shop_sees_its_money_and_moves_none(office: Owner, ledger: Ledger, town: Town) -> None:
    await suspend_merchant(ledger, town.shops[0].siret, AGENT)
    assert await office.balance() == (50_00, 0)
    for path in MOVES:
        answer = await office.device.post(path, body_of(path, office, town), str(uuid4()))
        assert (answer.status_code, answer.json()["code"]) == (403, "merchant-not-active"), path


async def test_a_shop_that_has_left_still_reads_its_statement(
    office: Owner, till: TillClient, ledger: Ledger, town: Town
) -> None:
    assert (await office.pay(town.shops[1].siret, 50_00)).status_code == 201
    await close_merchant(ledger, town.shops[0].siret, AGENT)
    assert (await office.device.get("/v1/merchant/statement")).json()["closing_cents"] == 0
    assert (await till.redeem(town.crowd[0])).json()["code"] == "merchant-not-active"
    assert (await office.convert(1)).json()["code"] == "merchant-not-active"
