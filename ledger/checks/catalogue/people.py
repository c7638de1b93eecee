"""That people answered for it: each signature holds, of who might sign on that day, over what is carried out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, TextClause, text

from ledger.approvals.model import Appointment, Limit, Matter, Reason, roles_of
from ledger.approvals.rules import (
    DUTIES,
    MAY_APPOINT,
    WHO_ACTS,
    appointment_message,
    approval_message,
    proposal_message,
    proves,
    rejection_message,
)
from ledger.checks.model import Check, Culprit
from ledger.database.unit_of_work import UnitOfWork
from ledger.proposal_contents import CONTENTS

_MATTER = "p.id AS proposal_id, p.number, p.kind, p.content_sha256, p.amount_cents"
_UNSIGNED = "EXISTS (SELECT FROM ledger.unsigned_fact AS u WHERE u.id = {id}) AS before_keys"
_PROPOSALS = text(f"""
    SELECT {_MATTER}, p.prepared_by AS signer, p.signed_with, p.signature, {_UNSIGNED.format(id="p.id")}
    FROM ledger.proposal AS p ORDER BY p.id
""")  # noqa: S608 - of constants of ours
_APPROVALS = text(f"""
    SELECT {_MATTER}, a.approved_by AS signer, a.signed_with, a.signature, {_UNSIGNED.format(id="a.id")}
    FROM ledger.approval AS a INNER JOIN ledger.proposal AS p ON p.id = a.proposal_id ORDER BY a.id
""")  # noqa: S608 - of constants of ours
_REJECTIONS = text(f"""
    SELECT {_MATTER}, r.rejected_by AS signer, r.reason, r.signed_with, r.signature, false AS before_keys
    FROM ledger.rejection AS r INNER JOIN ledger.proposal AS p ON p.id = r.proposal_id ORDER BY r.id
""")  # noqa: S608 - of constants of ours
_APPOINTMENTS = text("""
    SELECT a.*, o.name FROM ledger.appointment AS a
    INNER JOIN ledger.operator AS o ON o.id = a.operator_id ORDER BY a.operator_id, a.number
""")
_ALL = text("SELECT id AS proposal_id, number, kind, content_sha256 FROM ledger.proposal ORDER BY id")


async def signatures(work: UnitOfWork) -> AsyncIterator[Culprit]:
    """Everything signed whose signature is not of this signer's key over this matter."""
    for row in await work.run(_APPOINTMENTS):
        if not proves(row.signed_with, row.signature, appointment_message(_appointment(row))):
            yield row.name, {"fact": "appointment", "number": row.number}
    for fact, query in (("proposal", _PROPOSALS), ("approval", _APPROVALS), ("rejection", _REJECTIONS)):
        async for culprit in _unproven(work, fact, query):
            yield culprit


async def contents(work: UnitOfWork) -> AsyncIterator[Culprit]:
    """Every proposal that is no longer what was signed: an amount, a line, a date altered since."""
    for row in (await work.run(_ALL)).all():
        content_of = CONTENTS.get(row.kind)
        if content_of is None:
            continue
        content = await content_of(work, row.proposal_id)
        if content is None or sha256(content).digest() != row.content_sha256:
            yield row.proposal_id, {"number": row.number, "kind": row.kind, "found": content is not None}


async def _unproven(work: UnitOfWork, fact: str, query: TextClause) -> AsyncIterator[Culprit]:
    for row in await work.run(query):
        signed = row.signature is not None and row.signed_with is not None
        proven = proves(row.signed_with, row.signature, _message(fact, row)) if signed else row.before_keys
        if not proven:
            yield row.proposal_id, {"fact": fact, "number": row.number, "kind": row.kind, "signed": signed}


def _message(fact: str, row: Row[Any]) -> bytes:
    matter = Matter(row.proposal_id, row.kind, row.content_sha256, row.amount_cents)
    if fact == "proposal":
        return proposal_message(matter, row.signer)
    if fact == "approval":
        return approval_message(matter, row.signer)
    return rejection_message(matter, Reason(row.reason), row.signer)


def _appointment(row: Row[Any]) -> Appointment:
    limit = None if row.limit_cents is None else Limit(row.limit_cents, row.limit_days)
    roles = roles_of(row.roles)
    return Appointment(row.operator_id, row.name, row.number, roles, row.public_key, limit, row.appointed_by)


# Kind, what is done with it, and the roles of which one is needed, for each line of the table of duties.
_NEEDED = [
    *((kind, "prepare", duties.prepare) for kind, duties in DUTIES.items()),
    *((kind, "approve", duties.approve) for kind, duties in DUTIES.items()),
    ("", "take back", WHO_ACTS),
    ("", "appoint", MAY_APPOINT),
]

