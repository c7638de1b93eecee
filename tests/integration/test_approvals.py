"""Operators, and the rule that who prepares does not approve."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from ledger.approvals.actions import (
    add_operator,
    approve,
    list_operators,
    propose,
    require_content,
)
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    AlreadyExists,
    BadValue,
    ContentDiffers,
    NotPending,
    SamePerson,
    UnknownOperator,
)
from tests.month import CHECKER, MAKER, add_people


async def proposed(ledger: Ledger) -> UUID:
    await add_people(ledger)
    async with ledger.unit_of_work() as work:
        return await propose(work, "aid-run", b"content", MAKER)


async def approved(ledger: Ledger, proposal_id: UUID, operator: str) -> UUID:
    async with ledger.unit_of_work() as work:
        return await approve(work, proposal_id, operator)


async def test_operators_are_listed_by_name(ledger: Ledger) -> None:
    for name in ("zoe", "anne-marie.b"):
        await add_operator(ledger, name)
    assert [operator.name for operator in await list_operators(ledger)] == ["anne-marie.b", "zoe"]


async def test_a_name_is_taken_once(ledger: Ledger) -> None:
    added = await asyncio.gather(add_operator(ledger, "zoe"), add_operator(ledger, "zoe"), return_exceptions=True)
    assert sorted(type(result).__name__ for result in added) == ["AlreadyExists", "Operator"]
    with pytest.raises(AlreadyExists):
        await add_operator(ledger, "zoe")


@pytest.mark.parametrize("name", ["", "z", "Zoé", "zoe dupont", "1zoe", "-zoe", "zoe\n", "z" * 32])
async def test_an_odd_name_is_bad_input(ledger: Ledger, name: str) -> None:
    with pytest.raises(BadValue) as refused:
        await add_operator(ledger, name)
    assert refused.value.exit_code == 2


async def test_another_person_approves(ledger: Ledger, app: asyncpg.Connection) -> None:
    approval_id = await approved(ledger, await proposed(ledger), CHECKER)
    row = await app.fetchrow("SELECT * FROM ledger.approval WHERE id = $1", approval_id)
    assert row["prepared_by"] != row["approved_by"]


async def test_the_preparer_does_not_approve(ledger: Ledger) -> None:
    proposal_id = await proposed(ledger)
    with pytest.raises(SamePerson):
        await approved(ledger, proposal_id, MAKER)


async def test_nobody_unknown_proposes_or_approves(ledger: Ledger) -> None:
    proposal_id = await proposed(ledger)
    with pytest.raises(UnknownOperator):
        await approved(ledger, proposal_id, "nobody")
    async with ledger.unit_of_work() as work:
        with pytest.raises(UnknownOperator):
            await propose(work, "aid-run", b"content", "nobody")


async def test_a_proposal_is_approved_once(ledger: Ledger) -> None:
    proposal_id = await proposed(ledger)
    results = await asyncio.gather(*(approved(ledger, proposal_id, CHECKER) for _ in range(2)), return_exceptions=True)
    assert [type(result) for result in results].count(NotPending) == 1
    with pytest.raises(NotPending):
        await approved(ledger, proposal_id, CHECKER)


async def test_what_is_approved_must_be_what_was_proposed(ledger: Ledger) -> None:
    proposal_id = await proposed(ledger)
    async with ledger.unit_of_work() as work:
        await require_content(work, proposal_id, b"content")
        with pytest.raises(ContentDiffers):
            await require_content(work, proposal_id, b"content and more")
