"""The SQL of papers: only whether all of it is a rehearsal."""

from __future__ import annotations

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork

_REHEARSAL = text("SELECT EXISTS (SELECT FROM ledger.rehearsal)")


async def is_rehearsal(work: UnitOfWork) -> bool:
    """Whether these books were made by a rehearsal, so that each paper has to say so."""
    return bool((await work.run(_REHEARSAL)).scalar_one())
