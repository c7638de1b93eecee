"""Moves that two people answer for (L9): unspent aid given back, losses of the reserve, adjustments, reversals."""
