"""The SQL of proposals, approvals and rejections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from ledger.approvals.model import Matter, Proposal, Reason
from ledger.database.unit_of_work import UnitOfWork

_ADD = text("""
    INSERT INTO ledger.proposal (
        id, kind, content_sha256, amount_cents, prepared_by, prepared_at, signed_with, signature
    )
    VALUES (:id, :kind, :content_sha256, :amount_cents, :prepared_by, :prepared_at, :signed_with, :signature)
""")
_SELECT = """
    SELECT p.id, p.number, p.kind, p.content_sha256, p.amount_cents,
        CASE WHEN a.id IS NOT NULL THEN 'approved' WHEN r.id IS NOT NULL THEN 'rejected' ELSE 'pending' END AS state,
        p.prepared_by, maker.name AS prepared_by_name, p.prepared_at, p.signed_with, p.signature,
        a.id AS approval_id, checker.name AS decided_by_name,
        coalesce(a.approved_at, r.rejected_at) AS decided_at, r.reason
    FROM ledger.proposal AS p
    INNER JOIN ledger.operator AS maker ON maker.id = p.prepared_by
    LEFT JOIN ledger.approval AS a ON a.proposal_id = p.id
    LEFT JOIN ledger.rejection AS r ON r.proposal_id = p.id
    LEFT JOIN ledger.operator AS checker ON checker.id = coalesce(a.approved_by, r.rejected_by)
"""
_BY_ID = text(_SELECT + " WHERE p.id = :id")
_BY_NUMBER = text(_SELECT + " WHERE p.number = :number")
_ALL = text(_SELECT + " WHERE NOT :pending_only OR (a.id IS NULL AND r.id IS NULL) ORDER BY p.number")
_TAKE = text("SELECT ledger.take_proposal(:id)")
# One proposal after the other of an operator with a limit: two at once would each look at half of the truth.
_TAKE_LIMIT = text("SELECT pg_advisory_xact_lock(hashtext('bonpois limit'), hashtext(:operator_id))")
_PROPOSED = text("""
    SELECT coalesce(sum(p.amount_cents), 0) FROM ledger.proposal AS p
    WHERE p.prepared_by = :operator_id AND p.prepared_at > CAST(:now AS timestamptz) - make_interval(days => :days)
        AND NOT EXISTS (SELECT FROM ledger.rejection AS r WHERE r.proposal_id = p.id)
""")
_APPROVE = text("""
    INSERT INTO ledger.approval (id, proposal_id, prepared_by, approved_by, approved_at, signed_with, signature)
    VALUES (:id, :proposal_id, :prepared_by, :approved_by, :approved_at, :signed_with, :signature)
""")
_REJECT = text("""
    INSERT INTO ledger.rejection (id, proposal_id, rejected_by, reason, rejected_at, signed_with, signature)
    VALUES (gen_random_uuid(), :proposal_id, :rejected_by, :reason, :rejected_at, :signed_with, :signature)
""")


async def add_proposal(
    work: UnitOfWork, matter: Matter, prepared_by: UUID, signed_with: bytes, signature: bytes
) -> None:
    """Record what is proposed, by its hash."""
    await work.run(
        _ADD,
        id=matter.proposal_id,
        kind=matter.kind,
        content_sha256=matter.content_sha256,
        amount_cents=matter.amount_cents,
        prepared_by=prepared_by,
        prepared_at=work.now,
        signed_with=signed_with,
        signature=signature,
    )


async def take_proposal(work: UnitOfWork, proposal_id: UUID) -> None:
    """Let nobody else decide about it until this unit of work ends."""
    await work.run(_TAKE, id=proposal_id)


async def proposal(work: UnitOfWork, proposal_id: UUID) -> Proposal | None:
    """A proposal as it stands."""
    row = (await work.run(_BY_ID, id=proposal_id)).one_or_none()
    return None if row is None else _proposal(row)


async def proposal_numbered(work: UnitOfWork, number: int) -> Proposal | None:
    """A proposal by its short handle."""
    row = (await work.run(_BY_NUMBER, number=number)).one_or_none()
    return None if row is None else _proposal(row)


async def proposals(work: UnitOfWork, *, pending_only: bool) -> list[Proposal]:
    """Proposals by number."""
    return [_proposal(row) for row in await work.run(_ALL, pending_only=pending_only)]


async def proposed_cents(work: UnitOfWork, operator_id: UUID, days: int) -> int:
    """What an operator prepared within so many days and nobody rejected; the next one waits for its turn."""
    await work.run(_TAKE_LIMIT, operator_id=operator_id.hex)
    return int((await work.run(_PROPOSED, operator_id=operator_id, now=work.now, days=days)).scalar_one())


async def add_approval(
    work: UnitOfWork, approval_id: UUID, found: Proposal, approved_by: UUID, signed_with: bytes, signature: bytes
) -> None:
    """Record an approval."""
    await work.run(
        _APPROVE,
        id=approval_id,
        proposal_id=found.id,
        prepared_by=found.prepared_by,
        approved_by=approved_by,
        approved_at=work.now,
        signed_with=signed_with,
        signature=signature,
    )


async def add_rejection(
    work: UnitOfWork, proposal_id: UUID, rejected_by: UUID, reason: Reason, signed_with: bytes, signature: bytes
) -> None:
    """Record a rejection."""
    await work.run(
        _REJECT,
        proposal_id=proposal_id,
        rejected_by=rejected_by,
        reason=reason.value,
        rejected_at=work.now,
        signed_with=signed_with,
        signature=signature,
    )


def _proposal(row: Row[Any]) -> Proposal:
    values = row._asdict()
    return Proposal(**values | {"reason": values["reason"] and Reason(values["reason"])})
