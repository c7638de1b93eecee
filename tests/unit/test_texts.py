"""Language, amounts and dates as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import copy_context
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import PoFileError
from hypothesis import given
from hypothesis import strategies as st

from ledger import texts
from ledger.money import parse_cents
from ledger.texts import (
    format_cents,
    format_date,
    gettext,
    in_language,
    language,
    ngettext,
    preferred_language,
    use_language,
)

HEADER = 'msgid ""\nmsgstr ""\n\n'


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of French texts of our own, read in place of the product's."""
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "bonpois.po").write_text(HEADER + 'msgid "voucher"\nmsgstr "bon"\n', encoding="utf-8")
    monkeypatch.setattr(texts, "LOCALE_FOLDER", tmp_path)
    texts._translations.cache_clear()
    yield folder
    texts._translations.cache_clear()


def test_french_is_spoken_unless_asked_otherwise(catalogue: Path) -> None:
    assert (language(), gettext("voucher")) == ("fr", "bon")
    with in_language("en"):
        assert (language(), gettext("voucher")) == ("en", "voucher")
    assert language() == "fr"


def test_a_message_without_translation_stays_english(catalogue: Path) -> None:
    assert gettext("unheard of") == "unheard of"


def test_an_empty_text_stays_empty_in_every_language(catalogue: Path) -> None:
    assert gettext("") == ""  # and not the header of the catalogue
    with in_language("en"):
        assert gettext("") == ""


def test_zero_is_singular_in_french_and_plural_in_english(catalogue: Path) -> None:
    sales = 'msgid "one sale"\nmsgid_plural "{count} sales"\nmsgstr[0] "{count} vente"\nmsgstr[1] "{count} ventes"\n'
    (catalogue / "bonpois.po").write_text(HEADER + sales, encoding="utf-8")
    forms = [ngettext("one sale", "{count} sales", count) for count in (0, 1, 2)]
    assert forms == ["{count} vente", "{count} vente", "{count} ventes"]
    with in_language("en"):
        assert ngettext("one sale", "{count} sales", 0) == "{count} sales"


def test_a_damaged_catalogue_is_an_error_and_not_a_silent_english_text(catalogue: Path) -> None:
    (catalogue / "bonpois.po").write_text('msgid "voucher"\n<<<<<<<\n', encoding="utf-8")
    with pytest.raises(PoFileError):
        gettext("voucher")


def test_the_language_belongs_to_its_context() -> None:
    copy_context().run(use_language, "en")
    assert language() == "fr"


@pytest.mark.parametrize(
    ("code", "spoken"),
    [
        ("en", "en"),
        ("en_GB", "en"),
        ("EN-us", "en"),
        ("fr-CA", "fr"),
        ("de", "fr"),
        ("", "fr"),
        ("../..", "fr"),
    ],
)
def test_a_language_not_spoken_here_becomes_french(code: str, spoken: str) -> None:
    with in_language(code):
        assert language() == spoken


@pytest.mark.parametrize(
    ("header", "spoken"),
    [
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de,fr;q=0.5,en;q=0.7", "en"),
        ("ar,*;q=0.1", "fr"),
        ("en;q=0", "fr"),
        ("en;q=bad, fr;q=0.1", "fr"),
        ("en;q=NaN", "fr"),
        ("en;q=Infinity, fr;q=0.1", "fr"),
        ("fr, en", "fr"),
        ("", "fr"),
        (";;;=,,", "fr"),
    ],
)
def test_the_browser_says_which_language_it_prefers(header: str, spoken: str) -> None:
    assert preferred_language(header) == spoken


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (850754, "8\u202f507,54", "8,507.54"),
        (5, "0,05", "0.05"),
        (0, "0,00", "0.00"),
        (-5, "-0,05", "-0.05"),
        (-123456789, "-1\u202f234\u202f567,89", "-1,234,567.89"),
    ],
)
def test_amounts_are_printed_as_the_reader_writes_them(cents: int, french: str, english: str) -> None:
    assert format_cents(cents) == french
    with in_language("en"):
        assert format_cents(cents) == english


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_a_printed_amount_is_read_back_as_it_was(cents: int) -> None:
    assert parse_cents(format_cents(cents)) == cents


def test_a_day_is_printed_so_that_month_and_day_cannot_be_confused() -> None:
    assert format_date(date(2026, 10, 6)) == "06/10/2026"
    with in_language("en"):
        assert format_date(date(2026, 10, 6)) == "6 Oct 2026"
