"""Propose, approve, reject: steps of other features' units of work, and what people see of them."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from ledger.approvals import store
from ledger.approvals.actions.operators import signing_operator
from ledger.approvals.model import Matter, Operator, Proposal, Reason, Signer
from ledger.approvals.rules import DUTIES, approval_message, proposal_message, proves, rejection_message
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import ContentDiffers, LimitReached, NotPending, SamePerson, SignatureRefused, UnknownProposal
from ledger.identifiers import new_event_id
from ledger.keyring import same


async def propose(work: UnitOfWork, kind: str, content: bytes, signer: Signer, *, amount_cents: int = 0) -> UUID:
    """Put something before another person, signed; what it says is kept as its SHA-256.

    `kind` has its line in `rules.DUTIES`, which says who may. `amount_cents` counts towards the preparer's limit.
    Refuses as `signing_operator` does, and `LimitReached`.
    """
    who = await signing_operator(work, signer, *DUTIES[kind].prepare)
    await _require_limit(work, who, amount_cents)
    matter = Matter(new_event_id(), kind, sha256(content).digest(), amount_cents)
    signature = signer.private_key.sign(proposal_message(matter, who.id))
    await store.add_proposal(work, matter, who.id, signer.public_key, signature)
    return matter.proposal_id


async def proposal_of(work: UnitOfWork, proposal_id: UUID) -> Proposal:
    """A proposal as it stands. Refuses `UnknownProposal`."""
    found = await store.proposal(work, proposal_id)
    if found is None:
        raise UnknownProposal(proposal=str(proposal_id))
    return found


async def require_content(work: UnitOfWork, proposal_id: UUID, content: bytes) -> None:
    """Refuse (`ContentDiffers`) what is no longer what was proposed."""
    found = await proposal_of(work, proposal_id)
    if not same(sha256(content).digest(), found.content_sha256):
        raise ContentDiffers(proposal=found.number)


async def approve(work: UnitOfWork, proposal_id: UUID, signer: Signer) -> UUID:
    """Approve a proposal, signed, and give the approval that transactions point to.

    `rules.DUTIES` says who may. Refuses as `signing_operator` does, `NotPending`, `SamePerson`, and
    `SignatureRefused` where the preparer's own signature does not hold.
    """
    found = await _pending(work, proposal_id)
    who = await signing_operator(work, signer, *DUTIES[found.kind].approve)
    if who.id == found.prepared_by:
        raise SamePerson(operator=who.name)
    _require_signed(found)
    approval_id = new_event_id()
    signature = signer.private_key.sign(approval_message(found.matter, who.id))
    await store.add_approval(work, approval_id, found, who.id, signer.public_key, signature)
    return approval_id


async def reject(work: UnitOfWork, proposal_id: UUID, signer: Signer, *, reason: Reason = Reason.OTHER) -> None:
    """Reject a proposal, signed; whoever may approve it may do so, and whoever prepared it.

    Refuses as `signing_operator` does, and `NotPending`.
    """
    found = await _pending(work, proposal_id)
    preparing = found.prepared_by_name == signer.name
    who = await signing_operator(work, signer, *(() if preparing else DUTIES[found.kind].approve))
    signature = signer.private_key.sign(rejection_message(found.matter, reason, who.id))
    await store.add_rejection(work, found.id, who.id, reason, signer.public_key, signature)


async def list_proposals(ledger: Ledger, *, pending_only: bool = False) -> list[Proposal]:
    """What was put before another person, by number."""
    async with ledger.unit_of_work() as work:
        return await store.proposals(work, pending_only=pending_only)


async def proposal_numbered(ledger: Ledger, number: int) -> Proposal:
    """A proposal by the number that people use. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        found = await store.proposal_numbered(work, number)
        if found is None:
            raise UnknownProposal(proposal=number)
        return found


async def reject_proposal(ledger: Ledger, proposal_id: UUID, signer: Signer, reason: Reason) -> Proposal:
    """Reject a proposal of any kind; it reserves nothing from then on. Refuses as `reject` does."""
    async with ledger.unit_of_work() as work:
        await reject(work, proposal_id, signer, reason=reason)
        return await proposal_of(work, proposal_id)


async def _pending(work: UnitOfWork, proposal_id: UUID) -> Proposal:
    """A proposal that nobody has decided about, while nobody else does."""
    await store.take_proposal(work, proposal_id)
    found = await proposal_of(work, proposal_id)
    if found.state != "pending":
        raise NotPending(proposal=found.number, state=found.state)
    return found


def _require_signed(found: Proposal) -> None:
    if found.signed_with is None or found.signature is None:
        raise SignatureRefused(proposal=found.number, reason="unsigned")
    if not proves(found.signed_with, found.signature, proposal_message(found.matter, found.prepared_by)):
        raise SignatureRefused(proposal=found.number, reason="of-something-else")


async def _require_limit(work: UnitOfWork, who: Operator, amount_cents: int) -> None:
    if who.limit is None or not amount_cents:
        return
    before_cents = await store.proposed_cents(work, who.id, who.limit.days)
    if before_cents + amount_cents > who.limit.cents:
        left_cents = max(0, who.limit.cents - before_cents)
        raise LimitReached(operator=who.name, days=who.limit.days, left_cents=left_cents, needed_cents=amount_cents)
