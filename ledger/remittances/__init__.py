"""Remittance: the sales of a day as the association is told of them, and its answer."""
