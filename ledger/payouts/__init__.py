"""Lots of payouts: prepared by one person, approved by another, written for the bank, and what it answers."""
