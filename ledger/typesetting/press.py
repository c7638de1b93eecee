"""A typst template and plain data become a PDF: archival (PDF/A-2a, ISO 19005-2), accessible (PDF/UA-1, ISO 14289-1).

Data reach the template as JSON, never as code: a `#` or a `]` in a name prints as it is. Only the fonts of this
package are used, whatever the machine has, and the date is the caller's: same data, same date, same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from ledger import texts
from ledger.texts import gettext as _
from ledger.typesetting.glyphs import printable

_PACKAGE = Path(__file__).parents[1]  # templates live beside their features, and import /typesetting/base.typ
_FONTS = Path(__file__).parent / "fonts"


def typeset(
    template: Path,
    data: Mapping[str, Any],
    *,
    title: str,
    made_at: datetime,
    rehearsal: bool,
    language: str | None = None,
) -> bytes:
    """The PDF of a template, a `.typ` file anywhere in this package.

    `data`: what JSON can say; texts already in the reader's language, amounts already as they print. What our fonts
    cannot show prints as �. `made_at`: with a time zone; the PDF's own date. `rehearsal`: every page says so.
    `language`: of the paper (BCP 47: `fr`, `ar`…); that of this context by default.
    """
    assert made_at.tzinfo is not None, "a PDF's date has a time zone"
    spoken = language or texts.language()
    with texts.in_language(spoken):
        mark = _("REHEARSAL") if rehearsal else ""
    frame = {"title": title, "language": spoken, "rehearsal": mark}
    pdf, warnings = typst.compile_with_warnings(
        template.resolve(),
        root=_PACKAGE.resolve(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": _as_json(data), "frame": _as_json(frame)},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=int(made_at.timestamp()),
    )
    assert not warnings, warnings  # a template of ours that typst finds fault with
    assert isinstance(pdf, bytes)
    return pdf


def _as_json(value: object) -> str:
    return json.dumps(_printable(value), ensure_ascii=False)


def _printable(value: object) -> object:
    """The same, with each text in characters that the fonts have: an archival PDF may hold no other."""
    match value:
        case str():
            return printable(value)
        case Mapping():
            return {key: _printable(part) for key, part in value.items()}
        case list() | tuple():
            return [_printable(part) for part in value]
        case _:
            return value


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)])
