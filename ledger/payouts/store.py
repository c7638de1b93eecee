"""The SQL of lots: who pays, what is ordered, the files written, what the bank answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Row, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.payouts.model import Export, Payer, PayoutOrder, Step, Transfer

_USE = "payer-account"

_ADD_PAYER = text("""
    INSERT INTO ledger.payer (number, set_by, set_at)
    SELECT coalesce(max(number), 0) + 1, :operator_id, :now FROM ledger.payer RETURNING number
""")
_ADD_PAYER_ACCOUNT = text("INSERT INTO identity.payer_account (number, content) VALUES (:number, :content)")
_PAYER = text("""
    SELECT number, content FROM identity.payer_account
    WHERE number = coalesce(:number, (SELECT max(number) FROM ledger.payer))
""")
_ADD_ORDER = text("""
    INSERT INTO ledger.payout_order (proposal_id, reference, payer, transfer_count)
    VALUES (:proposal_id, :reference, :payer, :transfer_count)
""")
_ADD_TRANSFERS = text("""
    INSERT INTO ledger.transfer
        (id, proposal_id, number, conversion_id, end_to_end, net_cents, commission_cents, iban_hmac)
    SELECT id, :proposal_id, number, conversion_id, end_to_end, net_cents, commission_cents, iban_hmac
    FROM unnest(
        cast(:ids AS uuid[]), cast(:numbers AS integer[]), cast(:conversions AS uuid[]), cast(:references AS text[]),
        cast(:nets AS bigint[]), cast(:commissions AS bigint[]), cast(:hmacs AS bytea[])
    ) AS t (id, number, conversion_id, end_to_end, net_cents, commission_cents, iban_hmac)
""")
_ORDERS = """
    SELECT o.proposal_id, p.number AS proposal, o.reference, o.payer, maker.name AS prepared_by,
        checker.name AS approved_by, e.execute_on, e.content_hmac, e.exported_at
    FROM ledger.payout_order AS o
    INNER JOIN ledger.proposal AS p ON p.id = o.proposal_id
    INNER JOIN ledger.operator AS maker ON maker.id = p.prepared_by
    LEFT JOIN ledger.approval AS a ON a.proposal_id = o.proposal_id
    LEFT JOIN ledger.operator AS checker ON checker.id = a.approved_by
    LEFT JOIN ledger.payout_export AS e ON e.proposal_id = o.proposal_id
"""
_ALL = text(_ORDERS + " ORDER BY p.number")
_REFERENCED = text(_ORDERS + " WHERE o.reference = :reference")
_PROPOSED = text(_ORDERS + " WHERE o.proposal_id = :proposal_id")
_TRANSFERS = text("""
    SELECT t.proposal_id, t.id, t.number, t.conversion_id, c.merchant_id, m.siret, m.name AS merchant_name,
        t.end_to_end, t.net_cents, t.commission_cents, t.iban_hmac, t.state, (
            SELECT b.reason FROM ledger.bank_answer AS b
            WHERE b.transfer_id = t.id ORDER BY b.event_id DESC LIMIT 1
        ) AS reason
    FROM ledger.transfer_now AS t
    INNER JOIN ledger.conversion AS c ON c.id = t.conversion_id
    INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
    WHERE t.proposal_id = ANY(:proposals)
    ORDER BY t.proposal_id, t.number
""")
_ADD_EXPORT = text("""
    INSERT INTO ledger.payout_export (proposal_id, execute_on, content_hmac, exported_by, exported_at)
    VALUES (:proposal_id, :execute_on, :content_hmac, :operator_id, :now)
""")
_EVENT = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    VALUES ('transfer', :id, :kind, :now, :operator_id) RETURNING id
""")
_ANSWER = text("""
    INSERT INTO ledger.bank_answer (event_id, transfer_id, reason, told_on)
    VALUES (:event_id, :transfer_id, :reason, :told_on)
""")


async def add_payer(work: UnitOfWork, name: str, iban: str, bic: str | None, operator_id: UUID) -> Payer:
    """Record who pays from now on; name and account are encrypted in identity."""
    number = (await work.run(_ADD_PAYER, operator_id=operator_id, now=work.now)).scalar_one()
    plain = json.dumps({"name": name, "iban": iban, "bic": bic}).encode()
    content = work.keys.encrypt(_USE, plain, number.to_bytes(4))
    await work.run(_ADD_PAYER_ACCOUNT, number=number, content=content)
    return Payer(number, name, iban, bic)


