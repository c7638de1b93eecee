"""An approval as a file: whoever has it sees without the books who prepared what, and who else approved it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.adjustments.actions import propose_reserve_loss
from ledger.adjustments.model import PROPOSAL_KINDS
from ledger.approvals.actions import add_operator, change_roles, list_proposals, reject_proposal, replace_key
from ledger.approvals.model import Matter, Reason, Role, Signer
from ledger.approvals.rules import DUTIES, approval_message
from ledger.bank_accounts.actions import approve_iban, propose_iban
from ledger.database.unit_of_work import Ledger
from ledger.errors import FactNotAsSealed, NotPossibleNow, NotSealedYet, SignatureRefused, UnknownProposal
from ledger.merchants.actions import list_merchants
from ledger.proposal_contents import ALL_CONTENTS
from ledger.sealing.actions import prove_approval, seal, verify
from ledger.sealing.rules import approvals, proofs
from tests import month
from tests.databases import DatabaseUrls
from tests.made import MadeWorld
from tests.people import insert_approval, insert_proposal, signer
from tests.tampering import UNGUARDED

IBAN = "FR7630001007941234567890185"


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


async def approved(ledger: Ledger, kind: str) -> UUID:
    """An approved proposal of a kind, sealed."""
    await seal(ledger)
    return next(found.id for found in await list_proposals(ledger) if (found.kind, found.state) == (kind, "approved"))


def failing(proof: proofs.Proof) -> set[str]:
    found = [*proofs.verify(proof), *approvals.findings(proof)]
    return {finding.code for finding in found if not finding.holds}


async def forge_approval(superuser: asyncpg.Connection, proposal: UUID, who: Signer) -> None:
    """By somebody whom no trigger stops, in the name of an operator; the service will seal it."""
    await superuser.execute(UNGUARDED)
    await superuser.execute("ALTER TABLE ledger.approval DROP CONSTRAINT who_prepares_does_not_approve_l9")
    row = await superuser.fetchrow("SELECT * FROM ledger.proposal WHERE id = $1", proposal)
    operator = await superuser.fetchval("SELECT id FROM ledger.operator WHERE name = $1", who.name)
    matter = Matter(proposal, row["kind"], row["content_sha256"], row["amount_cents"])
    await superuser.execute(
        """INSERT INTO ledger.approval
            (id, proposal_id, prepared_by, approved_by, approved_at, signed_with, signature, recorded_at)
        VALUES ($1, $2, $3, $4, now(), $5, $6, clock_timestamp())""",
        uuid4(),
        proposal,
        row["prepared_by"],
        operator,
        who.public_key,
        who.private_key.sign(approval_message(matter, operator)),
    )


async def test_a_run_and_its_approval_prove_themselves(ledger: Ledger, tmp_path: Path) -> None:
    proof = await prove_approval(ledger, await approved(ledger, "aid-run"))
    file = tmp_path / "approval.json"
    file.write_text(proofs.written(proof))
    found = verify(file)
    assert all(finding.holds for finding in found)
    tried = {finding.code: finding.facts for finding in found}
    assert (tried["prepared"]["operator"], tried["approved"]["operator"]) == (month.MAKER, month.CHECKER)
    assert tried["prepared"]["key"] == month.MAKER_SIGNER.public_key.hex()
    assert tried["first-operator"]["key"] == month.MAKER_SIGNER.public_key.hex()
    assert len(proof.facts) == 6
    assert proof.content is not None
    assert proof.content.startswith("aid-run ")


async def test_a_move_and_a_new_iban_are_proven_as_well(ledger: Ledger, app: asyncpg.Connection) -> None:
    siret = (await list_merchants(ledger))[0].siret
    change = await propose_iban(ledger, siret, IBAN, month.MAKER_SIGNER)
    await approve_iban(ledger, change.change.proposal_id, month.CHECKER_SIGNER)
    texts = {}
    for kind in ("reserve-loss", "reversal", "iban-change"):
        proof = await prove_approval(ledger, await approved(ledger, kind))
        assert failing(proof) == set()
        texts[kind] = proof.content
    assert None not in texts.values()
    assert IBAN not in str(texts)


def test_the_content_of_every_kind_can_be_read() -> None:
    assert set(ALL_CONTENTS) == set(DUTIES)
    assert set(DUTIES) > PROPOSAL_KINDS


async def test_no_personal_data_leaves_with_it(ledger: Ledger) -> None:
    proof = await prove_approval(ledger, await approved(ledger, "aid-run"))
    people = month.HOUSEHOLDS_FILE.read_text().splitlines()[1:]
    case_numbers = [line.split(";")[0] for line in people]
    assert case_numbers
    assert not [number for number in case_numbers if number in proofs.written(proof)]


async def test_an_altered_content_is_shown(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    proposal = await approved(ledger, "aid-run")
    await superuser.execute(UNGUARDED)
    await superuser.execute("UPDATE ledger.aid_run SET total_cents = total_cents + 1")
    assert failing(await prove_approval(ledger, proposal)) == {"content"}


async def test_a_fact_that_was_altered_since_is_no_longer_proven(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    proposal = await approved(ledger, "aid-run")
    await superuser.execute(UNGUARDED)
    await superuser.execute("UPDATE ledger.proposal SET amount_cents = amount_cents + 1")
    with pytest.raises(FactNotAsSealed):
        await prove_approval(ledger, proposal)


async def test_a_fact_in_the_file_is_as_it_was_sealed(ledger: Ledger) -> None:
    proof = await prove_approval(ledger, await approved(ledger, "reserve-loss"))
    for nth, leaf in enumerate(proof.facts):
        altered = proofs.Leaf(leaf.content.replace('"epoch": 1', '"epoch": 2'), leaf.position, leaf.proof)
        facts = [*proof.facts[:nth], altered, *proof.facts[nth + 1 :]]
        copy = proofs.Proof(proof.bonpois, proof.checkpoint, proof.keys, facts=facts, content=proof.content)
        assert failing(copy) == {"sealed-fact"}


async def test_one_person_who_signed_twice_is_found(
    ledger: Ledger, app: asyncpg.Connection, superuser: asyncpg.Connection
) -> None:
    proposal = await insert_proposal(app, month.CHECKER)
    await forge_approval(superuser, proposal, month.CHECKER_SIGNER)
    await seal(ledger)
    assert failing(await prove_approval(ledger, proposal)) == {"two-people"}


async def test_a_key_that_nobody_appointed_is_found(
    ledger: Ledger, app: asyncpg.Connection, superuser: asyncpg.Connection
) -> None:
    """The thief of the database puts his own key where the checker's was: an appointment needs a signature."""
    proposal = await insert_proposal(app, month.MAKER)
    thief = replace(signer("thief"), name=month.CHECKER)
    await forge_approval(superuser, proposal, thief)
    await superuser.execute(
        "UPDATE ledger.appointment AS a SET public_key = $2 FROM ledger.operator AS o "
        "WHERE o.id = a.operator_id AND o.name = $1",
        thief.name,
        thief.public_key,
    )
    await seal(ledger)
    assert failing(await prove_approval(ledger, proposal)) == {"approver-entitled", "first-operator"}


