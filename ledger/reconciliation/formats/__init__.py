"""Statement files of all kinds, read into one canonical form; the kind is recognised by the header."""

from ledger.reconciliation.formats.detect import read_statement
from ledger.reconciliation.formats.raw import Expected

__all__ = ["Expected", "read_statement"]
