"""Selling: what goes in, what comes out, and what stands in the books afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.cards.model import grouped
from ledger.clock import FixedClock
from tests.straight import balance
from tests.tills import TillClient
from tests.town import BREAD, FRUIT, MILK, WINE, Town, left_cents, wrong_pin


async def test_a_sale_is_answered_as_the_contract_says(till: TillClient, town: Town) -> None:
    answer = await till.redeem(
        town.paper_card,
        (FRUIT, 850),
        (WINE, 600),
        allow_partial=True,
        reference="T00012",
        initiated_at="2026-10-06T09:44:00+02:00",
    )
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert "idempotency-replayed" not in answer.headers
    document = answer.json()
    assert UUID(document.pop("id")).version == 7
    assert document == {
        "receipt_number": "2026-000001",
        "approved_cents": 850,
        "remainder_cents": 600,
        "lines": [
            {"category": FRUIT, "amount_cents": 850, "approved_cents": 850},
            {"category": WINE, "amount_cents": 600, "approved_cents": 0},
        ],
        "occurred_at": "2026-10-06T07:44:00Z",
        "refundable_cents": 850,
        "reference": "T00012",
    }


async def test_a_sale_moves_the_money(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    await till.redeem(town.paper_card, (FRUIT, 850), (WINE, 600))
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 850
    assert await balance(app, town.shops[0].account_id) == -850


async def test_what_is_kept_of_a_basket_are_its_categories(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    sale = (await till.redeem(town.paper_card, (FRUIT, 100), (WINE, 50), (FRUIT, 20), reference="T-1")).json()
    row = await app.fetchrow("SELECT * FROM ledger.redemption")
    assert row is not None
    assert (str(row["id"]), row["reference"], row["basket_cents"], row["approved_cents"]) == (
        sale["id"],
        "T-1",
        170,
        120,
    )
    assert row["categories"] == [FRUIT, WINE, FRUIT]
    assert row["asked_cents"] == [100, 50, 20]
    assert row["approved_by_line_cents"] == [100, 0, 20]


async def test_a_telephone_pays_without_a_pin(till: TillClient, town: Town) -> None:
    assert (await till.redeem(town.phone_card)).json()["approved_cents"] == 850


async def test_a_telephone_pays_again_with_its_next_code(till: TillClient, town: Town, clock: FixedClock) -> None:
    codes = []
    for _ in range(3):
        codes.append((await till.redeem(town.phone_card)).status_code)
        clock.instant += timedelta(seconds=30)
    assert codes == [201, 201, 201]


@pytest.mark.parametrize("written", [str, grouped, lambda number: f"BP1/{number}"])
async def test_where_the_qr_is_damaged_number_and_pin_do(till: TillClient, town: Town, written: Any) -> None:
    typed = written(town.paper_card.number)
    assert (await till.redeem(town.paper_card, credential=typed)).status_code == 201


async def test_cards_of_one_household_share_its_balance(till: TillClient, town: Town, clock: FixedClock) -> None:
    await till.redeem(town.phone_card, (FRUIT, 100_00))
    answer = await till.redeem(town.second_card, (FRUIT, 100_00))
    assert (answer.json()["approved_cents"], answer.json()["remainder_cents"]) == (20_00, 80_00)


async def test_a_part_is_shared_by_largest_remainder(till: TillClient, town: Town) -> None:
    answer = await till.redeem(town.ten_card, (FRUIT, 10_00), (WINE, 3_00), (BREAD, 10_00), (MILK, 9_99))
    assert [line["approved_cents"] for line in answer.json()["lines"]] == [334, 0, 333, 333]
    assert (answer.json()["approved_cents"], answer.json()["remainder_cents"]) == (10_00, 22_99)


async def test_without_parts_nothing_is_taken(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    answer = await till.redeem(town.ten_card, (FRUIT, 10_01), allow_partial=False)
    assert (answer.status_code, answer.json()["code"]) == (422, "insufficient-balance")
    assert answer.json()["available_cents"] == 10_00
    assert await left_cents(app, town.households["TEN"]) == 10_00


async def test_receipts_are_numbered_per_shop_without_a_gap(till: TillClient, town: Town) -> None:
    numbers = []
    for nth, card in enumerate([town.paper_card, town.rich_card, town.poor_card, town.paper_card, town.ten_card]):
        answer = await till.at(town.tills[3 * (nth % 2)]).redeem(card, (FRUIT, 100))  # two tills of the first shop
        numbers.append(answer.json().get("receipt_number"))
    assert numbers == ["2026-000001", "2026-000002", None, "2026-000003", "2026-000004"]
    elsewhere = await till.at(town.tills[1]).redeem(town.paper_card, (FRUIT, 100))
    assert elsewhere.json()["receipt_number"] == "2026-000001"


async def test_receipts_start_again_with_the_year(till: TillClient, town: Town, clock: FixedClock) -> None:
    clock.instant = clock.instant.replace(month=12, day=6, hour=10)
    assert (await till.redeem(town.paper_card)).json()["receipt_number"] == "2026-000001"


async def test_a_voucher_pays_on_its_last_day_and_not_after(till: TillClient, town: Town, clock: FixedClock) -> None:
    clock.instant = clock.instant.replace(month=12, day=7, hour=22, minute=59)  # 62 days on, 23:59 in Poitiers
    assert (await till.redeem(town.paper_card)).status_code == 201
    clock.instant += timedelta(minutes=1)
    assert (await till.redeem(town.paper_card)).json()["code"] == "insufficient-balance"


async def test_a_voucher_does_not_pay_before_its_first_day(till: TillClient, town: Town, clock: FixedClock) -> None:
    clock.instant = clock.instant.replace(hour=0) - timedelta(hours=3)
    assert (await till.redeem(town.paper_card)).json()["code"] == "insufficient-balance"


async def test_the_cap_of_the_day_ends_with_the_day(till: TillClient, town: Town, clock: FixedClock) -> None:
    paid = [(await till.redeem(town.rich_card, (FRUIT, 250_00))).json().get("approved_cents") for _ in range(3)]
    assert paid == [200_00, 100_00, None]
    clock.instant = clock.instant.replace(hour=22)  # midnight in Poitiers
    assert (await till.redeem(town.rich_card, (FRUIT, 250_00))).json()["approved_cents"] == 200_00


async def test_the_same_request_again_gets_the_same_answer(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    key = str(uuid4())
    first = await till.redeem(town.paper_card, key=key)
    again = await till.redeem(town.paper_card, key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 850


async def test_the_answer_is_the_same_whatever_happened_since(till: TillClient, town: Town, clock: FixedClock) -> None:
    body, key = till.sale(town.phone_card), str(uuid4())
    first = await till.post("/v1/redemptions", body, key)
    await till.refund(first.json()["id"], 100)
    clock.instant += timedelta(days=3)
    again = await till.post("/v1/redemptions", body, key)
    assert (again.status_code, again.content) == (201, first.content)


async def test_a_refusal_again_is_the_same_refusal(till: TillClient, town: Town, clock: FixedClock) -> None:
    body, key = till.sale(town.ten_card, (FRUIT, 20_00), allow_partial=False), str(uuid4())
    first = await till.post("/v1/redemptions", body, key)
    await till.redeem(town.ten_card, (FRUIT, 500))
    again = await till.post("/v1/redemptions", body, key)
    assert (first.status_code, again.status_code) == (422, 422)
    assert again.content == first.content
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")


async def test_another_till_of_the_shop_may_ask_again(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    first = await till.redeem(town.paper_card, key=key)
    again = await till.at(town.tills[3]).redeem(town.paper_card, key=key)
    assert again.content == first.content


async def test_another_shop_may_use_the_same_key(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    first = await till.redeem(town.paper_card, key=key)
    other = await till.at(town.tills[1]).redeem(town.paper_card, key=key)
    assert first.json()["id"] != other.json()["id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"basket": [{"category": FRUIT, "amount_cents": 851}]},
        {"basket": [{"category": BREAD, "amount_cents": 850}]},
        {"allow_partial": False},
        {"reference": "T00013"},
        {"pin": "0000"},
        {"initiated_at": "2026-10-06T07:44:01Z"},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_key_with_another_request_is_a_conflict(
    till: TillClient, town: Town, app: asyncpg.Connection, changes: dict[str, Any]
) -> None:
    body, key = till.sale(town.paper_card, reference="T00012", initiated_at="2026-10-06T07:44:00Z"), str(uuid4())
    await till.post("/v1/redemptions", body, key)
    answer = await till.post("/v1/redemptions", body | changes, key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency-conflict")
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 850


async def test_the_order_of_the_members_and_left_out_defaults_make_no_other_request(
    till: TillClient, town: Town
) -> None:
    body, key = till.sale(town.paper_card), str(uuid4())
    first = await till.post("/v1/redemptions", body, key)
    other_way_round = dict(reversed([*body.items(), ("allow_partial", True), ("reference", None)]))
    assert (await till.post("/v1/redemptions", other_way_round, key)).content == first.content


async def test_what_left_no_trace_may_be_sent_again_with_the_same_key(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    key = str(uuid4())
    body = till.sale(town.paper_card)
    for refused in (
        await till.post("/v1/redemptions", body | {"pin": 4821}, key),
        await till.post("/v1/redemptions", body | {"surprise": 1}, key),
        await replace(till, token="nobody").post("/v1/redemptions", body, key),
        await till.at(town.office).post("/v1/redemptions", body, key),
    ):
        assert refused.status_code in {400, 401, 403}
    assert not await app.fetchval("SELECT count(*) FROM ledger.request_outcome")
    assert (await till.post("/v1/redemptions", body, key)).status_code == 201


async def test_wrong_codes_are_counted_and_then_pause_the_card_here_only(till: TillClient, town: Town) -> None:
    for nth in range(1, 6):
        assert (await till.redeem(town.paper_card, pin=wrong_pin(town.paper_card, nth))).json()[
            "code"
        ] == "code-refused"
    paused = await till.redeem(town.paper_card)
    assert (paused.status_code, paused.json()["code"], paused.json()["retryable"]) == (429, "too-many-attempts", True)
    assert paused.headers["retry-after"] == str(paused.json()["retry_after_seconds"]) == "901"
    assert (await till.at(town.tills[1]).redeem(town.paper_card)).status_code == 201


async def test_a_replayed_wrong_code_is_not_counted_twice(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    for _ in range(8):
        answer = await till.redeem(town.paper_card, pin=wrong_pin(town.paper_card), key="the-same")
        assert answer.json()["code"] == "code-refused"
    assert (
        await app.fetchval("SELECT sum(failures) FROM ledger.failure_count WHERE card_id = $1", town.paper_card.id) == 1
    )


async def test_a_paused_sale_may_be_sent_again_with_its_key_when_the_pause_is_over(
    till: TillClient, town: Town, clock: FixedClock
) -> None:
    for nth in range(1, 6):
        await till.redeem(town.paper_card, pin=wrong_pin(town.paper_card, nth))
    key = str(uuid4())
    paused = await till.redeem(town.paper_card, key=key)
    clock.instant += timedelta(seconds=paused.json()["retry_after_seconds"])
    answer = await till.redeem(town.paper_card, key=key)
    assert (answer.status_code, "idempotency-replayed" in answer.headers) == (201, False)
