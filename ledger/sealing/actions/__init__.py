"""What can be done with seals: seal, prove, audit the books against them."""

from __future__ import annotations

from ledger.sealing.actions.approving import prove_approval
from ledger.sealing.actions.auditing import audit, unsealed_for_long
from ledger.sealing.actions.certifying import prove_certificate
from ledger.sealing.actions.proving import (
    Older,
    prove_checkpoint,
    prove_sale,
    read_older_checkpoint,
    read_proof,
    verify,
)
from ledger.sealing.actions.sealing import last_seal, rotate_key, seal, seal_lag

__all__ = [
    "Older",
    "audit",
    "last_seal",
    "prove_approval",
    "prove_certificate",
    "prove_checkpoint",
    "prove_sale",
    "read_older_checkpoint",
    "read_proof",
    "rotate_key",
    "seal",
    "seal_lag",
    "unsealed_for_long",
    "verify",
]
