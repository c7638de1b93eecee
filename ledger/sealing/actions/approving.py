"""The proof of an approval: who prepared what, who else approved it, and by which right."""

from __future__ import annotations

from uuid import UUID

from ledger.approvals.actions import proposal_of
from ledger.approvals.model import Proposal
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import NotPossibleNow, NotSealedYet, SignatureRefused
from ledger.proposal_contents import ALL_CONTENTS
from ledger.sealing import store_approvals
from ledger.sealing.actions.proving import new_proof, proven_leaf, require_last
from ledger.sealing.rules import proofs

_CONTENT_CHARACTERS_MAX = 500_000  # some five thousand vouchers; whoever reads a proof bounds its size


async def prove_approval(ledger: Ledger, proposal_id: UUID, older_size: int | None = None) -> proofs.Proof:
    """That two people signed a proposal of any kind: the sealed facts from which `verify` tells who, what and when.

    With `older_size`, also that the books only grew since. Refuses `UnknownProposal`, `NotPossibleNow` (nobody
    approved it), `SignatureRefused` (it is from before operators had keys), `NotSealedYet`, `FactNotAsSealed`,
    `UnknownCheckpoint`.
    """
    async with ledger.unit_of_work() as work:
        found = await proposal_of(work, proposal_id)
        _require_signed(found)
        facts = await store_approvals.facts_of_approval(work, proposal_id)
        last = await require_last(work)
        proof = await new_proof(work, "approval", last, older_size)
        for content, covering in facts:
            if covering is None:
                raise NotSealedYet(proposal=found.number)
            proof.facts.append(await proven_leaf(work, content, covering, last))
        proof.content = await _content(work, found)
        return proof


def _require_signed(found: Proposal) -> None:
    if found.state != "approved":
        raise NotPossibleNow(proposal=found.number, state=found.state)
    if found.signature is None:
        raise SignatureRefused(proposal=found.number, reason="unsigned")


async def _content(work: UnitOfWork, found: Proposal) -> str | None:
    """What was approved, written again from the rows of today; random ids and codes only (L12)."""
    content_of = ALL_CONTENTS.get(found.kind)
    content = None if content_of is None else await content_of(work, found.id)
    return content.decode() if content is not None and len(content) <= _CONTENT_CHARACTERS_MAX else None
