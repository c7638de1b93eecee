"""Pure decisions: what belongs together, what a difference is, and whether the whole adds up."""

from ledger.reconciliation.rules.breaks import find_breaks
from ledger.reconciliation.rules.corrections import find_answered
from ledger.reconciliation.rules.ladder import find_matches
from ledger.reconciliation.rules.opening import opening_items
from ledger.reconciliation.rules.placing import beside, gap_of, place
from ledger.reconciliation.rules.proof import prove, side

__all__ = [
    "beside",
    "find_answered",
    "find_breaks",
    "find_matches",
    "gap_of",
    "opening_items",
    "place",
    "prove",
    "side",
]
