"""The way past the framework: it answers a sale exactly as the framework's own route does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from merchant_api.app import create_app
from merchant_api.hot_route import HotRoute
from merchant_api.training import cards
from tests.tills import TillClient
from tests.town import FRUIT, WINE, Town, paired

LINE = {"category": FRUIT, "amount_cents": 100}


@asynccontextmanager
async def only_the_framework(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(ledger)
    assert isinstance(app.asgi_handler, HotRoute)
    app.asgi_handler = app.asgi_handler.framework
    transport = httpx.ASGITransport(cast("Any", app))
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


@pytest.fixture
async def slow_till(ledger: Ledger, clock: FixedClock, town: Town) -> AsyncIterator[TillClient]:
    async with only_the_framework(ledger) as client:
        yield TillClient(client, clock, town.tills[0].token)


def told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.parametrize(
    "changes",
    [
        {"basket": []},
        {"basket": [LINE | {"amount_cents": 8.5}]},
        {"basket": [LINE | {"amount_cents": "850"}]},
        {"basket": [LINE | {"amount_cents": True}]},
        {"credential": "BP1/1234567897/46119246"},
        {"credential": "0000000018", "pin": "0000"},
        {"basket": [LINE | {"item": "pommes"}]},
        {"credential": "BP9/1234567897/46119246"},
        {"credential": "1234567897"},
        {"pin": "482"},
        {"initiated_at": "this morning"},
        {"initiated_at": "2026-10-06T07:44:00"},
        {"initiated_at": "2026-10-06T07:00:00Z"},
        {"household": "Durand"},
        {"allow_partial": None},
        {"pin": "0000"},
        {"basket": [{"category": WINE, "amount_cents": 100}]},
    ],
)
async def test_a_refusal_is_the_same_to_the_byte(
    till: TillClient, slow_till: TillClient, town: Town, changes: dict[str, Any]
) -> None:
    body = till.sale(town.paper_card) | changes
    answers = [await door.post("/v1/redemptions", body, str(uuid4())) for door in (till, slow_till)]
    assert answers[0].status_code >= 400
    assert told(answers[0]) == told(answers[1])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"credential": "\xff"}', b"[" * 5000, b"{" + b" " * 70_000])
async def test_what_is_no_request_is_refused_alike(till: TillClient, slow_till: TillClient, content: bytes) -> None:
    """Only the words for what is wrong with the JSON are the decoder's own."""
    headers = till.headers(str(uuid4())) | {"Content-Type": "application/json"}
    doors = (till.client, slow_till.client)
    answers = [await door.post("/v1/redemptions", content=content, headers=headers) for door in doors]
    assert {answer.status_code for answer in answers} == {413 if len(content) > 65536 else 400}
    assert answers[0].json()["code"] == answers[1].json()["code"]


@pytest.mark.parametrize("without", ["Authorization", "Idempotency-Key"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_so_is_what_comes_without_a_token_or_a_key(
    till: TillClient, slow_till: TillClient, town: Town, without: str, language: str
) -> None:
    headers = till.headers(str(uuid4())) | {"Accept-Language": language}
    del headers[without]
    body = till.sale(town.paper_card)
    doors = (till.client, slow_till.client)
    answers = [await door.post("/v1/redemptions", json=body, headers=headers) for door in doors]
    assert told(answers[0]) == told(answers[1])


async def test_a_sale_is_repeated_alike_at_either_door(till: TillClient, slow_till: TillClient, town: Town) -> None:
    for first, again in ((till, slow_till), (slow_till, till)):
        key = str(uuid4())
        sale = await first.redeem(town.paper_card, (FRUIT, 150), (WINE, 250), key=key)
        repeats = [await door.redeem(town.paper_card, (FRUIT, 150), (WINE, 250), key=key) for door in (again, first)]
        assert (sale.status_code, sale.headers["content-type"]) == (201, "application/json")
        assert told(repeats[0]) == told(repeats[1])
        assert repeats[0].headers["idempotency-replayed"] == "true"
        assert repeats[0].content == sale.content


@pytest.mark.parametrize("card", [cards.EMPTY, cards.CAPPED, cards.BLOCKED, cards.PAUSED, cards.BUSY, cards.LOST])
async def test_a_till_in_training_is_refused_alike(
    ledger: Ledger, till: TillClient, slow_till: TillClient, town: Town, card: cards.TrainingCard
) -> None:
    device = await paired(ledger, town.shops[0], "training")
    body: dict[str, Any] = {
        "credential": f"{card.number:010}",
        "pin": cards.PIN,
        "basket": [LINE | {"amount_cents": 30_00}],
    }
    body |= {"allow_partial": False}
    key = str(uuid4())
    answers = [await door.at(device).post("/v1/redemptions", body, key) for door in (till, slow_till)]
    assert answers[0].json()["training"] is True
    assert told(answers[0]) == told(answers[1])


async def test_it_sells_alike_too_and_only_with_its_own_cards(
    ledger: Ledger, till: TillClient, slow_till: TillClient, town: Town
) -> None:
    device = await paired(ledger, town.shops[0], "training")
    practising = [door.at(device) for door in (till, slow_till)]
    body = {"credential": f"{cards.PAYS.number:010}", "pin": cards.PIN, "basket": [LINE]}
    sales = [(await door.post("/v1/redemptions", body, str(uuid4()))) for door in practising]
    assert [sale.status_code for sale in sales] == [201, 201]
    assert sales[0].json() | {"id": ""} == sales[1].json() | {"id": ""}
    assert sales[0].json()["training"] is True
    refusals = [await door.post("/v1/redemptions", till.sale(town.paper_card), str(uuid4())) for door in practising]
    assert refusals[0].json()["code"] == "training-till"
    assert told(refusals[0]) == told(refusals[1])


async def test_every_other_call_goes_on_to_the_framework(till: TillClient) -> None:
    assert (await till.get("/v1/redemptions")).json() == {"redemptions": [], "next_cursor": None}
    assert (await till.client.put("/v1/redemptions")).status_code == 405
    assert (await till.client.get("/healthz")).json() == {"status": "ok"}


async def test_of_two_keys_the_first_counts_at_either_door(till: TillClient, slow_till: TillClient, town: Town) -> None:
    keys = [str(uuid4()), str(uuid4())]
    headers = [*till.headers().items(), *(("Idempotency-Key", key) for key in keys)]
    body = till.sale(town.paper_card)
    for door in (till, slow_till):
        assert (await door.client.post("/v1/redemptions", json=body, headers=headers)).status_code == 201
    assert (await till.redeem(town.paper_card, key=keys[0])).headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in (await till.redeem(town.paper_card, key=keys[1])).headers
