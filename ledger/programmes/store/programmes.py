"""The SQL of programmes and their versions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Row, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.identifiers import new_event_id
from ledger.programmes.model import Programme, ProgrammeFile, rules_from_json, rules_sha256, rules_to_json

_PRESENT = """
    SELECT p.id, p.code, p.label, p.pool_account, p.returning_account,
        v.id AS version_id, v.number AS version_number, v.rules::text AS rules
    FROM ledger.programme AS p
    INNER JOIN LATERAL (
        SELECT id, number, rules FROM ledger.programme_version
        WHERE programme_id = p.id ORDER BY number DESC LIMIT 1
    ) AS v ON true
"""
_BY_CODE = text(_PRESENT + " WHERE p.code = :code")
_ALL = text(_PRESENT + " ORDER BY p.code")
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(:turn)")
_IMPORT_TURN = int.from_bytes(b"program", "big")
_ADD = text("""
    INSERT INTO ledger.programme (id, code, label, pool_account, returning_account, added_at)
    VALUES (:id, :code, :label, :pool_account, :returning_account, :added_at)
""")
_ADD_VERSION = text("""
    INSERT INTO ledger.programme_version (id, programme_id, number, rules, rules_sha256, added_by, added_at)
    VALUES (:id, :programme_id, :number, :rules, :rules_sha256, :added_by, :added_at)
""")


async def take_import_turn(work: UnitOfWork) -> None:
    """Let one import of rules run at a time, until the unit of work ends."""
    await work.run(_TAKE_TURN, turn=_IMPORT_TURN)


async def programme_coded(work: UnitOfWork, code: str) -> Programme | None:
    """The present version of a programme."""
    row = (await work.run(_BY_CODE, code=code)).one_or_none()
    return None if row is None else _programme(row)


async def programmes(work: UnitOfWork) -> list[Programme]:
    """All programmes in their present version, by code."""
    return [_programme(row) for row in await work.run(_ALL)]


async def add_programme(
    work: UnitOfWork, programme_id: UUID, file: ProgrammeFile, pool_account: int, returning_account: int
) -> None:
    """Record a programme; its first version follows in the same unit of work."""
    await work.run(
        _ADD,
        id=programme_id,
        code=file.code,
        label=file.label,
        pool_account=pool_account,
        returning_account=returning_account,
        added_at=work.now,
    )


async def add_version(work: UnitOfWork, programme_id: UUID, number: int, file: ProgrammeFile, added_by: UUID) -> None:
    """Record a version of the rules."""
    await work.run(
        _ADD_VERSION,
        id=new_event_id(),
        programme_id=programme_id,
        number=number,
        rules=rules_to_json(file.rules).decode(),
        rules_sha256=rules_sha256(file.rules),
        added_by=added_by,
        added_at=work.now,
    )


def _programme(row: Row[tuple[object, ...]]) -> Programme:
    return Programme(**{**row._asdict(), "rules": rules_from_json(row.rules)})
