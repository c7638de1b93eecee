"""Money back onto a voucher that is over: reopened for a grace; revoked, its share goes to the pool."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.vouchers.actions import lapse_vouchers, list_vouchers, revoke
from ledger.vouchers.model import Voucher
from tests.straight import balance
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town, give_narrow_voucher, left_cents

ENDED = datetime(2026, 12, 8, 9, tzinfo=UTC)
GRACE = timedelta(days=30)


async def sale(till: TillClient, town: Town, cents: int = 850) -> str:
    return str((await till.redeem(town.paper_card, (FRUIT, cents))).json()["id"])


async def spend(till: TillClient, town: Town, cents: int) -> int:
    """What is approved of so much fruit now."""
    return int((await till.redeem(town.paper_card, (FRUIT, cents))).json().get("approved_cents", 0))


async def held(ledger: Ledger, town: Town) -> list[Voucher]:
    return await list_vouchers(ledger, town.households["PAPER"])


async def pool_cents(app: asyncpg.Connection) -> int:
    return -await balance(app, await app.fetchval("SELECT pool_account FROM ledger.programme"))


async def test_a_lapsed_voucher_is_reopened_for_its_grace_and_lapses_again(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    clock.instant = ENDED
    await lapse_vouchers(ledger, AGENT)
    before = await pool_cents(app)
    assert (await till.refund(sold, 250)).status_code == 201
    [voucher] = await held(ledger, town)
    assert (voucher.state, voucher.balance_cents) == ("active", 250)
    assert voucher.valid_until == (ENDED + GRACE).date()
    assert await pool_cents(app) == before
    clock.instant = ENDED + GRACE
    assert (await lapse_vouchers(ledger, AGENT)).vouchers == 0
    assert await spend(till, town, 100) == 100
    clock.instant += timedelta(days=1)
    assert await spend(till, town, 100) == 0
    run = await lapse_vouchers(ledger, AGENT)
    assert (run.vouchers, run.returned_cents) == (1, 150)
    assert await run_checks(ledger) == []


async def test_within_the_grace_a_second_refund_does_not_prolong_it(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    clock.instant = ENDED
    await lapse_vouchers(ledger, AGENT)
    await till.refund(sold, 100)
    clock.instant += timedelta(days=10)
    await till.refund(sold, 100)
    [voucher] = await held(ledger, town)
    assert (voucher.balance_cents, voucher.valid_until) == (200, (ENDED + GRACE).date())
    clock.instant += GRACE
    await lapse_vouchers(ledger, AGENT)
    await till.refund(sold, 100)  # over once more: a new grace
    [voucher] = await held(ledger, town)
    assert (voucher.balance_cents, voucher.valid_until) == (100, (clock.instant + GRACE).date())
    assert await app.fetchval("SELECT count(*) FROM ledger.voucher_reopening") == 2
    assert await run_checks(ledger) == []


async def test_where_no_run_came_yet_the_rest_lapses_and_only_the_refund_has_a_grace(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    clock.instant = ENDED
    before = await pool_cents(app)
    await till.refund(sold, 250)
    assert await pool_cents(app) == before + 120_00 - 850
    assert await left_cents(app, town.households["PAPER"]) == 250
    assert await spend(till, town, 900) == 250
    assert await run_checks(ledger) == []


async def test_on_the_last_day_a_refund_gives_no_grace(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town
) -> None:
    sold = await sale(till, town)
    clock.instant = ENDED - timedelta(days=1)
    await till.refund(sold, 250)
    [voucher] = await held(ledger, town)
    assert voucher.valid_until == clock.instant.date()
    clock.instant = ENDED
    assert await spend(till, town, 100) == 0


async def test_the_balance_at_the_till_shows_the_grace(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town
) -> None:
    sold = await sale(till, town)
    clock.instant = ENDED
    await lapse_vouchers(ledger, AGENT)
    await till.refund(sold)
    shown = (await till.balance(town.paper_card)).json()
    assert shown["balance_cents"] == 850
    assert (ENDED + GRACE).date().isoformat() in str(shown)


async def test_the_share_of_a_revoked_voucher_goes_to_the_pool(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    [voucher] = await held(ledger, town)
    await revoke(ledger, voucher.serial, AGENT)
    before = await pool_cents(app)
    assert (await till.refund(sold, 250)).json()["refundable_cents"] == 600
    assert (await till.refund(sold)).status_code == 201
    assert await pool_cents(app) == before + 850
    assert await left_cents(app, town.households["PAPER"]) == 0
    assert await run_checks(ledger) == []


@pytest.mark.parametrize("parts", [[700], [100, 600], [300, 300, 100], [499, 1, 1, 199], [650, 50]])
async def test_of_two_vouchers_each_gets_its_own_share_however_often_one_refunds(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection, parts: list[int]
) -> None:
    """500 came of the narrow voucher, then 200 of the wide one, which is revoked."""
    await give_narrow_voucher(ledger, town, "PAPER", 500)
    sold = await sale(till, town, 700)
    narrow, wide = sorted(await held(ledger, town), key=lambda voucher: voucher.face_cents)
    await revoke(ledger, wide.serial, AGENT)
    before = await pool_cents(app)
    given = 0
    for cents in parts:
        assert (await till.refund(sold, cents)).status_code == 201
        given += cents
        assert await pool_cents(app) == before + min(given, 200)
        assert await left_cents(app, town.households["PAPER"]) == max(given - 200, 0)
    assert [voucher.balance_cents for voucher in await held(ledger, town)] == [500, 0]
    assert {voucher.serial for voucher in await held(ledger, town)} == {narrow.serial, wide.serial}


async def test_a_voucher_revoked_between_two_refunds(
    till: TillClient, ledger: Ledger, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    await till.refund(sold, 300)
    [voucher] = await held(ledger, town)
    await revoke(ledger, voucher.serial, AGENT)
    before = await pool_cents(app)
    await till.refund(sold)
    assert await pool_cents(app) == before + 550
    assert await run_checks(ledger) == []


async def test_nothing_is_reopened_for_a_household_that_left(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town, app: asyncpg.Connection
) -> None:
    sold = await sale(till, town)
    clock.instant = ENDED
    await lapse_vouchers(ledger, AGENT)
    sql = "INSERT INTO ledger.event (subject, subject_id, kind, occurred_at) VALUES ('household', $1, 'close', now())"
    await app.execute(sql, town.households["PAPER"])
    before = await pool_cents(app)
    await till.refund(sold)
    assert await pool_cents(app) == before + 850
    assert [voucher.state for voucher in await held(ledger, town)] == ["lapsed"]
