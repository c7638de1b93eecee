"""Which characters the fonts of this package can show, read from their own `cmap` tables (ISO 14496-22 §5.2.1)."""

from __future__ import annotations

import struct
import unicodedata
from functools import cache
from pathlib import Path

_TEXT_FACES = ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf")
_FONTS = Path(__file__).parent / "fonts"
_UNICODE_FULL = (3, 10)  # platform and encoding of the subtable that maps all of Unicode
_SEGMENTED_COVERAGE = 12

REPLACEMENT = "\ufffd"
_DROPPED = frozenset(
    "\u202a\u202b\u202c\u202d\u202e"  # overrides of direction make a name read as another
    "\ufeff"  # a byte order mark has no place in an archival PDF
)
_LAYOUT = frozenset("\n\t")


def printable(text: str) -> str:
    """The text with what no font here can show replaced by U+FFFD; composed, without overrides of direction."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, unicodedata.normalize("NFC", text)))


def _shown(character: str) -> str:
    if character in _LAYOUT:
        return character
    if character in _DROPPED:
        return ""
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    if category not in {"Co", "Cs", "Cn"} and ord(character) in _covered():
        return character
    return "" if category == "Cf" else REPLACEMENT  # what only steers the layout leaves no gap


@cache
def _covered() -> frozenset[int]:
    """The code points that every text face has, so that a heading can show what a cell can."""
    return frozenset.intersection(*(_cmap((_FONTS / face).read_bytes()) for face in _TEXT_FACES))


def _cmap(font: bytes) -> frozenset[int]:
    start = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, start + 2)
    records = (struct.unpack_from(">HHI", font, start + 4 + 8 * nth) for nth in range(count))
    subtable = start + next(offset for platform, encoding, offset in records if (platform, encoding) == _UNICODE_FULL)
    (form,) = struct.unpack_from(">H", font, subtable)
    assert form == _SEGMENTED_COVERAGE, "our fonts map all of Unicode in segments"
    (groups,) = struct.unpack_from(">I", font, subtable + 12)
    spans = (struct.unpack_from(">II", font, subtable + 16 + 12 * nth) for nth in range(groups))
    return frozenset(point for first, last in spans for point in range(first, last + 1))


def _table(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * nth) for nth in range(count))
    return next(int(offset) for name, _checksum, offset, _length in records if name == tag)
