"""Merchants as labels name them: without accents, in capitals, shortened, cut off at the end, with a shop number.

A name is found where its words stand in order. A word may be shortened to its beginning, small words may be left
out, and a label that ends early may end within the name. What fits several merchants equally well names none of
them alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset({"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "sur"})
_SHORT = {"st": "saint", "ste": "sainte", "sts": "saints", "nd": "notre"}
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_ABBREVIATED_MIN = 3  # letters, where no full stop says that a word is shortened
_SHOWN_MIN_PERCENT = 60  # of a name of which a label that was cut off shows one word only


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a label, as it is compared, and where it stands. `dotted`: a full stop follows it."""

    text: str
    start: int
    end: int
    dotted: bool


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a label names: one merchant, or several it cannot tell apart; and where its name stands."""

    names: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a name fits; the larger, the better."""

    whole: bool
    exact: int
    letters: int
    name: str
    start: int
    end: int

    @property
    def rank(self) -> tuple[bool, int, int]:
        return self.whole, self.exact, self.letters


def plain(text: str) -> str:
    """Without accents, capitals and ligatures."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(character for character in apart if not unicodedata.combining(character))


def words_of(text: str) -> list[Word]:
    return [
        Word(plain(found[0]), found.start(), found.end(), text[found.end() : found.end() + 1] == ".")
        for found in _WORD.finditer(text)
    ]


class NameFinder:
    """Finds merchants in labels; `names` are folded, and given back as they are."""

    def __init__(self, names: Iterable[str]) -> None:
        self.words = {name: [word.text for word in words_of(name)] for name in sorted(names)}
        self.whole: dict[tuple[str, ...], list[str]] = {}
        self.first: dict[str, list[str]] = {}
        self.beginning: dict[str, list[str]] = {}
        for name, words in self.words.items():
            if words:
                self.whole.setdefault(tuple(words), []).append(name)
                self.first.setdefault(words[0], []).append(name)
                large = next((word for word in words if word not in _SMALL), words[0])
                self.beginning.setdefault(large[0], []).append(name)
        self.longer = {name: self._longer(words) for name, words in self.words.items() if words}
        lengths = {words[0]: {len(one) for one in self.whole if one[0] == words[0]} for words in self.whole}
        self.lengths = {first: sorted(every, reverse=True) for first, every in lengths.items()}

    def find(self, text: str) -> Named:
        """The longest name that is there word by word, unless the label goes on in a longer one; else what fits."""
        words = words_of(text)
        found = self._written_out(words)
        if not found.names:
            return self._best(words, self.beginning)
        shown = sum(map(len, self.words[found.names[0]]))
        longer = self._best(words, self.longer[found.names[0]], letters_min=shown + 1)
        return longer if longer.names else found

    def _written_out(self, words: Sequence[Word]) -> Named:
        """The longest name of which every word is there; the first of two."""
        texts = tuple(word.text for word in words)
        best: tuple[int, int] | None = None
        for nth, text in enumerate(texts):
            fitting = (one for one in self.lengths.get(text, ()) if nth + one <= len(texts))
            length = next((one for one in fitting if texts[nth : nth + one] in self.whole), 0)
            if length > (best[1] if best else 0):
                best = nth, length
        if best is None:
            return Named()
        nth, length = best
        return Named(tuple(self.whole[texts[nth : nth + length]]), words[nth].start, words[nth + length - 1].end)

    def _longer(self, words: Sequence[str]) -> dict[str, list[str]]:
        """The names that go on where one ends, by their first letter."""
        same = [other for other in self.first[words[0]] if len(self.words[other]) > len(words)]
        longer = [other for other in same if self.words[other][: len(words)] == words]
        return {words[0][0]: longer} if longer else {}

    def _best(self, words: Sequence[Word], names: Mapping[str, Sequence[str]], letters_min: int = 0) -> Named:
        fits: dict[str, _Fit] = {}
        for nth, word in enumerate(words):
            for name in names.get(word.text[:1], ()):
                fit = _fit(words, nth, name, self.words[name])
                if fit is not None and fit.letters >= letters_min and (name not in fits or fit.rank > fits[name].rank):
                    fits[name] = fit
        best = max((fit.rank for fit in fits.values()), default=None)
        chosen = [fit for fit in fits.values() if fit.rank == best]
        return Named(tuple(fit.name for fit in chosen), chosen[0].start, chosen[0].end) if chosen else Named()


def _fit(words: Sequence[Word], nth: int, name: str, wanted: Sequence[str]) -> _Fit | None:
    """How a name fits from a word of the label on; nothing where it does not."""
    at, exact, letters, large = nth, 0, 0, 0
    for place, word in enumerate(wanted):
        at = _past_small(words, at, word) if place else at
        if at >= len(words):
            return _cut_off(words, nth, name, wanted, exact, letters, large)
        told = words[at]
        if told.text == word:
            exact += 1
        elif not _shortens(told, word):
            if place and at == len(words) - 1 and told.text.isalpha() and word.startswith(told.text):
                return _cut_off(words, nth, name, wanted, exact, letters + len(told.text), large + 1)
            if word in _SMALL:
                continue
            return None
        at, letters, large = at + 1, letters + len(told.text), large + (word not in _SMALL)
    if not large:
        return None
    return _Fit(whole=True, exact=exact, letters=letters, name=name, start=words[nth].start, end=words[at - 1].end)


def _cut_off(
    words: Sequence[Word], nth: int, name: str, wanted: Sequence[str], exact: int, letters: int, large: int
) -> _Fit | None:
    """The label ends within the name: that counts where it shows more than its first word, or most of it."""
    if large < 2 and 100 * letters < _SHOWN_MIN_PERCENT * sum(map(len, wanted)):
        return None
    return _Fit(whole=False, exact=exact, letters=letters, name=name, start=words[nth].start, end=words[-1].end)


def _past_small(words: Sequence[Word], at: int, wanted: str) -> int:
    """Over small words and shop numbers that the name has not."""
    while at < len(words) - 1 and words[at].text != wanted and (words[at].text in _SMALL or words[at].text.isdigit()):
        at += 1
    return at


def _shortens(told: Word, wanted: str) -> bool:
    if _SHORT.get(told.text) == wanted:
        return True
    long_enough = told.dotted or len(told.text) >= _ABBREVIATED_MIN
    return told.text.isalpha() and long_enough and len(told.text) < len(wanted) and wanted.startswith(told.text)
