"""What a shop may look up: its own sales, the buttons of its till, itself; and whether the service is well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from tests.services import Installation, client_of
from tests.tills import TillClient
from tests.town import FRUIT, Town

NO_SALE = "4b1d8a9e-9d0c-4d35-8f5c-1f6f2a52c0b7"


async def test_a_sale_can_be_looked_up(till: TillClient, town: Town) -> None:
    sold = (await till.redeem(town.paper_card, reference="T00012")).json()
    found = await till.get(f"/v1/redemptions/{sold['id']}")
    assert (found.status_code, found.json()) == (200, sold)
    await till.refund(sold["id"], 250)
    assert (await till.at(town.office).get(f"/v1/redemptions/{sold['id']}")).json()["refundable_cents"] == 600


@pytest.mark.parametrize("path", ["{id}", "00000000-0000-0000-0000-000000000000", "1", "../redemptions"])
async def test_the_sale_of_another_shop_is_as_if_it_did_not_exist(till: TillClient, town: Town, path: str) -> None:
    sold = (await till.redeem(town.paper_card)).json()["id"]
    answer = await till.at(town.tills[1]).get(f"/v1/redemptions/{path.format(id=sold)}")
    assert (answer.status_code, answer.json().get("code")) in {(404, "not-found"), (200, None)}
    assert sold not in answer.text


async def test_sales_are_listed_page_by_page_in_the_order_of_their_receipts(till: TillClient, town: Town) -> None:
    for nth in range(205):
        card = town.crowd[nth % 20]
        assert (await till.redeem(card, (FRUIT, 10), reference=f"T{nth}")).status_code == 201
    seen: list[str] = []
    sizes: list[int] = []
    query: dict[str, str] = {}
    cursor: str | None = ""
    while cursor is not None:
        page: dict[str, Any] = (await till.get("/v1/redemptions", **query)).json()
        seen += [sale["reference"] for sale in page["redemptions"]]
        sizes.append(len(page["redemptions"]))
        cursor = page["next_cursor"]
        query = {"cursor": cursor or ""}
    assert sizes == [100, 100, 5]
    assert seen == [f"T{nth}" for nth in range(205)]


async def test_a_list_holds_the_shops_own_sales_of_the_time_asked_for(
    till: TillClient, town: Town, clock: FixedClock
) -> None:
    sold = []
    for _ in range(3):
        sold.append((await till.redeem(town.paper_card, (FRUIT, 100))).json()["id"])
        clock.instant += timedelta(hours=1)

    async def listed(**query: str) -> list[str]:
        page = (await till.get("/v1/redemptions", **query)).json()
        return [sale["id"] for sale in page["redemptions"]]

    assert await listed() == sold
    stretch = {"from": "2026-10-06T10:44:00+02:00", "to": "2026-10-06T09:44:00Z"}
    assert await listed(**stretch) == sold[1:2]
    assert await listed(**{"from": "2026-10-06T08:44:00"}) == sold[1:]
    assert (await till.at(town.tills[1]).get("/v1/redemptions")).json() == {"redemptions": [], "next_cursor": None}


@pytest.mark.parametrize(
    "query", [{"from": "yesterday"}, {"to": "2026-13-01T00:00:00Z"}, {"cursor": "next"}, {"cursor": "2026-1"}]
)
async def test_a_question_that_cannot_be_read_is_told_where(quiet_till: TillClient, query: dict[str, str]) -> None:
    answer = await quiet_till.get("/v1/redemptions", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert answer.json()["field"] == next(iter(query))


async def test_the_buttons_of_a_till_start_with_what_the_shop_sells(quiet_till: TillClient, town: Town) -> None:
    buttons = (await quiet_till.get("/v1/categories")).json()["categories"]
    assert buttons[0] == {"category": "fruits-legumes", "label": "Fruits et légumes", "usual": True}
    assert [button["usual"] for button in buttons] == sorted((button["usual"] for button in buttons), reverse=True)
    assert {button["category"] for button in buttons} == {
        "fruits-legumes",
        "cereales-pain",
        "lait-oeufs",
        "alcool",
        "hygiene",
    }
    english = TillClient(quiet_till.client, quiet_till.clock, quiet_till.token, "en-GB")
    assert (await english.get("/v1/categories")).json()["categories"][0]["label"] == "Fruit and vegetables"


async def test_a_till_knows_its_shop(quiet_till: TillClient, town: Town) -> None:
    own = (await quiet_till.get("/v1/merchant")).json()
    assert own == {"name": town.shops[0].name, "town": town.shops[0].town, "siret": town.shops[0].siret}


@pytest.mark.parametrize("path", ["/v1/merchant", "/v1/categories", "/v1/redemptions", f"/v1/redemptions/{NO_SALE}"])
@pytest.mark.parametrize("authorization", [None, "Bearer", "Basic eA==", "Bearer x"])
async def test_nothing_is_told_to_strangers(quiet_till: TillClient, path: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await quiet_till.client.get(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_healthy_service_says_so_to_anybody(quiet_till: TillClient) -> None:
    assert (await quiet_till.client.get("/healthz")).json() == {"status": "ok"}
    assert (await quiet_till.client.get("/readyz")).json() == {"status": "ready"}


async def test_a_service_without_its_database_lives_but_is_not_ready(
    installation: Installation, ledger: Ledger, town: Town, superuser: asyncpg.Connection
) -> None:
    async with installation.running() as [service], client_of(service) as client:
        till = TillClient(client, installation.clock, town.tills[0].token)
        assert (await client.get("/readyz")).status_code == 200
        database = await superuser.fetchval("SELECT current_database()")
        await superuser.execute(f'ALTER DATABASE "{database}" CONNECTION LIMIT 0')
        await superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename <> current_user",
            database,
        )
        for path in ("/readyz", "/v1/merchant", f"/v1/redemptions/{uuid4()}"):
            answer = await till.get(path)
            assert (answer.status_code, answer.json()["retryable"]) == (503, True), path
        sale = await till.redeem(town.paper_card)
        assert (sale.status_code, sale.json()["code"], sale.headers["retry-after"]) == (503, "unavailable", "2")
        assert (await till.balance(town.paper_card)).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        await superuser.execute(f'ALTER DATABASE "{database}" CONNECTION LIMIT -1')
        assert (await client.get("/readyz")).status_code == 200
        assert (await till.redeem(town.paper_card)).status_code == 201
