"""Every text that people see exists in French, and the catalogue holds nothing that nobody shows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po

from ledger.texts import LANGUAGES, LOCALE_FOLDER, read_catalogue
from merchant_api.wallet.words import DOMAIN, SPOKEN, WORDS

ROOT = Path(__file__).parents[2]
PACKAGES = ("ledger", "merchant_api", "admin_cli")

MessageId = str | tuple[str, ...]  # with its plural, if it has one


@cache
def shown() -> dict[MessageId, str]:
    """Each text marked in the code, with one place where it stands."""
    found: dict[MessageId, str] = {}
    for path in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        for line, message, _, _ in extract_from_file("python", path, keywords=DEFAULT_KEYWORDS):
            if message:
                found[message] = f"{path.relative_to(ROOT)}:{line}"
    return found


def forms(value: MessageId | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ("",))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def is_translated(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(forms(message.string))


def test_each_text_has_a_french_translation() -> None:
    french = read_catalogue("fr")
    missing = [f"{place}: {text}" for text, place in shown().items() if not is_translated(french.get(text))]
    assert not missing, "\n".join(missing)


def test_the_catalogue_has_no_orphan() -> None:
    known = {forms(text)[0] for text in shown()}
    orphans = [message.id for message in read_catalogue("fr") if message.id and forms(message.id)[0] not in known]
    assert not orphans


def test_a_translation_names_the_same_facts_as_its_text() -> None:
    wrong = [
        message.id
        for message in read_catalogue("fr")
        if message.id
        for form in forms(message.string)
        if fields(form) != set().union(*map(fields, forms(message.id)))
    ]
    assert not wrong


def test_no_text_is_translated_twice() -> None:
    files = sorted((LOCALE_FOLDER / "fr").rglob("*.po"))
    ids = [forms(message.id)[0] for file in files for message in read_messages(file) if message.id]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("code", sorted(set(SPOKEN) - set(LANGUAGES)))
def test_a_language_of_the_wallet_alone_is_whole_there(code: str) -> None:
    catalogue = {str(message.id): message for message in read_catalogue(code, DOMAIN) if message.id}
    assert set(catalogue) == set(WORDS.values())
    assert all(is_translated(message) for message in catalogue.values())
    assert all(fields(text) == fields(str(message.string)) for text, message in catalogue.items())


def read_messages(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, locale="fr", abort_invalid=True)


@pytest.mark.parametrize("marked", ['_("one")', 'gettext("one")', 'N_("one")', 'ngettext("one", "two", count)'])
def test_the_extractor_knows_how_texts_are_marked_here(marked: str, tmp_path: Path) -> None:
    source = tmp_path / "sample.py"
    source.write_text(marked, encoding="utf-8")
    assert len(list(extract_from_file("python", source, keywords=DEFAULT_KEYWORDS))) == 1
