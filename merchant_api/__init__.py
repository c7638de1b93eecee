"""Door 1: the HTTP service for tills. A route only translates; what happens is in `ledger`."""
