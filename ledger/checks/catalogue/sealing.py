"""That the books are what was sealed, and that sealing keeps up."""

from __future__ import annotations

from ledger.checks.model import Check
from ledger.sealing.actions import audit, unsealed_for_long

FACTS_ARE_SEALED = "facts-are-sealed-once"

CHECKS = (
    Check(FACTS_ARE_SEALED, "L13", look=audit),
    Check("sealing-keeps-up", "L13", look=unsealed_for_long),
)
