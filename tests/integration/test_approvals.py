"""Proposals: signed by who prepared them, approved or rejected by another, once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.approvals.actions import (
    approve,
    list_proposals,
    proposal_numbered,
    proposal_of,
    propose,
    reject,
    reject_proposal,
    require_content,
    suspend_operator,
)
from ledger.approvals.model import Limit, Matter, Reason, Role
from ledger.approvals.rules import DUTIES, approval_message, proposal_message, proves
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    ContentDiffers,
    LimitReached,
    NotPending,
    OperatorSuspended,
    RoleMissing,
    SamePerson,
    SignatureRefused,
    UnknownOperator,
    UnknownProposal,
)
from tests.month import CHECKER, CHECKER_SIGNER, MAKER, MAKER_SIGNER, add_people
from tests.people import enrol, insert_approval, insert_proposal, signer
from tests.straight import CHECK, PRIVILEGE, refused_as

L9 = "BPL09"


async def proposed(ledger: Ledger, cents: int = 0, kind: str = "adjustment") -> UUID:
    async with ledger.unit_of_work() as work:
        return await propose(work, kind, b"content", MAKER_SIGNER, amount_cents=cents)


async def approved(ledger: Ledger, proposal_id: UUID, name: str = CHECKER) -> UUID:
    async with ledger.unit_of_work() as work:
        return await approve(work, proposal_id, signer(name))


@pytest.fixture
async def proposal(ledger: Ledger) -> UUID:
    await add_people(ledger)
    return await proposed(ledger)


async def test_another_person_approves(ledger: Ledger, proposal: UUID) -> None:
    approval_id = await approved(ledger, proposal)
    async with ledger.unit_of_work() as work:
        found = await proposal_of(work, proposal)
    assert (found.state, found.approval_id, found.decided_by_name) == ("approved", approval_id, CHECKER)


async def test_both_signatures_are_of_the_same_matter(ledger: Ledger, proposal: UUID, app: asyncpg.Connection) -> None:
    await approved(ledger, proposal)
    p = await app.fetchrow("SELECT * FROM ledger.proposal")
    a = await app.fetchrow("SELECT * FROM ledger.approval")
    matter = Matter(proposal, "adjustment", p["content_sha256"], 0)
    assert proves(MAKER_SIGNER.public_key, p["signature"], proposal_message(matter, p["prepared_by"]))
    assert proves(CHECKER_SIGNER.public_key, a["signature"], approval_message(matter, a["approved_by"]))


async def test_the_preparer_does_not_approve(ledger: Ledger, proposal: UUID, app: asyncpg.Connection) -> None:
    with pytest.raises(SamePerson):
        await approved(ledger, proposal, MAKER)
    with refused_as(CHECK):
        await insert_approval(app, proposal, MAKER)


async def test_nobody_unknown_proposes_or_approves(ledger: Ledger, proposal: UUID) -> None:
    with pytest.raises(UnknownOperator):
        await approved(ledger, proposal, "nobody")
    async with ledger.unit_of_work() as work:
        with pytest.raises(UnknownOperator):
            await propose(work, "adjustment", b"content", signer("nobody"))


async def test_a_key_that_is_not_the_operator_s_own_signs_nothing(
    ledger: Ledger, proposal: UUID, app: asyncpg.Connection
) -> None:
    forged = replace(signer("somebody"), name=MAKER)
    async with ledger.unit_of_work() as work:
        with pytest.raises(SignatureRefused):
            await propose(work, "adjustment", b"content", forged)
    async with ledger.unit_of_work() as work:
        with pytest.raises(SignatureRefused):
            await approve(work, proposal, replace(MAKER_SIGNER, name=CHECKER))
    with refused_as(L9):  # by straight SQL with the key of another operator
        await app.execute(
            """INSERT INTO ledger.approval
                (id, proposal_id, prepared_by, approved_by, approved_at, signed_with, signature)
            SELECT gen_random_uuid(), p.id, p.prepared_by, o.id, now(), p.signed_with, p.signature
            FROM ledger.proposal AS p, ledger.operator AS o WHERE o.name = $1""",
            CHECKER,
        )


async def test_a_proposal_whose_signature_is_of_something_else_is_not_approved(
    ledger: Ledger, proposal: UUID, superuser: asyncpg.Connection
) -> None:
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("UPDATE ledger.proposal SET amount_cents = amount_cents + 1")
    with pytest.raises(SignatureRefused) as refused:
        await approved(ledger, proposal)
    assert refused.value.facts["reason"] == "of-something-else"


async def test_what_was_prepared_before_keys_is_prepared_again(
    ledger: Ledger, proposal: UUID, superuser: asyncpg.Connection
) -> None:
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute(
        """ALTER TABLE ledger.proposal DROP CONSTRAINT is_signed_l9;
        UPDATE ledger.proposal SET signature = NULL, signed_with = NULL"""
    )
    with pytest.raises(SignatureRefused) as refused:
        await approved(ledger, proposal)
    assert refused.value.facts["reason"] == "unsigned"


async def test_nothing_unsigned_is_taken(ledger: Ledger, app: asyncpg.Connection) -> None:
    await add_people(ledger)
    with refused_as(L9):
        await app.execute(
            """INSERT INTO ledger.proposal (id, kind, content_sha256, prepared_by, prepared_at)
            SELECT gen_random_uuid(), 'adjustment', sha256('x'), id, now() FROM ledger.operator LIMIT 1"""
        )
    with refused_as(PRIVILEGE):
        await app.execute("INSERT INTO ledger.unsigned_fact (id) VALUES (gen_random_uuid())")


async def test_who_is_suspended_proposes_and_approves_nothing(
    ledger: Ledger, proposal: UUID, app: asyncpg.Connection
) -> None:
    await suspend_operator(ledger, CHECKER, MAKER_SIGNER)
    with pytest.raises(OperatorSuspended):
        await approved(ledger, proposal)
    with refused_as(L9):
        await insert_approval(app, proposal, CHECKER)
    with refused_as(L9):
        await insert_proposal(app, CHECKER)


@pytest.mark.parametrize("kind", sorted(DUTIES))
async def test_roles_say_who_prepares_and_who_approves(ledger: Ledger, kind: str) -> None:
    founder = await enrol(ledger, "zoe")
    people = {role: await enrol(ledger, role.value, role) for role in Role}
    for role, who in people.items():
        if role not in DUTIES[kind].prepare:
            async with ledger.unit_of_work() as work:
                with pytest.raises(RoleMissing):
                    await propose(work, kind, b"content", who)
        async with ledger.unit_of_work() as work:
            mine = await propose(work, kind, b"content", founder)
        async with ledger.unit_of_work() as work:
            if role in DUTIES[kind].approve:
                assert await approve(work, mine, who) != mine
            else:
                with pytest.raises(RoleMissing):
                    await approve(work, mine, who)


async def test_a_proposal_is_approved_once(ledger: Ledger, proposal: UUID) -> None:
    results = await asyncio.gather(*(approved(ledger, proposal) for _ in range(2)), return_exceptions=True)
    assert [type(result) for result in results].count(NotPending) == 1
    with pytest.raises(NotPending):
        await approved(ledger, proposal)


async def test_what_is_rejected_is_not_approved_and_the_other_way_round(
    ledger: Ledger, proposal: UUID, app: asyncpg.Connection
) -> None:
    rejected = await reject_proposal(ledger, proposal, CHECKER_SIGNER, Reason.MISTAKE)
    assert (rejected.state, rejected.decided_by_name, rejected.reason) == ("rejected", CHECKER, Reason.MISTAKE)
    with pytest.raises(NotPending):
        await approved(ledger, proposal)
    with refused_as(L9):
        await insert_approval(app, proposal, CHECKER)
    other = await proposed(ledger)
    await approved(ledger, other)
    with pytest.raises(NotPending):
        await reject_proposal(ledger, other, CHECKER_SIGNER, Reason.OTHER)


async def test_approving_and_rejecting_at_once_decides_once(ledger: Ledger, proposal: UUID) -> None:
    async def rejected() -> None:
        async with ledger.unit_of_work() as work:
            await reject(work, proposal, CHECKER_SIGNER)

    results = await asyncio.gather(approved(ledger, proposal), rejected(), return_exceptions=True)
    assert [type(result) for result in results].count(NotPending) == 1


async def test_whoever_prepared_takes_it_back_but_no_stranger(ledger: Ledger) -> None:
    await add_people(ledger)
    agent = await enrol(ledger, "agent", Role.AGENT)
    other = await enrol(ledger, "other", Role.AGENT)
    async with ledger.unit_of_work() as work:
        mine = await propose(work, "aid-run", b"content", agent)
    with pytest.raises(RoleMissing):
        await reject_proposal(ledger, mine, other, Reason.OTHER)
    assert (await reject_proposal(ledger, mine, agent, Reason.WITHDRAWN)).state == "rejected"


async def test_what_is_approved_must_be_what_was_proposed(ledger: Ledger, proposal: UUID) -> None:
    async with ledger.unit_of_work() as work:
        await require_content(work, proposal, b"content")
        with pytest.raises(ContentDiffers):
            await require_content(work, proposal, b"content and more")


async def test_proposals_have_short_numbers_and_the_pending_ones_are_listed(ledger: Ledger, proposal: UUID) -> None:
    second = await proposed(ledger, 12_00)
    await approved(ledger, proposal)
    assert [(found.number, found.state) for found in await list_proposals(ledger)] == [(1, "approved"), (2, "pending")]
    assert [found.id for found in await list_proposals(ledger, pending_only=True)] == [second]
    found = await proposal_numbered(ledger, 2)
    assert (found.id, found.amount_cents, found.prepared_by_name) == (second, 12_00, MAKER)


async def test_a_proposal_that_does_not_exist_is_refused(ledger: Ledger) -> None:
    await add_people(ledger)
    with pytest.raises(UnknownProposal):
        await proposal_numbered(ledger, 7)
    with pytest.raises(UnknownProposal):
        await approved(ledger, uuid4())


# Limits


async def test_a_limit_counts_what_was_prepared_in_the_days_before(ledger: Ledger, clock: FixedClock) -> None:
    await add_people(ledger)
    agent = await enrol(ledger, "agent", Role.AGENT, limit=Limit(100_00, 30))

    async def prepare(cents: int) -> UUID:
        async with ledger.unit_of_work() as work:
            return await propose(work, "aid-run", b"content", agent, amount_cents=cents)

    first = clock.instant
    await prepare(60_00)
    with pytest.raises(LimitReached) as refused:
        await prepare(40_01)
    assert refused.value.facts == {"operator": "agent", "days": 30, "left_cents": 40_00, "needed_cents": 40_01}
    clock.instant = first + timedelta(days=10)
    await prepare(40_00)
    with pytest.raises(LimitReached):
        await prepare(1)
    await prepare(0)  # moves no money
    clock.instant = first + timedelta(days=30)  # the first one is out of the window, the second is not
    await prepare(60_00)
    with pytest.raises(LimitReached):
        await prepare(1)


async def test_what_was_rejected_does_not_count(ledger: Ledger) -> None:
    await add_people(ledger)
    agent = await enrol(ledger, "agent", Role.AGENT, limit=Limit(100_00, 30))
    for _ in range(2):
        async with ledger.unit_of_work() as work:
            full = await propose(work, "aid-run", b"content", agent, amount_cents=100_00)
        await reject_proposal(ledger, full, CHECKER_SIGNER, Reason.MISTAKE)


async def test_two_at_once_do_not_pass_a_limit_together(ledger: Ledger) -> None:
    await add_people(ledger)
    agent = await enrol(ledger, "agent", Role.AGENT, limit=Limit(100_00, 30))

    async def prepare() -> UUID:
        async with ledger.unit_of_work() as work:
            return await propose(work, "aid-run", b"content", agent, amount_cents=60_00)

    results = await asyncio.gather(*(prepare() for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results].count(LimitReached) == 2
