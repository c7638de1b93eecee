"""A till in training: every answer that a till can get, by the rules of the real desk, and nothing in the books."""
