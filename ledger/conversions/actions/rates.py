"""The rate of commission that applies on a day: a step of other actions' units of work."""

from __future__ import annotations

from datetime import date

from ledger.conversions import store
from ledger.conversions.model import Rate
from ledger.database.unit_of_work import UnitOfWork


async def rate_on(work: UnitOfWork, day: date) -> Rate:
    """The last rate set among those that apply on a day; the first one has applied since ever."""
    return [rate for rate in await store.rates(work) if rate.from_day <= day][-1]
