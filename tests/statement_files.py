"""The same movements written in each form that banks and platforms use; nothing here comes from the readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

PLUS, MINUS = "{ABCDEFGHI", "}JKLMNOPQR"


@dataclass(frozen=True)
class Moved:
    """One movement, signed centimes."""

    day: date
    label: str
    cents: int


def french(cents: int, blank: str = "") -> str:
    units = f"{abs(cents) // 100:,}".replace(",", blank)
    return f"{'-' if cents < 0 else ''}{units},{abs(cents) % 100:02}"


def plain(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def overpunched(cents: int) -> str:
    """The last digit and the sign in one character, 14 characters in all."""
    digits = f"{abs(cents):014}"
    return digits[:-1] + (MINUS if cents < 0 else PLUS)[int(digits[-1])]


def platform(opening: int, moves: Sequence[Moved]) -> str:
    first = moves[0].day if moves else date(2026, 10, 1)
    rows = ["Date;Libellé;Débit;Crédit;Solde", f"{first:%d/%m/%Y};Solde initial;;;{french(opening)}"]
    balance = opening
    for move in moves:
        balance += move.cents
        debit, credit = (french(move.cents), "") if move.cents < 0 else ("", french(move.cents))
        rows.append(f'{move.day:%d/%m/%Y};"{move.label}";{debit};{credit};{french(balance)}')
    return "\r\n".join(rows) + "\r\n"


def cfonb_record(code: str, day: date, cents: int | None, label: str = "", **parts: str) -> str:
    """One record: `currency`, `decimals`, `account`, `kind` and `reference` as given."""
    cells = [" "] * 120

    def put(start: int, text: str) -> None:
        cells[start : start + len(text)] = text

    put(0, code + "30004")
    put(11, "00828" + parts.get("currency", "EUR") + parts.get("decimals", "2"))
    put(21, parts.get("account", "00012345678"))
    put(34, f"{day:%d%m%y}")
    if code == "05":
        put(45, f"{parts['kind']:3}{label:70}"[:73])
    else:
        put(48, label[:31])
        put(104, parts.get("reference", "")[:16])
    if cents is not None:
        put(90, overpunched(cents))
    return "".join(cells)


def cfonb120(opening: int, moves: Sequence[Moved]) -> str:
    first, last = moves[0].day, moves[-1].day
    records = [cfonb_record("01", first, opening)]
    for move in moves:
        records += [cfonb_record("04", move.day, move.cents, move.label)]
        records += [cfonb_record("05", move.day, None, move.label, kind="LIB")] if len(move.label) > 31 else []
    records.append(cfonb_record("07", last, opening + sum(move.cents for move in moves)))
    return "\r\n".join(records) + "\r\n"


def mt940_balance(tag: str, day: date, cents: int, currency: str = "EUR") -> str:
    mark = "D" if cents < 0 else "C"
    return f":{tag}:{mark}{day:%y%m%d}{currency}{french(abs(cents))}"


def mt940(opening: int, moves: Sequence[Moved]) -> str:
    rows = [":20:STARTUMS", ":25:FR7630004008280001234567861", ":28C:00010/001"]
    rows.append(mt940_balance("60F", moves[0].day, opening))
    for move in moves:
        mark = "D" if move.cents < 0 else "C"
        rows.append(f":61:{move.day:%y%m%d}{move.day:%m%d}{mark}R{french(abs(move.cents))}NTRFNONREF")
        rows.append(f":86:{move.label}")
    rows += [mt940_balance("62F", moves[-1].day, opening + sum(move.cents for move in moves)), "-"]
    return "\r\n".join(rows) + "\r\n"


OFX_HEADER = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n"
    "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
)


def ofx1(opening: int, moves: Sequence[Moved]) -> str:
    rows = [
        "<OFX>",
        "<BANKMSGSRSV1><STMTTRNRS><STMTRS>",
        "<CURDEF>EUR",
        "<BANKACCTFROM><ACCTID>12345678</BANKACCTFROM>",
    ]
    rows += ["<BANKTRANLIST>", f"<DTSTART>{moves[0].day:%Y%m%d}", f"<DTEND>{moves[-1].day:%Y%m%d}"]
    for number, move in enumerate(moves, start=1):
        rows += ["<STMTTRN>", "<TRNTYPE>OTHER", f"<DTPOSTED>{move.day:%Y%m%d}", f"<TRNAMT>{plain(move.cents)}"]
        rows += [f"<FITID>{ofx_number(move, number)}", f"<NAME>{escape(move.label)}", "</STMTTRN>"]
    closing = plain(opening + sum(move.cents for move in moves))
    rows += ["</BANKTRANLIST>", f"<LEDGERBAL><BALAMT>{closing}<DTASOF>{moves[-1].day:%Y%m%d}</LEDGERBAL>"]
    return OFX_HEADER + "\r\n".join([*rows, "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"]) + "\r\n"


def ofx_number(move: Moved, number: int) -> str:
    return f"{move.day:%Y%m%d}{number:06}"


def ofx2(opening: int, moves: Sequence[Moved]) -> str:
    closing = plain(opening + sum(move.cents for move in moves))
    listed = "".join(
        f"<STMTTRN><TRNTYPE>OTHER</TRNTYPE><DTPOSTED>{move.day:%Y%m%d}120000[+2:CEST]</DTPOSTED>"
        f"<TRNAMT>{plain(move.cents)}</TRNAMT><FITID>{ofx_number(move, number)}</FITID>"
        f"<NAME>{escape(move.label)}</NAME></STMTTRN>\n"
        for number, move in enumerate(moves, start=1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>\n'
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR</CURDEF><BANKTRANLIST>"
        f"<DTSTART>{moves[0].day:%Y%m%d}</DTSTART><DTEND>{moves[-1].day:%Y%m%d}</DTEND>\n{listed}</BANKTRANLIST>"
        f"<LEDGERBAL><BALAMT>{closing}</BALAMT><DTASOF>{moves[-1].day:%Y%m%d}</DTASOF></LEDGERBAL>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def camt053(opening: int, moves: Sequence[Moved]) -> str:
    def balance(code: str, cents: int) -> str:
        mark = "DBIT" if cents < 0 else "CRDT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{plain(abs(cents))}</Amt>"
            f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{moves[0].day}</Dt></Dt></Bal>"
        )

    entries = "".join(
        f"<Ntry><Amt Ccy='EUR'>{plain(abs(move.cents))}</Amt>"
        f"<CdtDbtInd>{'DBIT' if move.cents < 0 else 'CRDT'}</CdtDbtInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{move.day}</Dt></BookgDt>"
        f"<NtryDtls><TxDtls><RmtInf><Ustrd>{escape(move.label)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
        for move in moves
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'>"
        "<BkToCstmrStmt><Stmt><Id>1</Id>"
        f"<FrToDt><FrDtTm>{moves[0].day}T00:00:00</FrDtTm><ToDtTm>{moves[-1].day}T23:59:59</ToDtTm></FrToDt>"
        "<Acct><Id><IBAN>FR7676506608179062772286230</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', opening + sum(move.cents for move in moves))}\n{entries}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def cyclos(moves: Sequence[Moved]) -> str:
    rows = ["transactionNumber,date,amount,relatedAccount,description,type"]
    for number, move in enumerate(moves, start=1):
        label = move.label.replace('"', '""')
        rows.append(f'TX{number:05},{move.day}T12:00:00+02:00,{plain(move.cents)},,"{label}",Paiement')
    return "\n".join(rows) + "\n"


def cyclos_status(opening: int, moves: Sequence[Moved]) -> str:
    closing = opening + sum(move.cents for move in moves)
    return json.dumps({"balanceAtBegin": plain(opening), "balanceAtEnd": plain(closing)})


FORMS: dict[str, Callable[[int, Sequence[Moved]], str]] = {
    "platform-csv": platform,
    "camt053": camt053,
    "cfonb120": cfonb120,
    "mt940": mt940,
    "ofx1": ofx1,
    "ofx2": ofx2,
}


def write(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path
