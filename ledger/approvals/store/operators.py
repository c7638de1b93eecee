"""The SQL of operators and their appointments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from ledger.approvals.model import Appointment, Limit, Operator, roles_of, roles_text
from ledger.database.unit_of_work import UnitOfWork

_TAKE_TURN = text("SELECT ledger.take_people_turn(:alone)")
_ADD = text("""
    INSERT INTO ledger.operator (id, name, added_at) VALUES (:id, :name, :added_at)
    ON CONFLICT (name) DO NOTHING
""")
_SELECT = """
    SELECT o.id, o.name, o.added_at, coalesce(s.state, 'active') AS state, coalesce(a.roles, '') AS roles,
        a.public_key, a.limit_cents, a.limit_days, coalesce(a.number, 0) AS appointments
    FROM ledger.operator AS o
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = o.id
    LEFT JOIN LATERAL (
        SELECT * FROM ledger.appointment WHERE operator_id = o.id ORDER BY number DESC LIMIT 1
    ) AS a ON true
"""
_ALL = text(_SELECT + " ORDER BY o.name")
_NAMED = text(_SELECT + " WHERE o.name = :name")
_ANYBODY = text("SELECT EXISTS (SELECT FROM ledger.appointment)")
_ADD_KEY = text("""
    INSERT INTO ledger.operator_key (public_key, operator_id, registered_at)
    VALUES (:public_key, :operator_id, :registered_at)
    ON CONFLICT (public_key) DO NOTHING
""")
_APPOINT = text("""
    INSERT INTO ledger.appointment (
        operator_id, number, roles, public_key, limit_cents, limit_days,
        appointed_by, appointed_at, signed_with, signature
    )
    VALUES (
        :operator_id, :number, :roles, :public_key, :limit_cents, :limit_days,
        :appointed_by, :appointed_at, :signed_with, :signature
    )
""")
_EVENT = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    VALUES ('operator', :subject_id, :kind, :now, :operator_id)
""")


async def take_people_turn(work: UnitOfWork, *, alone: bool) -> None:
    """Until the unit of work ends: who signs shares the turn, who appoints or suspends has it alone."""
    await work.run(_TAKE_TURN, alone=alone)


async def add_operator(work: UnitOfWork, operator_id: UUID, name: str) -> bool:
    """Record an operator, not yet appointed; `False` where the name is taken."""
    return (await work.run(_ADD, id=operator_id, name=name, added_at=work.now)).rowcount == 1


async def operators(work: UnitOfWork) -> list[Operator]:
    """All operators by name."""
    return [_operator(row) for row in await work.run(_ALL)]


async def operator_named(work: UnitOfWork, name: str) -> Operator | None:
    """The operator of this name, in whatever state."""
    row = (await work.run(_NAMED, name=name)).one_or_none()
    return None if row is None else _operator(row)


async def anybody_appointed(work: UnitOfWork) -> bool:
    """Whether the home has its first operator."""
    return bool((await work.run(_ANYBODY)).scalar_one())


async def add_key(work: UnitOfWork, operator_id: UUID, public_key: bytes) -> bool:
    """Register a key; `False` where it is, or was, somebody's."""
    values = {"public_key": public_key, "operator_id": operator_id, "registered_at": work.now}
    return (await work.run(_ADD_KEY, **values)).rowcount == 1


async def add_appointment(work: UnitOfWork, appointment: Appointment, signed_with: bytes, signature: bytes) -> None:
    """Record what an operator may do from now on."""
    limit = appointment.limit
    await work.run(
        _APPOINT,
        operator_id=appointment.operator_id,
        number=appointment.number,
        roles=roles_text(appointment.roles),
        public_key=appointment.public_key,
        limit_cents=limit and limit.cents,
        limit_days=limit and limit.days,
        appointed_by=appointment.appointed_by,
        appointed_at=work.now,
        signed_with=signed_with,
        signature=signature,
    )


async def add_event(work: UnitOfWork, operator_id: UUID, kind: str, by: UUID) -> None:
    """Suspend or resume."""
    await work.run(_EVENT, subject_id=operator_id, kind=kind, now=work.now, operator_id=by)


def _operator(row: Row[Any]) -> Operator:
    limit = None if row.limit_cents is None else Limit(row.limit_cents, row.limit_days)
    roles = roles_of(row.roles)
    return Operator(row.id, row.name, row.added_at, row.state, roles, row.public_key, limit, row.appointments)
