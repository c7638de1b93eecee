"""Each paper from its values: pure; words in the language of the context."""
