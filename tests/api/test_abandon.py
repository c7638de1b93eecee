"""A till that lost the answer settles the fate of its request; there is one fate, whoever asks first."""

from __future__ import annotations

from uuid import uuid4

import asyncpg

from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import suspend_merchant
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, left_cents


async def test_an_unseen_key_is_closed_for_ever(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    key = str(uuid4())
    answer = await till.abandon(key)
    assert (answer.status_code, answer.json()["fate"]) == (200, "abandoned")
    late = await till.redeem(town.paper_card, key=key)
    assert (late.status_code, late.json()["code"]) == (409, "request-abandoned")
    assert await left_cents(app, town.households["PAPER"]) == 120_00


async def test_a_late_request_stays_refused_however_often_it_comes(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    await till.abandon(key)
    codes = [(await till.redeem(town.paper_card, (FRUIT, cents), key=key)).json()["code"] for cents in (100, 100, 200)]
    assert codes == ["request-abandoned"] * 3
    assert (await till.abandon(key)).json()["fate"] == "abandoned"


async def test_a_sale_that_had_gone_through_is_shown(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    sold = await till.redeem(town.paper_card, key=key)
    answer = await till.abandon(key)
    assert (answer.status_code, answer.json()["fate"]) == (200, "approved")
    assert answer.json()["redemption"] == sold.json()


async def test_a_sale_that_was_refused_is_told_so(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    refused = await till.redeem(town.ten_card, (FRUIT, 10_01), allow_partial=False, key=key)
    answer = await till.abandon(key)
    assert (answer.status_code, answer.json()["fate"]) == (200, "refused")
    assert answer.json()["refusal"] == refused.json()


async def test_asking_again_changes_nothing(till: TillClient, town: Town) -> None:
    keys = [str(uuid4()) for _ in range(3)]
    await till.redeem(town.paper_card, key=keys[0])
    await till.redeem(town.poor_card, key=keys[1])
    first = [(await till.abandon(key)).content for key in keys]
    assert [(await till.abandon(key)).content for key in keys] == first


async def test_what_was_given_back_since_is_told(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    sold = (await till.redeem(town.paper_card, key=key)).json()
    await till.refund(sold["id"], 250)
    assert (await till.abandon(key)).json()["redemption"] == sold | {"refundable_cents": 600}


async def test_the_key_of_another_shop_is_not_touched(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    assert (await till.at(town.tills[1]).abandon(key)).json()["fate"] == "abandoned"
    assert (await till.redeem(town.paper_card, key=key)).status_code == 201


async def test_the_fate_of_a_refund_can_be_settled_too(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    sold = (await till.redeem(town.paper_card)).json()["id"]
    made_key, lost_key = str(uuid4()), str(uuid4())
    made = await till.refund(sold, 250, made_key)
    assert (await till.abandon(lost_key)).json()["fate"] == "abandoned"
    assert (await till.refund(sold, 250, lost_key)).json()["code"] == "request-abandoned"
    settled = await till.abandon(made_key)
    assert (settled.status_code, settled.json()["fate"]) == (200, "approved")
    assert settled.json()["refund"] == made.json()
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 600


async def test_a_throttled_or_unauthorised_request_had_no_fate_yet(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    assert (await till.at(town.office).redeem(town.paper_card, key=key)).status_code == 403
    assert (await till.abandon(key)).json()["fate"] == "abandoned"


async def test_a_suspended_shop_can_still_settle_what_it_sent(till: TillClient, ledger: Ledger, town: Town) -> None:
    keys = [str(uuid4()), str(uuid4())]
    sold = await till.redeem(town.paper_card, key=keys[0])
    await suspend_merchant(ledger, town.shops[0].siret, AGENT)
    answers = [(await till.abandon(key)).json() for key in keys]
    assert [answer.get("fate") for answer in answers] == ["approved", "abandoned"]
    assert answers[0]["redemption"] == sold.json()
