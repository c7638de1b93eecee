"""The characters that every bank of the SEPA area carries (EPC217-08, Best Practices: the basic Latin set). Pure."""

from __future__ import annotations

import re
import unicodedata

NAME_CHARACTERS_MAX = 70
TEXT_CHARACTERS_MAX = 140

_ALLOWED = re.compile(r"[A-Za-z0-9/?:().,'+ -]")
_SPACES = re.compile(r"\s+")
_SLASHES = re.compile(r"/{2,}")
_INSTEAD = str.maketrans(
    {
        "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "ß": "ss", "ẞ": "SS", "Ł": "L", "ł": "l",
        "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t",
        "Ŋ": "N", "ŋ": "n", "ı": "i", "ĸ": "k", "ŉ": "'n", "ſ": "s",
        "&": "+", "_": "-", "–": "-", "—": "-", "‑": "-", "’": "'", "‘": "'", "`": "'", "´": "'", "«": "'", "»": "'",
        "“": "'", "”": "'", '"': "'", "€": "EUR", "@": "(at)", "…": "...", ";": ",", "!": ".", "°": "o", "º": "o",
        "[": "(", "]": ")", "{": "(", "}": ")", "|": "/", "\\": "/", "=": "-", "~": "-", "*": ".", "#": ".",
    }
)  # fmt: skip


def sepa_text(text: str, characters_max: int) -> str:
    """A text in the basic Latin set: accents fall, ligatures open, `&` becomes `+`, the unknown becomes a point.

    Neither begins nor ends with a slash, nor has two in a row (the same guide). It may come out empty.
    """
    plain = unicodedata.normalize("NFKD", text.translate(_INSTEAD)).translate(_INSTEAD)
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    spaced = _SPACES.sub(" ", "".join(letters))
    allowed = "".join(letter if _ALLOWED.fullmatch(letter) else "." for letter in spaced)
    return _SLASHES.sub("/", allowed).strip(" /")[:characters_max].rstrip(" /")


def sepa_name(name: str, otherwise: str) -> str:
    """A name of at most 70 characters (EPC132-08); `otherwise` where nothing readable is left of it."""
    found = sepa_text(name, NAME_CHARACTERS_MAX)
    return found if any(letter.isalnum() for letter in found) else otherwise
