"""The SQL of the imprint of a paper."""

from __future__ import annotations

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork

_REHEARSAL = text("SELECT EXISTS (SELECT FROM ledger.rehearsal)")
_LAST_NOTE = text("SELECT note FROM ledger.seal ORDER BY number DESC LIMIT 1")


async def is_rehearsal(work: UnitOfWork) -> bool:
    """Were these books made by a rehearsal?"""
    return bool((await work.run(_REHEARSAL)).scalar_one())


async def last_note(work: UnitOfWork) -> str | None:
    """The last signed head of the books, as it was signed."""
    note: str | None = (await work.run(_LAST_NOTE)).scalar_one_or_none()
    return note
