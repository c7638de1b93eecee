"""MT940: the customer statement message of SWIFT, which banks still deliver and portals still export.

`:60F:` opening, `:61:` a movement with what `:86:` says about it, `:62F:` closing; pages in between have `:60M:` and
`:62M:`. Taken as they are met: SWIFT envelopes or none, lines of dashes, value and booking days, reversals (`RC`
takes away, `RD` gives back), `:86:` in plain words, as `?20…?29` or as `/REMI/…`. Names and accounts of the parties
are not read at all, because a merchant may be a person (L12).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ledger.errors import N_
from ledger.people_files import BLANK, FaultKind, decode, read_content
from ledger.reconciliation.formats.parts import OTHER_CURRENCY, Part, join
from ledger.reconciliation.formats.raw import NOT_A_DAY, Entry, RawStatement, clean_label, rows_of, two_digit_year

NAME = "mt940"
CURRENCY = "EUR"
KNOWN = "MT940"

_TAG = re.compile(r":(?P<tag>\d{2}[A-Z]?):(?P<text>.*)", re.DOTALL)
_PRIVATE = re.compile(r":[A-Z]{2}:")
_ENVELOPE = re.compile(r"\{\d:[^{}]*\}|\{4:|^-\}.*$|^-+$", re.MULTILINE)
_BALANCE = re.compile(r"(?P<mark>[CD])(?P<day>\d{6})(?P<currency>[A-Z]{3})(?P<amount>\d[\d,]*)")
_MOVEMENT = re.compile(
    r"(?P<valued>\d{6})(?P<booked>\d{4})?(?P<mark>R?[CD])(?P<funds>[A-Z])?(?P<amount>\d[\d,]*)"
    r"(?P<type>[A-Z][A-Z0-9]{3})(?P<reference>[^\n]*?)(?://(?P<own>[^\n]*))?(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_AMOUNT = re.compile(r"(?P<units>\d{1,15})(?:,(?P<rest>\d{0,2}))?")
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
_OPENINGS, _CLOSINGS = ("60F", "60M"), ("62F", "62M")
_IGNORED = ("20", "21", "28", "28C", "13", "13D", "34F", "64", "65", "90C", "90D")
_NO_REFERENCE = ("", "NONREF", "NOTPROVIDED", "NOREF")
_REFERENCE = re.compile(r"[!-~]{1,64}")
_SUBFIELD = re.compile(r"\?(\d{2})([^?]*)")
_ABOUT_SUBFIELDS = {"00", *(str(number) for number in (*range(20, 30), *range(60, 64)))}
_ROW_CHARACTERS, _SUBFIELD_CHARACTERS = 65, 27
_CODE_WORD = re.compile(r"/([A-Z0-9]{2,6})/")
_ABOUT_WORDS = {"REMI", "EREF", "KREF", "PREF", "RFB", "INV", "SVWZ", "USTD", "RTRN"}

NOT_A_TAG = FaultKind(
    "not-a-tag", N_("This field is not known in a statement."), N_("Download the statement again, unedited.")
)
NOT_A_BALANCE = FaultKind(
    "not-a-balance", N_("This is not a balance with its day."), N_("Download the statement again, unedited.")
)
NOT_A_MOVEMENT = FaultKind(
    "not-a-movement", N_("This movement cannot be read."), N_("Download the statement again, unedited.")
)
NO_OPENING = FaultKind(
    "no-opening", N_("No opening balance stands before this."), N_("The file is cut off: download it again.")
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: the row where it starts, its tag, and its text over all its rows."""

    row: int
    tag: str
    text: str


def is_one(text: str) -> bool:
    """Whether a text begins as such a message does."""
    start = text.lstrip()[:2000]
    return (
        start.startswith(("{1:", ":20:", ":25:", ":940:")) or re.search(r"^:60[FM]:", start, re.MULTILINE) is not None
    )


def read(path: Path) -> RawStatement:
    """Read all messages of the file as one statement; faults are recorded with their row and field."""
    content = read_content(path)
    raw = RawStatement(NAME, path.name, content, date_column=":61:", currency=CURRENCY)
    reader = _Reader(raw)
    for field in fields(decode(path.name, content)):
        reader.take(field)
    if not reader.parts and not raw.faults:
        raw.faults.append(NO_OPENING.at(1, ":60F:"))
    join(raw, reader.parts, ":60F:")
    return raw


def fields(text: str) -> Iterator[Field]:
    """The fields in their order; lines that begin no field belong to the one before."""
    found: Field | None = None
    for row, line in enumerate(rows_of(text), start=1):
        bare = _ENVELOPE.sub("", line.strip("\x01\x03")).rstrip()
        begun = _TAG.fullmatch(bare.lstrip())
        if begun:
            if found is not None:
                yield found
            found = Field(row, begun["tag"], begun["text"].strip())
        elif _PRIVATE.match(bare):
            continue
        elif found is not None and bare:
            found = replace(found, text=f"{found.text}\n{bare}")
        elif bare:
            yield Field(row, "", bare)
    if found is not None:
        yield found