async def test_keys_and_roles_may_change_afterwards(ledger: Ledger) -> None:
    """What counts is what was signed then."""
    proposal = await approved(ledger, "aid-run")
    await change_roles(ledger, month.CHECKER, [Role.AGENT], month.MAKER_SIGNER)
    await replace_key(ledger, month.CHECKER, signer("fresh").public_key, month.MAKER_SIGNER)
    await seal(ledger)
    assert failing(await prove_approval(ledger, proposal)) == set()


async def test_an_old_key_proves_nothing(
    ledger: Ledger, app: asyncpg.Connection, superuser: asyncpg.Connection
) -> None:
    """Somebody found the key that was replaced, and is let in past the triggers."""
    proposal = await insert_proposal(app, month.MAKER)
    await replace_key(ledger, month.CHECKER, signer("fresh").public_key, month.MAKER_SIGNER)
    await forge_approval(superuser, proposal, month.CHECKER_SIGNER)
    await seal(ledger)
    assert failing(await prove_approval(ledger, proposal)) == {"approver-entitled", "first-operator"}


async def test_only_an_approval_is_proven(ledger: Ledger) -> None:
    waiting = await propose_reserve_loss(ledger, 100, month.MAKER_SIGNER)
    with pytest.raises(NotPossibleNow):
        await prove_approval(ledger, waiting.proposal_id)
    await reject_proposal(ledger, waiting.proposal_id, month.CHECKER_SIGNER, Reason.MISTAKE)
    with pytest.raises(NotPossibleNow):
        await prove_approval(ledger, waiting.proposal_id)
    with pytest.raises(UnknownProposal):
        await prove_approval(ledger, uuid4())


async def test_what_is_not_sealed_yet_is_proven_later(ledger: Ledger, app: asyncpg.Connection) -> None:
    [proposal] = [found.id for found in await list_proposals(ledger) if found.kind == "aid-run"]
    with pytest.raises(NotSealedYet):
        await prove_approval(ledger, proposal)
    await seal(ledger)
    later = await insert_proposal(app, month.MAKER)
    await insert_approval(app, later, month.CHECKER)
    with pytest.raises(NotSealedYet):
        await prove_approval(ledger, later)
    await seal(ledger)
    assert failing(await prove_approval(ledger, later)) == set()


async def test_what_is_from_before_keys_is_not_proven(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    proposal = await approved(ledger, "aid-run")
    await superuser.execute(UNGUARDED)
    await superuser.execute("ALTER TABLE ledger.proposal DROP CONSTRAINT is_signed_l9")
    await superuser.execute("UPDATE ledger.proposal SET signature = NULL, signed_with = NULL, recorded_at = NULL")
    with pytest.raises(SignatureRefused):
        await prove_approval(ledger, proposal)


async def test_a_chain_of_appointments_goes_with_it(ledger: Ledger, app: asyncpg.Connection) -> None:
    """Lea appointed Omar, Omar appoints Zoe, Zoe approves."""
    await change_roles(ledger, month.CHECKER, list(Role), month.MAKER_SIGNER)
    zoe = signer("zoe")
    await add_operator(ledger, "zoe", zoe.public_key, [Role.APPROVER], month.CHECKER_SIGNER)
    proposal = await insert_proposal(app, month.MAKER)
    await insert_approval(app, proposal, "zoe")
    await seal(ledger)
    proof = await prove_approval(ledger, proposal)
    assert failing(proof) == set()
    assert [leaf.content.partition(" ")[0] for leaf in proof.facts].count("appointment") == 3
