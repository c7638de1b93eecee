"""Amounts in words, as French public accounting closes its statements: « arrêté à la somme de … ».

num2words gives the cardinals; the names of the money, their plural and the *de* after a round million are ours.
"""

from __future__ import annotations

from num2words import num2words

from ledger.texts import language

_MILLION = 1_000_000
_NAMES = {"fr": ("euro", "centime", "et", " d’"), "en": ("euro", "cent", "and", " ")}


def euros_in_words(cents: int) -> str:
    """An amount of euros, `cents` ≥ 0: « mille deux cent quatre-vingts euros et cinq centimes ».

    In the spelling that courts and accountants use, hyphens below a hundred only (before the reform of 1990).
    """
    assert cents >= 0
    euro, cent, conjunction, of = _NAMES[language()]
    euros, rest = divmod(cents, 100)
    parts = [_counted(euros, euro, of)] if euros or not rest else []
    parts += [_counted(rest, cent, of)] if rest else []
    return f" {conjunction} ".join(parts)


def _counted(number: int, name: str, of: str) -> str:
    """A number with what it counts. A round million is a noun: un million d’euros, but un million un euros."""
    words = num2words(number, lang=language()).replace(",", "")
    plural = number > 1 or (number == 0 and language() == "en")
    return f"{words}{of if number and number % _MILLION == 0 else ' '}{name}{'s' if plural else ''}"
