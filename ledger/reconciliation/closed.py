"""Certified months take no statement any more (L11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import MonthCertified
from ledger.reconciliation.model import StatementFile
from ledger.reconciliation.store.matches import certified_until


async def require_open(work: UnitOfWork, file: StatementFile, days: Iterable[date]) -> None:
    """Refuse (`MonthCertified`) a file that tells something new of one of these days, if its month is certified."""
    closed = await certified_until(work)
    for day in days:
        if day <= closed:
            raise MonthCertified(file=file.file_name, account=file.account.value, period=f"{day:%Y-%m}")
