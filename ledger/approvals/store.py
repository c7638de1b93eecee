"""The SQL of operators and approvals."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from ledger.approvals.model import Operator, Proposal
from ledger.database.unit_of_work import UnitOfWork

_ADD_OPERATOR = text("""
    INSERT INTO ledger.operator (id, name, added_at) VALUES (:id, :name, :added_at)
    ON CONFLICT (name) DO NOTHING
""")
_OPERATORS = text("SELECT id, name, added_at FROM ledger.operator ORDER BY name")
_OPERATOR = text("SELECT id, name, added_at FROM ledger.operator WHERE name = :name")
_ADD_PROPOSAL = text("""
    INSERT INTO ledger.proposal (id, kind, content_sha256, prepared_by, prepared_at)
    VALUES (:id, :kind, :content_sha256, :prepared_by, :prepared_at)
""")
_PROPOSAL = text("""
    SELECT p.id, p.content_sha256, p.prepared_by, a.id IS NOT NULL AS approved
    FROM ledger.proposal AS p LEFT JOIN ledger.approval AS a ON a.proposal_id = p.id
    WHERE p.id = :id
""")
_APPROVE = text("""
    INSERT INTO ledger.approval (id, proposal_id, prepared_by, approved_by, approved_at)
    VALUES (:id, :proposal_id, :prepared_by, :approved_by, :approved_at)
    ON CONFLICT (proposal_id) DO NOTHING
""")


async def add_operator(work: UnitOfWork, operator: Operator) -> bool:
    """Record an operator; `False` where the name is taken."""
    result = await work.run(_ADD_OPERATOR, id=operator.id, name=operator.name, added_at=operator.added_at)
    return result.rowcount == 1


async def operators(work: UnitOfWork) -> list[Operator]:
    """All operators by name."""
    return [Operator(**row._asdict()) for row in await work.run(_OPERATORS)]


async def operator_named(work: UnitOfWork, name: str) -> Operator | None:
    """The operator of this name."""
    row = (await work.run(_OPERATOR, name=name)).one_or_none()
    return None if row is None else Operator(**row._asdict())


async def add_proposal(
    work: UnitOfWork, proposal_id: UUID, kind: str, content_sha256: bytes, prepared_by: UUID
) -> None:
    """Record what is proposed, by its hash."""
    await work.run(
        _ADD_PROPOSAL,
        id=proposal_id,
        kind=kind,
        content_sha256=content_sha256,
        prepared_by=prepared_by,
        prepared_at=work.now,
    )


async def proposal(work: UnitOfWork, proposal_id: UUID) -> Proposal:
    """A proposal that exists, and whether it is approved."""
    return Proposal(**(await work.run(_PROPOSAL, id=proposal_id)).one()._asdict())


async def add_approval(
    work: UnitOfWork, approval_id: UUID, found: Proposal, approved_by: UUID, approved_at: datetime
) -> bool:
    """Record an approval; `False` where somebody else was quicker."""
    result = await work.run(
        _APPROVE,
        id=approval_id,
        proposal_id=found.id,
        prepared_by=found.prepared_by,
        approved_by=approved_by,
        approved_at=approved_at,
    )
    return result.rowcount == 1
