"""camt.053: the statement of a bank account as banks of the SEPA area deliver it (ISO 20022, 001.02 to 001.08).

Taken: booked entries with amount, direction, day, the bank's own reference and the text of the payment; opening and
closing balances. What is pending is left out. Names and accounts of the parties are not read at all: a merchant may
be a person, and the books hold no personal data (L12).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

from ledger.calendar import PARIS, paris_day
from ledger.errors import N_, FileFaulty, StatementFormatUnknown
from ledger.people_files import BLANK, FaultKind, read_content
from ledger.reconciliation.formats.parts import OTHER_ACCOUNT, OTHER_CURRENCY, require_continuity
from ledger.reconciliation.formats.raw import (
    LABEL_CHARACTERS_MAX,
    NOT_A_DAY,
    Entry,
    RawStatement,
    clean_label,
    parse_day,
    parse_instant,
)
from ledger.reconciliation.formats.xml_tree import Element, NotXml, read_xml

NAME = "camt053"
CURRENCY = "EUR"
NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.0[2-8]")
KNOWN = ("camt.053.001.02", "camt.053.001.08")

_AMOUNT = re.compile(r"(?P<units>\d{1,15})(?:\.(?P<rest>\d{1,5}))?")
_REFERENCE = re.compile(r"[!-~]{1,64}")
_NO_REFERENCE = ("", "NOTPROVIDED", "NONREF")
_BOOKED = "BOOK"
_DIRECTIONS = {"CRDT": 1, "DBIT": -1}
_OPENINGS, _CLOSINGS, _INTERIM = ("OPBD", "PRCD"), ("CLBD",), "ITBD"

NOT_XML = FaultKind("not-xml", N_("The file is not XML as a bank writes it."), N_("Download the statement again."))
NOT_AN_EURO_AMOUNT = FaultKind(
    "not-an-amount", N_("This is not an amount in euros and cents."), N_("Download the statement again.")
)
NO_DIRECTION = FaultKind("no-direction", N_("This is neither CRDT nor DBIT."), N_("Download the statement again."))


def read(path: Path) -> RawStatement:
    """Read all statements of the file as one; faults are recorded with their row and element.

    Refuses `StatementFormatUnknown` where it is another kind of message, `FileFaulty` where it is no XML.
    """
    raw = RawStatement(NAME, path.name, read_content(path), date_column="BookgDt", currency=CURRENCY)
    statements = _statements(raw)
    parts = sorted((_Part(raw, element) for element in statements), key=lambda part: part.first_day)
    _refuse_several_accounts(raw, statements)
    for part in parts:
        raw.entries.extend(part.entries)
        raw.left_out += part.left_out
    if parts and not raw.faults:
        raw.opened_on = parts[0].opened_on
        raw.opening_cents, raw.closing_cents = parts[0].opening_cents, parts[-1].final_cents
        if parts[0].opened_on and parts[-1].closed_on and parts[0].opened_on <= parts[-1].closed_on:
            raw.covers = parts[0].opened_on, parts[-1].closed_on
        require_continuity(raw, parts, "Bal")
    return raw


def _statements(raw: RawStatement) -> list[Element]:
    try:
        root = read_xml(raw.content)
    except NotXml as error:
        raise FileFaulty(file=raw.file, faults=[NOT_XML.at(error.row, "", error.reason).facts()]) from None
    statements = list(root.each("BkToCstmrStmt", "Stmt"))
    if not NAMESPACE.fullmatch(root.namespace) or not statements:
        raise StatementFormatUnknown(file=raw.file, header=root.namespace or root.name, known=list(KNOWN))
    return statements


class _Part:
    """One `Stmt`: often a month, with some banks a day or a page."""

    def __init__(self, raw: RawStatement, element: Element) -> None:
        self.raw, self.row = raw, element.row
        currency = element.value("Acct", "Ccy")
        if currency and currency != CURRENCY:
            self._fault(OTHER_CURRENCY, element, "Acct/Ccy", currency)
        entries = list(element.all("Ntry"))
        booked = [entry for entry in entries if _status(entry) == _BOOKED]
        self.left_out = len(entries) - len(booked)
        self.entries = [self._entry(entry) for entry in booked]
        self._read_balances(list(element.all("Bal")))
        self.opened_on, self.closed_on = self._told_day(element, "FrDtTm"), self._told_day(element, "ToDtTm")
        days = [entry.booked_on for entry in self.entries if entry is not None]
        self.first_day = self.opened_on or min(days, default=date.max)

    @property
    def moved_cents(self) -> int:
        return sum(entry.amount_cents for entry in self.entries if entry is not None)

    def _entry(self, entry: Element) -> Entry | None:
        cents, day = self._signed_cents(entry, "Ntry"), self._day(entry, "Ntry/BookgDt", "BookgDt")
        if cents is None or day is None:
            return None
        return Entry(entry.row, day, _label(entry), cents, their_reference=_bank_reference(entry))

    def _read_balances(self, balances: list[Element]) -> None:
        """Booked balances only; a page in the middle tells interim ones (ITBD) in their place."""
        told = [(bal.value("Tp", "CdOrPrtry", "Cd"), self._signed_cents(bal, "Bal")) for bal in balances]
        openings = [cents for code in _OPENINGS for told_code, cents in told if told_code == code]
        closings = [cents for code, cents in told if code in _CLOSINGS]
        interim = [cents for code, cents in told if code == _INTERIM]
        self.opening_cents = next(iter(openings or (interim if closings else interim[:-1])), None)
        self.final_cents = closings[-1] if closings else None
        self.closing_cents = self.final_cents if closings else next(reversed(interim), None)

    def _told_day(self, element: Element, name: str) -> date | None:
        told = element.find("FrToDt")
        return self._day(told, "FrToDt", name) if told is not None and told.value(name) else None

    def _signed_cents(self, element: Element, where: str) -> int | None:
        """`CdtDbtInd` is the direction as booked, in a reversal (`RvslInd`) too: nothing is turned round."""
        amount, direction = element.find("Amt"), element.value("CdtDbtInd")
        if amount is None:
            self._fault(BLANK, element, f"{where}/Amt")
            return None
        if amount.attributes.get("Ccy") != CURRENCY:
            self._fault(OTHER_CURRENCY, amount, f"{where}/Amt", amount.attributes.get("Ccy", ""))
            return None
        cents = _cents(amount.text.strip())
        if cents is None:
            self._fault(NOT_AN_EURO_AMOUNT, amount, f"{where}/Amt", amount.text.strip())
        if direction not in _DIRECTIONS:
            self._fault(NO_DIRECTION, element, f"{where}/CdtDbtInd", direction)
        return None if cents is None or direction not in _DIRECTIONS else _DIRECTIONS[direction] * cents

    def _day(self, element: Element, where: str, name: str) -> date | None:
        """A `Dt`, or a `DtTm` whose offset is turned into the local day."""
        value = element.value(name, "Dt") or element.value(name, "DtTm") or element.value(name)
        try:
            if len(value) <= len("2026-10-06"):
                return parse_day(value)
            instant = parse_instant(value)
        except ValueError:
            self._fault(NOT_A_DAY if value else BLANK, element, where, value)
            return None
        return paris_day(instant if instant.tzinfo else instant.replace(tzinfo=PARIS))

    def _fault(self, kind: FaultKind, element: Element, where: str, value: str = "") -> None:
        self.raw.faults.append(kind.at(element.row, where, value))


def _status(entry: Element) -> str:
    """`<Sts>BOOK</Sts>` until 001.07, `<Sts><Cd>BOOK</Cd></Sts>` since."""
    return entry.value("Sts", "Cd") or entry.value("Sts")


def _cents(text: str) -> int | None:
    found = _AMOUNT.fullmatch(text)
    cents = Decimal(text) * 100 if found else None
    return int(cents) if cents is not None and cents == cents.to_integral_value() else None


def _label(entry: Element) -> str:
    """What the payment says, and last the reference that its sender gave it, which is never cut off."""
    details = list(entry.each("NtryDtls", "TxDtls"))
    texts = [found.text for detail in details for found in detail.each("RmtInf", "Ustrd")]
    texts += [found.text for detail in details for found in detail.each("RmtInf", "Strd", "CdtrRefInf", "Ref")]
    texts = texts or [entry.value("AddtlNtryInf")]
    if entry.value("RvslInd").lower() in {"true", "1"}:
        texts.append("[RVSL]")
    said = clean_label(" ".join(dict.fromkeys(texts)))
    missing = [reference for reference in _senders_references(entry, details) if reference not in said.split()]
    tail = clean_label(" ".join(missing))
    return clean_label(f"{said[: LABEL_CHARACTERS_MAX - len(tail) - 1]} {tail}")


def _senders_references(entry: Element, details: Iterable[Element]) -> list[str]:
    """End-to-end references; of a batch booked in one sum with many, the one of the batch."""
    every = dict.fromkeys(detail.value("Refs", "EndToEndId") for detail in details)
    named = [reference for reference in every if reference not in _NO_REFERENCE]
    batch = next((found.value("PmtInfId") for found in entry.each("NtryDtls", "Btch")), "")
    return [batch] if batch and len(named) != 1 else named[:1]


def _bank_reference(entry: Element) -> str | None:
    own = entry.value("AcctSvcrRef") or entry.value("NtryDtls", "TxDtls", "Refs", "AcctSvcrRef")
    return own if _REFERENCE.fullmatch(own) else None


def _refuse_several_accounts(raw: RawStatement, statements: list[Element]) -> None:
    accounts: dict[str, Element] = {}
    for element in statements:
        accounts.setdefault(element.value("Acct", "Id", "IBAN") or element.value("Acct", "Id", "Othr", "Id"), element)
    raw.faults.extend(OTHER_ACCOUNT.at(other.row, "Acct/Id") for other in list(accounts.values())[1:])
