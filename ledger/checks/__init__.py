"""The books prove themselves: one named check per invariant, each a query that returns what breaks it."""
