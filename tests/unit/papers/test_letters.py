"""Letters and cards in every language a household may have, before they reach a disk."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from ledger.cards.rules import new_paper_card
from ledger.papers import rules
from ledger.papers.model import CardPaper, Contact, Recipient
from ledger.programmes.reading import LANGUAGES
from ledger.typesetting.press import typeset

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CODE = "7K3QZ-90ABC-DEFGH"
LINK = f"https://pois.example.org/wallet#{CODE}"
CONTACT = Contact("05 49 00 00 00", "https://pois.example.org/")
WORDS = tomllib.loads((Path(rules.__file__).parent / "letters.toml").read_text("utf-8"))


def paper(language: str, code: str | None = None) -> CardPaper:
    return CardPaper(new_paper_card(), Recipient(UUID(int=1), "D26-10931", language), code)


def letters(*papers: CardPaper, contact: Contact = CONTACT, rehearsal: bool = False) -> bytes:
    data = rules.letters(papers, contact)
    return typeset(rules.LETTER_TEMPLATE, data, title="Lettres", made_at=NOON, rehearsal=rehearsal)


def said(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def facts(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text)} - {None}


def test_each_language_of_a_household_says_everything_with_the_same_facts() -> None:
    assert set(WORDS) == set(LANGUAGES)
    for words in WORDS.values():
        assert {name: facts(text) for name, text in words.items()} == {
            name: facts(text) for name, text in WORDS["fr"].items()
        }


def test_a_letter_is_one_page_with_everything_on_it_in_each_language() -> None:
    papers = [paper(language, CODE) for language in LANGUAGES]
    pdf = letters(*papers)
    pages = said(pdf)
    assert len(pages) == len(papers)
    for page, each in zip(pages, papers, strict=True):
        assert " ".join(each.card.pin or "") in page
        assert "pois.example.org/balance" in page
        assert "05\u00a049\u00a000\u00a000\u00a000" in page  # one number, also where the rest reads from right to left
    pictures = [page.render(scale=150 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    assert [[found.text for found in zxingcpp.read_barcodes(picture)] for picture in pictures] == [[LINK]] * len(pages)


def test_what_is_unknown_is_left_out_and_nothing_is_made_up() -> None:
    [page] = said(letters(paper("fr"), contact=Contact()))
    assert WORDS["fr"]["lost_tell"].split()[0] in page
    assert not [word for word in ("None", "/balance", "Appelez", "téléphone") if word in page]


def test_neither_paper_alone_is_enough_to_pay() -> None:
    each = paper("en")
    [letter] = said(letters(each))
    sheet = typeset(rules.CARDS_TEMPLATE, rules.card_sheets([each]), title="Cards", made_at=NOON, rehearsal=False)
    number = str(each.card.number)
    assert number not in letter.replace(" ", "")
    assert number[4:] in letter.replace(" ", "")
    [card] = said(sheet)
    assert number in card.replace(" ", "")
    assert each.card.pin not in card.split()
    assert each.card.secret not in letter


@pytest.mark.parametrize("count", [1, 10, 11])
def test_ten_cards_fill_a_sheet(count: int) -> None:
    data: dict[str, Any] = rules.card_sheets([paper("fr") for _ in range(count)])
    pdf = typeset(rules.CARDS_TEMPLATE, data, title="Cartes", made_at=NOON, rehearsal=True)
    pages = said(pdf)
    assert len(pages) == -(-count // 10)
    assert sum(page.count("RÉPÉTITION") for page in pages) == count


def test_a_hundred_cards_make_a_file() -> None:
    parts = rules.in_parts([paper("fr")] * 201)
    assert [len(part) for part in parts] == [100, 100, 1]
    assert rules.file_names("cards", 1) == ["cards.pdf"]
    assert rules.file_names("cards", 10)[::9] == ["cards-01.pdf", "cards-10.pdf"]