async def payer(work: UnitOfWork, number: int | None = None) -> Payer | None:
    """The payer of this number, or the present one."""
    row = (await work.run(_PAYER, number=number)).one_or_none()
    if row is None:
        return None
    return Payer(row.number, **json.loads(work.keys.decrypt(_USE, row.content, row.number.to_bytes(4))))


async def add_order(
    work: UnitOfWork, proposal_id: UUID, reference: str, payer_number: int, transfers: Sequence[Transfer]
) -> None:
    """Record a lot with all its transfers, at once."""
    count = {"transfer_count": len(transfers)}
    await work.run(_ADD_ORDER, proposal_id=proposal_id, reference=reference, payer=payer_number, **count)
    await work.run(
        _ADD_TRANSFERS,
        proposal_id=proposal_id,
        ids=[one.id for one in transfers],
        numbers=[one.number for one in transfers],
        conversions=[one.conversion_id for one in transfers],
        references=[one.end_to_end for one in transfers],
        nets=[one.net_cents for one in transfers],
        commissions=[one.commission_cents for one in transfers],
        hmacs=[one.iban_hmac for one in transfers],
    )


async def orders(work: UnitOfWork) -> list[PayoutOrder]:
    """All lots that were prepared, the oldest first."""
    return await _orders(work, (await work.run(_ALL)).all())


async def order_with(work: UnitOfWork, reference: str) -> PayoutOrder | None:
    """The lot of a reference."""
    found = await _orders(work, (await work.run(_REFERENCED, reference=reference)).all())
    return found[0] if found else None


async def order_of_proposal(work: UnitOfWork, proposal_id: UUID) -> PayoutOrder | None:
    """The lot that a proposal is about."""
    found = await _orders(work, (await work.run(_PROPOSED, proposal_id=proposal_id)).all())
    return found[0] if found else None


async def add_export(
    work: UnitOfWork, order: PayoutOrder, execute_on: date, content_hmac: bytes, operator_id: UUID
) -> None:
    """Record that the file was written, and that its transfers are on their way."""
    await work.run(
        _ADD_EXPORT,
        proposal_id=order.proposal_id,
        execute_on=execute_on,
        content_hmac=content_hmac,
        operator_id=operator_id,
        now=work.now,
    )
    await add_events(work, order.transfers, "export", operator_id)


async def add_events(work: UnitOfWork, transfers: Iterable[Transfer], kind: str, operator_id: UUID) -> None:
    """The same happens to several transfers."""
    for one in transfers:
        await work.run(_EVENT, id=one.id, kind=kind, now=work.now, operator_id=operator_id)


async def add_answers(work: UnitOfWork, steps: Iterable[Step], operator_id: UUID) -> None:
    """What a bank said of transfers, one after the other."""
    for step in steps:
        values = {"id": step.transfer.id, "kind": step.event, "now": work.now, "operator_id": operator_id}
        event_id = (await work.run(_EVENT, **values)).scalar_one()
        told = {"reason": step.reason, "told_on": step.told_on}
        await work.run(_ANSWER, event_id=event_id, transfer_id=step.transfer.id, **told)


async def _orders(work: UnitOfWork, rows: Sequence[Row[tuple[object, ...]]]) -> list[PayoutOrder]:
    by_proposal: dict[UUID, list[Transfer]] = {row.proposal_id: [] for row in rows}
    for found in await work.run(_TRANSFERS, proposals=list(by_proposal)):
        facts = found._asdict()
        by_proposal[facts.pop("proposal_id")].append(Transfer(**facts | {"iban_hmac": bytes(found.iban_hmac)}))
    return [
        PayoutOrder(
            row.proposal_id,
            row.proposal,
            row.reference,
            row.payer,
            row.prepared_by,
            row.approved_by,
            None if row.exported_at is None else Export(row.execute_on, bytes(row.content_hmac), row.exported_at),
            tuple(by_proposal[row.proposal_id]),
        )
        for row in rows
    ]
