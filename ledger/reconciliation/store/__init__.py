"""The SQL of reconciliation: statements, the two sides that are compared, matches and breaks."""
