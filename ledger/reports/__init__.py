"""Answers about the past: balances, the trial balance, where the aid went; each says whether it is final."""
