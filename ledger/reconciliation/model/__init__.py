"""What is compared, as values."""

from __future__ import annotations

from ledger.reconciliation.model.identities import SALES, Identity, ProgrammeSums, Relation, SalesCompared, Sums, Term
from ledger.reconciliation.model.report import Matched, MatchRun, Proof, Report, Side
from ledger.reconciliation.model.sides import (
    Books,
    Break,
    Line,
    LineKey,
    Match,
    Party,
    ReadStatement,
    Statement,
    StatementLine,
    Ties,
    Unit,
)
from ledger.reconciliation.model.words import CORRECTIONS, PAYOUTS, Account, Category, Rule, Why

__all__ = [
    "CORRECTIONS",
    "PAYOUTS",
    "SALES",
    "Account",
    "Books",
    "Break",
    "Category",
    "Identity",
    "Line",
    "LineKey",
    "Match",
    "MatchRun",
    "Matched",
    "Party",
    "ProgrammeSums",
    "Proof",
    "ReadStatement",
    "Relation",
    "Report",
    "Rule",
    "SalesCompared",
    "Side",
    "Statement",
    "StatementLine",
    "Sums",
    "Term",
    "Ties",
    "Unit",
    "Why",
]
