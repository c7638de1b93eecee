"""Vouchers: a household's right to spend, with its validity and its own account; which of them pays for what."""
