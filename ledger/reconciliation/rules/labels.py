"""What a label says: which merchant, which tickets, and whether it is the total of a day.

Associations write labels in their own words, so only three things are relied on: the merchant's name (`names`), a
reference that we know, that looks like those that we know, or that a word such as *ticket* announces, and
`(3 tickets)` or *remise*.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits

from ledger.reconciliation.model import Party
from ledger.reconciliation.rules.names import NameFinder

_SPACES = re.compile(r"\s+")
_COUNT = re.compile(r"\(?\s*\b(?P<tickets>\d{1,6})\s+(?:tickets?|tkts?)\b\s*\)?", re.IGNORECASE)
_REMITTANCE = re.compile(r"\bremise\b", re.IGNORECASE)
_CANCELLED = re.compile(r"\b(?:annul\w*|contre-?\s?pass\w+|extourne\w*)\b", re.IGNORECASE)
_SALE = re.compile(r"\b(?:paiement|achat|vente|remboursement|remb)\b", re.IGNORECASE)
_FEE = re.compile(r"\b(?:frais|commissions?|cotisations?|abonnement|agios)\b", re.IGNORECASE)
_ANNOUNCED = re.compile(
    r"\b(?:ticket|tkt|mandat|r[ée]f(?:[ée]rence)?)\b[\s.:#]*(?:n[°o]\s*)?"
    r"(?P<reference>(?=[\w./-]*\d)[A-Za-z0-9][\w./-]*)",
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
    `total`: it speaks of a day's sales in one sum; `tickets`: how many it says they are; `maybe`: the merchants it
    fits, where these are several; `cancels`: it takes something back; `sale`:
    it speaks of a sale or a refund, and of no fee.
    """

    party: str | None
    claims: tuple[str, ...]
    written: tuple[str, ...]
    total: bool
    tickets: int | None
    maybe: tuple[str, ...] = ()
    cancels: bool = False
    sale: bool = False


class LabelReader:
    """Reads labels, given the merchants' names and whose references are known."""

    def __init__(self, parties: Iterable[Party], owners: Mapping[str, Collection[str | None]]) -> None:
        self.owners = owners
        self.known = sorted(owners)
        self.shapes = {_shape(reference) for reference in owners} - {None}
        self.finder = NameFinder({fold(party.name) for party in parties})

    def read(self, label: str) -> Clue:
        text = _SPACES.sub(" ", unicodedata.normalize("NFC", label)).strip()
        named = self.finder.find(text)
        if named.names:
            text = f"{text[: named.start]} {text[named.end :]}"
        count = _COUNT.search(text)
        rest = _COUNT.sub(" ", text)
        written = self._references(_lots_of_transfers(rest, self.owners))
        claims = tuple(reference.casefold() for reference in written)
        maybe = self._narrowed(named.names, claims)
        return Clue(
            party=maybe[0] if len(maybe) == 1 else None,
            claims=claims,
            written=written,
            total=not claims and (count is not None or _REMITTANCE.search(rest) is not None),
            tickets=None if count is None else int(count["tickets"]),
            maybe=maybe if len(maybe) > 1 else (),
            sale=_SALE.search(rest) is not None and _FEE.search(rest) is None,
            cancels=_CANCELLED.search(rest) is not None,
        )

    def _narrowed(self, names: tuple[str, ...], claims: Sequence[str]) -> tuple[str, ...]:
        """The merchants a label may mean, where it names a ticket those that issued it."""
        if len(names) == 1:
            return names
        owners = {owner for claim in claims for owner in self.owners.get(claim, ()) if owner is not None}
        return tuple(sorted(owners.intersection(names))) or names or (tuple(owners) if len(owners) == 1 else ())

    def _references(self, rest: str) -> tuple[str, ...]:
        found = [announced["reference"] for announced in _ANNOUNCED.finditer(rest)]
        found = [reference for reference in found if not (rest.endswith(reference) and self._is_cut_off(reference))]
        found += [token for token in _TOKEN.findall(rest) if self._is_known(token.rstrip("._/-"))]
        cleaned = {reference.rstrip("._/-").casefold(): reference.rstrip("._/-") for reference in found}
        return tuple(cleaned.values())

    def _is_cut_off(self, reference: str) -> bool:
        """The beginning of references that we know, and none itself: a label that ended too early."""
        text = reference.casefold()
        at = bisect_left(self.known, text)
        return at < len(self.known) and self.known[at] != text and self.known[at].startswith(text)

    def _is_known(self, token: str) -> bool:
        long_enough = len(token) >= _REFERENCE_CHARACTERS_MIN and any(map(str.isdigit, token))
        return long_enough and (token.casefold() in self.owners or _shape(token) in self.shapes)


def _shape(reference: str) -> str | None:
    """`T00012` looks like `X00000`; only letters and digits together make a shape that tells anything."""
    shape = reference.translate(_SHAPES)
    return shape if "X" in shape and shape.count("0") >= _SHAPE_DIGITS_MIN else None


def _lots_of_transfers(text: str, known: Collection[str]) -> str:
    """Where a bank books the transfers of a lot one by one (`LOT-2026-10.003`), each names the lot."""
    return _TRANSFER.sub(lambda found: found["lot"] if found["lot"].casefold() in known else found[0], text)
