"""Money back onto the card that paid."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.database.unit_of_work import Ledger
from tests.straight import balance
from tests.tills import TillClient
from tests.town import BREAD, FRUIT, WINE, Town, ask_for_conversion, give_narrow_voucher, left_cents


async def sale(till: TillClient, town: Town, cents: int = 850) -> str:
    return str((await till.redeem(town.paper_card, (FRUIT, cents), (WINE, 100))).json()["id"])


async def test_a_whole_sale_is_given_back(till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    sold = await sale(till, town)
    answer = await till.refund(sold)
    assert answer.status_code == 201
    document = answer.json()
    assert UUID(document.pop("id")).version == 7
    assert document == {
        "redemption_id": sold,
        "amount_cents": 850,
        "occurred_at": "2026-10-06T07:44:00Z",
        "refundable_cents": 0,
    }
    assert await left_cents(app, town.households["PAPER"]) == 120_00
    assert await balance(app, town.shops[0].account_id) == 0


async def test_a_sale_is_given_back_in_parts_until_nothing_is_left(till: TillClient, town: Town) -> None:
    sold = await sale(till, town)
    answers = [await till.refund(sold, cents) for cents in (250, 599, 1, 1)]
    assert [answer.json().get("refundable_cents") for answer in answers] == [600, 1, 0, 0]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 422]
    assert (await till.get(f"/v1/redemptions/{sold}")).json()["refundable_cents"] == 0


@pytest.mark.parametrize("cents", [851, 950, 100_000_000])
async def test_more_than_was_paid_is_refused(till: TillClient, town: Town, app: asyncpg.Connection, cents: int) -> None:
    answer = await till.refund(await sale(till, town), cents)
    assert (answer.status_code, answer.json()["code"]) == (422, "refund-too-large")
    assert answer.json()["refundable_cents"] == 850
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 850


async def test_another_shop_cannot_even_see_the_sale(till: TillClient, town: Town) -> None:
    sold = await sale(till, town)
    answer = await till.at(town.tills[1]).refund(sold)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert (await till.at(town.tills[3]).refund(sold)).status_code == 201  # another till of the same shop


async def test_a_sale_that_never_was_is_not_found_and_the_key_stays_free(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    assert (await till.refund(str(uuid4()), 100, key)).json()["code"] == "not-found"
    assert (await till.refund(await sale(till, town), 100, key)).status_code == 201


async def test_the_same_refund_again_gets_the_same_answer(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    sold, key = await sale(till, town), str(uuid4())
    first = await till.refund(sold, 250, key)
    await till.refund(sold, 100)
    again = await till.refund(sold, 250, key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 500


async def test_a_refused_refund_stays_refused(till: TillClient, town: Town) -> None:
    sold, key = await sale(till, town), str(uuid4())
    first, again = await till.refund(sold, 851, key), await till.refund(sold, 851, key)
    assert (first.status_code, again.status_code, again.content) == (422, 422, first.content)
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_key_with_another_refund_is_a_conflict(till: TillClient, town: Town) -> None:
    sold, other, key = await sale(till, town), await sale(till, town), str(uuid4())
    await till.refund(sold, 250, key)
    for again in (
        await till.refund(sold, 251, key),
        await till.refund(other, 250, key),
        await till.refund(sold, key=key),
    ):
        assert (again.status_code, again.json()["code"]) == (409, "idempotency-conflict")


async def test_the_key_of_a_sale_is_no_key_of_a_refund(till: TillClient, town: Town) -> None:
    key = str(uuid4())
    sold = (await till.redeem(town.paper_card, key=key)).json()["id"]
    assert (await till.refund(sold, 100, key)).json()["code"] == "idempotency-conflict"
    refund_key = str(uuid4())
    await till.refund(sold, 100, refund_key)
    assert (await till.redeem(town.paper_card, key=refund_key)).json()["code"] == "idempotency-conflict"


async def test_a_merchant_that_converted_everything_cannot_give_back(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    await ask_for_conversion(ledger, town.shops[0], 600)
    answer = await till.refund(sold, 251)
    assert (answer.status_code, answer.json()["code"]) == (422, "merchant-balance-too-low")
    assert answer.json()["available_cents"] == 250
    assert (await till.refund(sold, 250)).status_code == 201
    assert await balance(app, town.shops[0].account_id) == 0


async def test_vouchers_are_given_back_in_reverse_order_of_taking(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection
) -> None:
    await give_narrow_voucher(ledger, town, "PAPER", 500)  # spent first: it pays for fruit only
    sold = (await till.redeem(town.paper_card, (FRUIT, 700), (BREAD, 100))).json()["id"]
    taken = "SELECT -b.balance_cents FROM ledger.voucher AS v JOIN ledger.balance AS b USING (account_id) "
    taken += "WHERE v.household_id = $1 ORDER BY v.face_cents"

    async def narrow_and_wide() -> list[int]:
        return [row[0] for row in await app.fetch(taken, town.households["PAPER"])]

    assert await narrow_and_wide() == [0, 120_00 - 300]
    await till.refund(sold, 200)
    assert await narrow_and_wide() == [0, 120_00 - 100]
    await till.refund(sold, 200)
    assert await narrow_and_wide() == [100, 120_00]
    await till.refund(sold)
    assert await narrow_and_wide() == [500, 120_00]


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("returned-goods", "returned-goods"),
        ("void", "other"),
        ("Madame Durand, 12 rue des Lilas", "other"),
        ("", "other"),
    ],
)
async def test_no_word_of_a_cashier_is_kept(
    till: TillClient, town: Town, app: asyncpg.Connection, reason: str, kept: str
) -> None:
    assert (await till.refund(await sale(till, town), 100, reason=reason)).status_code == 201
    assert await app.fetchval("SELECT reason FROM ledger.refund") == kept


async def test_twenty_refunds_at_once_give_back_no_more_than_was_paid(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    answers = await asyncio.gather(*(till.refund(sold, 100) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 8 + [422] * 12
    assert {answer.json().get("code") for answer in answers} == {None, "refund-too-large"}
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 50


async def test_the_same_refund_twenty_times_at_once_is_made_once(
    till: TillClient, town: Town, app: asyncpg.Connection
) -> None:
    sold, key = await sale(till, town), str(uuid4())
    answers = await asyncio.gather(*(till.refund(sold, 100, key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await app.fetchval("SELECT count(*) FROM ledger.refund") == 1


async def test_sales_and_refunds_of_one_card_at_one_shop_never_wait_for_each_other_for_ever(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    """The shop's account is younger than the vouchers here, so that locks are taken in the other order."""
    late = await owner.fetchval("SELECT ledger.open_accounts('merchant', ARRAY['merchant:late'])")
    await owner.execute("ALTER TABLE ledger.merchant DISABLE TRIGGER append_only")
    await owner.execute("UPDATE ledger.merchant SET account_id = $1 WHERE id = $2", late, town.shops[0].id)
    sold = await sale(till, town, 5000)

    async def sell() -> set[int]:
        return {(await till.redeem(town.paper_card, (FRUIT, 10))).status_code for _ in range(30)}

    async def give_back() -> set[int]:
        return {(await till.refund(sold, 10)).status_code for _ in range(30)}

    statuses = await asyncio.gather(sell(), sell(), sell(), give_back(), give_back(), give_back())
    assert set().union(*statuses) == {201}
    assert await left_cents(app, town.households["PAPER"]) == 120_00 - 5000
    assert await balance(app, late) == -5000


@pytest.mark.parametrize("amount", [0, -1, 1.5, "8,50", None, 100_000_001, True])
@pytest.mark.usefixtures("untouched")
async def test_an_amount_that_is_none_is_not_understood(quiet_till: TillClient, amount: object) -> None:
    body = {"amount_cents": amount, "reason": "void"}
    answer = await quiet_till.post(f"/v1/redemptions/{uuid4()}/refunds", body, str(uuid4()))
    assert (answer.status_code, answer.json()["field"]) == (400, "amount_cents")
