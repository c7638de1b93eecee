"""Many tills at once, over one or two service processes on one database: money is spent once, every key has one fate.

The two processes serve all of these tests; each test has households of its own.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from ledger.cards.model import IssuedCard
from ledger.checks.actions import run_checks
from ledger.clock import RehearsalClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.conftest import NOW
from tests.databases import TestServer
from tests.services import Installation, client_of
from tests.straight import balance
from tests.tills import TillClient
from tests.town import BREAD, FRUIT, Town, cloned_town, credential, left_cents

RACES = 1000


@dataclass(frozen=True)
class Street:
    """Two processes on one database, a till at each of their doors, and a look into the books."""

    doors: list[TillClient]
    clock: RehearsalClock
    ledger: Ledger
    connection: asyncpg.Connection
    town: Town

    async def left_cents(self, case_number: str) -> int:
        return await left_cents(self.connection, self.town.households[case_number])

    async def earned_cents(self) -> int:
        """By all shops together."""
        return -sum([await balance(self.connection, shop.account_id) for shop in self.town.shops])

    async def count(self, table: str) -> int:
        return int(await self.connection.fetchval(f"SELECT count(*) FROM ledger.{table}"))

    async def assert_sound(self) -> None:
        assert await run_checks(self.ledger) == []


async def insisting(till: TillClient, card: IssuedCard, *basket: tuple[str, int]) -> httpx.Response:
    """A sale by a till that comes again when it is sent away: on a slow machine fifty at once are too many."""
    key = str(uuid4())
    answer = await till.redeem(card, *basket, key=key)
    for _ in range(20):
        if answer.status_code != 503:
            break
        await asyncio.sleep(float(answer.headers["retry-after"]))
        answer = await till.redeem(card, *basket, key=key)
    return answer


@pytest.fixture(scope="module")
async def street(
    database_server: TestServer, town: Town, keys: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(cloned_town(database_server, town))
        installation = Installation.make(tmp_path_factory.mktemp("home"), urls, keys, NOW)
        services = await stack.enter_async_context(installation.running(2))
        clients = [await stack.enter_async_context(client_of(service)) for service in services]
        doors = [TillClient(client, installation.clock, town.tills[0].token) for client in clients]
        database = Database.at(urls.app)
        stack.push_async_callback(database.aclose)
        connection = await stack.enter_async_context(connected(urls.app))
        yield Street(doors, installation.clock, Ledger(database, installation.clock, keys), connection, town)


def outcomes(answers: Sequence[httpx.Response]) -> Counter[object]:
    """How often each status or code was the answer."""
    return Counter(201 if answer.status_code == 201 else answer.json()["code"] for answer in answers)


@pytest.mark.parametrize(("processes", "case_number"), [(1, "TEN"), (2, "CROWD-20")])
async def test_of_fifty_tills_at_once_ten_get_the_last_ten(street: Street, processes: int, case_number: str) -> None:
    card, too_much = street.town.cards[case_number], await street.left_cents(case_number) - 10_00
    if too_much:
        await street.doors[0].redeem(card, (FRUIT, too_much))
    earned_before = await street.earned_cents()
    tills = [street.doors[nth % processes].at(till) for nth, till in enumerate(street.town.tills)]
    answers = await asyncio.gather(*(insisting(till, card, (FRUIT, 1_00)) for till in tills))
    assert outcomes(answers) == {201: 10, "insufficient-balance": 40}
    assert {answer.json()["approved_cents"] for answer in answers if answer.status_code == 201} == {1_00}
    assert await street.left_cents(case_number) == 0
    assert await street.earned_cents() - earned_before == 10_00
    await street.assert_sound()


@pytest.mark.parametrize(("processes", "case_number"), [(1, "CROWD-19"), (2, "CROWD-18")])
async def test_the_same_request_fifty_times_at_once_is_one_sale_and_fifty_equal_answers(
    street: Street, processes: int, case_number: str
) -> None:
    sales_before, key = await street.count("redemption"), str(uuid4())
    body = street.doors[0].sale(street.town.cards[case_number])
    asked = (street.doors[nth % processes].post("/v1/redemptions", body, key) for nth in range(50))
    answers = await asyncio.gather(*asked)
    assert outcomes(answers) == {201: 50}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await street.count("redemption") == sales_before + 1
    assert await street.left_cents(case_number) == 110_00 - 8_50


async def test_the_same_key_with_two_baskets_at_once_is_one_sale_and_conflicts(street: Street) -> None:
    key, card = str(uuid4()), street.town.cards["CROWD-17"]
    baskets = [[(FRUIT, 1_00)], [(BREAD, 2_00)]]
    asked = (street.doors[nth // 2 % 2].redeem(card, *baskets[nth % 2], key=key) for nth in range(40))
    answers = await asyncio.gather(*asked)
    assert outcomes(answers) == {201: 20, "idempotency-conflict": 20}
    [paid] = {answer.json()["approved_cents"] for answer in answers if answer.status_code == 201}
    assert paid in {1_00, 2_00}
    assert await street.left_cents("CROWD-17") == 110_00 - paid


async def test_one_code_at_two_shops_at_once_is_accepted_once(street: Street) -> None:
    card, steps_before = street.town.phone_card, await street.count("card_step")
    for nth in range(20):
        now = street.clock.now() + timedelta(seconds=30)
        street.clock.set(now)
        shown = credential(card, now)
        tills = [street.doors[0], street.doors[nth % 2].at(street.town.tills[1])]
        random.shuffle(tills)
        answers = await asyncio.gather(*(till.redeem(card, (FRUIT, 1_00), credential=shown) for till in tills))
        assert outcomes(answers) == {201: 1, "code-already-used": 1}
    assert await street.left_cents("PHONE") == 100_00
    assert await street.count("card_step") == steps_before + 20


async def test_a_thousand_races_of_redeem_against_abandon_have_one_outcome_each(street: Street) -> None:
    crowd = [f"CROWD-{nth:02}" for nth in range(6, 16)]
    outcomes_before, earned_before = await street.count("request_outcome"), await street.earned_cents()
    at_once = asyncio.Semaphore(24)

    async def one(nth: int) -> str:
        async with at_once:
            card = street.town.cards[crowd[nth % len(crowd)]]
            return await race(street.doors[nth % 2], street.doors[nth // 2 % 2], card, f"race-{nth}")

    fates = Counter(await asyncio.gather(*(one(nth) for nth in range(RACES))))
    assert fates["approved"] + fates["abandoned"] == RACES
    assert min(fates.values()) > RACES // 50, "a race that the same side always wins is none"
    left = sum([await street.left_cents(case_number) for case_number in crowd])
    assert left == len(crowd) * 110_00 - 50 * fates["approved"]
    assert await street.earned_cents() - earned_before == 50 * fates["approved"]
    assert await street.count("request_outcome") == outcomes_before + RACES
    await street.assert_sound()


async def race(selling: TillClient, giving_up: TillClient, card: IssuedCard, key: str) -> str:
    """One sale, and its till that loses patience meanwhile; what both sides are told is the same."""

    async def sell() -> httpx.Response:
        await asyncio.sleep(random.uniform(0, 0.004))
        return await selling.redeem(card, (FRUIT, 50), key=key)

    async def give_up() -> httpx.Response:
        await asyncio.sleep(random.uniform(0, 0.008))
        return await giving_up.abandon(key)

    sold, given_up = await asyncio.gather(sell(), give_up())
    fate = str(given_up.json()["fate"])
    if fate == "approved":
        assert sold.status_code == 201
        assert given_up.json()["redemption"] == sold.json()
    else:
        assert (fate, sold.status_code, sold.json()["code"]) == ("abandoned", 409, "request-abandoned")
    return fate


async def test_two_processes_on_one_shop_and_one_household_get_everything_through(street: Street) -> None:
    sql = "SELECT coalesce(max(receipt_number), 0) FROM ledger.redemption WHERE merchant_id = $1"
    last_before = await street.connection.fetchval(sql, street.town.shops[0].id)

    async def sell(till: TillClient, count: int) -> list[httpx.Response]:
        return [await till.redeem(street.town.rich_card, (FRUIT, 1_00)) for _ in range(count)]

    streams = await asyncio.gather(*(sell(street.doors[nth % 2], 20) for nth in range(10)))
    answers = [answer for stream in streams for answer in stream]
    assert outcomes(answers) == {201: 200}
    receipts = sorted(answer.json()["receipt_number"] for answer in answers)
    assert receipts == [f"2026-{nth:06}" for nth in range(last_before + 1, last_before + 201)]
    assert await street.left_cents("RICH") == 910_00 - 200_00
    await street.assert_sound()


async def test_sales_refunds_balances_and_wrong_pins_at_once_leave_sound_books(street: Street) -> None:
    async def live(nth: int) -> list[httpx.Response]:
        till, card = street.doors[nth % 2].at(street.town.tills[nth]), street.town.crowd[nth % 5]
        drawn, answers = random.Random(nth), []
        for _ in range(10):
            sold = await till.redeem(card, (FRUIT, drawn.randint(1, 900)), (BREAD, drawn.randint(1, 300)))
            answers.append(sold)
            if sold.status_code == 201 and drawn.random() < 0.5:
                answers.append(await till.refund(sold.json()["id"], drawn.choice([1, None])))
            answers.append(await till.redeem(card, pin="0000" if card.pin != "0000" else "0001"))
            answers.append(await till.balance(card))
        return answers

    streams = await asyncio.gather(*(live(nth) for nth in range(16)))
    statuses = Counter(answer.status_code for stream in streams for answer in stream)
    assert max(statuses) < 500, statuses
    assert {200, 201, 422, 429} <= set(statuses)
    sql = "SELECT max(failures) FROM ledger.failure_count WHERE scope = 'card-till-with-secret'"
    assert await street.connection.fetchval(sql) == 5
    await street.assert_sound()
