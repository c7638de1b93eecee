"""The way past the framework: it answers a sale exactly as the framework's own route does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from merchant_api.app import create_app
from merchant_api.training import cards
from tests.tills import TillClient, listening
from tests.town import FRUIT, WINE, Town, paired

LINE = {"category": FRUIT, "amount_cents": 100}


@asynccontextmanager
async def only_the_framework(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(ledger)
    async with app.lifespan(), listening(app, HttpToolsProtocol) as url, httpx.AsyncClient(base_url=url) as client:
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


HEAD = "POST /v1/redemptions HTTP/1.1\r\nHost: till\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n"


def as_sent(till: TillClient, body: dict[str, Any], *more: str) -> bytes:
    """A sale as the bytes of a till's own making."""
    content = json.dumps(body).encode()
    head = HEAD.format(token=till.token, key=uuid4()) + "".join(f"{line}\r\n" for line in more)
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


@asynccontextmanager
async def connection(till: TillClient) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    url = till.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer_of(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    return head, await reader.readexactly(length)


async def test_sales_sent_without_waiting_are_answered_in_their_order(till: TillClient, town: Town) -> None:
    baskets = [till.sale(town.paper_card, (FRUIT, cents)) for cents in (110, 120, 130)]
    async with connection(till) as (reader, writer):
        writer.write(b"".join(as_sent(till, basket) for basket in baskets))
        answers = [await answer_of(reader) for _ in baskets]
    assert [json.loads(body)["approved_cents"] for _, body in answers] == [110, 120, 130]


async def test_a_sale_may_come_in_pieces(till: TillClient, town: Town) -> None:
    sent = as_sent(till, till.sale(town.paper_card))
    async with connection(till) as (reader, writer):
        for place in range(0, len(sent), 97):
            writer.write(sent[place : place + 97])
            await writer.drain()
            await asyncio.sleep(0)
        head, _ = await answer_of(reader)
    assert head.startswith(b"HTTP/1.1 201 Created\r\n")


async def test_who_closes_after_the_answer_is_told_so(till: TillClient, town: Town) -> None:
    async with connection(till) as (reader, writer):
        writer.write(as_sent(till, till.sale(town.paper_card), "Connection: close"))
        head, _ = await answer_of(reader)
        assert b"connection: close\r\n" in head
        assert await reader.read() == b""


async def test_who_waits_to_be_asked_for_the_body_is_asked(till: TillClient, town: Town) -> None:
    head, _, body = as_sent(till, till.sale(town.paper_card), "Expect: 100-continue").partition(b"\r\n\r\n")
    async with connection(till) as (reader, writer):
        writer.write(head + b"\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await answer_of(reader))[0].startswith(b"HTTP/1.1 201 Created\r\n")


async def test_a_till_that_hung_up_has_its_sale_booked(till: TillClient, town: Town) -> None:
    async with connection(till) as (_, writer):
        writer.write(as_sent(till, till.sale(town.paper_card, (FRUIT, 140))))
        await writer.drain()
    sales: list[dict[str, Any]] = []
    for _ in range(200):
        sales = (await till.get("/v1/redemptions")).json()["redemptions"]
        if sales:
            break
        await asyncio.sleep(0.05)
    assert [sale["approved_cents"] for sale in sales] == [140]
