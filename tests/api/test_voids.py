"""Taking a whole sale back at once, as if it had not been."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from tests.straight import balance
from tests.tills import TillClient
from tests.town import FRUIT, Town, left_cents


async def sale(till: TillClient, town: Town) -> str:
    sold = await till.redeem(town.paper_card, (FRUIT, 8_50))
    return str(sold.json()["id"])


async def test_a_void_puts_everything_back(
    till: TillClient, town: Town, ledger: Ledger, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    answer = await till.void(sold)
    assert answer.status_code == 201
    document = answer.json()
    assert (document["redemption_id"], document["amount_cents"], document["refundable_cents"]) == (sold, 8_50, 0)
    assert await left_cents(app, town.households["PAPER"]) == 120_00
    assert await balance(app, town.shops[0].account_id) == 0
    assert await app.fetchval("SELECT reason FROM ledger.refund") == "void"
    assert (await till.get(f"/v1/redemptions/{sold}")).json()["refundable_cents"] == 0
    assert await run_checks(ledger) == []


async def test_a_void_again_is_the_same_answer_and_moves_nothing(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    sold, key = await sale(till, town), str(uuid4())
    first, again = [await till.void(sold, key) for _ in range(2)]
    assert (again.status_code, again.content, again.headers["idempotency-replayed"]) == (201, first.content, "true")
    assert await left_cents(app, town.households["PAPER"]) == 120_00
    assert (await till.abandon(key)).json()["refund"]["id"] == first.json()["id"]


async def test_a_key_of_a_void_is_not_one_of_a_refund(till: TillClient, town: Town) -> None:
    sold, key = await sale(till, town), str(uuid4())
    await till.void(sold, key)
    assert (await till.refund(sold, key=key)).json()["code"] == "idempotency-conflict"


@pytest.mark.parametrize(("seconds", "status"), [(0, 201), (899, 201), (900, 201), (901, 422)])
async def test_a_sale_can_be_voided_for_a_quarter_of_an_hour(
    till: TillClient, town: Town, clock: FixedClock, seconds: int, status: int
) -> None:
    sold = await sale(till, town)
    clock.instant += timedelta(seconds=seconds)
    answer = await till.void(sold)
    assert answer.status_code == status
    if status == 422:
        document = answer.json()
        assert (document["code"], document["age_seconds"], document["refundable_cents"]) == ("void-too-late", 901, 8_50)
        assert (await till.refund(sold)).status_code == 201


async def test_what_was_refunded_in_part_is_not_voided(till: TillClient, town: Town) -> None:
    sold = await sale(till, town)
    await till.refund(sold, 50)
    answer = await till.void(sold)
    assert (answer.json()["code"], answer.json()["refundable_cents"]) == ("already-refunded", 8_00)
    assert (await till.void(sold)).json()["code"] == "already-refunded"
    assert (await till.refund(sold)).json()["amount_cents"] == 8_00


async def test_a_refusal_is_kept_under_its_key(till: TillClient, town: Town) -> None:
    sold, key = await sale(till, town), str(uuid4())
    await till.refund(sold, 50)
    first, again = [await till.void(sold, key) for _ in range(2)]
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


async def test_of_two_voids_at_once_one_is_made(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    sold = await sale(till, town)
    answers = await asyncio.gather(*(till.void(sold) for _ in range(8)), *(till.refund(sold) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 9
    assert await left_cents(app, town.households["PAPER"]) == 120_00


async def test_the_sale_of_another_shop_is_not_there_to_be_voided(till: TillClient, town: Town) -> None:
    sold = await sale(till, town)
    assert (await till.at(town.tills[1]).void(sold)).json()["code"] == "not-found"
    assert (await till.at(town.tills[3]).void(sold)).status_code == 201


async def test_a_part_cannot_be_voided(till: TillClient, town: Town) -> None:
    sold = await sale(till, town)
    answer = await till.post(f"/v1/redemptions/{sold}/void", {"amount_cents": 1_00}, str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    empty = await till.client.post(f"/v1/redemptions/{sold}/void", headers=till.headers(str(uuid4())))
    assert (empty.status_code, empty.json()["code"]) == (400, "invalid-request")
