"""The books: chart of accounts, transactions, the journal (the one writer), balances."""