class _Reader:
    """Goes through the fields once; what is wrong is left out and told."""

    def __init__(self, raw: RawStatement) -> None:
        self.raw = raw
        self.parts: list[Part] = []
        self.open: Part | None = None
        self.account = ""

    def take(self, field: Field) -> None:
        if field.tag in {"25", "25P"}:
            self.account = "".join(field.text.split())
        elif field.tag in _OPENINGS:
            self._begin(field)
        elif field.tag in _IGNORED:
            return
        elif field.tag not in {"61", "86", *_CLOSINGS}:
            self._fault(NOT_A_TAG, field, field.tag)
        elif field.tag == "61":
            self._movement(field)
        elif field.tag == "86":
            self._about(field)
        else:
            self._end(field)

    def _begin(self, field: Field) -> None:
        day, cents = self._balance(field)
        self.open = Part(field.row, self.account, day, cents)
        self.parts.append(self.open)

    def _end(self, field: Field) -> None:
        if self.open is None or self.open.closed_on is not None:
            self._fault(NO_OPENING, field)
            return
        self.open.closed_on, self.open.closing_cents = self._balance(field)

    def _movement(self, field: Field) -> None:
        found = _MOVEMENT.fullmatch(field.text)
        if self.open is None or self.open.closed_on is not None:
            self._fault(NO_OPENING, field)
            return
        if found is None or (cents := _cents(found["amount"])) is None:
            self._fault(NOT_A_MOVEMENT, field, field.text)
            self.open.entries.append(None)
            return
        day = self._booked_on(field, found["valued"], found["booked"])
        if day is None:
            self.open.entries.append(None)
            return
        reference, own = found["reference"].strip(), (found["own"] or "").strip()
        more = clean_label(found["more"] or "")
        label = "" if reference.upper() in _NO_REFERENCE else reference
        label = label if more.startswith("/") else f"{label} {more}"
        if found["mark"] in {"RC", "RD"}:
            label = f"{label} [RVSL]"
        number = own if _REFERENCE.fullmatch(own) and own.upper() not in _NO_REFERENCE else None
        signed = _SIGNS[found["mark"]] * cents
        self.open.entries.append(Entry(field.row, day, clean_label(label), signed, their_reference=number))

    def _about(self, field: Field) -> None:
        """What a movement is about comes right after it; after a closing balance it is about the statement."""
        if self.open is None or not self.open.entries or self.open.closed_on is not None:
            return
        last = self.open.entries[-1]
        if last is not None:
            said = about(field.text)
            missing = [word for word in last.label.split() if word not in said.split()]
            self.open.entries[-1] = replace(last, label=clean_label(" ".join([said, *missing])))

    def _balance(self, field: Field) -> tuple[date | None, int | None]:
        found = _BALANCE.fullmatch(field.text)
        cents = _cents(found["amount"]) if found else None
        if found is None or cents is None:
            self._fault(NOT_A_BALANCE if field.text else BLANK, field, field.text)
            return None, None
        if found["currency"] != CURRENCY:
            self._fault(OTHER_CURRENCY, field, found["currency"])
        return self._day(field, found["day"]), _SIGNS[found["mark"]] * cents

    def _booked_on(self, field: Field, valued: str, booked: str | None) -> date | None:
        """The booking day has no year: it is the one that lies nearest to the value day."""
        day = self._day(field, valued)
        if day is None or not booked:
            return day
        try:
            nearest = [date(day.year + turn, int(booked[:2]), int(booked[2:])) for turn in (-1, 0, 1)]
        except ValueError:
            self._fault(NOT_A_DAY, field, booked)
            return None
        return min(nearest, key=lambda other: abs((other - day).days))

    def _day(self, field: Field, text: str) -> date | None:
        try:
            return date(two_digit_year(text[:2]), int(text[2:4]), int(text[4:]))
        except ValueError:
            self._fault(NOT_A_DAY, field, text)
            return None

    def _fault(self, kind: FaultKind, field: Field, value: str = "") -> None:
        self.raw.faults.append(kind.at(field.row, f":{field.tag}:" if field.tag else "", value))


def about(text: str) -> str:
    """What `:86:` says the payment is for, without the names and accounts of the parties."""
    rows = text.split("\n")
    if re.match(r"(?:\d{3})?\?\d{2}", rows[0]):
        said = [words for code, words in _SUBFIELD.findall("".join(rows)) if code in _ABOUT_SUBFIELDS]
        return clean_label(_rejoined(said, _SUBFIELD_CHARACTERS))
    joined = _rejoined(rows, _ROW_CHARACTERS)
    words = _CODE_WORD.split(joined)
    if joined.startswith("/") and len(words) > 1:
        named = zip(words[1::2], words[2::2], strict=True)
        said = [value.strip("/ ") for word, value in named if word in _ABOUT_WORDS]
        return clean_label(" ".join(value for value in said if value.upper() not in _NO_REFERENCE))
    return clean_label(joined)


def _rejoined(pieces: Sequence[str], width: int) -> str:
    """A piece that fills its width was cut in the middle of a word, as far as one can tell."""
    return "".join(piece if len(piece) >= width else f"{piece} " for piece in pieces)


def _cents(text: str) -> int | None:
    found = _AMOUNT.fullmatch(text)
    return int(found["units"]) * 100 + int((found["rest"] or "0").ljust(2, "0")) if found else None
