"""What a merchant sees of its own money."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from ledger.calendar import paris_day
from ledger.conversions import store, store_statements
from ledger.conversions.actions.rates import rate_on
from ledger.conversions.model import Conversion, MerchantBalance, MerchantStatement, StatementHead
from ledger.database.unit_of_work import Ledger
from ledger.errors import InvalidRequest
from ledger.merchants.model import Merchant

DAYS_MAX = 366
CONVERSIONS_MAX = 500


async def merchant_balance(ledger: Ledger, merchant: Merchant) -> MerchantBalance:
    """What a merchant holds, what is on its way to euros, and at which commission more would go there today."""
    async with ledger.unit_of_work() as work:
        rate = await rate_on(work, paris_day(work.now))
        return await store.balances(work, merchant.account_id, merchant.converting_account_id, rate.basis_points)


async def merchant_statement(
    ledger: Ledger, merchant: Merchant, rows_max: int, first_day: date | None = None, last_day: date | None = None
) -> MerchantStatement:
    """The first lines of a merchant's account from one local day to another, by default this month until today.

    Refuses `InvalidRequest` where the days are turned round, or are more than a year.
    """
    async with ledger.unit_of_work() as work:
        await work.freeze()
        last = last_day or max(paris_day(work.now), first_day or date.min)
        first = first_day or last.replace(day=1)
        if not timedelta(0) <= last - first < timedelta(days=DAYS_MAX):
            raise InvalidRequest(field="from" if last < first else "to", fault="days", days_max=DAYS_MAX)
        head = await store_statements.statement_head(work, merchant.account_id, first, last)
        lines = await store_statements.statement_lines(work, merchant.account_id, head, 0, rows_max)
        return MerchantStatement(head, tuple(lines))


async def more_of_statement(
    ledger: Ledger, merchant: Merchant, head: StatementHead, after: int, rows_max: int
) -> MerchantStatement:
    """The lines of the same statement that follow a version of the account."""
    async with ledger.unit_of_work() as work:
        lines = await store_statements.statement_lines(work, merchant.account_id, head, after, rows_max)
        return MerchantStatement(head, tuple(lines))


async def own_conversions(
    ledger: Ledger, merchant: Merchant, rows_max: int, after: UUID | None = None
) -> list[Conversion]:
    """A merchant's conversions, the latest first; those that come after one of them where it is named."""
    async with ledger.unit_of_work() as work:
        return await store.conversions_of(work, merchant.id, rows_max, after)
