"""The SQL of what proves an approval: the sealed rows of a proposal and of the people who signed it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.sealing import store
from ledger.sealing.model import Seal

# For both who signed, the appointment that counted then; and of whoever appointed, up to the first one of all.
_FACTS = text("""
    WITH RECURSIVE signed AS (
        SELECT prepared_by AS signer, recorded_at FROM ledger.proposal WHERE id = :id
        UNION ALL
        SELECT approved_by, recorded_at FROM ledger.approval WHERE proposal_id = :id
    ), appointed AS (
        SELECT a.* FROM signed AS s CROSS JOIN LATERAL (
            SELECT operator_id, number, appointed_by, recorded_at, epoch, xid FROM ledger.appointment
            WHERE operator_id = s.signer AND recorded_at < s.recorded_at ORDER BY number DESC LIMIT 1
        ) AS a
        UNION
        SELECT b.* FROM appointed AS a CROSS JOIN LATERAL (
            SELECT operator_id, number, appointed_by, recorded_at, epoch, xid FROM ledger.appointment
            WHERE operator_id = a.appointed_by AND recorded_at < a.recorded_at ORDER BY number DESC LIMIT 1
        ) AS b
    ), wanted AS (
        SELECT 1 AS place, 'proposal' AS fact, jsonb_build_object('id', id) AS has, epoch, xid, recorded_at
        FROM ledger.proposal WHERE id = :id
        UNION ALL
        SELECT 2, 'approval', jsonb_build_object('id', id), epoch, xid, recorded_at
        FROM ledger.approval WHERE proposal_id = :id
        UNION ALL
        SELECT 3, 'operator', jsonb_build_object('id', id), epoch, xid, added_at FROM ledger.operator
        WHERE id IN (SELECT signer FROM signed UNION ALL SELECT operator_id FROM appointed)
        UNION ALL
        SELECT 4, 'appointment', jsonb_build_object('operator_id', operator_id, 'number', number), epoch, xid,
            recorded_at
        FROM appointed
    )
    SELECT l.content, w.epoch, w.xid
    FROM wanted AS w CROSS JOIN LATERAL ledger.leaf_contents(w.epoch, w.xid) AS l
    WHERE l.fact = w.fact AND CAST(substr(l.content, length(l.fact) + 2) AS jsonb) @> w.has
    ORDER BY w.place, w.recorded_at, l.content
""").bindparams(bindparam("id", type_=Uuid))


_CERTIFICATE = text("""
    SELECT l.content, c.epoch, c.xid
    FROM ledger.certificate AS c CROSS JOIN LATERAL ledger.leaf_contents(c.epoch, c.xid) AS l
    WHERE c.proposal_id = :id AND l.fact = 'certificate'
""").bindparams(bindparam("id", type_=Uuid))


async def facts_of_certificate(work: UnitOfWork, proposal_id: UUID) -> list[tuple[str, Seal | None]]:
    """The same for a certificate, and that it closed its month."""
    rows = (await work.run(_CERTIFICATE, id=proposal_id)).all()
    closed = [(row.content, await store.covering(work, row.epoch, row.xid)) for row in rows]
    return [*await facts_of_approval(work, proposal_id), *closed]


async def facts_of_approval(work: UnitOfWork, proposal_id: UUID) -> list[tuple[str, Seal | None]]:
    """The leaves that prove who prepared and who approved a proposal, each with its seal where it has one."""
    rows = (await work.run(_FACTS, id=proposal_id)).all()
    return [(row.content, await store.covering(work, row.epoch, row.xid)) for row in rows]
