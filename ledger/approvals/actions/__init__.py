"""What people do about each other's work; `operator_named`, `propose`, `approve`, `reject` are steps for others."""

from __future__ import annotations

from ledger.approvals.actions.audit import audit_trail, record_command
from ledger.approvals.actions.operators import (
    add_operator,
    change_roles,
    list_operators,
    operator_named,
    replace_key,
    resume_operator,
    signing_operator,
    suspend_operator,
)
from ledger.approvals.actions.proposals import (
    approve,
    list_proposals,
    proposal_numbered,
    proposal_of,
    propose,
    reject,
    reject_proposal,
    require_content,
)

__all__ = [
    "add_operator",
    "approve",
    "audit_trail",
    "change_roles",
    "list_operators",
    "list_proposals",
    "operator_named",
    "proposal_numbered",
    "proposal_of",
    "propose",
    "record_command",
    "reject",
    "reject_proposal",
    "replace_key",
    "require_content",
    "resume_operator",
    "signing_operator",
    "suspend_operator",
]
