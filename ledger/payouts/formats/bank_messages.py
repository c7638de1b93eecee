"""pain.002, camt.053 and camt.054 (ISO 20022) as far as they speak of transfers by our references.

Names and accounts of the parties are not read at all (L12). What is pending in a camt message is left out: only what is
booked has happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from ledger.errors import N_, FileFaulty, StatementFormatUnknown
from ledger.payouts.model import BankEvent, BankMessage, Booked, Said
from ledger.people_files import FaultKind, read_content, refuse_faults
from ledger.reconciliation.formats.xml_tree import Element, NotXml, read_xml

KNOWN = ("pain.002.001.10", "camt.053.001.08", "camt.054.001.08")
_MESSAGE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:((pain\.002|camt\.05[34])\.001\.\d\d)")
_AMOUNT = re.compile(r"\d{1,15}(?:\.\d{1,5})?")
_REASON = re.compile(r"[A-Z0-9]{1,4}")
_NO_REFERENCE = ("", "NOTPROVIDED", "NONREF")

# ISO 20022 ExternalPaymentTransactionStatus1Code: the bank has it, will carry it out, or will not.
_STATUSES: dict[str, BankEvent] = {
    **dict.fromkeys(("RCVD", "PDNG"), "send"),
    **dict.fromkeys(("ACTC", "ACCP", "ACSP", "ACWC", "ACWP", "ACSC", "ACCC", "ACFC"), "accept"),
    **dict.fromkeys(("RJCT", "CANC"), "reject"),
}
_PART = ("", "PART", "PATC")  # the single transfers tell

NOT_XML = FaultKind("not-xml", N_("The file is not XML as a bank writes it."), N_("Download the message again."))
UNKNOWN_STATUS = FaultKind(
    "unknown-status", N_("This status is not known."), N_("Ask the bank what it means for the payment.")
)
NOT_IN_EUROS = FaultKind("not-in-euros", N_("This is not an amount in euros and cents."), N_("Ask the bank."))
NO_DAY = FaultKind("not-a-day", N_("This is not a day."), N_("Download the message again."))


def read(path: Path) -> BankMessage:
    """Read a message of the bank.

    Refuses `FileUnreadable`, `FileFaulty` (no XML, or what it says cannot be read: each with row and element),
    `StatementFormatUnknown` (another kind of message).
    """
    try:
        root = read_xml(read_content(path))
    except NotXml as error:
        raise FileFaulty(file=path.name, faults=[NOT_XML.at(error.row, "", error.reason).facts()]) from None
    known = _MESSAGE.fullmatch(root.namespace)
    if known is None:
        raise StatementFormatUnknown(file=path.name, header=root.namespace or root.name, known=list(KNOWN))
    message = BankMessage(path.name, known[1])
    if known[2] == "pain.002":
        message.said.extend(_statuses(message, root))
    else:
        message.booked.extend(_entries(message, root))
    refuse_faults(message.file, message.faults)
    return message


def _statuses(message: BankMessage, root: Element) -> Iterator[Said]:
    """The transfers that are named, then what is said of a batch, then of the whole message: the first one counts."""
    report = root.find("CstmrPmtStsRpt")
    if report is None:
        return
    day = _day(message, report, "GrpHdr", "CreDtTm")
    for batch in report.each("OrgnlPmtInfAndSts"):
        for one in batch.each("TxInfAndSts"):
            yield from _status(message, one, "OrgnlEndToEndId", "TxSts", day)
        yield from _status(message, batch, "OrgnlPmtInfId", "PmtInfSts", day, whole=True)
    for group in report.each("OrgnlGrpInfAndSts"):
        yield from _status(message, group, "OrgnlMsgId", "GrpSts", day, whole=True)


def _status(
    message: BankMessage, element: Element, place: str, status: str, day: date | None, *, whole: bool = False
) -> Iterator[Said]:
    told = element.value(status)
    if told in _PART:
        return
    if told not in _STATUSES:
        message.faults.append(UNKNOWN_STATUS.at(element.row, status, told))
        return
    reason = _reason(element.value("StsRsnInf", "Rsn", "Cd"))
    yield Said(element.row, place, element.value(place), _STATUSES[told], whole, reason=reason, told_on=day)


def _entries(message: BankMessage, root: Element) -> Iterator[Booked]:
    """Booked entries; a credit is money that came back."""
    for outer, inner in (("BkToCstmrStmt", "Stmt"), ("BkToCstmrDbtCdtNtfctn", "Ntfctn")):
        for entry in root.each(outer, inner, "Ntry"):
            if (entry.value("Sts", "Cd") or entry.value("Sts")) == "BOOK":
                yield from _entry(message, entry)


def _entry(message: BankMessage, entry: Element) -> Iterator[Booked]:
    event: BankEvent = "return" if entry.value("CdtDbtInd") == "CRDT" else "pay"
    cents, day = _cents(message, entry.find("Amt"), entry), _day(message, entry, "BookgDt")
    if cents is None or day is None:
        return
    details = list(entry.each("NtryDtls", "TxDtls"))
    said = tuple(
        Said(
            detail.row,
            "EndToEndId",
            detail.value("Refs", "EndToEndId"),
            event,
            cents=_detail_cents(message, detail),
            reason=_reason(detail.value("RtrInf", "Rsn", "Cd")),
            told_on=day,
        )
        for detail in details
        if detail.value("Refs", "EndToEndId") not in _NO_REFERENCE
    )
    batches = [found.value(name) for found in entry.each("NtryDtls", "Btch") for name in ("PmtInfId", "MsgId")]
    batches += [detail.value("Refs", name) for detail in details for name in ("PmtInfId", "MsgId")]
    named = tuple(dict.fromkeys(name for name in batches if name not in _NO_REFERENCE))
    yield Booked(entry.row, event, cents, day, said, named)


def _detail_cents(message: BankMessage, detail: Element) -> int | None:
    """`TxDtls/Amt` since version 4, else the amount of the transaction; missing where a bank tells none."""
    found = detail.find("Amt") or detail.find("AmtDtls", "TxAmt", "Amt") or detail.find("AmtDtls", "InstdAmt", "Amt")
    return None if found is None else _cents(message, found, detail)


def _cents(message: BankMessage, amount: Element | None, within: Element) -> int | None:
    text = "" if amount is None else amount.text.strip()
    cents = Decimal(text) * 100 if _AMOUNT.fullmatch(text) else None
    if amount is None or amount.attributes.get("Ccy") != "EUR" or cents is None or cents != cents.to_integral_value():
        message.faults.append(NOT_IN_EUROS.at(within.row, "Amt", text))
        return None
    return int(cents)


def _day(message: BankMessage, element: Element, *path: str) -> date | None:
    """The day as the bank writes it, whatever its offset; a `Dt` or the first part of a `DtTm`."""
    found = element.value(*path, "Dt") or element.value(*path, "DtTm") or element.value(*path)
    try:
        return date.fromisoformat(found[: len("2026-10-31")])
    except ValueError:
        message.faults.append(NO_DAY.at(element.row, path[-1], found))
        return None


def _reason(code: str) -> str | None:
    return code if _REASON.fullmatch(code) else None
