"""Certificates: a month, both its accounts, as two people signed it; it does not change any more (L11)."""
