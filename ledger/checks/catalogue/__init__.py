"""Every check, in the order in which they run: a later one may presume what an earlier one shows."""

from __future__ import annotations

from ledger.checks.catalogue import (
    aid,
    books,
    certificates,
    conversions,
    functions,
    guards,
    moves,
    people,
    reconciliation,
    sales,
    sealing,
    states,
)
from ledger.checks.model import Check

CHECKS: tuple[Check, ...] = (
    *guards.CHECKS,
    *functions.CHECKS,
    *books.CHECKS,
    *people.CHECKS,
    *aid.CHECKS,
    *moves.CHECKS,
    *sales.CHECKS,
    *conversions.CHECKS,
    *states.CHECKS,
    *reconciliation.CHECKS,
    *certificates.CHECKS,
    *sealing.CHECKS,
)
