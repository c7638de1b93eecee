"""What the drawer should hold in the evening: by till and for the whole shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.clock import FixedClock
from tests.tills import TillClient
from tests.town import FRUIT, Town

NOTHING = {"count": 0, "cents": 0}


async def totals(till: TillClient, **query: str) -> dict[str, Any]:
    answer = await till.get("/v1/day-totals", **query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def sell(till: TillClient, town: Town, nth: int, cents: int) -> str:
    return str((await till.redeem(town.crowd[nth], (FRUIT, cents))).json()["id"])


async def test_a_day_without_a_sale_is_zero(quiet_till: TillClient) -> None:
    empty = {"sales": NOTHING, "refunds": NOTHING, "voids": NOTHING, "net_cents": 0}
    assert await totals(quiet_till, day="2026-01-01") == {"day": "2026-01-01", "till": empty, "merchant": empty}
    assert (await totals(quiet_till))["day"] == "2026-10-06"


async def test_each_till_has_its_own_and_the_shop_has_all(till: TillClient, town: Town) -> None:
    beside = till.at(town.tills[3])  # another till of the same shop
    sold = [await sell(till, town, nth, 10_00) for nth in range(3)]
    await sell(beside, town, 3, 5_00)
    await till.refund(sold[0], 2_50)
    await till.void(sold[1])
    await beside.refund(sold[2], 1_00)  # brought back to the other counter
    await sell(till.at(town.tills[1]), town, 4, 99_00)  # another shop
    assert await totals(till) == {
        "day": "2026-10-06",
        "till": {
            "sales": {"count": 3, "cents": 30_00},
            "refunds": {"count": 1, "cents": 2_50},
            "voids": {"count": 1, "cents": 10_00},
            "net_cents": 17_50,
        },
        "merchant": {
            "sales": {"count": 4, "cents": 35_00},
            "refunds": {"count": 2, "cents": 3_50},
            "voids": {"count": 1, "cents": 10_00},
            "net_cents": 21_50,
        },
    }
    theirs = (await totals(beside))["till"]
    assert (theirs["sales"]["cents"], theirs["refunds"]["cents"], theirs["net_cents"]) == (5_00, 1_00, 4_00)


async def test_refused_sales_and_repeated_answers_do_not_count(till: TillClient, town: Town) -> None:
    for _ in range(3):
        await till.redeem(town.paper_card, (FRUIT, 10_00), key="same")
    await till.redeem(town.poor_card)
    assert (await totals(till))["till"]["sales"] == {"count": 1, "cents": 10_00}


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 10, 6, 21, 59, 59, tzinfo=UTC), "2026-10-06"),
        (datetime(2026, 10, 6, 22, 0, tzinfo=UTC), "2026-10-07"),
        (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), "2026-10-25"),  # the day that has 25 hours
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), "2026-10-26"),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "2026-10-25"),
    ],
)
async def test_a_day_is_that_of_paris(till: TillClient, town: Town, clock: FixedClock, at: datetime, day: str) -> None:
    clock.instant = at
    await sell(till, town, 0, 1_00)
    assert (await totals(till))["day"] == day
    assert (await totals(till, day=day))["till"]["sales"] == {"count": 1, "cents": 1_00}
    for beside in (-1, 1):
        other = str(datetime.fromisoformat(day).date() + timedelta(days=beside))
        assert (await totals(till, day=other))["till"]["sales"] == NOTHING


async def test_a_later_refund_counts_on_its_own_day(till: TillClient, town: Town, clock: FixedClock) -> None:
    sold = await sell(till, town, 0, 10_00)
    clock.instant += timedelta(days=1)
    await till.refund(sold, 4_00)
    assert (await totals(till, day="2026-10-06"))["till"]["net_cents"] == 10_00
    assert (await totals(till))["till"]["net_cents"] == -4_00


async def test_last_years_sale_refunded_this_year_is_found(till: TillClient, town: Town, clock: FixedClock) -> None:
    sold = await sell(till, town, 0, 10_00)
    clock.instant = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)
    await till.refund(sold, 4_00)
    assert (await totals(till, day="2027-01-01"))["till"]["refunds"] == {"count": 1, "cents": 4_00}


@pytest.mark.parametrize("day", ["today", "2026-13-01", "0001-01-01", "9999-12-31", "2026-10-06T07:44:00Z", ""])
async def test_what_is_no_day_is_told(quiet_till: TillClient, day: str) -> None:
    answer = await quiet_till.get("/v1/day-totals", day=day)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", "day")


async def test_the_office_counts_no_drawer(quiet_till: TillClient, town: Town) -> None:
    assert (await quiet_till.at(town.office).get("/v1/day-totals")).json()["code"] == "out-of-scope"
