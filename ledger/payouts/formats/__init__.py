"""What a bank answers: the status of payments (pain.002), and what it booked (camt.053, camt.054)."""
