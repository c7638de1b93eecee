"""People for tests: an operator with a key made on the spot, so that tests sign as people do.

The key follows from the name: whoever works on a clone of a database knows the keys of its people.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.approvals.actions import add_operator, list_operators
from ledger.approvals.model import Appointment, Limit, Matter, Role, Signer, roles_text
from ledger.approvals.rules import MAY_APPOINT, appointment_message, approval_message, proposal_message
from ledger.database.unit_of_work import Ledger

_FOUNDER = "founder"
_FIRST = """
    SELECT o.id, o.name FROM ledger.appointment AS a INNER JOIN ledger.operator AS o ON o.id = a.operator_id
    WHERE a.appointed_by = a.operator_id
"""


def signer(name: str) -> Signer:
    """Somebody with the key unlocked, enrolled or not."""
    return Signer(name, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


async def enrol(ledger: Ledger, name: str, *roles: Role, limit: Limit | None = None) -> Signer:
    """Make an operator, by default with all roles; appointed by whoever may, by himself if he is the first."""
    wanted = roles or tuple(Role)
    who = signer(name)
    by = await _appointer(ledger) or await _first(ledger, who, wanted)
    await add_operator(ledger, name, who.public_key, wanted, by, limit)
    return who


async def _appointer(ledger: Ledger) -> Signer | None:
    may = [found for found in await list_operators(ledger) if found.has_one_of(MAY_APPOINT) and found.state == "active"]
    return signer(may[0].name) if may else None


async def _first(ledger: Ledger, who: Signer, roles: tuple[Role, ...]) -> Signer:
    """The first one appoints himself, if his roles let him; else somebody who does nothing but that comes before."""
    if not set(roles).isdisjoint(MAY_APPOINT):
        return who
    founder = signer(_FOUNDER)
    await add_operator(ledger, founder.name, founder.public_key, [Role.APPROVER], founder)
    return founder


async def insert_operator(connection: asyncpg.Connection, name: str) -> UUID:
    """Straight in SQL: somebody with all roles, appointed by the first of all."""
    who, by = signer(name), await connection.fetchrow(_FIRST)
    operator_id = uuid4()
    await connection.execute(
        "INSERT INTO ledger.operator (id, name, added_at) VALUES ($1, $2, now())", operator_id, name
    )
    await connection.execute(
        "INSERT INTO ledger.operator_key (public_key, operator_id, registered_at) VALUES ($1, $2, now())",
        who.public_key,
        operator_id,
    )
    appointer_id, appointer = (operator_id, who) if by is None else (by["id"], signer(by["name"]))
    appointment = Appointment(operator_id, name, 1, tuple(Role), who.public_key, None, appointer_id)
    await connection.execute(
        """INSERT INTO ledger.appointment
            (operator_id, number, roles, public_key, appointed_by, appointed_at, signed_with, signature)
        VALUES ($1, 1, $2, $3, $4, now(), $5, $6)""",
        operator_id,
        roles_text(appointment.roles),
        who.public_key,
        appointer_id,
        appointer.public_key,
        appointer.private_key.sign(appointment_message(appointment)),
    )
    return operator_id


async def insert_proposal(connection: asyncpg.Connection, name: str, kind: str = "adjustment") -> UUID:
    """Straight in SQL: something that this operator prepared and signed."""
    who, operator_id = signer(name), await _id(connection, name)
    matter = Matter(uuid4(), kind, sha256(kind.encode()).digest(), 0)
    await connection.execute(
        """INSERT INTO ledger.proposal
            (id, kind, content_sha256, amount_cents, prepared_by, prepared_at, signed_with, signature)
        VALUES ($1, $2, $3, 0, $4, now(), $5, $6)""",
        matter.proposal_id,
        kind,
        matter.content_sha256,
        operator_id,
        who.public_key,
        who.private_key.sign(proposal_message(matter, operator_id)),
    )
    return matter.proposal_id


async def insert_approval(
    connection: asyncpg.Connection, proposal_id: UUID, name: str, prepared_by: str | None = None
) -> UUID:
    """Straight in SQL: the approval by this operator; `prepared_by` pretends that somebody prepared it."""
    who, operator_id, approval_id = signer(name), await _id(connection, name), uuid4()
    row = await connection.fetchrow("SELECT * FROM ledger.proposal WHERE id = $1", proposal_id)
    matter = Matter(proposal_id, row["kind"], row["content_sha256"], row["amount_cents"])
    await connection.execute(
        """INSERT INTO ledger.approval (id, proposal_id, prepared_by, approved_by, approved_at, signed_with, signature)
        VALUES ($1, $2, $3, $4, now(), $5, $6)""",
        approval_id,
        proposal_id,
        row["prepared_by"] if prepared_by is None else await _id(connection, prepared_by),
        operator_id,
        who.public_key,
        who.private_key.sign(approval_message(matter, operator_id)),
    )
    return approval_id


async def _id(connection: asyncpg.Connection, name: str) -> UUID:
    found: UUID = await connection.fetchval("SELECT id FROM ledger.operator WHERE name = $1", name)
    return found
