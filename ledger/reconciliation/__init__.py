"""Reconciliation: the statements of the association and the bank, held against our books to the cent (L10)."""
