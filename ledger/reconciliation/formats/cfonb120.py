"""CFONB120: the statement of account of French banks, records of 120 characters (CFONB, July 2004).

01 old balance, 04 movement, 05 more about it, 07 new balance. The last character of an amount is its last digit and
its sign at once. Seen in the wild and taken: no line breaks at all, blank lines, blanks cut off at the ends of lines,
accents, small letters, `é` and `è` where a terminal had `{` and `}`, no currency or decimals (then euros with two),
records 01 that only say that nothing moved.

Of the complements only what the payment is about is taken: names and accounts of the parties (NPY, NBE, IBE …) are not
read at all, because a merchant may be a person (L12).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from ledger.errors import N_, StatementFormatUnknown
from ledger.people_files import BLANK, FaultKind, decode, read_content
from ledger.reconciliation.formats.parts import OTHER_CURRENCY, Part, join
from ledger.reconciliation.formats.raw import NOT_A_DAY, Entry, RawStatement, clean_label, rows_of, two_digit_year

NAME = "cfonb120"
CURRENCY = "EUR"
RECORD_CHARACTERS = 120
KNOWN = "CFONB120"

_OPENING, _MOVEMENT, _DETAIL, _CLOSING = "01", "04", "05", "07"
_CODES = {_OPENING, _MOVEMENT, _DETAIL, _CLOSING}
_STARTS = re.compile(r"0[1457]\d{5}")
_ABOUT = {"LIB", "LCC", "LC2", "LCS", "REF", "RCN"}
_NO_REFERENCE = ("", "NOTPROVIDED", "NONREF", "NON REFERENCE")
_UNITS = {letter: (1, digit) for digit, letter in enumerate("{ABCDEFGHI")}
_UNITS |= {letter: (-1, digit) for digit, letter in enumerate("}JKLMNOPQR")}
_UNITS |= {"é": (1, 0), "è": (-1, 0)}  # the French variant of ASCII has them in the place of { and }

NOT_A_RECORD = FaultKind(
    "not-a-record", N_("This is no record of 120 characters."), N_("Download the statement again, unedited.")
)
NOT_AN_OVERPUNCH = FaultKind(
    "not-an-amount", N_("This is not an amount as banks write it here."), N_("Download the statement again, unedited.")
)
OUT_OF_PLACE = FaultKind(
    "out-of-place", N_("A record of this kind cannot stand here."), N_("Records are missing: download the file again.")
)
NOT_CLOSED = FaultKind(
    "not-closed", N_("The statement has no closing balance."), N_("The file is cut off: download it again.")
)


def is_one(text: str) -> bool:
    """Whether a text begins as such a file does."""
    first = text.lstrip()[:RECORD_CHARACTERS]
    return bool(_STARTS.match(first)) and "," not in first[:20] and ";" not in first[:20] and "\t" not in first[:20]


def read(path: Path) -> RawStatement:
    """Read all statements of the file as one; faults are recorded with their row and positions.

    Refuses `StatementFormatUnknown` where no record is one.
    """
    content = read_content(path)
    raw = RawStatement(NAME, path.name, content, date_column="35-40", currency=CURRENCY)
    reader = _Reader(raw)
    for row, record in records(decode(path.name, content)):
        reader.take(row, record)
    if not reader.parts and not raw.faults:
        raise StatementFormatUnknown(file=path.name, header="", known=[KNOWN])
    reader.close()
    join(raw, reader.parts, "91-104")
    return raw


def records(text: str) -> Iterator[tuple[int, str]]:
    """Each record filled up to its width, with its row; a file without line breaks is cut every 120 characters."""
    lines = rows_of(text)
    if len(lines) == 1 and len(text.strip("\r\n\x1a")) > RECORD_CHARACTERS:
        whole = text.strip("\r\n\x1a")
        starts = range(0, len(whole), RECORD_CHARACTERS)
        lines = [whole[start : start + RECORD_CHARACTERS] for start in starts]
    for row, line in enumerate(lines, start=1):
        if line.strip(" \x1a"):
            yield row, line.rstrip("\x1a").ljust(RECORD_CHARACTERS)


class _Reader:
    """Goes through the records once; what is wrong is left out and told."""

    def __init__(self, raw: RawStatement) -> None:
        self.raw = raw
        self.parts: list[Part] = []
        self.open: Part | None = None
        self.row, self.record = 0, ""
        self.label: list[str] = []

    def take(self, row: int, record: str) -> None:
        self.row, self.record = row, record
        code = record[:2]
        if code not in _CODES or len(record) > RECORD_CHARACTERS:
            self._fault(NOT_A_RECORD, "1-2", code)
        elif code == _OPENING:
            self._begin()
        elif self.open is None:
            self._fault(OUT_OF_PLACE, "1-2", code)
        elif code == _MOVEMENT:
            self._movement(self.open)
        elif code == _DETAIL:
            self._detail(self.open)
        else:
            self._end(self.open)

    def close(self) -> None:
        """The end of the file, which has to come after a closing balance."""
        if self.open is not None:
            self.raw.faults.append(NOT_CLOSED.at(self.open.row, ""))

    def _begin(self) -> None:
        if not self.record[90:104].strip():  # says in words that nothing moved
            return
        if self.open is not None:
            self._fault(OUT_OF_PLACE, "1-2", _OPENING)
        day, cents = self._day("35-40", self.record[34:40]), self._cents()
        self.open = Part(self.row, self._account(), day, cents)
        self.parts.append(self.open)

    def _movement(self, part: Part) -> None:
        day, cents = self._day("35-40", self.record[34:40]), self._cents()
        self._require_account(part)
        if day is None or cents is None:
            part.entries.append(None)
            return
        reference = self.record[104:120].strip()
        self.label = [self.record[48:80]]
        if reference.upper() not in _NO_REFERENCE:
            self.label.append(reference)
        part.entries.append(Entry(self.row, day, clean_label(" ".join(self.label)), cents))

    def _detail(self, part: Part) -> None:
        """A complement of the last movement; what it says already is not said twice."""
        if not part.entries:
            self._fault(OUT_OF_PLACE, "1-2", _DETAIL)
            return
        last, said = part.entries[-1], clean_label(self.record[48:118])
        if last is None or self.record[45:48] not in _ABOUT or said.upper() in _NO_REFERENCE:
            return
        known = set(" ".join(self.label).split())
        if not known.issuperset(said.split()):
            begun = clean_label(self.label[0])
            if begun and said.startswith(begun):  # the whole label, of which the movement had room for the beginning
                self.label[0] = said
            else:
                self.label.append(said)
            part.entries[-1] = replace(last, label=clean_label(" ".join(self.label)))

    def _end(self, part: Part) -> None:
        self._require_account(part)
        part.closed_on, part.closing_cents = self._day("35-40", self.record[34:40]), self._cents()
        self.open = None

    def _account(self) -> str:
        """Bank, branch and number, without the blanks that some banks put in."""
        currency = self.record[16:19].strip()
        if currency not in {"", CURRENCY}:
            self._fault(OTHER_CURRENCY, "17-19", currency)
        return "/".join(self.record[start:stop].strip() for start, stop in ((2, 7), (11, 16), (21, 32)))

    def _require_account(self, part: Part) -> None:
        number = self.record[21:32].strip()
        if number != part.account.rpartition("/")[2]:
            self._fault(OUT_OF_PLACE, "22-32", number)

    def _cents(self) -> int | None:
        amount, decimals = self.record[90:104].strip(), self.record[19].strip() or "2"
        unit = _UNITS.get(amount[-1:])
        if unit is None or not re.fullmatch(r"[0-9]{1,13}", amount[:-1] or "0") or decimals not in "0123":
            self._fault(NOT_AN_OVERPUNCH, "91-104", amount)
            return None
        sign, digit = unit
        thousandths = int(f"{amount[:-1]}{digit}") * (1000, 100, 10, 1)[int(decimals)]
        if thousandths % 10:
            self._fault(NOT_AN_OVERPUNCH, "91-104", amount)
            return None
        return sign * (thousandths // 10)

    def _day(self, where: str, text: str) -> date | None:
        try:
            if re.fullmatch(r"[0-9]{6}", text):
                return date(two_digit_year(text[4:]), int(text[2:4]), int(text[:2]))
        except ValueError:
            pass
        self._fault(NOT_A_DAY if text.strip() else BLANK, where, text)
        return None

    def _fault(self, kind: FaultKind, where: str, value: str = "") -> None:
        self.raw.faults.append(kind.at(self.row, where, value))
