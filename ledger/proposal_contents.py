"""What each kind of proposal says, made again from the rows of today; so that an altered amount shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from ledger.adjustments.actions import move_content
from ledger.adjustments.model import PROPOSAL_KINDS
from ledger.bank_accounts.actions import iban_change_content
from ledger.certificates.actions import certificate_content, reopening_content
from ledger.database.unit_of_work import UnitOfWork
from ledger.payouts.actions import lot_content
from ledger.programmes.actions import aid_run_content
from ledger.reconciliation.resolving import claim_content

Content = Callable[[UnitOfWork, UUID], Awaitable[bytes | None]]

# One line for each kind of `ledger.approvals.rules.DUTIES`, save the moves, which `moves-are-as-signed` looks at all at
# once; `None` where there is no such thing.
CONTENTS: dict[str, Content] = {
    "aid-run": aid_run_content,
    "break-claim": claim_content,
    "certificate": certificate_content,
    "iban-change": iban_change_content,
    "reopening": reopening_content,
    "payout-lot": lot_content,
}

# The same for every kind, for whoever wants to read what one proposal says.
ALL_CONTENTS: dict[str, Content] = CONTENTS | dict.fromkeys(PROPOSAL_KINDS, move_content)
