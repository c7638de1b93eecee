"""A till in training: every answer there is, by the real rules, and nothing in the books."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from ledger.cards.rules import one_time_code, step_at
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from merchant_api.training import cards
from merchant_api.training.cards import TrainingCard
from tests.tills import TillClient, answering
from tests.town import FRUIT, WINE, Town, paired, wrong_pin

TABLES = """
    SELECT format('%I.%I', nspname, relname) FROM pg_class INNER JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE nspname IN ('ledger', 'identity') AND relkind = 'r' AND relname <> 'seal' ORDER BY 1
"""


async def rows(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table has; seals apart, which the service makes meanwhile."""
    tables = [row[0] for row in await connection.fetch(TABLES)]
    return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


@pytest.fixture
async def practising(ledger: Ledger, till: TillClient, town: Town) -> TillClient:
    """A till in training at the first shop."""
    return till.at(await paired(ledger, town.shops[0], "training"))


def number(card: TrainingCard) -> str:
    return f"{card.number:010}"


async def sell(
    till: TillClient, card: TrainingCard, *basket: tuple[str, int], key: str | None = None, **more: Any
) -> httpx.Response:
    lines = [{"category": category, "amount_cents": cents} for category, cents in basket or [(FRUIT, 8_50)]]
    body = {"credential": number(card), "pin": cards.PIN, "basket": lines, **more}
    return await till.post("/v1/redemptions", body, key or str(uuid4()))


async def test_a_sale_is_answered_as_a_real_one_and_says_that_it_is_none(practising: TillClient) -> None:
    answer = await sell(practising, cards.PAYS, (FRUIT, 8_50), (WINE, 6_00), reference="T00012")
    assert answer.status_code == 201
    document = answer.json()
    document.pop("id")
    assert document == {
        "receipt_number": "TRAINING-000001",
        "approved_cents": 8_50,
        "remainder_cents": 6_00,
        "lines": [
            {"category": FRUIT, "amount_cents": 8_50, "approved_cents": 8_50},
            {"category": WINE, "amount_cents": 6_00, "approved_cents": 0},
        ],
        "occurred_at": "2026-10-06T07:44:00Z",
        "refundable_cents": 8_50,
        "reference": "T00012",
        "training": True,
    }


@pytest.mark.parametrize(
    ("card", "changes", "status", "facts"),
    [
        (cards.PAYS, {}, 201, {"approved_cents": 50_00, "remainder_cents": 10_00}),
        (cards.PAYS, {"allow_partial": False}, 422, {"code": "insufficient-balance", "available_cents": 50_00}),
        (cards.PAYS, {"pin": "0000"}, 422, {"code": "code-refused"}),
        (cards.PAYS, {"initiated_at": "2026-10-06T07:42:00Z"}, 409, {"code": "stale-request", "age_seconds": 120}),
        (cards.PAYS, {"basket": [{"category": WINE, "amount_cents": 1}]}, 422, {"code": "nothing-eligible"}),
        (cards.PAYS, {"basket": []}, 400, {"code": "invalid-request"}),
        (cards.EMPTY, {}, 422, {"code": "insufficient-balance", "available_cents": 0}),
        (cards.CAPPED, {}, 201, {"approved_cents": 20_00, "remainder_cents": 40_00}),
        (cards.CAPPED, {"allow_partial": False}, 422, {"code": "cap-reached", "available_cents": 20_00}),
        (cards.BLOCKED, {}, 422, {"code": "card-blocked"}),
        (cards.BLOCKED, {"pin": "0000"}, 422, {"code": "code-refused"}),
        (cards.PAUSED, {}, 429, {"code": "too-many-attempts", "retry_after_seconds": 901}),
        (cards.BUSY, {}, 503, {"code": "unavailable", "retry_after_seconds": 2}),
        (cards.LOST, {}, 500, {"code": "internal-error"}),
        (TrainingCard(91), {}, 422, {"code": "code-refused"}),
    ],
)
async def test_each_answer_can_be_had_again_and_again(
    practising: TillClient, card: TrainingCard, changes: dict[str, Any], status: int, facts: dict[str, Any]
) -> None:
    for _ in range(3):
        answer = await sell(practising, card, (FRUIT, 60_00), **changes)
        assert (answer.status_code, answer.json() | facts) == (status, answer.json())
        assert ("training" in answer.json()) == (answer.status_code != 400)
        assert ("retry-after" in answer.headers) == ("retry_after_seconds" in facts)


