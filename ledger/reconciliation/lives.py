"""Steps that others take within their unit of work: note the breaks that a run sees, and tell where each stands."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ledger.calendar import paris_day
from ledger.database.unit_of_work import UnitOfWork
from ledger.reconciliation.model import Account, Break
from ledger.reconciliation.model.breaks import Life, Told
from ledger.reconciliation.rules.lives import life_of
from ledger.reconciliation.store import breaks as break_store
from ledger.reconciliation.store import matches as match_store


async def note_breaks(work: UnitOfWork, account: Account, breaks: Sequence[Break]) -> None:
    """Remember when each break was seen first and what it was about; what is known stays as it is."""
    if breaks:
        await match_store.see_breaks(work, account, breaks)
        await break_store.see_items(work, breaks)


async def lives_of(work: UnitOfWork, account: Account, breaks: Sequence[Break]) -> dict[UUID, Life]:
    """Where each break stands now; one that no run has noted is of today and open."""
    told = await break_store.told_of(work, account, breaks)
    today = paris_day(work.now)
    return {found.id: life_of(found, told.get(found.id, Told()), today) for found in breaks}
