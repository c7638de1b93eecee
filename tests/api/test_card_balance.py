"""The holder asks at the till what is left."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from ledger.cards.actions import block_card
from ledger.cards.model import grouped
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, give_narrow_voucher, wrong_pin


@pytest.mark.parametrize("kind", ["paper_card", "phone_card", "second_card"])
async def test_each_kind_of_card_tells_what_is_left_and_until_when(till: TillClient, town: Town, kind: str) -> None:
    answer = await till.balance(getattr(town, kind))
    assert answer.status_code == 200
    assert answer.json() == {
        "balance_cents": 120_00,
        "ends": [{"valid_until": "2026-12-07", "balance_cents": 120_00}],
        "at_once_cents": None if kind == "phone_card" else 200_00,
    }


async def test_the_number_and_the_pin_do(till: TillClient, town: Town) -> None:
    answer = await till.balance(town.paper_card, credential=grouped(town.paper_card.number))
    assert answer.json()["balance_cents"] == 120_00


async def test_what_ends_first_comes_first(till: TillClient, ledger: Ledger, town: Town) -> None:
    await give_narrow_voucher(ledger, town, "PAPER", 500)
    ends = (await till.balance(town.paper_card)).json()["ends"]
    assert ends == [
        {"valid_until": "2026-11-05", "balance_cents": 5_00},
        {"valid_until": "2026-12-07", "balance_cents": 120_00},
    ]


async def test_a_sale_shows_at_once_and_an_empty_voucher_is_not_listed(till: TillClient, town: Town) -> None:
    await till.redeem(town.ten_card, (FRUIT, 9_99))
    assert (await till.balance(town.ten_card)).json()["balance_cents"] == 1
    await till.redeem(town.ten_card, (FRUIT, 1))
    assert (await till.balance(town.ten_card)).json()["ends"] == []


async def test_what_the_caps_allow_at_once_is_told(till: TillClient, town: Town, clock: FixedClock) -> None:
    async def at_once() -> int | None:
        found: int | None = (await till.balance(town.rich_card)).json()["at_once_cents"]
        return found

    left = [await at_once()]
    for _ in range(2):
        assert (await till.redeem(town.rich_card, (FRUIT, 150_00))).status_code == 201
        left.append(await at_once())
    clock.instant += timedelta(days=1)
    assert [*left, await at_once()] == [200_00, 150_00, 0, 200_00]


async def test_a_card_without_a_voucher_has_nothing(till: TillClient, town: Town) -> None:
    assert (await till.balance(town.poor_card)).json() == {"balance_cents": 0, "ends": [], "at_once_cents": None}


async def test_what_has_ended_is_not_there(till: TillClient, town: Town, clock: FixedClock) -> None:
    clock.instant += timedelta(days=63)
    assert (await till.balance(town.paper_card)).json()["balance_cents"] == 0


async def test_looking_uses_up_no_code(till: TillClient, town: Town) -> None:
    for _ in range(3):
        assert (await till.balance(town.phone_card)).status_code == 200
    assert (await till.redeem(town.phone_card)).status_code == 201
    assert (await till.balance(town.phone_card)).json()["code"] == "code-already-used"


async def test_looking_leaves_no_trace(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    await till.balance(town.paper_card)
    assert not await app.fetchval("SELECT count(*) FROM ledger.request_outcome")
    assert not await app.fetchval("SELECT count(*) FROM ledger.failure_count WHERE scope <> 'pairing'")


async def test_wrong_pins_count_towards_one_throttle_with_sales(till: TillClient, town: Town) -> None:
    card = town.paper_card
    for nth in (1, 2, 3):
        assert (await till.balance(card, pin=wrong_pin(card, nth))).json()["code"] == "code-refused"
    for nth in (4, 5):
        assert (await till.redeem(card, pin=wrong_pin(card, nth))).json()["code"] == "code-refused"
    for paused in (await till.balance(card), await till.redeem(card)):
        assert (paused.status_code, paused.json()["code"]) == (429, "too-many-attempts")
        assert paused.headers["retry-after"] == "901"


async def test_a_blocked_card_tells_nothing(till: TillClient, ledger: Ledger, town: Town) -> None:
    await block_card(ledger, town.paper_card.number, AGENT)
    answer = await till.balance(town.paper_card)
    assert (answer.status_code, answer.json()["code"]) == (422, "card-blocked")
    guessed = await till.balance(town.paper_card, pin=wrong_pin(town.paper_card))
    assert guessed.json()["code"] == "code-refused"


async def test_a_card_that_does_not_exist_is_answered_like_a_wrong_code(till: TillClient, town: Town) -> None:
    answer = await till.balance(town.paper_card, credential="1234567897")
    wrong = await till.balance(town.paper_card, pin=wrong_pin(town.paper_card))
    assert (answer.status_code, answer.content) == (wrong.status_code, wrong.content)
