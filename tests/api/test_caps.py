"""A paper card can be photographed: how much it may spend at once and in a day, and what the cashier is told."""

from __future__ import annotations

from datetime import timedelta

from ledger.clock import FixedClock
from tests.tills import TillClient
from tests.town import FRUIT, WINE, Town

CAPS = {"cap_per_sale_cents": 200_00, "cap_per_day_cents": 300_00}


async def test_one_sale_is_paid_up_to_the_cap_and_the_rest_otherwise(till: TillClient, town: Town) -> None:
    sold = (await till.redeem(town.rich_card, (FRUIT, 250_00), (WINE, 10_00))).json()
    assert (sold["approved_cents"], sold["remainder_cents"]) == (200_00, 60_00)


async def test_the_second_sale_is_paid_up_to_the_cap_of_the_day(till: TillClient, town: Town) -> None:
    first, second = [(await till.redeem(town.rich_card, (FRUIT, 160_00))).json() for _ in range(2)]
    assert (first["approved_cents"], second["approved_cents"]) == (160_00, 140_00)


async def test_a_sale_that_must_be_paid_whole_says_which_cap_it_meets(till: TillClient, town: Town) -> None:
    refused = await till.redeem(town.rich_card, (FRUIT, 200_01), allow_partial=False)
    assert (refused.status_code, refused.json()["code"]) == (422, "cap-reached")
    assert refused.json() | CAPS | {"available_cents": 200_00, "spent_today_cents": 0} == refused.json()
    assert (await till.redeem(town.rich_card, (FRUIT, 200_00), allow_partial=False)).status_code == 201


async def test_a_day_that_is_spent_says_so_until_midnight(till: TillClient, town: Town, clock: FixedClock) -> None:
    for _ in range(2):
        await till.redeem(town.rich_card, (FRUIT, 150_00))
    key = "spent"
    first, again = [await till.redeem(town.rich_card, (FRUIT, 1_00), key=key) for _ in range(2)]
    assert first.json() | CAPS | {"available_cents": 0, "spent_today_cents": 300_00} == first.json()
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    clock.instant += timedelta(hours=14)  # 23:44 in Paris
    assert (await till.redeem(town.rich_card, (FRUIT, 1_00))).json()["code"] == "cap-reached"
    clock.instant += timedelta(minutes=16)
    assert (await till.redeem(town.rich_card, (FRUIT, 1_00))).status_code == 201


async def test_too_little_on_the_card_is_not_called_a_cap(till: TillClient, town: Town) -> None:
    refused = (await till.redeem(town.paper_card, (FRUIT, 150_00), allow_partial=False)).json()
    assert (refused["code"], refused["available_cents"]) == ("insufficient-balance", 120_00)
    assert "cap_per_sale_cents" not in refused


async def test_a_telephone_has_no_caps(till: TillClient, town: Town) -> None:
    assert (await till.redeem(town.phone_card, (FRUIT, 120_00), allow_partial=False)).status_code == 201
