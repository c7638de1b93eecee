"""Whole centimes, and the few things one does with them. A float never touches money."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

_AMOUNT = re.compile(
    r"^(?P<sign>[+-]?)(?P<whole>\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)(?:[.,](?P<cents>\d{1,2}))?$", re.ASCII
)


def parse_cents(text: str) -> int:
    """Read an amount as people write it, in units, and give it in centimes.

    `12,50`, `12.5`, `-1 234,00` (also with no-break spaces) are read; anything else raises `ValueError`.
    """
    found = _AMOUNT.match(text.strip())
    if found is None:
        raise ValueError(text)
    whole = int(re.sub(r"\D", "", found["whole"]))
    cents = int((found["cents"] or "0").ljust(2, "0"))
    return (-1 if found["sign"] == "-" else 1) * (whole * 100 + cents)


def floor_cents(units: Decimal) -> int:
    """An exact decimal amount in units, rounded down to whole centimes (the rounding rule of a scale)."""
    return int((units * 100).to_integral_value(rounding=ROUND_FLOOR))


def share_cents(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Share an amount in proportion to weights by the largest remainder; ties go to the earlier one.

    The shares sum to the total exactly, and none exceeds its weight when the total does not exceed their sum.
    """
    assert total_cents >= 0
    whole = sum(weights)
    if whole == total_cents:
        return list(weights)
    if whole == 0:
        return [0 for _ in weights]
    shares = [total_cents * weight // whole for weight in weights]
    remainders = [total_cents * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: total_cents - sum(shares)]:
        shares[index] += 1
    return shares
