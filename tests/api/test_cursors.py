"""Lists go on where they stopped, whatever happens between, and for nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from tests.owners import Owner
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town

Meanwhile = Callable[[], Awaitable[Any]]


async def nothing() -> None:
    pass


async def pages(
    device: TillClient, path: str, meanwhile: Meanwhile = nothing, **query: str
) -> AsyncIterator[dict[str, Any]]:
    """Page by page to the end; something may happen after each."""
    while True:
        answer = await device.get(path, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        if page["next_cursor"] is None:
            return
        query = {"cursor": page["next_cursor"]}
        await meanwhile()


@pytest.fixture
async def office(ledger: Ledger, till: TillClient, clock: FixedClock, town: Town) -> Owner:
    """The owner of a shop that has earned 70 Pois in seven sales."""
    for nth in range(7):
        await till.redeem(town.crowd[nth], (FRUIT, 10_00), reference=f"T{nth}")
    return await Owner.of(ledger, till, clock, town.office, AGENT)


@pytest.mark.parametrize(("limit", "sizes"), [("3", [3, 3, 1]), ("7", [7]), ("1", [1] * 7), ("500", [7])])
async def test_a_page_has_as_many_rows_as_were_asked_for(
    till: TillClient, office: Owner, limit: str, sizes: list[int]
) -> None:
    for device, path, rows in (
        (till, "/v1/redemptions", "redemptions"),
        (office.device, "/v1/merchant/statement", "lines"),
    ):
        assert [len(page[rows]) async for page in pages(device, path, limit=limit)] == sizes


async def test_sales_go_on_and_no_row_is_left_out_or_comes_twice(till: TillClient, town: Town, office: Owner) -> None:
    async def sell() -> None:
        sold.append((await till.redeem(town.crowd[10], (FRUIT, 1_00))).json()["id"])

    sold = [sale["id"] async for page in pages(till, "/v1/redemptions") for sale in page["redemptions"]]
    until = {"to": "2027-01-01T00:00:00Z"}
    listed = [
        sale["id"]
        async for page in pages(till, "/v1/redemptions", sell, limit="2", **until)
        for sale in page["redemptions"]
    ]
    assert listed[:7] == sold[:7]
    assert listed == sold[: len(listed)]
    assert len(listed) > 7


async def test_a_statement_is_of_one_moment_on_all_its_pages(till: TillClient, town: Town, office: Owner) -> None:
    async def sell() -> None:
        assert (await till.redeem(town.crowd[10], (FRUIT, 1_00))).status_code == 201

    found = [page async for page in pages(office.device, "/v1/merchant/statement", sell, limit="3")]
    assert [len(page["lines"]) for page in found] == [3, 3, 1]
    assert {(page["opening_cents"], page["closing_cents"]) for page in found} == {(0, 70_00)}
    assert sum(line["amount_cents"] for page in found for line in page["lines"]) == 70_00
    after = (await office.device.get("/v1/merchant/statement")).json()
    assert (after["closing_cents"], len(after["lines"])) == (72_00, 9)


async def test_conversions_are_listed_from_the_latest_while_new_ones_come(office: Owner) -> None:
    made = [(await office.convert(1_00)).json()["id"] for _ in range(5)]

    async def convert() -> None:
        assert (await office.convert(1_00)).status_code == 201

    found = [
        one["id"]
        async for page in pages(office.device, "/v1/conversions", convert, limit="2")
        for one in page["conversions"]
    ]
    assert found == made[::-1]


async def test_a_list_stays_that_of_the_time_when_it_was_asked_for(
    till: TillClient, office: Owner, clock: FixedClock
) -> None:
    """Today by default is still the same day after midnight."""
    first = (await till.get("/v1/redemptions", limit="4")).json()
    clock.instant += timedelta(days=1)
    assert (await till.get("/v1/redemptions")).json()["redemptions"] == []
    rest = (await till.get("/v1/redemptions", cursor=first["next_cursor"])).json()
    assert [sale["reference"] for sale in rest["redemptions"]] == ["T4", "T5", "T6"]


async def test_a_cursor_is_good_for_its_own_list_and_shop_only(till: TillClient, town: Town, office: Owner) -> None:
    sales = (await till.get("/v1/redemptions", limit="3")).json()["next_cursor"]
    lines = (await office.device.get("/v1/merchant/statement", limit="3")).json()["next_cursor"]
    assert (await till.at(town.tills[3]).get("/v1/redemptions", cursor=sales)).status_code == 200
    for device, path, cursor in (
        (till.at(town.tills[1]), "/v1/redemptions", sales),
        (till, "/v1/redemptions", lines),
        (office.device, "/v1/merchant/statement", sales),
        (office.device, "/v1/conversions", lines),
    ):
        answer = await device.get(path, cursor=cursor)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", "cursor")


async def test_a_cursor_says_nothing_and_cannot_be_made_up(till: TillClient, office: Owner) -> None:
    cursor = (await till.get("/v1/redemptions", limit="3")).json()["next_cursor"]
    changed = "B" if cursor[-3] != "B" else "C"
    for wrong in (
        "",
        "next",
        "2026-000003",
        "é",
        "=",
        "A" * 40,
        cursor[:-3] + changed + cursor[-2:],
        cursor[:-8],
        "\n",
    ):
        answer = await till.get("/v1/redemptions", cursor=wrong)
        assert (answer.status_code, answer.json()["field"]) == (400, "cursor"), wrong
    beside = await till.get("/v1/redemptions", cursor=cursor, limit="3")
    assert (beside.status_code, beside.json()["field"]) == (400, "cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "501", "many", "1.5", ""])
@pytest.mark.parametrize("path", ["/v1/redemptions", "/v1/merchant/statement", "/v1/conversions"])
async def test_a_page_has_a_sensible_size(quiet_till: TillClient, town: Town, path: str, limit: str) -> None:
    device = quiet_till if path == "/v1/redemptions" else quiet_till.at(town.office)
    answer = await device.get(path, limit=limit)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", "limit")
