"""What a merchant's month came to: opening, all that came in and went out, closing; with the proof that it adds up."""
