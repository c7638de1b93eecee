"""What a merchant does with its Pois: conversions, payments, coupons, its balance and statement."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import suspend_merchant
from tests.owners import Owner
from tests.straight import balance
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, left_cents, paired


@pytest.fixture
async def office(till: TillClient, ledger: Ledger, clock: FixedClock, town: Town) -> Owner:
    """The owner of the first shop, which has earned 50 Pois; on the device that may not sell."""
    assert (await till.redeem(town.paper_card, (FRUIT, 50_00))).status_code == 201
    return await Owner.of(ledger, till, clock, town.office, AGENT)


async def posted(connection: asyncpg.Connection, transaction: str) -> list[tuple[str, str, int]]:
    """Kind, account and amount of each posting."""
    sql = "SELECT kind, account, amount_cents FROM ledger.journal WHERE transaction_id = $1 ORDER BY line"
    return [tuple(row) for row in await connection.fetch(sql, UUID(transaction))]


async def test_a_conversion_sets_pois_aside(office: Owner, town: Town, app: asyncpg.Connection) -> None:
    answer = await office.convert(30_00)
    made = answer.json()
    assert (answer.status_code, UUID(made.pop("id")).version) == (201, 7)
    assert made == {
        "amount_cents": 30_00,
        "state": "requested",
        "requested_at": "2026-10-06T07:44:30Z",
        "paid_on": None,
        "net_cents": None,
        "commission_cents": None,
    }
    shop = f"merchant:{town.shops[0].siret}"
    assert await posted(app, answer.json()["id"]) == [
        ("conversion-request", shop, 30_00),
        ("conversion-request", f"{shop}:converting", -30_00),
    ]
    assert await office.balance() == (20_00, 30_00)
    assert await office.states() == ["requested"]


@pytest.mark.parametrize("cents", [50_01, 100_000_000])
async def test_more_than_is_held_is_refused_and_stays_so(office: Owner, town: Town, cents: int) -> None:
    key = str(uuid4())
    first = await office.convert(cents, key, owner_code=office.code())
    assert (first.status_code, first.json()["code"]) == (422, "merchant-balance-too-low")
    assert first.json()["available_cents"] == 50_00
    again = await office.convert(cents, key, owner_code=office.code())
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert await office.balance() == (50_00, 0)


async def test_a_refusal_leaves_the_code_usable(office: Owner) -> None:
    assert (await office.convert(60_00, owner_code=office.code())).status_code == 422
    assert (await office.convert(10_00, owner_code=office.code())).status_code == 201


async def test_the_same_request_again_gets_the_same_answer(office: Owner) -> None:
    key, code = str(uuid4()), office.code()
    first = await office.convert(10_00, key, owner_code=code)
    await office.cancel(first.json()["id"])
    again = await office.convert(10_00, key, owner_code=code)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert await office.balance() == (50_00, 0)


async def test_a_key_stands_for_one_request(office: Owner, town: Town) -> None:
    key = str(uuid4())
    made = await office.convert(10_00, key)
    others = [
        await office.convert(11_00, key),
        await office.coupons(10_00, key),
        await office.pay(town.shops[1].siret, 10_00, key),
        await office.cancel(made.json()["id"], key),
    ]
    assert {other.json()["code"] for other in others} == {"idempotency-conflict"}
    assert (await office.device.at(town.tills[0]).abandon(key)).json() == {
        "fate": "approved",
        "redemption": None,
        "refund": None,
        "refusal": None,
    }


async def test_a_conversion_is_cancelled_once(office: Owner, town: Town, app: asyncpg.Connection) -> None:
    made = (await office.convert(30_00)).json()["id"]
    answer = await office.cancel(made)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert await office.balance() == (50_00, 0)
    again = await office.cancel(made)
    assert (again.status_code, again.json()["code"]) == (409, "conversion-not-open")
    kinds = "SELECT DISTINCT kind FROM ledger.journal WHERE kind LIKE 'conversion%' ORDER BY kind"
    assert [row["kind"] for row in await app.fetch(kinds)] == ["conversion-cancelled", "conversion-request"]


async def test_a_cancellation_is_repeated_as_it_was(office: Owner) -> None:
    made, key, code = (await office.convert(30_00)).json()["id"], str(uuid4()), office.code(1)
    first, again = [await office.cancel(made, key, owner_code=code) for _ in range(2)]
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_refund_needs_what_an_open_conversion_holds(
    office: Owner, till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    sold = (await till.redeem(town.crowd[0], (FRUIT, 20_00))).json()["id"]
    made = (await office.convert(65_00)).json()["id"]
    refused = await till.refund(sold)
    assert (refused.status_code, refused.json()["code"]) == (422, "merchant-balance-too-low")
    assert refused.json()["available_cents"] == 5_00
    await office.cancel(made)
    assert (await till.refund(sold)).status_code == 201
    assert await left_cents(app, town.households["CROWD-01"]) == 110_00


async def test_a_payment_goes_from_shop_to_shop(
    office: Owner, town: Town, app: asyncpg.Connection, ledger: Ledger
) -> None:
    answer = await office.pay(town.shops[1].siret, 12_34)
    made = answer.json()
    assert answer.status_code == 201
    assert (made["to_siret"], made["to_name"], made["amount_cents"]) == (town.shops[1].siret, town.shops[1].name, 12_34)
    assert await posted(app, made["id"]) == [
        ("merchant-payment", f"merchant:{town.shops[0].siret}", 12_34),
        ("merchant-payment", f"merchant:{town.shops[1].siret}", -12_34),
    ]
    assert await balance(app, town.shops[1].account_id) == -12_34
    assert await run_checks(ledger) == []


async def test_a_payment_is_refused_where_it_cannot_be_taken(office: Owner, ledger: Ledger, town: Town) -> None:
    await suspend_merchant(ledger, town.shops[1].siret, AGENT)
    answers = [
        await office.pay(town.shops[1].siret, 1_00),
        await office.pay(town.shops[2].siret, 50_01),
        await office.pay("11111111111111", 1_00),
        await office.pay(town.shops[0].siret, 1_00),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "payee-not-active"),
        (422, "merchant-balance-too-low"),
        (404, "unknown-merchant"),
        (400, "invalid-request"),
    ]
    assert await office.balance() == (50_00, 0)


async def test_two_shops_that_pay_each_other_at_once_do_not_lock_each_other_out(
    office: Owner, till: TillClient, ledger: Ledger, clock: FixedClock, town: Town, app: asyncpg.Connection
) -> None:
    other_shop = town.tills[1].merchant
    assert (await till.at(town.tills[1]).redeem(town.crowd[0], (FRUIT, 50_00))).status_code == 201
    other = await Owner.of(ledger, till, clock, await paired(ledger, other_shop, "merchant"), AGENT)
    owners = [office, other]
    sirets = [other_shop.siret, town.shops[0].siret]
    for _ in range(5):
        codes = [owner.code(1) for owner in owners]
        answers = await asyncio.gather(
            *(owner.pay(siret, 3_00, owner_code=code) for owner, siret, code in zip(owners, sirets, codes, strict=True))
        )
        assert [answer.status_code for answer in answers] == [201, 201]
        clock.instant += timedelta(minutes=1)
    assert await office.balance() == (50_00, 0)


async def test_coupons_are_whole_pois(office: Owner, town: Town, app: asyncpg.Connection) -> None:
    refused = await office.coupons(10_50)
    assert (refused.status_code, refused.json()["code"]) == (422, "not-whole-pois")
    answer = await office.coupons(10_00)
    assert (answer.status_code, answer.json()["amount_cents"]) == (201, 10_00)
    assert await posted(app, answer.json()["id"]) == [
        ("coupons", f"merchant:{town.shops[0].siret}", 10_00),
        ("coupons", "coupons:circulating", -10_00),
    ]
    assert (await office.coupons(41_00)).json()["code"] == "merchant-balance-too-low"


async def test_of_two_conversions_of_the_same_balance_one_is_made(office: Owner, ledger: Ledger) -> None:
    codes = [office.code(), office.code(1)]
    answers = await asyncio.gather(*(office.convert(30_00, owner_code=code) for code in codes))
    outcomes = sorted(answer.json().get("code", "made") for answer in answers)
    assert outcomes in (["made", "merchant-balance-too-low"], ["code-already-used", "made"])
    assert await office.balance() == (20_00, 30_00)
    assert await run_checks(ledger) == []


async def test_ten_conversions_with_one_code_are_one(office: Owner) -> None:
    code = office.code()
    answers = await asyncio.gather(*(office.convert(1_00, owner_code=code) for _ in range(10)))
    outcomes = sorted(answer.json().get("code", "made") for answer in answers)
    assert outcomes == ["code-already-used"] * 9 + ["made"]
    assert await office.balance() == (49_00, 1_00)


async def test_the_same_conversion_ten_times_at_once_is_one(office: Owner) -> None:
    key, code = str(uuid4()), office.code()
    answers = await asyncio.gather(*(office.convert(1_00, key, owner_code=code) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await office.balance() == (49_00, 1_00)


async def test_a_sale_and_a_conversion_at_once_do_not_disturb_each_other(
    office: Owner, till: TillClient, town: Town, ledger: Ledger
) -> None:
    async def sell() -> set[int]:
        return {(await till.redeem(card, (FRUIT, 1_00))).status_code for card in town.crowd}

    async def convert() -> set[int]:
        return {(await office.convert(1_00)).status_code for _ in range(10)}

    assert set().union(*await asyncio.gather(sell(), sell(), convert())) == {201}
    assert await office.balance() == (50_00 + 40_00 - 10_00, 10_00)
    assert await run_checks(ledger) == []


async def test_a_statement_tells_every_movement(office: Owner, till: TillClient, town: Town) -> None:
    sold = (await till.redeem(town.crowd[0], (FRUIT, 8_50), reference="T00012")).json()
    await till.refund(sold["id"], 50)
    made = (await office.convert(20_00)).json()["id"]
    await office.cancel(made)
    await office.pay(town.shops[1].siret, 5_00)
    await office.coupons(10_00)
    answer = await office.device.get("/v1/merchant/statement")
    document = answer.json()
    assert (answer.status_code, document["from"], document["to"]) == (200, "2026-10-01", "2026-10-06")
    told = [
        (line["kind"], line["amount_cents"], line["receipt_number"], line["reference"]) for line in document["lines"]
    ]
    assert told == [
        ("redemption", 50_00, "2026-000001", None),
        ("redemption", 8_50, "2026-000002", "T00012"),
        ("refund", -50, "2026-000002", "T00012"),
        ("conversion-request", -20_00, None, None),
        ("conversion-cancelled", 20_00, None, None),
        ("merchant-payment", -5_00, None, None),
        ("coupons", -10_00, None, None),
    ]
    assert [line["other_siret"] for line in document["lines"] if line["other_siret"]] == [town.shops[1].siret]
    assert (document["opening_cents"], document["closing_cents"]) == (0, (await office.balance())[0])


@pytest.mark.parametrize(
    ("query", "opening", "lines", "closing"),
    [
        ({"from": "2026-10-06", "to": "2026-10-06"}, 0, 1, 50_00),
        ({"from": "2026-10-07", "to": "2026-10-31"}, 50_00, 0, 50_00),
        ({"from": "2026-10-01", "to": "2026-10-05"}, 0, 0, 0),
        ({"to": "2026-10-31"}, 0, 1, 50_00),
        ({"from": "2026-10-08"}, 50_00, 0, 50_00),
    ],
)
async def test_a_statement_is_of_local_days(
    office: Owner, query: dict[str, str], opening: int, lines: int, closing: int
) -> None:
    document = (await office.device.get("/v1/merchant/statement", **query)).json()
    assert (document["opening_cents"], len(document["lines"]), document["closing_cents"]) == (opening, lines, closing)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-10-07", "to": "2026-10-06"}, "from"),
        ({"from": "2024-10-07", "to": "2026-10-06"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
    ],
)
async def test_days_that_are_none_are_told(office: Owner, query: dict[str, str], field: str) -> None:
    answer = await office.device.get("/v1/merchant/statement", **query)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cents": 0}, "amount_cents"),
        ({"cents": -1}, "amount_cents"),
        ({"cents": 1.5}, "amount_cents"),
        ({"cents": "ten"}, "amount_cents"),
        ({"cents": 100_000_001}, "amount_cents"),
        ({"owner_code": "1234567"}, "owner_code"),
        ({"owner_code": "12345678\n"}, "owner_code"),
        ({"owner_code": 12345678}, "owner_code"),
        ({"owner_code": None}, "owner_code"),
    ],
)
async def test_a_request_that_cannot_be_read_names_its_field(
    office: Owner, changes: dict[str, Any], field: str
) -> None:
    usual: dict[str, Any] = {"cents": 1_00, "owner_code": "12345678"}
    answer = await office.convert(**(usual | changes))
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid-request", field)


async def test_a_movement_needs_a_key(office: Owner) -> None:
    answer = await office.device.post("/v1/conversions", {"amount_cents": 1_00, "owner_code": office.code()})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
