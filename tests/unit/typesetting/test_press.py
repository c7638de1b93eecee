"""Papers as a reader, an archive and a screen reader get them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

import ledger
from ledger.typesetting import glyphs
from ledger.typesetting.glyphs import printable
from ledger.typesetting.press import typeset

DOCUMENT = Path(ledger.__file__).parent / "typesetting" / "document.typ"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def printed(*blocks: dict[str, Any], rehearsal: bool = False, language: str = "fr") -> bytes:
    data = {"head": "CCAS de Poitiers", "foot": "", "blocks": [{"kind": "title", "text": "Essai"}, *blocks]}
    return typeset(DOCUMENT, data, title="Essai", made_at=NOON, rehearsal=rehearsal, language=language)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def listing(*rows: list[str]) -> dict[str, Any]:
    columns = [{"label": "Nom", "width": "1fr"}, {"label": "Montant", "kind": "amount"}]
    return {"kind": "listing", "columns": columns, "rows": list(rows)}


def test_the_same_data_and_date_make_the_same_bytes() -> None:
    assert printed(listing(["Épicerie", "12,50"])) == printed(listing(["Épicerie", "12,50"]))


@pytest.mark.parametrize("name", ["#boom()] $x$ *b* <a> @x // /* `", '"\\" + read("/etc/passwd")', "Été — Œuvre n° 1"])
def test_a_name_prints_as_it_is(name: str) -> None:
    assert name in text_of(printed(listing([name, "1,00"])))


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_any_text_makes_a_paper(text: str) -> None:
    blocks = [{"kind": kind, "text": f"x{text}"} for kind in ("text", "heading", "code", "certified")]
    assert printed(listing([text, text]), {"kind": "facts", "rows": [[text, text]]}, *blocks).startswith(b"%PDF")


def test_every_character_that_the_fonts_have_can_be_printed() -> None:
    shown = " ".join(f"a{printable(chr(point))}b" for point in sorted(glyphs._covered()))
    assert printed(
        {"kind": "text", "text": shown}, {"kind": "code", "text": shown}, {"kind": "certified", "text": shown}
    )


@pytest.mark.parametrize("hidden", ["\u200b", "\u200f", "\u00ad", "\u2066", "\ufeff", "\u2060", "\U000e0001"])
def test_what_only_steers_the_layout_leaves_no_mark(hidden: str) -> None:
    assert "\ufffd" not in text_of(printed(listing([f"pa{hidden}in", ""])))


def test_what_the_fonts_cannot_show_is_marked_and_the_rest_stays() -> None:
    assert "Épicerie \ufffd du marché" in text_of(printed(listing(["Épicerie \U0001f34e du marché", ""])))


def test_a_name_cannot_turn_the_direction_of_reading() -> None:
    assert "pain 00,1" in text_of(printed(listing(["pain \u202e00,1", ""])))


def test_a_heading_is_repeated_and_pages_are_counted() -> None:
    pages = PdfReader(BytesIO(printed(listing(*([f"n{nth}", "1,00"] for nth in range(120)))))).pages
    assert all("Montant" in page.extract_text() for page in pages)
    assert [page.extract_text().count(f"{nth} / {len(pages)}") for nth, page in enumerate(pages, start=1)] == [1, 1, 1]


@pytest.mark.parametrize(("language", "mark"), [("fr", "RÉPÉTITION"), ("en", "REHEARSAL")])
def test_every_page_of_a_rehearsal_says_so(language: str, mark: str) -> None:
    rows = (["nom", "1,00"] for _ in range(90))
    pages = PdfReader(BytesIO(printed(listing(*rows), rehearsal=True, language=language))).pages
    assert all(page.extract_text().count(mark) == 2 for page in pages)
    assert mark not in text_of(printed(language=language))


def test_it_is_archival_tagged_and_has_its_fonts_with_it() -> None:
    reader = PdfReader(BytesIO(printed({"kind": "facts", "rows": [["a", "b"]]})))
    root: Any = reader.root_object
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2<" in metadata
    assert "<pdfaid:conformance>A<" in metadata
    assert "<pdfuaid:part>1<" in metadata
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert [intent.get_object()["/S"] for intent in root["/OutputIntents"]] == ["/GTS_PDFA1"]
    for font in fonts(reader):
        assert re.fullmatch(r"/[A-Z]{6}\+DejaVu.*", str(font["/BaseFont"]))
        assert "/ToUnicode" in font
        assert "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"]


def fonts(reader: PdfReader) -> list[Any]:
    resources: list[Any] = [page["/Resources"] for page in reader.pages]
    found = [font.get_object() for one in resources for font in one["/Font"].values()]
    assert found
    return found


def test_arabic_runs_from_right_to_left() -> None:
    pdf = printed({"kind": "text", "text": "رصيدك 12,50"}, language="ar")
    root: Any = PdfReader(BytesIO(pdf)).root_object
    assert root["/Lang"] == "ar"
    assert "12,50" in text_of(pdf)
