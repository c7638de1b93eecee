-- Books of a million transactions.

-- A session keeps the plan of a foreign key's look-up, too, and it may have been made while there were a dozen
-- accounts: then it scans. After that each further account, and the first posting on it, read all accounts again.
ALTER FUNCTION ledger.open_accounts(text, text []) SET enable_seqscan = off;
