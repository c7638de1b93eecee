"""OFX: what banks offer for money managers, 1.x (SGML) and 2.x (XML), under `.ofx` and `.qfx`.

It tells a closing balance (`LEDGERBAL`) but no opening one, and often the balance of the day of the download rather
than of the period's end: such a one proves nothing and is left aside. Taken as met: decimal commas, headers on one
line, encodings told wrongly, days with a time and an offset. Of the parties only what the bank puts into the label
(`NAME`, `MEMO`) is read.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from ledger.calendar import paris_day
from ledger.errors import N_, FileFaulty, StatementFormatUnknown
from ledger.money import parse_cents
from ledger.people_files import BLANK, NOT_TEXT, FaultKind, decode, read_content
from ledger.reconciliation.formats.ofx_tree import read_ofx
from ledger.reconciliation.formats.parts import OTHER_ACCOUNT, OTHER_CURRENCY
from ledger.reconciliation.formats.raw import NOT_A_DAY, NOT_A_SUM, Entry, RawStatement, clean_label
from ledger.reconciliation.formats.xml_tree import Element, NotXml

NAME = "ofx"
KNOWN = "OFX 1.x, 2.x"
CURRENCIES = ("EUR", "POIS")

_DAY = re.compile(
    r"(?P<day>\d{8})(?P<time>\d{4}(?:\d{2})?)?(?:\.\d{1,6})?(?:\[(?P<offset>[+-]?\d{1,2}(?:\.\d{1,2})?)(?::\w*)?\])?"
)
_REFERENCE = re.compile(r"[!-~]{1,64}")
_STATEMENTS = ("BANKMSGSRSV1", "STMTTRNRS", "STMTRS")
_HEADER_BYTES = 1000
_LATIN = re.compile(rb"(?:CHARSET:\s*|encoding=[\"'])(?:ISO-?)?(8859-\d{1,2})", re.IGNORECASE)

NOT_OFX = FaultKind("not-ofx", N_("The file is not OFX as a bank writes it."), N_("Download the statement again."))
REPEATED_NUMBER = FaultKind(
    "repeated-number",
    N_("The bank's number of this movement stands in row {first} already, with another amount or day."),
    N_("Download the statement again; if it stays so, take another format."),
)


def is_one(text: str) -> bool:
    """Whether a text begins as such a file does."""
    start = text.lstrip()[:_HEADER_BYTES].upper()
    return start.startswith("OFXHEADER") or "<?OFX" in start or re.search(r"<OFX\s*>", start) is not None


def read(path: Path) -> RawStatement:
    """Read the account of the file; faults are recorded with their row and element.

    Refuses `StatementFormatUnknown` where no statement of a bank account is in it, `FileFaulty` where it is no OFX.
    """
    raw = RawStatement(NAME, path.name, read_content(path), date_column="DTPOSTED")
    try:
        root = read_ofx(_decoded(raw))
    except NotXml as error:
        raise FileFaulty(file=raw.file, faults=[NOT_OFX.at(error.row, "", error.reason).facts()]) from None
    statements = list(root.each(*_STATEMENTS))
    if not statements:
        raise StatementFormatUnknown(file=raw.file, header=root.name, known=[KNOWN])
    for other in statements[1:]:
        raw.faults.append(OTHER_ACCOUNT.at(other.row, "STMTRS"))
    _Reader(raw, statements[0]).read()
    return raw


def _decoded(raw: RawStatement) -> str:
    """UTF-8 proves itself; else what the header says, which is Windows-1252 unless it is a Latin alphabet."""
    text = decode(raw.file, raw.content)
    declared = _LATIN.search(raw.content[:_HEADER_BYTES])
    if declared is None or text.isascii():
        return text
    try:
        raw.content.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return raw.content.decode(f"iso-{declared[1].decode()}")
        except (LookupError, UnicodeDecodeError):
            raise FileFaulty(file=raw.file, faults=[NOT_TEXT.at(None, "").facts()]) from None
    return text


class _Reader:
    """One account. Elements that a bank adds of its own are passed over."""

    def __init__(self, raw: RawStatement, statement: Element) -> None:
        self.raw, self.statement = raw, statement

    def read(self) -> None:
        self.raw.currency = self.statement.value("CURDEF").upper() or None
        if self.raw.currency and self.raw.currency not in CURRENCIES:
            self._fault(OTHER_CURRENCY, self.statement, "CURDEF", self.raw.currency)
        listed = self.statement.find("BANKTRANLIST")
        if listed is None:
            self._fault(BLANK, self.statement, "BANKTRANLIST")
            return
        self.raw.entries = [self._entry(movement) for movement in listed.all("STMTTRN")]
        starts, ends = self._told_day(listed, "DTSTART"), self._told_day(listed, "DTEND")
        if starts and ends and starts <= ends:
            self.raw.covers = starts, ends
        self._refuse_repeated_numbers()
        self._read_balance(ends)

    def _entry(self, movement: Element) -> Entry | None:
        day, cents = self._day(movement, "DTPOSTED"), self._cents(movement, "TRNAMT")
        if day is None or cents is None:
            return None
        name, memo = clean_label(movement.value("NAME")), clean_label(movement.value("MEMO"))
        said = [text for text in (name, memo) if text and text != "."]
        label = memo if name and memo.casefold().startswith(name.casefold()) else " ".join(said)
        check = movement.value("CHECKNUM")
        if check and check not in label:
            label = f"{label} {check}"
        number = "".join(movement.value("FITID").split())
        own = number if _REFERENCE.fullmatch(number) else None
        return Entry(movement.row, day, clean_label(label), cents, their_reference=own)

    def _refuse_repeated_numbers(self) -> None:
        """The number is to be unique in an account; the same movement twice in a file is two, if it is equal."""
        seen: dict[str, Entry] = {}
        for entry in self.raw.readable:
            first = seen.setdefault(entry.their_reference or "", entry)
            if entry.their_reference and (first.amount_cents, first.booked_on) != (entry.amount_cents, entry.booked_on):
                fault = REPEATED_NUMBER.at(entry.row, "FITID", entry.their_reference, first=first.row)
                self.raw.faults.append(fault)

    def _read_balance(self, ends: date | None) -> None:
        """The closing, if it is the balance of the period's end and not of a later download."""
        told = self.statement.find("LEDGERBAL")
        if told is None or not told.value("BALAMT"):
            return
        cents, day = self._cents(told, "BALAMT"), self._told_day(told, "DTASOF")
        last = max((entry.booked_on for entry in self.raw.readable), default=ends)
        if day is None or ends is None or last is None or last <= day <= ends:
            self.raw.closing_cents = cents

    def _told_day(self, element: Element, name: str) -> date | None:
        return self._day(element, name) if element.value(name) else None

    def _day(self, element: Element, name: str) -> date | None:
        """The local day; a time without offset is taken as local, whatever the specification says, as banks do."""
        value = element.value(name)
        found = _DAY.fullmatch("".join(value.split()))
        try:
            if found is None:
                raise ValueError(value)
            day = datetime.strptime(found["day"], "%Y%m%d")  # noqa: DTZ007 - the offset is looked at next
            if not found["time"] or not found["offset"]:
                return day.date()
            time = datetime.strptime(found["time"].ljust(6, "0"), "%H%M%S")  # noqa: DTZ007 - as above
            offset = timezone(timedelta(minutes=int(Decimal(found["offset"]) * 60)))
            return paris_day(datetime.combine(day.date(), time.time(), offset))
        except (ValueError, OverflowError):
            self._fault(NOT_A_DAY if value else BLANK, element, name, value)
            return None

    def _cents(self, element: Element, name: str) -> int | None:
        value = element.value(name)
        try:
            return parse_cents(_without_empty_places(value))
        except ValueError:
            self._fault(NOT_A_SUM if value else BLANK, element, name, value)
            return None

    def _fault(self, kind: FaultKind, element: Element, where: str, value: str = "") -> None:
        found = element.find(where)
        self.raw.faults.append(kind.at(found.row if found else element.row, where, value))


def _without_empty_places(text: str) -> str:
    """`-12.5000` is `-12.50`: some banks write places that say nothing."""
    return re.sub(r"([.,]\d\d)0+$", r"\1", text)
