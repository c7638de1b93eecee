"""Pure decisions: what belongs together, what a difference is, and whether the whole adds up."""

from ledger.reconciliation.rules.breaks import find_breaks
from ledger.reconciliation.rules.corrections import find_answered
from ledger.reconciliation.rules.ladder import find_matches
from ledger.reconciliation.rules.proof import prove, side

__all__ = ["find_answered", "find_breaks", "find_matches", "prove", "side"]
