"""Statement files of all kinds, read into one canonical form; the kind is recognised by how the content begins."""

from ledger.reconciliation.formats.detect import completed, read_raw, read_statement
from ledger.reconciliation.formats.guess import guess
from ledger.reconciliation.formats.mapping import CsvMapping, read_mapping, written
from ledger.reconciliation.formats.raw import Expected, RawStatement

__all__ = [
    "CsvMapping",
    "Expected",
    "RawStatement",
    "completed",
    "guess",
    "read_mapping",
    "read_raw",
    "read_statement",
    "written",
]
