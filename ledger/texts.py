"""What people read: English in the code, French from the catalogue, French by default.

The language belongs to the context (one HTTP request, one command), so requests in several languages do not
disturb each other. The `.po` files are read as they are: nothing has to be compiled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.dates import format_date as babel_format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DEFAULT_LANGUAGE = "fr"
LANGUAGES = ("fr", "en")
LOCALE_FOLDER = Path(__file__).parent / "locale"

NARROW_NO_BREAK_SPACE = "\u202f"

_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def use_language(code: str) -> None:
    """Speak `fr`, `fr-FR`, `en_GB`… for the rest of this context; French if it is not spoken here."""
    _language.set(_spoken(code) or DEFAULT_LANGUAGE)


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Speak this language inside the block only."""
    before = _language.set(_spoken(code) or DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        _language.reset(before)


def language() -> str:
    """The language of this context, one of `LANGUAGES`."""
    return _language.get()


def preferred_language(accept_language: str, spoken_here: Collection[str] = LANGUAGES) -> str:
    """The best language for an `Accept-Language` header (RFC 9110 §12.5.4); French if none is spoken here."""
    choices = [_language_range(part, spoken_here) for part in accept_language.split(",")]
    spoken = [(weight, code) for weight, code in choices if code is not None and weight > 0]
    return max(spoken, key=lambda choice: choice[0], default=(Decimal(1), DEFAULT_LANGUAGE))[1]


def gettext(message: str) -> str:
    """The message in the language of this context; the English one if it has no translation."""
    return _translations(language()).gettext(message) if message else ""  # "" is the catalogue's own header


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of the message that goes with `count`; in French 0 is singular, in English it is not."""
    return _translations(language()).ngettext(singular, plural, count)


def format_cents(cents: int) -> str:
    """Print centimes in units: `8\u202f507,54` in French, `8,507.54` in English; the minus sign is ASCII."""
    thousands, decimal_mark = (NARROW_NO_BREAK_SPACE, ",") if language() == "fr" else (",", ".")
    units, rest = divmod(abs(cents), 100)
    grouped = f"{units:,}".replace(",", thousands)
    return f"{'-' if cents < 0 else ''}{grouped}{decimal_mark}{rest:02}"


def format_date(day: date) -> str:
    """Print a day so that its month is no riddle: `06/10/2026` in French, `6 Oct 2026` in English."""
    if language() == "fr":
        return babel_format_date(day, "dd/MM/y", locale="fr_FR")
    return babel_format_date(day, "d MMM y", locale="en_GB")


def read_catalogue(code: str, domain: str = "bonpois") -> Catalog:
    """All translations into a language; a page that speaks more languages than the product has a domain of its own."""
    with (LOCALE_FOLDER / code / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, locale=code, domain=domain, abort_invalid=True)


@cache
def _translations(code: str) -> NullTranslations:
    if code == "en":  # the language of the code itself
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(code))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _spoken(code: str, spoken_here: Collection[str] = LANGUAGES) -> str | None:
    primary = code.strip().lower().replace("_", "-").partition("-")[0]
    return primary if primary in spoken_here else None


def _language_range(part: str, spoken_here: Collection[str]) -> tuple[Decimal, str | None]:
    """Read `en-GB;q=0.8` as its weight and the language spoken here, if any; an unreadable weight is 0."""
    tag, _, parameter = part.partition(";")
    if not parameter:
        return Decimal(1), _spoken(tag, spoken_here)
    name, _, value = parameter.partition("=")
    try:
        weight = Decimal(value.strip()) if name.strip() == "q" else Decimal(1)
    except InvalidOperation:
        weight = Decimal(0)
    return (weight if weight.is_finite() else Decimal(0)), _spoken(tag, spoken_here)
