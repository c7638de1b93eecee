"""Amounts in words: as a French accountant writes them, and never another amount."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.public_accounting.rules.words import euros_in_words
from ledger.texts import in_language

UNITS = [
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    *("dix", "onze", "douze", "treize", "quatorze", "quinze", "seize"),
]
TENS = {"vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60}
LARGE = {"mille": 10**3, "million": 10**6, "millions": 10**6, "milliard": 10**9, "milliards": 10**9}


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (0, "zéro euro"),
        (1, "un centime"),
        (12, "douze centimes"),
        (1_00, "un euro"),
        (1_01, "un euro et un centime"),
        (2_80, "deux euros et quatre-vingts centimes"),
        (21_00, "vingt et un euros"),
        (71_71, "soixante et onze euros et soixante et onze centimes"),
        (80_00, "quatre-vingts euros"),
        (81_81, "quatre-vingt-un euros et quatre-vingt-un centimes"),
        (99_99, "quatre-vingt-dix-neuf euros et quatre-vingt-dix-neuf centimes"),
        (100_00, "cent euros"),
        (200_00, "deux cents euros"),
        (201_00, "deux cent un euros"),
        (280_00, "deux cent quatre-vingts euros"),
        (1_000_00, "mille euros"),
        (1_100_00, "mille cent euros"),
        (11_530_00, "onze mille cinq cent trente euros"),
        (80_000_00, "quatre-vingt mille euros"),
        (200_000_00, "deux cent mille euros"),
        (1_000_000_00, "un million d’euros"),
        (1_000_000_50, "un million d’euros et cinquante centimes"),
        (1_000_001_00, "un million un euros"),
        (2_000_000_00, "deux millions d’euros"),
        (2_300_000_00, "deux millions trois cent mille euros"),
        (80_000_000_00, "quatre-vingts millions d’euros"),
        (200_000_000_00, "deux cents millions d’euros"),
        (3_000_000_000_00, "trois milliards d’euros"),
    ],
)
def test_an_amount_is_written_as_accountants_do(cents: int, words: str) -> None:
    assert euros_in_words(cents) == words


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**13))
def test_the_words_say_the_very_amount(cents: int) -> None:
    """Read back by a reader of our own, which knows nothing of how they were made."""
    assert read(euros_in_words(cents)) == cents


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**13))
def test_cent_and_vingt_agree_as_the_grammar_wants(cents: int) -> None:
    words = re.split(r"[ -]", euros_in_words(cents).replace("d’euros", "euros"))
    for word, follows in itertools.pairwise(words):
        numeral = {*UNITS, *TENS, "cent", "mille", "et"}
        if word in {"cents", "vingts"}:
            assert follows not in numeral, words
        if word == "mille":
            assert follows != "milles", words


def read(words: str) -> int:
    said = re.fullmatch(r"(?:(.*?)(?: d’| )euros?)?(?: et )?(?:(.*) centimes?)?", words)
    assert said, words
    euros, cents = said.groups()
    return number(euros or "") * 100 + number(cents or "")


def number(words: str) -> int:
    total = group = 0
    for word in re.split(r"[ -]", words.replace(" et ", " ")):
        if word in UNITS:
            group += UNITS.index(word)
        elif word in {"vingt", "vingts"} and group % 100 == 4:
            group += 76
        elif word in TENS:
            group += TENS[word]
        elif word in {"cent", "cents"}:
            group = (group or 1) * 100
        elif word in LARGE:
            total, group = total + (group or 1) * LARGE[word], 0
        else:
            assert not word, words
    return total + group


def test_in_english_too() -> None:
    with in_language("en"):
        assert euros_in_words(1_280_05) == "one thousand two hundred and eighty euros and five cents"
        assert [euros_in_words(cents) for cents in (0, 1, 1_00)] == ["zero euros", "one cent", "one euro"]
        assert euros_in_words(1_000_000_00) == "one million euros"
