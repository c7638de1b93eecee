"""What a till may send: everything else is refused before anything happens, naming the field."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from tests.tills import TillClient
from tests.town import FRUIT, Town, left_cents

LINE = {"category": FRUIT, "amount_cents": 850}

NO_SALE = "4b1d8a9e-9d0c-4d35-8f5c-1f6f2a52c0b7"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credential": ""}, "credential"),
        ({"credential": "A" * 65}, "credential"),
        ({"credential": 1234567897}, "credential"),
        ({"credential": "BP1/1234567898/46119246"}, "credential"),
        ({"credential": "BP9/1234567897/46119246"}, "credential"),
        ({"pin": "482"}, "pin"),
        ({"pin": "48211"}, "pin"),
        ({"pin": "482x"}, "pin"),
        ({"pin": "4821\n"}, "pin"),
        ({"pin": "٤٨٢١"}, "pin"),
        ({"pin": 4821}, "pin"),
        ({"pin": None}, "pin"),
        ({"basket": []}, "basket"),
        ({"basket": None}, "basket"),
        ({"basket": [LINE] * 51}, "basket"),
        ({"basket": [LINE, {"category": FRUIT}]}, "basket[1]"),
        ({"basket": [LINE | {"item": "pommes"}]}, "basket[0]"),
        ({"basket": [LINE | {"amount_cents": 0}]}, "basket[0].amount_cents"),
        ({"basket": [LINE | {"amount_cents": -850}]}, "basket[0].amount_cents"),
        ({"basket": [LINE | {"amount_cents": 8.5}]}, "basket[0].amount_cents"),
        ({"basket": [LINE | {"amount_cents": 100_000_001}]}, "basket[0].amount_cents"),
        ({"basket": [LINE | {"amount_cents": 10**30}]}, "basket[0].amount_cents"),
        ({"basket": [LINE | {"category": "Fruits"}]}, "basket[0].category"),
        ({"basket": [LINE | {"category": ""}]}, "basket[0].category"),
        ({"basket": [LINE | {"category": "a" * 41}]}, "basket[0].category"),
        ({"basket": [LINE | {"category": "alcool\n"}]}, "basket[0].category"),
        ({"reference": ""}, "reference"),
        ({"reference": "T1\n"}, "reference"),
        ({"reference": "T 1"}, "reference"),
        ({"reference": "Ticket-de-Madame-Durand-rue-des-Lilas"}, "reference"),
        ({"reference": "\u0000"}, "reference"),
        ({"allow_partial": "perhaps"}, "allow_partial"),
        ({"initiated_at": "2026-10-06T07:44:00"}, "initiated_at"),
        ({"initiated_at": "this morning"}, "initiated_at"),
    ],
)
async def test_a_sale_that_cannot_be_read_is_refused_naming_the_field(
    quiet_till: TillClient, town: Town, changes: dict[str, Any], field: str
) -> None:
    answer = await quiet_till.redeem(town.paper_card, **changes)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", field)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("field", ["credential", "basket"])
async def test_what_is_missing_is_named(quiet_till: TillClient, town: Town, field: str) -> None:
    body = quiet_till.sale(town.paper_card)
    del body[field]
    answer = await quiet_till.post("/v1/redemptions", body, str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert field in answer.json()["fault"]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/redemptions", {"basket": [LINE], "credential": "1", "household": "Durand"}, "household"),
        ("/v1/redemptions/abandon", {"idempotency_key": "1", "force": True}, "force"),
        ("/v1/tills/pair", {"pairing_code": "00000-00000", "scope": "merchant"}, "scope"),
        ("/v1/card/balance", {"credential": "1", "amount": 1}, "amount"),
        (f"/v1/redemptions/{NO_SALE}/refunds", {"cents": 1}, "cents"),
    ],
)
async def test_an_unknown_field_is_refused_naming_it(
    quiet_till: TillClient, path: str, body: dict[str, Any], field: str
) -> None:
    answer = await quiet_till.post(path, body, str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert f"`{field}`" in answer.json()["fault"]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"credential": "\xff"}', b"[" * 5000, b"{}" * 2]
)
async def test_a_body_that_is_no_json_object_is_refused(quiet_till: TillClient, content: bytes) -> None:
    headers = quiet_till.headers(str(uuid4())) | {"Content-Type": "application/json"}
    answer = await quiet_till.client.post("/v1/redemptions", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "key",
    [None, "", "two words", "é", "x" * 256, "a\tb"],
    ids=["none", "empty", "words", "accent", "long", "tab"],
)
@pytest.mark.parametrize("call", ["/v1/redemptions", f"/v1/redemptions/{NO_SALE}/refunds"])
async def test_a_request_that_moves_money_needs_a_usable_key(
    quiet_till: TillClient, town: Town, call: str, key: str | None
) -> None:
    body = quiet_till.sale(town.paper_card) if call == "/v1/redemptions" else {"reason": "void"}
    headers = httpx.Headers(quiet_till.headers(), encoding="latin-1")
    if key is not None:
        headers["Idempotency-Key"] = key
    answer = await quiet_till.client.post(call, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~[]{}\"'\\;--", "0"])
async def test_any_visible_text_is_a_key(till: TillClient, town: Town, app: asyncpg.Connection, key: str) -> None:
    first, again = [await till.redeem(town.paper_card, key=key) for _ in range(2)]
    assert (first.status_code, again.content) == (201, first.content)
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 850


@pytest.mark.usefixtures("untouched")
async def test_a_basket_larger_than_any_shop_is_refused(quiet_till: TillClient) -> None:
    answer = await quiet_till.post("/v1/redemptions", {"credential": "x" * 70_000, "basket": []}, str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")


async def test_the_largest_basket_is_sold(till: TillClient, town: Town) -> None:
    answer = await till.redeem(town.paper_card, *[(FRUIT, 100_000_000)] * 50)
    assert answer.status_code == 201
    assert (answer.json()["approved_cents"], answer.json()["remainder_cents"]) == (120_00, 50 * 100_000_000 - 120_00)


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
async def test_no_instant_is_too_far_away(till: TillClient, town: Town, instant: str) -> None:
    answer = await till.redeem(town.paper_card, initiated_at=instant)
    assert answer.status_code == (201 if instant.startswith("9") else 409)


async def test_a_category_that_nobody_knows_is_only_not_eligible(till: TillClient, town: Town) -> None:
    answer = await till.redeem(town.paper_card, (FRUIT, 100), ("fruits2", 50))
    assert (answer.status_code, answer.json()["remainder_cents"]) == (201, 50)


async def test_a_scanner_may_add_a_line_end(till: TillClient, town: Town) -> None:
    scanned = f"{town.paper_card.uri.lower()}\r\n"
    assert (await till.redeem(town.paper_card, credential=scanned)).status_code == 201


async def test_one_poisoned_sale_does_no_harm_to_its_neighbours(
    till: TillClient, town: Town, owner: asyncpg.Connection
) -> None:
    """Were anything to break in the books at one card, the rest of its batch would still be sold."""
    await owner.execute(
        "UPDATE ledger.balance SET version = version + 5 WHERE account_id = (SELECT account_id "
        "FROM ledger.voucher WHERE household_id = $1)",
        town.households["CROWD-07"],
    )
    with capture_logs():
        answers = await asyncio.gather(*(till.redeem(card, (FRUIT, 100)) for card in town.crowd))
    statuses = [answer.status_code for answer in answers]
    assert statuses.pop(6) in {201, 500}
    assert set(statuses) == {201}
