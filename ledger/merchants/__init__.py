"""Merchants, their tills, and the one-time codes by which a till is paired."""
