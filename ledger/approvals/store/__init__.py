"""The SQL of operators, of what they propose and approve, and of the audit trail."""

from __future__ import annotations

from ledger.approvals.store.operators import (
    add_appointment,
    add_event,
    add_key,
    add_operator,
    anybody_appointed,
    operator_named,
    operators,
    take_people_turn,
)
from ledger.approvals.store.proposals import (
    add_approval,
    add_proposal,
    add_rejection,
    proposal,
    proposal_numbered,
    proposals,
    proposed_cents,
    take_proposal,
)
from ledger.approvals.store.trail import add_audit_entry, audit_entries

__all__ = [
    "add_appointment",
    "add_approval",
    "add_audit_entry",
    "add_event",
    "add_key",
    "add_operator",
    "add_proposal",
    "add_rejection",
    "anybody_appointed",
    "audit_entries",
    "operator_named",
    "operators",
    "proposal",
    "proposal_numbered",
    "proposals",
    "proposed_cents",
    "take_people_turn",
    "take_proposal",
]
