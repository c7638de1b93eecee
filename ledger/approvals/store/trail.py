"""The SQL of the audit trail."""

from __future__ import annotations

from sqlalchemy import text

from ledger.approvals.model import AuditEntry
from ledger.database.unit_of_work import UnitOfWork

_ADD = text("""
    INSERT INTO ledger.audit_entry (operator_id, command, outcome, occurred_at)
    VALUES ((SELECT id FROM ledger.operator WHERE name = :operator), :command, :outcome, :occurred_at)
""")
_ENTRIES = text("""
    SELECT o.name AS operator, e.command, e.outcome, e.occurred_at
    FROM ledger.audit_entry AS e LEFT JOIN ledger.operator AS o ON o.id = e.operator_id
    WHERE CAST(:operator AS text) IS NULL OR o.name = :operator
    ORDER BY e.id
""")


async def add_audit_entry(work: UnitOfWork, operator: str | None, command: str, outcome: str) -> None:
    """Keep one entry; without the operator where nobody has this name."""
    await work.run(_ADD, operator=operator, command=command, outcome=outcome, occurred_at=work.now)


async def audit_entries(work: UnitOfWork, operator: str | None) -> list[AuditEntry]:
    """Entries in the order of recording."""
    return [AuditEntry(**row._asdict()) for row in await work.run(_ENTRIES, operator=operator)]
