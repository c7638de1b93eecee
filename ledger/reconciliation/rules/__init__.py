"""Pure decisions: what belongs together, what a difference is, and whether the whole adds up."""

from ledger.reconciliation.rules.breaks import find_breaks
from ledger.reconciliation.rules.corrections import find_answered
from ledger.reconciliation.rules.ladder import find_matches
from ledger.reconciliation.rules.opening import opening_items
from ledger.reconciliation.rules.placing import beside, gap_of, place
from ledger.reconciliation.rules.proof import prove, side
from ledger.reconciliation.rules.suggestions import find_suggestions

__all__ = [
    "beside",
    "find_answered",
    "find_breaks",
    "find_matches",
    "find_suggestions",
    "gap_of",
    "opening_items",
    "place",
    "prove",
    "side",
]
