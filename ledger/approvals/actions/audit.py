"""The audit trail: which command was to change something, by whom, and how it ended."""

from __future__ import annotations

from ledger.approvals import store
from ledger.approvals.model import AuditEntry
from ledger.database.unit_of_work import Ledger


async def record_command(ledger: Ledger, operator: str | None, command: str, outcome: str) -> None:
    """Keep one entry, in a unit of work of its own. A name that no operator has is not kept (L12).

    `command` is noun and verb without any argument; `outcome` is `ok`, `failed`, or the number of a refusal.
    """
    async with ledger.unit_of_work() as work:
        await store.add_audit_entry(work, operator, command, outcome)


async def audit_trail(ledger: Ledger, operator: str | None = None) -> list[AuditEntry]:
    """All entries in the order of recording, or one operator's."""
    async with ledger.unit_of_work() as work:
        return await store.audit_entries(work, operator)
