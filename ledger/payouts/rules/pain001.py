"""The file by which a bank is told to carry out a lot: pain.001.001.09 (ISO 20022), within the SEPA Credit Transfer
Customer-to-PSP guide (EPC132-08). The same lot always gives the same bytes. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from html import escape
from uuid import UUID

from ledger.calendar import PARIS
from ledger.payouts.model import Payer, PayoutOrder, Transfer
from ledger.payouts.rules.sepa import TEXT_CHARACTERS_MAX, sepa_name, sepa_text

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CURRENCY = "EUR"
_UNKNOWN = "NOTPROVIDED"


def render(
    order: PayoutOrder, payer: Payer, ibans: Mapping[UUID, str], *, created_at: datetime, execute_on: date
) -> bytes:
    """The whole file. `ibans` are by merchant; nothing else of it comes from outside the books.

    One batch, booked in one sum. The bank of each account follows from its IBAN (Regulation EU 260/2012, article 5);
    no address is told, so there is none without structure.
    """
    local = created_at.astimezone(PARIS).replace(tzinfo=None, microsecond=0)
    totals = (_leaf("NbOfTxs", str(len(order.transfers))), _leaf("CtrlSum", _euros(order.net_cents)))
    name = sepa_name(payer.name, "PAYER")
    header = _node(
        "GrpHdr",
        _leaf("MsgId", order.reference),
        _leaf("CreDtTm", local.isoformat()),
        *totals,
        _node("InitgPty", _leaf("Nm", name)),
    )
    batch = _node(
        "PmtInf",
        _leaf("PmtInfId", order.reference),
        _leaf("PmtMtd", "TRF"),
        _leaf("BtchBookg", "true"),
        *totals,
        _node("PmtTpInf", _node("SvcLvl", _leaf("Cd", "SEPA"))),
        _node("ReqdExctnDt", _leaf("Dt", execute_on.isoformat())),
        _node("Dbtr", _leaf("Nm", name)),
        _node("DbtrAcct", _node("Id", _leaf("IBAN", payer.iban))),
        _node("DbtrAgt", _node("FinInstnId", _bank(payer.bic))),
        _leaf("ChrgBr", "SLEV"),
        *(_transfer(one, ibans[one.merchant_id]) for one in order.transfers),
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}">\n'
        f"<CstmrCdtTrfInitn>\n{header}{batch}</CstmrCdtTrfInitn>\n</Document>\n"
    ).encode()


def _transfer(one: Transfer, iban: str) -> str:
    said = sepa_text(f"Reconversion Pois {one.end_to_end}", TEXT_CHARACTERS_MAX)
    return _node(
        "CdtTrfTxInf",
        _node("PmtId", _leaf("InstrId", one.end_to_end), _leaf("EndToEndId", one.end_to_end)),
        _node("Amt", f'<InstdAmt Ccy="{CURRENCY}">{_euros(one.net_cents)}</InstdAmt>\n'),
        _node("Cdtr", _leaf("Nm", sepa_name(one.merchant_name, one.siret))),
        _node("CdtrAcct", _node("Id", _leaf("IBAN", iban))),
        _node("RmtInf", _leaf("Ustrd", said)),
    )


def _bank(bic: str | None) -> str:
    return _leaf("BICFI", bic) if bic else _node("Othr", _leaf("Id", _UNKNOWN))


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _node(name: str, *children: str) -> str:
    return f"<{name}>\n{''.join(children)}</{name}>\n"


def _leaf(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>\n"
