"""The letters by which bookkeepers mark what belongs together."""

from __future__ import annotations

from itertools import count

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LENGTH_MIN = 2


def letters(number: int) -> str:
    """The letters of the nth match, from 1 on: AA, AB … ZZ, AAA and so on."""
    rest = number - 1
    assert rest >= 0
    for length in count(_LENGTH_MIN):
        if rest < len(_ALPHABET) ** length:
            return "".join(_ALPHABET[rest // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(length)[::-1])
        rest -= len(_ALPHABET) ** length
    raise AssertionError("unreachable")
