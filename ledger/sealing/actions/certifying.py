"""The proof of a certified month, for whoever wants to verify it without us."""

from __future__ import annotations

from datetime import date

from ledger.certificates.actions import certificate_of
from ledger.certificates.model import KIND
from ledger.database.unit_of_work import Ledger
from ledger.errors import FactNotAsSealed, NotSealedYet
from ledger.proposal_contents import ALL_CONTENTS
from ledger.sealing import store, store_approvals
from ledger.sealing.actions.proving import consistency_hashes, new_proof, proven_leaf, require_last
from ledger.sealing.rules import notes, proofs


async def prove_certificate(
    ledger: Ledger, period: date, version: int | None = None, older_size: int | None = None
) -> proofs.Proof:
    """That a month was certified: what two people signed, their signatures and rights, as they stand in the books.

    By default the last version of the month. With `older_size`, also that the books only grew since.
    Refuses `MonthNotCertified`, `NotSealedYet`, `FactNotAsSealed`, `UnknownCheckpoint`.
    """
    found, content = await certificate_of(ledger, period, version)
    async with ledger.unit_of_work() as work:
        last = await require_last(work)
        proof = await new_proof(work, KIND, last, older_size)
        for leaf, covering in await store_approvals.facts_of_certificate(work, found.proposal_id):
            if covering is None:
                raise NotSealedYet(proposal=found.number)
            proof.facts.append(await proven_leaf(work, leaf, covering, last))
        text = await ALL_CONTENTS[KIND](work, found.proposal_id)
        assert text is not None, "a certificate has its text"
        proof.content = text.decode()
        certified = notes.read_checkpoint(content.checkpoint)
        if await store.of_size(work, certified.size) is None or certified.size > last.size:
            raise FactNotAsSealed(seal=certified.seal)
        proof.certified = await consistency_hashes(work, certified.size, last.size)
        return proof