CHECKS = (
    Check("signatures-hold", "L9", look=signatures),
    Check("contents-are-as-signed", "L9", look=contents),
    Check(
        "signers-were-entitled",
        "L9",
        # recorded_at is given while nobody else is appointed or suspended, so it tells who might sign.
        """
        WITH signed AS (
            SELECT p.id, p.kind, 'prepare' AS act, p.prepared_by AS signer, p.signed_with, p.recorded_at
            FROM ledger.proposal AS p
            UNION ALL
            SELECT p.id, p.kind, 'approve', a.approved_by, a.signed_with, a.recorded_at
            FROM ledger.approval AS a INNER JOIN ledger.proposal AS p ON p.id = a.proposal_id
            UNION ALL
            SELECT p.id, CASE WHEN own THEN '' ELSE p.kind END, CASE WHEN own THEN 'take back' ELSE 'approve' END,
                r.rejected_by, r.signed_with, r.recorded_at
            FROM ledger.rejection AS r INNER JOIN ledger.proposal AS p ON p.id = r.proposal_id
            CROSS JOIN LATERAL (SELECT r.rejected_by = p.prepared_by AS own) AS o
            UNION ALL
            SELECT operator_id, '', 'appoint', appointed_by, signed_with, recorded_at FROM ledger.appointment
            WHERE recorded_at > (SELECT min(recorded_at) FROM ledger.appointment)
        )
        SELECT s.id AS subject, s.act, o.name AS signer, a.roles, a.public_key = s.signed_with AS with_own_key,
            e.kind AS last_event
        FROM signed AS s
        LEFT JOIN ledger.operator AS o ON o.id = s.signer
        LEFT JOIN unnest(CAST(:kinds AS text[]), CAST(:acts AS text[]), CAST(:roles AS text[]))
            AS d (kind, act, roles) ON (d.kind, d.act) = (s.kind, s.act)
        LEFT JOIN LATERAL (
            SELECT roles, public_key FROM ledger.appointment
            WHERE operator_id = s.signer AND recorded_at < s.recorded_at ORDER BY number DESC LIMIT 1
        ) AS a ON true
        LEFT JOIN LATERAL (
            SELECT kind FROM ledger.event
            WHERE subject_id = s.signer AND recorded_at < s.recorded_at ORDER BY id DESC LIMIT 1
        ) AS e ON true
        WHERE s.recorded_at IS NOT NULL AND (
            a.public_key = s.signed_with AND e.kind IS DISTINCT FROM 'suspend'
            AND string_to_array(a.roles, ' ') && string_to_array(d.roles, ' ')
        ) IS NOT TRUE
        UNION ALL
        SELECT operator_id, 'appoint himself', NULL, roles, NULL, NULL FROM ledger.appointment
        WHERE (appointed_by = operator_id)
            <> (recorded_at = (SELECT min(recorded_at) FROM ledger.appointment))
        UNION ALL
        SELECT r.proposal_id, 'approve and reject', NULL, NULL, NULL, NULL
        FROM ledger.rejection AS r INNER JOIN ledger.approval AS a ON a.proposal_id = r.proposal_id
        """,
        {
            "kinds": [kind for kind, _, _ in _NEEDED],
            "acts": [act for _, act, _ in _NEEDED],
            "roles": [" ".join(roles) for _, _, roles in _NEEDED],
        },
    ),
    Check(
        "limits-were-kept",
        "limits",
        """
        SELECT p.id AS subject, o.name AS operator, sum(q.amount_cents)::bigint AS prepared_cents,
            a.limit_cents, a.limit_days
        FROM ledger.proposal AS p
        INNER JOIN ledger.operator AS o ON o.id = p.prepared_by
        CROSS JOIN LATERAL (
            SELECT limit_cents, limit_days FROM ledger.appointment
            WHERE operator_id = p.prepared_by AND recorded_at < p.recorded_at ORDER BY number DESC LIMIT 1
        ) AS a
        INNER JOIN ledger.proposal AS q ON q.prepared_by = p.prepared_by AND q.number <= p.number
            AND q.prepared_at > p.prepared_at - make_interval(days => a.limit_days)
            AND NOT EXISTS (
                SELECT FROM ledger.rejection AS r WHERE r.proposal_id = q.id AND r.recorded_at < p.recorded_at
            )
        WHERE p.amount_cents > 0
        GROUP BY p.id, o.name, a.limit_cents, a.limit_days
        HAVING sum(q.amount_cents) > a.limit_cents
        """,
    ),
)
