"""What operators do: be known, propose, approve. The last two are steps of other features' units of work."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from ledger.approvals import store
from ledger.approvals.model import OPERATOR_NAME, Operator
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import AlreadyExists, BadValue, ContentDiffers, NotPending, SamePerson, UnknownOperator
from ledger.identifiers import new_event_id, new_subject_id
from ledger.keyring import same


async def add_operator(ledger: Ledger, name: str) -> Operator:
    """Record an operator. Refuses `BadValue` (lower-case letters, digits, `.` and `-`), `AlreadyExists`."""
    if not OPERATOR_NAME.fullmatch(name):
        raise BadValue(field="name", value=name, pattern=OPERATOR_NAME.pattern)
    async with ledger.unit_of_work() as work:
        operator = Operator(new_subject_id(), name, work.now)
        if not await store.add_operator(work, operator):
            raise AlreadyExists(operator=name)
        return operator


async def list_operators(ledger: Ledger) -> list[Operator]:
    """All operators by name."""
    async with ledger.unit_of_work() as work:
        return await store.operators(work)


async def operator_named(work: UnitOfWork, name: str) -> Operator:
    """Who is acting. Refuses `UnknownOperator`."""
    operator = await store.operator_named(work, name)
    if operator is None:
        raise UnknownOperator(operator=name)
    return operator


async def propose(work: UnitOfWork, kind: str, content: bytes, operator: str) -> UUID:
    """Put something before another person; what it says is kept as its SHA-256. Refuses `UnknownOperator`."""
    who = await operator_named(work, operator)
    proposal_id = new_event_id()
    await store.add_proposal(work, proposal_id, kind, sha256(content).digest(), who.id)
    return proposal_id


async def require_content(work: UnitOfWork, proposal_id: UUID, content: bytes) -> None:
    """Refuse (`ContentDiffers`) what is no longer what was proposed."""
    found = await store.proposal(work, proposal_id)
    if not same(sha256(content).digest(), found.content_sha256):
        raise ContentDiffers(proposal=str(proposal_id))


async def approve(work: UnitOfWork, proposal_id: UUID, operator: str) -> UUID:
    """Approve a proposal and give the approval that transactions point to.

    Refuses `UnknownOperator`, `SamePerson`, and `NotPending` where it is approved already.
    """
    who = await operator_named(work, operator)
    found = await store.proposal(work, proposal_id)
    if found.approved:
        raise NotPending(state="approved")
    if who.id == found.prepared_by:
        raise SamePerson(operator=operator)
    approval_id = new_event_id()
    if not await store.add_approval(work, approval_id, found, who.id, work.now):
        raise NotPending(state="approved")
    return approval_id
