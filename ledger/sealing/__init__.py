"""Seals: every fact is a leaf of one growing tree, whose head is signed; what anybody can verify without us."""
