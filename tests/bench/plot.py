"""The plot: requests per second as bars beside the line of TPC-B, and the slowest of a hundred answers above each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_BAR, _GAP, _LEFT, _TOP, _HEIGHT = 56, 18, 60, 50, 260
_BLUE, _ORANGE, _GREY = "#2b6cb0", "#c05621", "#4a5568"


def drawn(results: Mapping[str, Any]) -> str:
    """An SVG of its own, without script or outer file."""
    bars = list(_bars(results))
    width = _LEFT + len(bars) * (_BAR + _GAP) + 90
    rate_max = max([results["tpcb_tps"], *(told["rps"] for _, told in bars)]) * 1.15
    parts = [_text(_LEFT, 24, "Redemptions over HTTP per second; above each bar the p99 in milliseconds", size=15)]
    for place, (label, told) in enumerate(bars):
        parts += _bar(_LEFT + place * (_BAR + _GAP), label, told, rate_max)
    height = _TOP + _HEIGHT * (1 - results["tpcb_tps"] / rate_max)
    right, floor = width - 90, _TOP + _HEIGHT
    parts += [
        _line(right, height, _ORANGE),
        _text(right + 4, height - 4, "TPC-B", colour=_ORANGE),
        _text(right + 4, height + 12, f"{results['tpcb_tps']:.0f}/s", colour=_ORANGE),
        _line(right, floor, _GREY),
    ]
    size = f'width="{width}" height="{_TOP + _HEIGHT + 60}"'
    font = 'font-family="system-ui, sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(parts)}</svg>\n'


def _bars(results: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for count, told in results["tills"].items():
        yield (f"{count} tills" if count != "1" else "1 till", "even"), told
    for count, told in results["busy"].items():
        yield (f"{count} tills", "one busy"), told
    for postings, told in results["growth"].items():
        yield (f"{int(postings) / 1e6:g} M", "postings"), told


def _bar(left: int, label: tuple[str, str], told: Mapping[str, Any], rate_max: float) -> list[str]:
    height = _HEIGHT * told["rps"] / rate_max
    top, middle = _TOP + _HEIGHT - height, left + _BAR / 2
    return [
        f'<rect x="{left}" y="{top:.1f}" width="{_BAR}" height="{height:.1f}" fill="{_BLUE}"/>',
        _text(middle, top - 6, f"{told['p99_ms']:.0f} ms", anchor="middle"),
        _text(middle, _TOP + _HEIGHT - 6, f"{told['rps']}", anchor="middle", colour="#ffffff"),
        _text(middle, _TOP + _HEIGHT + 18, label[0], anchor="middle"),
        _text(middle, _TOP + _HEIGHT + 34, label[1], anchor="middle"),
    ]


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = _GREY, size: int = 12) -> str:
    return f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{escape(words)}</text>'


def _line(right: float, y: float, colour: str) -> str:
    return f'<line x1="{_LEFT - 10}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>'
