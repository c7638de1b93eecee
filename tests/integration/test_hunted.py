"""What the state machine of tests/properties found: moves that would break a check, and answers that were none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move, propose_adjustment
from ledger.adjustments.model import Leg, Reason
from ledger.calendar import paris_day
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.conversions import actions
from ledger.conversions.rules import LOT_COLUMNS
from ledger.database.unit_of_work import Ledger
from ledger.errors import AccountTooLow, MoveNotAllowed, NotPossibleNow
from ledger.programmes.actions import cancel_mandate, confirm_funding, record_mandate
from ledger.programmes.model import Mandate
from tests import month
from tests.databases import DatabaseUrls
from tests.made import MadeWorld
from tests.owners import Owning
from tests.straight import account, balance

FUND, IN_TRANSIT, PAID_OUT = "association:guarantee-fund", "association:in-transit", "association:paid-out"
POOL = f"programme:{month.CODE}:pool"


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    """A clone with the small world in it."""
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
async def shop(ledger: Ledger, clock: FixedClock, made: MadeWorld) -> Owning:
    """A shop of the small world that holds some Pois and has nothing open, and its owner."""
    clock.instant += timedelta(minutes=10)
    for waiting in await actions.list_conversions(ledger, only_open=True):
        await actions.withdraw_conversion(ledger, waiting.id, month.MAKER)
    return await Owning.of(ledger, clock, made.world.tills[0].merchant.siret, month.MAKER)


async def adjust(ledger: Ledger, *legs: tuple[str, int]) -> None:
    """By two people, at once."""
    drafted = [Leg(name, cents) for name, cents in legs]
    move = await propose_adjustment(ledger, drafted, Reason.UNEXPLAINED, month.MAKER_SIGNER)
    await approve_move(ledger, move.proposal_id, month.CHECKER_SIGNER)


async def empty(ledger: Ledger, app: asyncpg.Connection, name: str, *against: tuple[str, int]) -> None:
    """Let suspense have all that is on an account, but one centime; `against`: where that keeps the backing."""
    cents = await balance(app, await account(app, name)) - 1
    legs = [(other, sign * cents) for other, sign in against]
    await adjust(ledger, ("suspense:EUR", cents), (name, -cents), *legs)


def lot(folder: Path, shop: Owning, gross: int, commission: int) -> Path:
    """A list that the bank carried out, of one line."""
    file = folder / "lot.csv"
    row = ("LOT-H", paris_day(shop.clock.now()), shop.device.merchant.siret, gross, commission, gross - commission)
    file.write_text("".join(";".join(map(str, line)) + "\n" for line in [LOT_COLUMNS, row]))
    return file


async def test_what_conversions_are_due_is_not_adjusted(ledger: Ledger, shop: Owning) -> None:
    """Else a merchant has more on its way to euros than its open conversions say, or less than they will be paid."""
    await shop.convert(10)
    for cents in (5, -5):
        legs = [
            Leg("suspense:POIS", cents),
            Leg(f"merchant:{shop.device.merchant.siret}:converting", -cents),
            Leg("suspense:EUR", cents),
            Leg(PAID_OUT, -cents),
        ]
        with pytest.raises(MoveNotAllowed):
            await propose_adjustment(ledger, legs, Reason.UNEXPLAINED, month.MAKER_SIGNER)
    assert await run_checks(ledger) == []


@pytest.mark.parametrize("settle", [confirm_funding, cancel_mandate])
async def test_euros_in_transit_that_were_adjusted_away_are_not_there_to_settle(
    ledger: Ledger, app: asyncpg.Connection, settle: Callable[[Ledger, str, str], Awaitable[Mandate]]
) -> None:
    await record_mandate(ledger, month.CODE, "2026-2", 100_00, month.MAKER)
    await empty(ledger, app, IN_TRANSIT, ("suspense:POIS", 1), (POOL, -1))
    with pytest.raises(AccountTooLow) as refused:
        await settle(ledger, "2026-2", month.CHECKER)
    assert refused.value.facts == {"account": IN_TRANSIT, "available_cents": 1, "needed_cents": 100_00}
    assert await run_checks(ledger) == []


async def test_a_reserve_that_does_not_hold_the_euros_pays_nobody(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    await shop.convert(50)
    await actions.hand_out_coupons(ledger, shop.device.merchant.siret, 100, month.MAKER)
    await empty(ledger, app, FUND)
    with pytest.raises(AccountTooLow) as refused:
        await actions.import_payouts(ledger, lot(tmp_path, shop, 50, 1), month.MAKER)
    assert refused.value.facts == {"account": FUND, "available_cents": 1, "needed_cents": 50}
    with pytest.raises(AccountTooLow):
        await actions.convert_coupons(ledger, shop.device.merchant.siret, 100, month.MAKER)
    assert "LOT-H" not in {one.reference for one in await actions.paid_lots(ledger)}
    assert await run_checks(ledger) == []


async def test_what_was_paid_out_and_adjusted_away_does_not_come_back(
    ledger: Ledger, shop: Owning, app: asyncpg.Connection, tmp_path: Path
) -> None:
    await shop.convert(50)
    await actions.import_payouts(ledger, lot(tmp_path, shop, 50, 1), month.MAKER)
    await empty(ledger, app, PAID_OUT, ("suspense:POIS", 1), (POOL, -1))
    with pytest.raises(AccountTooLow):
        await actions.return_payout(ledger, shop.device.merchant.siret, "LOT-H", month.MAKER)
    assert await run_checks(ledger) == []


async def test_the_bank_returns_nothing_to_a_merchant_that_has_left(
    ledger: Ledger, shop: Owning, tmp_path: Path
) -> None:
    """It would hold Pois again, and nobody could convert or spend them; suspense holds such euros."""
    siret = shop.device.merchant.siret
    held = (await actions.merchant_balance(ledger, shop.device.merchant)).balance_cents
    await shop.convert(held)
    await actions.import_payouts(ledger, lot(tmp_path, shop, held, held * 2 // 100), month.MAKER)
    assert (await actions.close_merchant(ledger, siret, month.MAKER)).state == "closed"
    with pytest.raises(NotPossibleNow) as refused:
        await actions.return_payout(ledger, siret, "LOT-H", month.MAKER)
    assert refused.value.facts["state"] == "closed"
    assert await run_checks(ledger) == []
