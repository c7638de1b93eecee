"""What a label says: which merchant, which tickets, and whether it is the total of a day.

Associations write labels in their own words, so only three things are relied on: the merchant's name as it is
registered, a reference that we know, that looks like those that we know, or that a word such as *ticket*
announces, and `(3 tickets)` or *remise*.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from string import ascii_letters, digits

from ledger.reconciliation.model import Party

_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
_COUNT = re.compile(r"\(\s*(?P<tickets>\d{1,6})\s+tickets?\s*\)", re.IGNORECASE)
_REMITTANCE = re.compile(r"\bremise\b", re.IGNORECASE)
_ANNOUNCED = re.compile(
    r"\b(?:ticket|mandat|r[ée]f(?:[ée]rence)?)\b[\s.:#]*(?:n[°o]\s*)?(?P<reference>(?=[\w./-]*\d)[A-Za-z0-9][\w./-]*)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_SHAPES = str.maketrans(dict.fromkeys(ascii_letters, "X") | dict.fromkeys(digits, "0"))
_SHAPE_DIGITS_MIN = 3
_REFERENCE_CHARACTERS_MIN = 3  # shorter known references are read only where a word announces them
_TRANSFER = re.compile(r"(?P<lot>[A-Za-z0-9][A-Za-z0-9/-]*)\.[0-9]{3,5}\b")


def fold(text: str) -> str:
    """Text as it is compared: case and blanks do not count, accents do."""
    plain = unicodedata.normalize("NFC", text).replace("’", "'")
    return _SPACES.sub(" ", plain).strip().casefold()


@dataclass(frozen=True, slots=True)
class Clue:
    """What one label says. `party` and `claims` are folded; `claims` are references, as written in `written`;
    `total`: it speaks of a day's sales in one sum; `tickets`: how many it says they are.
    """

    party: str | None
    claims: tuple[str, ...]
    written: tuple[str, ...]
    total: bool
    tickets: int | None


class LabelReader:
    """Reads labels, given the merchants' names and whose references are known."""

    def __init__(self, parties: Iterable[Party], owners: Mapping[str, Collection[str | None]]) -> None:
        self.owners = owners
        self.shapes = {_shape(reference) for reference in owners} - {None}
        self.names: dict[str, list[tuple[str, int]]] = {}
        for name in sorted({fold(party.name) for party in parties}, key=lambda name: (-len(name), name)):
            first = _WORD.search(name)
            if first is not None:
                self.names.setdefault(first[0], []).append((name, first.start()))

    def read(self, label: str) -> Clue:
        text = _SPACES.sub(" ", unicodedata.normalize("NFC", label)).strip()
        folded = fold(text)
        name, start = self._longest_name(folded)
        if name and len(folded) == len(text):  # folding may lengthen a letter; then the name is left in
            text = f"{text[:start]} {text[start + len(name) :]}"
        count = _COUNT.search(text)
        rest = _COUNT.sub(" ", text)
        written = self._references(_lots_of_transfers(rest, self.owners))
        claims = tuple(reference.casefold() for reference in written)
        return Clue(
            party=name or self._sole_owner(claims),
            claims=claims,
            written=written,
            total=not claims and (count is not None or _REMITTANCE.search(rest) is not None),
            tickets=None if count is None else int(count["tickets"]),
        )

    def _longest_name(self, folded: str) -> tuple[str | None, int]:
        best: tuple[str | None, int] = (None, 0)
        for word in _WORD.finditer(folded):
            for name, offset in self.names.get(word[0], ()):
                start = word.start() - offset
                if len(name) > len(best[0] or "") and start >= 0 and folded.startswith(name, start):
                    after = folded[start + len(name) : start + len(name) + 1]
                    if not after.isalnum():
                        best = (name, start)
        return best

    def _references(self, rest: str) -> tuple[str, ...]:
        found = [announced["reference"] for announced in _ANNOUNCED.finditer(rest)]
        found += [token for token in _TOKEN.findall(rest) if self._is_known(token.rstrip("._/-"))]
        cleaned = {reference.rstrip("._/-").casefold(): reference.rstrip("._/-") for reference in found}
        return tuple(cleaned.values())

    def _is_known(self, token: str) -> bool:
        long_enough = len(token) >= _REFERENCE_CHARACTERS_MIN and any(map(str.isdigit, token))
        return long_enough and (token.casefold() in self.owners or _shape(token) in self.shapes)

    def _sole_owner(self, claims: Iterable[str]) -> str | None:
        owners = {owner for claim in claims for owner in self.owners.get(claim, ())}
        return owners.pop() if len(owners) == 1 else None


def _shape(reference: str) -> str | None:
    """`T00012` looks like `X00000`; only letters and digits together make a shape that tells anything."""
    shape = reference.translate(_SHAPES)
    return shape if "X" in shape and shape.count("0") >= _SHAPE_DIGITS_MIN else None


def _lots_of_transfers(text: str, known: Collection[str]) -> str:
    """Where a bank books the transfers of a lot one by one (`LOT-2026-10.003`), each names the lot."""
    return _TRANSFER.sub(lambda found: found["lot"] if found["lot"].casefold() in known else found[0], text)
