"""Wallets: a household's telephone that shows a card's code, and what its holder does with it."""
