"""QR symbols as our papers and screens show them (ISO/IEC 18004).

Never version 1, though it is smaller: it has no alignment pattern, so a symbol seen at an angle is read less often
(`tests/bench/scanning.py` measures it). From version 2 on: the smallest that holds the text, then the most error
correction that does not enlarge it.
"""

from __future__ import annotations

from itertools import pairwise

import segno

SMALLEST_VERSION = 2
QUIET_MODULES = 4  # the white border that belongs to a symbol, §5.3.8 of the standard

Modules = tuple[tuple[bool, ...], ...]
_Point = tuple[int, int]


def symbol(text: str) -> segno.QRCode:
    """The symbol of a text, which for a card is in alphanumeric mode: capitals, digits and `$%*+-./:`."""
    least = segno.make_qr(text, error="l", boost_error=False)
    version = max(SMALLEST_VERSION, int(least.version))
    return segno.make_qr(text, version=version, error="l", boost_error=True)


def modules(text: str) -> Modules:
    """The rows of a symbol without its quiet zone; dark is true."""
    return tuple(tuple(bool(module) for module in row) for row in symbol(text).matrix)


def svg(text: str) -> str:
    """A symbol with its quiet zone as one SVG path, a unit per module: no seam between modules, however it is drawn."""
    rows = modules(text)
    side = len(rows) + 2 * QUIET_MODULES
    frame = f'viewBox="0 0 {side} {side}" width="{side}" height="{side}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {frame}><path fill-rule="evenodd" d="{_outline(rows)}"/></svg>'


def _outline(rows: Modules) -> str:
    """The borders between dark and light as closed loops; what lies between two dark modules is no border."""
    onward: dict[_Point, list[_Point]] = {}
    for start, end in sorted(_borders(rows)):
        onward.setdefault(start, []).append(end)
    loops = []
    for first, ends in onward.items():
        while ends:
            loop, point = [first], ends.pop()
            while point != first:
                loop.append(point)
                point = onward[point].pop()
            loops.append("M" + "L".join(f"{x} {y}" for x, y in loop) + "Z")
    return "".join(loops)


def _borders(rows: Modules) -> set[tuple[_Point, _Point]]:
    """Each border of a module, the dark to its right; two that lie on each other cancel out."""
    found: set[tuple[_Point, _Point]] = set()
    for y, row in enumerate(rows, start=QUIET_MODULES):
        for x in (x for x, dark in enumerate(row, start=QUIET_MODULES) if dark):
            ring = ((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y))
            for start, end in pairwise(ring):
                if (end, start) in found:
                    found.remove((end, start))
                else:
                    found.add((start, end))
    return found
