"""Vouchers: a household's right to spend, its validity and account; which of them pays for what."""
