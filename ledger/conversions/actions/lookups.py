"""What a merchant sees of its own money."""

from __future__ import annotations

from datetime import date, timedelta

from ledger.calendar import paris_day
from ledger.conversions import store
from ledger.conversions.model import Conversion, MerchantBalance, MerchantStatement
from ledger.database.unit_of_work import Ledger
from ledger.errors import InvalidRequest
from ledger.merchants.model import Merchant

DAYS_MAX = 366
CONVERSIONS_MAX = 500


async def merchant_balance(ledger: Ledger, merchant: Merchant) -> MerchantBalance:
    """What a merchant holds, and what is on its way to euros."""
    async with ledger.unit_of_work() as work:
        return await store.balances(work, merchant.account_id, merchant.converting_account_id)


async def merchant_statement(
    ledger: Ledger, merchant: Merchant, first_day: date | None = None, last_day: date | None = None
) -> MerchantStatement:
    """A merchant's account from one local day to another, by default this month until today.

    Refuses `InvalidRequest` where the days are turned round, or are more than a year.
    """
    async with ledger.unit_of_work() as work:
        await work.freeze()
        last = last_day or max(paris_day(work.now), first_day or date.min)
        first = first_day or last.replace(day=1)
        if not timedelta(0) <= last - first < timedelta(days=DAYS_MAX):
            raise InvalidRequest(field="from" if last < first else "to", fault="days", days_max=DAYS_MAX)
        opening = await store.opening_cents(work, merchant.account_id, first)
        lines = await store.statement_lines(work, merchant.account_id, first, last)
        return MerchantStatement(first, last, opening, tuple(lines))


async def own_conversions(ledger: Ledger, merchant: Merchant) -> list[Conversion]:
    """A merchant's conversions, the latest first, at most 500."""
    async with ledger.unit_of_work() as work:
        return await store.conversions_of(work, merchant.id, CONVERSIONS_MAX)