@pytest.mark.parametrize("written", ["0000 000 018", "BP1/0000000018", "BP1/0000000018/TRAINING22"])
async def test_a_card_may_be_typed_or_scanned(practising: TillClient, written: str) -> None:
    assert (await sell(practising, cards.PAYS, credential=written)).status_code == 201


async def test_a_telephone_has_a_code_that_works_once(practising: TillClient, clock: FixedClock) -> None:
    def scanned() -> str:
        return f"BP1/{number(cards.PHONE)}/{one_time_code(cards.PHONE_SECRET, step_at(clock.now()))}"

    first, again = [await sell(practising, cards.PHONE, credential=scanned(), pin=None) for _ in range(2)]
    assert (first.status_code, again.json()["code"]) == (201, "code-already-used")
    clock.instant += timedelta(seconds=30)
    assert (await sell(practising, cards.PHONE, credential=scanned(), pin=None)).status_code == 201


async def test_five_wrong_pins_make_a_pause(practising: TillClient) -> None:
    codes = [(await sell(practising, cards.PAYS, pin="9999")).json()["code"] for _ in range(6)]
    assert codes == ["code-refused"] * 5 + ["too-many-attempts"]


async def test_a_key_has_one_fate(practising: TillClient) -> None:
    first, again = [await sell(practising, cards.PAYS, key="k") for _ in range(2)]
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (await sell(practising, cards.EMPTY, key="k")).json()["code"] == "idempotency-conflict"
    fate = (await practising.abandon("k")).json()
    assert (fate["fate"], fate["redemption"]["id"], fate["training"]) == ("approved", first.json()["id"], True)
    assert (await practising.abandon("new")).json()["fate"] == "abandoned"
    assert (await sell(practising, cards.PAYS, key="new")).json()["code"] == "request-abandoned"
    await sell(practising, cards.EMPTY, key="no")
    assert (await practising.abandon("no")).json()["refusal"]["code"] == "insufficient-balance"


async def test_a_lost_answer_was_booked_and_a_busy_service_takes_the_same_request_later(
    practising: TillClient,
) -> None:
    assert (await sell(practising, cards.LOST, key="lost")).status_code == 500
    again = await sell(practising, cards.LOST, key="lost")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert (await sell(practising, cards.BUSY, key="busy")).status_code == 503
    later = await sell(practising, cards.BUSY, key="busy")
    assert (later.status_code, "idempotency-replayed" in later.headers) == (201, False)


async def test_it_is_refunded_voided_listed_and_counted(practising: TillClient, clock: FixedClock) -> None:
    sold = [(await sell(practising, cards.PAYS, (FRUIT, 10_00))).json()["id"] for _ in range(3)]
    refunded = await practising.refund(sold[0], 2_50, key="r")
    assert (refunded.json()["refundable_cents"], refunded.json()["training"]) == (7_50, True)
    assert (await practising.refund(sold[0], 2_50, key="r")).headers["idempotency-replayed"] == "true"
    assert (await practising.refund(sold[0], 7_51)).json()["code"] == "refund-too-large"
    assert (await practising.void(sold[0])).json()["code"] == "already-refunded"
    assert (await practising.void(sold[1], key="v")).json()["amount_cents"] == 10_00
    assert (await practising.abandon("v")).json()["refund"]["amount_cents"] == 10_00
    totals = (await practising.get("/v1/day-totals")).json()
    assert (totals["till"]["net_cents"], totals["till"]["voids"]["count"], totals["training"]) == (17_50, 1, True)
    page = (await practising.get("/v1/redemptions", limit="2")).json()
    rest = (await practising.get("/v1/redemptions", cursor=page["next_cursor"])).json()
    assert [sale["id"] for sale in page["redemptions"] + rest["redemptions"]] == sold
    assert (await practising.get(f"/v1/redemptions/{sold[0]}")).json()["refundable_cents"] == 7_50
    clock.instant += timedelta(minutes=16)
    assert (await practising.void(sold[2])).json()["code"] == "void-too-late"


