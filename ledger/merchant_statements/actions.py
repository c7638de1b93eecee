"""The monthly statement of a merchant."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger
from ledger.errors import BadValue, InternalError
from ledger.merchant_statements import store
from ledger.merchant_statements.model import MonthStatement
from ledger.merchants.actions import merchant_with_siret


async def month_statement(ledger: Ledger, siret: str, month: date | None = None) -> MonthStatement:
    """A merchant's month, named by any of its days, by default the last one that is over; all of one instant.

    One that is not over tells so. Refuses `UnknownMerchant`, `BadValue` (a month to come), and `InternalError` where
    it does not add up: such a statement leaves nobody's hands.
    """
    async with ledger.unit_of_work() as work:
        await work.freeze()
        today = paris_day(work.now)
        first = (month or today.replace(day=1) - timedelta(days=1)).replace(day=1)
        if first > today:
            raise BadValue(field="period", value=f"{first:%Y-%m}")
        last = first.replace(day=monthrange(first.year, first.month)[1])
        merchant = await merchant_with_siret(work, siret)
        found = MonthStatement(
            siret=merchant.siret,
            name=merchant.name,
            town=merchant.town,
            first_day=first,
            last_day=last,
            is_over=last < today,
            held=await store.account_month(work, merchant.account_id, first, last),
            converting=await store.account_month(work, merchant.converting_account_id, first, last),
            categories=tuple(await store.categories(work, merchant, first, last)),
            neighbours=tuple(await store.neighbours(work, merchant, first, last)),
            conversions=tuple(await store.conversions(work, merchant, first, last)),
        )
    if found.proof_cents:
        raise InternalError(error="statement", proof_cents=found.proof_cents)
    return found
