"""Books for others: the journal in the formats that accounting programs read."""
