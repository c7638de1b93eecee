"""Which input files were taken: the same one is refused with a pointer to its first import.

Steps of the features' own units of work. A file is remembered by a HMAC over what it was for and its content.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from ledger.calendar import paris_day
from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import FileAlreadyImported

_FIRST = text("""
    SELECT row_count, imported_at FROM ledger.imported_file
    WHERE content_hmac = :content_hmac AND kind = :kind
""")
_RECORD = text("""
    INSERT INTO ledger.imported_file (content_hmac, kind, row_count, imported_by, imported_at)
    VALUES (:content_hmac, :kind, :row_count, :imported_by, :imported_at)
""")


async def refuse_repeated(work: UnitOfWork, kind: str, purpose: bytes, file: str, content: bytes) -> None:
    """Refuse (`FileAlreadyImported`) the same content for the same purpose, naming the day of the first."""
    found = await work.run(_FIRST, kind=kind, content_hmac=_hmac(work, purpose, content))
    first = found.one_or_none()
    if first is not None:
        day = paris_day(first.imported_at).isoformat()
        raise FileAlreadyImported(file=file, imported_on=day, rows=first.row_count)


async def record_file(
    work: UnitOfWork, kind: str, purpose: bytes, content: bytes, *, row_count: int, operator_id: UUID
) -> None:
    """Remember a file as taken."""
    await work.run(
        _RECORD,
        content_hmac=_hmac(work, purpose, content),
        kind=kind,
        row_count=row_count,
        imported_by=operator_id,
        imported_at=work.now,
    )


def _hmac(work: UnitOfWork, purpose: bytes, content: bytes) -> bytes:
    return work.keys.hmac("imported-file", purpose, content)
