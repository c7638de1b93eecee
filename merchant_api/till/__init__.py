"""The till as a page: for shops that have no till program of their own."""