async def test_a_card_tells_what_is_left(practising: TillClient) -> None:
    body = {"credential": number(cards.CAPPED), "pin": cards.PIN}
    found = (await practising.post("/v1/card/balance", body)).json()
    assert (found["balance_cents"], found["at_once_cents"], found["training"]) == (500_00, 20_00, True)
    wrong = await practising.post("/v1/card/balance", body | {"pin": "0000"})
    assert (wrong.json()["code"], wrong.json()["training"]) == ("code-refused", True)


async def test_nothing_of_it_is_in_the_database(
    practising: TillClient, superuser: asyncpg.Connection, town: Town
) -> None:
    before = await rows(superuser)
    for card in cards.CARDS.values():
        sold = await sell(practising, card, key=f"k-{card.number}")
        await sell(practising, card, pin="9999")
        await practising.abandon(f"k-{card.number}")
        await practising.post("/v1/card/balance", {"credential": number(card), "pin": "9999"})
        if sold.status_code == 201:
            await practising.refund(sold.json()["id"], 1)
            await practising.void(sold.json()["id"])
    await practising.redeem(town.paper_card, pin=wrong_pin(town.paper_card))
    await practising.balance(town.paper_card, pin=wrong_pin(town.paper_card))
    assert await rows(superuser) == before
    assert before["ledger.till"] > 50  # it was looked at


async def test_real_and_training_do_not_mix(practising: TillClient, till: TillClient, town: Town) -> None:
    for call in (practising.redeem, practising.balance):
        refused = await call(town.paper_card)
        assert (refused.json()["code"], refused.json()["training"]) == ("training-till", True)
    real = await sell(till, cards.PAYS, key="k")
    assert (real.json()["code"], "training" in real.json()) == ("training-card", False)
    sold = (await till.redeem(town.paper_card)).json()["id"]
    for refused in (
        await practising.get(f"/v1/redemptions/{sold}"),
        await practising.refund(sold),
    ):
        assert refused.json()["code"] == "not-found"
    assert (await practising.get(f"/v1/redemptions/{sold}/proof")).json()["code"] == "out-of-scope"
    assert (await practising.get("/v1/redemptions")).json()["redemptions"] == []
    practised = (await sell(practising, cards.PAYS)).json()["id"]
    assert (await till.get(f"/v1/redemptions/{practised}")).status_code == 404


async def test_each_till_practises_for_itself(
    practising: TillClient, ledger: Ledger, till: TillClient, town: Town
) -> None:
    other = till.at(await paired(ledger, town.shops[0], "training"))
    sold = (await sell(practising, cards.PAYS)).json()["id"]
    assert (await other.get(f"/v1/redemptions/{sold}")).status_code == 404


async def test_it_sees_no_money_of_the_shop(practising: TillClient) -> None:
    for path in ("/v1/merchant/balance", "/v1/merchant/statement", "/v1/conversions"):
        assert (await practising.get(path)).json()["code"] == "out-of-scope"


async def test_a_restart_forgets_it(practising: TillClient, ledger: Ledger) -> None:
    sold = (await sell(practising, cards.PAYS)).json()["id"]
    async with answering(ledger) as client:
        again = TillClient(client, practising.clock, practising.token)
        assert (await again.get(f"/v1/redemptions/{sold}")).status_code == 404
        assert (await sell(again, cards.PAYS)).json()["receipt_number"] == "TRAINING-000001"
