"""What a bank answers to a lot, written by hand as banks do: status reports, statements, notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

PAIN, STATEMENT, NOTICE = "pain.002.001.10", "camt.053.001.08", "camt.054.001.08"
DAY = "2026-10-07"


def status(
    folder: Path,
    lot: str,
    transfers: Iterable[tuple[str, str, str]] = (),
    *,
    group: str = "",
    batch: str = "",
    name: str = "status.xml",
) -> Path:
    """A pain.002: of a whole message, of its batch, of (transfer, status, reason)."""
    single = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{code}</TxSts>"
        + (f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else "")
        + "</TxInfAndSts>\n"
        for reference, code, reason in transfers
    )
    return _file(
        folder / name,
        PAIN,
        f"<CstmrPmtStsRpt><GrpHdr><MsgId>A1</MsgId><CreDtTm>{DAY}T08:00:00</CreDtTm></GrpHdr>\n"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{lot}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
        f"{_told('GrpSts', group)}</OrgnlGrpInfAndSts>\n<OrgnlPmtInfAndSts><OrgnlPmtInfId>{lot}</OrgnlPmtInfId>"
        f"{_told('PmtInfSts', batch)}{single}</OrgnlPmtInfAndSts></CstmrPmtStsRpt>",
    )


def entry(
    cents: int,
    details: Sequence[tuple[str, int | None]] = (),
    *,
    back: str | None = None,
    batch: str = "",
    state: str = "BOOK",
) -> str:
    """A booked sum: what left the account, or `back` with its reason; the transfers in it, with amounts or without."""
    direction = "DBIT" if back is None else "CRDT"
    returned = f"<RtrInf><Rsn><Cd>{back}</Cd></Rsn></RtrInf>" if back else ""
    single = "".join(
        f"<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>"
        + ("" if amount is None else f'<Amt Ccy="EUR">{_euros(amount)}</Amt>')
        + f"{returned}</TxDtls>\n"
        for reference, amount in details
    )
    named = f"<Btch><PmtInfId>{batch}</PmtInfId></Btch>" if batch else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{_euros(cents)}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>{state}</Cd></Sts>'
        f"<BookgDt><Dt>{DAY}</Dt></BookgDt><NtryDtls>{named}{single}</NtryDtls></Ntry>\n"
    )


def statement(folder: Path, *entries: str, name: str = "statement.xml") -> Path:
    """A camt.053, of which only the entries are looked at here."""
    return _file(folder / name, STATEMENT, f"<BkToCstmrStmt><Stmt>\n{''.join(entries)}</Stmt></BkToCstmrStmt>")


def notice(folder: Path, *entries: str, name: str = "notice.xml") -> Path:
    """A camt.054: the same without balances."""
    body = f"<BkToCstmrDbtCdtNtfctn><Ntfctn>\n{''.join(entries)}</Ntfctn></BkToCstmrDbtCdtNtfctn>"
    return _file(folder / name, NOTICE, body)


def _file(path: Path, message: str, body: str) -> Path:
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{message}"
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{namespace}">\n{body}\n</Document>\n')
    return path


def _told(name: str, code: str) -> str:
    return f"<{name}>{code}</{name}>" if code else ""


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
