"""A one-time code becomes the token of one device."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256

import asyncpg
import httpx
import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import invite_till, pair_till
from ledger.merchants.model import Scope
from tests.tills import TillClient
from tests.town import AGENT, Town


async def invited(ledger: Ledger, town: Town, scope: Scope = "till") -> str:
    return (await invite_till(ledger, town.shops[0].siret, scope, AGENT)).code


async def pair(till: TillClient, code: str) -> httpx.Response:
    return await till.client.post("/v1/tills/pair", json={"pairing_code": code})


async def test_a_device_is_paired_and_may_sell(till: TillClient, ledger: Ledger, town: Town) -> None:
    answer = await pair(till, await invited(ledger, town))
    assert answer.status_code == 201
    document = answer.json()
    assert set(document) == {"token", "till_id", "scope", "merchant"}
    assert (document["scope"], document["merchant"]) == ("till", town.shops[0].name)
    assert len(document["token"]) >= 43  # 32 random bytes
    sold = await TillClient(till.client, till.clock, document["token"]).redeem(town.paper_card)
    assert sold.status_code == 201


async def test_a_code_may_be_typed_carelessly(till: TillClient, ledger: Ledger, town: Town) -> None:
    code = await invited(ledger, town)
    assert (await pair(till, f" {code.lower().replace('-', ' ')} ")).status_code == 201


async def test_a_code_works_once(till: TillClient, ledger: Ledger, town: Town) -> None:
    code = await invited(ledger, town)
    assert (await pair(till, code)).status_code == 201
    again = await pair(till, code)
    assert (again.status_code, again.json()["code"]) == (401, "pairing-code-refused")


async def test_a_code_works_once_even_at_twenty_devices_at_once(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection
) -> None:
    code = await invited(ledger, town)
    tills_before = await app.fetchval("SELECT count(*) FROM ledger.till")
    answers = await asyncio.gather(*(pair(till, code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 19
    assert await app.fetchval("SELECT count(*) FROM ledger.till") == tills_before + 1


@pytest.mark.parametrize(("minutes", "status"), [(14, 201), (15, 401), (16, 401)])
async def test_a_code_works_for_fifteen_minutes(
    till: TillClient, ledger: Ledger, town: Town, clock: FixedClock, minutes: int, status: int
) -> None:
    code = await invited(ledger, town)
    clock.instant += timedelta(minutes=minutes)
    assert (await pair(till, code)).status_code == status


async def test_guesses_are_counted_then_no_code_is_looked_at_for_a_while(
    till: TillClient, ledger: Ledger, town: Town, clock: FixedClock
) -> None:
    for _ in range(20):
        assert (await pair(till, "00000-00000")).json()["code"] == "pairing-code-refused"
    right = await invited(ledger, town)
    paused = await pair(till, right)
    assert (paused.status_code, paused.json()["code"], paused.json()["retryable"]) == (429, "too-many-requests", True)
    assert paused.headers["retry-after"] == str(paused.json()["retry_after_seconds"])
    clock.instant += timedelta(seconds=paused.json()["retry_after_seconds"])
    assert (await pair(till, await invited(ledger, town))).status_code == 201


async def test_who_guesses_stops_nobody_else(till: TillClient, ledger: Ledger, town: Town) -> None:
    guesses = [await pair(till, "00000-00000") for _ in range(21)]
    assert guesses[-1].status_code == 429
    paired = await pair_till(ledger, await invited(ledger, town), "192.0.2.7")
    assert paired.merchant == town.shops[0]


async def test_guesses_at_once_are_counted_one_by_one(till: TillClient, app: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(pair(till, f"0000{nth % 10}-00000") for nth in range(40)))
    assert sorted(answer.status_code for answer in answers) == [401] * 20 + [429] * 20
    assert await app.fetchval("SELECT max(failures) FROM ledger.failure_count WHERE scope = 'pairing'") == 20


async def test_neither_code_nor_token_is_kept(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection
) -> None:
    code = await invited(ledger, town)
    token = (await pair(till, code)).json()["token"]
    stored = await app.fetchrow("SELECT * FROM ledger.till ORDER BY paired_at DESC, xid DESC LIMIT 1")
    assert stored is not None
    assert stored["token_sha256"] == sha256(token.encode()).digest()
    assert stored["pairing_hmac"] != sha256(code.encode()).digest()


async def test_another_device_of_the_shop_may_not_sell(till: TillClient, ledger: Ledger, town: Town) -> None:
    document = (await pair(till, await invited(ledger, town, "merchant"))).json()
    assert document["scope"] == "merchant"
    answer = await TillClient(till.client, till.clock, document["token"]).redeem(town.paper_card)
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")
