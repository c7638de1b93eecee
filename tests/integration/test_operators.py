"""Operators: the first appoints himself, others are appointed; roles, keys and suspension; the audit trail."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from ledger.approvals.actions import (
    add_operator,
    audit_trail,
    change_roles,
    list_operators,
    operator_named,
    propose,
    record_command,
    replace_key,
    resume_operator,
    suspend_operator,
)
from ledger.approvals.model import Limit, Role, Signer
from ledger.cards.actions import issue_card
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    AlreadyExists,
    BadValue,
    NotPossibleNow,
    OperatorSuspended,
    Refusal,
    RoleMissing,
    SamePerson,
    SignatureRefused,
    UnknownOperator,
)
from ledger.merchants.actions import import_merchants
from ledger.programmes.actions import confirm_funding, import_households, import_programme, record_mandate
from ledger.reconciliation.actions import match_statement
from tests.month import CODE, HOUSEHOLDS_FILE, MERCHANTS_FILE, PROGRAMME_FILE
from tests.people import enrol, insert_operator, signer
from tests.straight import CHECK, PRIVILEGE, UNIQUE, refused_as

L9 = "BPL09"


async def added(ledger: Ledger, name: str, by: Signer, *roles: Role) -> None:
    await add_operator(ledger, name, signer(name).public_key, roles or (Role.AGENT,), by)


async def test_operators_are_listed_by_name_with_what_they_may_do(ledger: Ledger) -> None:
    zoe = await enrol(ledger, "zoe", Role.FINANCE)
    limit = Limit(500_00, 30)
    await add_operator(ledger, "anne-marie.b", b"k" * 32, (Role.REVIEWER, Role.AGENT, Role.AGENT), zoe, limit)
    anne, found = await list_operators(ledger)
    assert (anne.name, anne.roles, anne.limit) == ("anne-marie.b", (Role.AGENT, Role.REVIEWER), limit)
    assert (found.name, found.roles, found.public_key) == ("zoe", (Role.FINANCE,), zoe.public_key)


async def test_a_name_is_taken_once(ledger: Ledger) -> None:
    founder = await enrol(ledger, "founder")
    twice = await asyncio.gather(*(added(ledger, "zoe", founder) for _ in range(2)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in twice) == ["AlreadyExists", "NoneType"]


@pytest.mark.parametrize("name", ["", "z", "Zoé", "zoe dupont", "1zoe", "-zoe", "zoe\n", "z" * 32])
async def test_an_odd_name_is_bad_input(ledger: Ledger, name: str) -> None:
    with pytest.raises(BadValue) as refused:
        await added(ledger, name, signer(name))
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("roles", [(), (Role.AGENT,), (Role.AUDITOR, Role.TREASURER)])
async def test_the_first_one_is_able_to_appoint_others(ledger: Ledger, roles: tuple[Role, ...]) -> None:
    with pytest.raises(BadValue):
        await add_operator(ledger, "zoe", signer("zoe").public_key, roles, signer("zoe"))
    assert await list_operators(ledger) == []


async def test_two_first_ones_at_once_are_one(ledger: Ledger) -> None:
    both = (added(ledger, name, signer(name), Role.FINANCE) for name in ("anne", "zoe"))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "RoleMissing"]
    assert len(await list_operators(ledger)) == 1


@pytest.mark.parametrize("role", [Role.AGENT, Role.REVIEWER, Role.TREASURER, Role.AUDITOR])
async def test_only_approvers_and_finance_officers_appoint(ledger: Ledger, app: asyncpg.Connection, role: Role) -> None:
    await enrol(ledger, "founder")
    other = await enrol(ledger, "other", role)
    with pytest.raises(RoleMissing):
        await added(ledger, "zoe", other)
    with pytest.raises(RoleMissing):
        await change_roles(ledger, "founder", [Role.AGENT], other)


async def test_nobody_changes_his_own_roles_limit_or_key(ledger: Ledger, app: asyncpg.Connection) -> None:
    founder = await enrol(ledger, "founder", Role.FINANCE)
    with pytest.raises(SamePerson):
        await change_roles(ledger, "founder", list(Role), founder)
    with pytest.raises(SamePerson):
        await replace_key(ledger, "founder", b"k" * 32, founder)
    with refused_as(L9, CHECK):
        await app.execute(
            """INSERT INTO ledger.appointment (operator_id, number, roles, public_key, appointed_by, appointed_at,
                signed_with, signature)
            SELECT operator_id, 2, 'approver', public_key, operator_id, now(), signed_with, signature
            FROM ledger.appointment"""
        )


async def test_the_database_takes_no_second_founder(ledger: Ledger, app: asyncpg.Connection) -> None:
    await enrol(ledger, "founder")
    await app.execute("INSERT INTO ledger.operator (id, name, added_at) VALUES (gen_random_uuid(), 'zoe', now())")
    await app.execute(
        """INSERT INTO ledger.operator_key (public_key, operator_id, registered_at)
        SELECT sha256('zoe'), id, now() FROM ledger.operator WHERE name = 'zoe'"""
    )
    with refused_as(L9):
        await app.execute(
            """INSERT INTO ledger.appointment (operator_id, number, roles, public_key, appointed_by, appointed_at,
                signed_with, signature)
            SELECT id, 1, 'approver', sha256('zoe'), id, now(), sha256('zoe'), sha256('a') || sha256('b')
            FROM ledger.operator WHERE name = 'zoe'"""
        )


async def test_appointing_wants_the_key_and_not_the_name_only(ledger: Ledger) -> None:
    founder = await enrol(ledger, "founder")
    with pytest.raises(SignatureRefused):
        await added(ledger, "zoe", replace(signer("somebody"), name=founder.name))


async def test_one_key_is_one_person(ledger: Ledger, app: asyncpg.Connection) -> None:
    founder = await enrol(ledger, "founder")
    with pytest.raises(AlreadyExists):
        await add_operator(ledger, "twin", founder.public_key, [Role.APPROVER], founder)
    assert [found.name for found in await list_operators(ledger)] == ["founder"]
    with refused_as(UNIQUE):
        await app.execute(
            """INSERT INTO ledger.operator_key (public_key, operator_id, registered_at)
            SELECT public_key, operator_id, now() FROM ledger.operator_key"""
        )


async def test_a_replaced_key_signs_no_more_and_is_kept(ledger: Ledger, app: asyncpg.Connection) -> None:
    founder = await enrol(ledger, "founder")
    old = await enrol(ledger, "zoe")
    new = replace(signer("zoe's second"), name="zoe")
    await replace_key(ledger, "zoe", new.public_key, founder)
    async with ledger.unit_of_work() as work:
        with pytest.raises(SignatureRefused):
            await propose(work, "adjustment", b"content", old)
        await propose(work, "adjustment", b"content", new)
    with pytest.raises(AlreadyExists):
        await replace_key(ledger, "zoe", old.public_key, founder)
    assert await app.fetchval("SELECT count(*) FROM ledger.operator_key") == 3


async def test_roles_count_from_the_moment_they_are_given(ledger: Ledger) -> None:
    founder = await enrol(ledger, "founder")
    await enrol(ledger, "zoe", Role.AGENT)
    async with ledger.unit_of_work() as work:
        await operator_named(work, "zoe", Role.AGENT, Role.FINANCE)
        with pytest.raises(RoleMissing) as refused:
            await operator_named(work, "zoe", Role.FINANCE)
    assert refused.value.facts == {"operator": "zoe", "roles": ["finance"]}
    await change_roles(ledger, "zoe", [Role.FINANCE], founder)
    async with ledger.unit_of_work() as work:
        assert (await operator_named(work, "zoe", Role.FINANCE)).appointments == 2


async def test_who_is_suspended_does_nothing_until_resumed(ledger: Ledger) -> None:
    founder = await enrol(ledger, "founder")
    zoe = await enrol(ledger, "zoe")
    assert (await suspend_operator(ledger, "zoe", founder)).state == "suspended"
    with pytest.raises(OperatorSuspended):
        await import_programme(ledger, PROGRAMME_FILE, "zoe")
    with pytest.raises(OperatorSuspended):
        await resume_operator(ledger, "zoe", zoe)
    with pytest.raises(NotPossibleNow):
        await suspend_operator(ledger, "zoe", founder)
    assert (await resume_operator(ledger, "zoe", founder)).state == "active"
    await import_programme(ledger, PROGRAMME_FILE, "zoe")
    with pytest.raises(NotPossibleNow):
        await resume_operator(ledger, "zoe", founder)
    with pytest.raises(UnknownOperator):
        await suspend_operator(ledger, "nobody", founder)


async def test_an_auditor_changes_nothing(ledger: Ledger) -> None:
    await enrol(ledger, "founder")
    await enrol(ledger, "auditor", Role.AUDITOR)
    async with ledger.unit_of_work() as work:
        with pytest.raises(RoleMissing):
            await operator_named(work, "auditor")


async def test_each_use_case_wants_its_role(ledger: Ledger) -> None:
    await enrol(ledger, "founder")
    people = {role: (await enrol(ledger, role.value, role)).name for role in Role}
    await import_programme(ledger, PROGRAMME_FILE, "founder")
    use_cases = [
        (import_programme(ledger, PROGRAMME_FILE, people[Role.AGENT])),
        (import_merchants(ledger, MERCHANTS_FILE, people[Role.REVIEWER])),
        (import_households(ledger, CODE, HOUSEHOLDS_FILE, people[Role.TREASURER])),
        (issue_card(ledger, (await list_operators(ledger))[0].id, "paper", people[Role.FINANCE])),
        (record_mandate(ledger, CODE, "1", 100, people[Role.AGENT])),
        (confirm_funding(ledger, "1", people[Role.AGENT])),
        (match_statement(ledger, people[Role.APPROVER])),
    ]
    refused: list[Refusal | object] = [await _outcome(use_case) for use_case in use_cases]
    assert [type(one) for one in refused] == [RoleMissing] * len(use_cases)


async def _outcome(use_case: object) -> object:
    [outcome] = await asyncio.gather(use_case, return_exceptions=True)  # type: ignore[call-overload]
    return outcome


async def test_who_was_recorded_before_keys_is_appointed_by_add(ledger: Ledger, app: asyncpg.Connection) -> None:
    await app.execute("INSERT INTO ledger.operator (id, name, added_at) VALUES (gen_random_uuid(), 'lea', now())")
    [old] = await list_operators(ledger)
    assert (old.roles, old.public_key) == ((), None)
    with pytest.raises(RoleMissing):
        await import_programme(ledger, PROGRAMME_FILE, "lea")
    founder = await enrol(ledger, "founder")
    with pytest.raises(NotPossibleNow):
        await change_roles(ledger, "lea", [Role.AGENT], founder)
    await added(ledger, "lea", founder, Role.FINANCE)
    await import_programme(ledger, PROGRAMME_FILE, "lea")


# The audit trail


async def test_the_trail_keeps_who_which_and_how_it_ended(ledger: Ledger) -> None:
    await enrol(ledger, "zoe")
    await record_command(ledger, "zoe", "fund mandate", "ok")
    await record_command(ledger, "Jeanne Durand", "fund mandate", "E5004")  # nobody's name: it is not kept
    await record_command(ledger, None, "check", "failed")
    trail = await audit_trail(ledger)
    assert [(entry.operator, entry.command, entry.outcome) for entry in trail] == [
        ("zoe", "fund mandate", "ok"),
        (None, "fund mandate", "E5004"),
        (None, "check", "failed"),
    ]
    assert [entry.command for entry in await audit_trail(ledger, "zoe")] == ["fund mandate"]


@pytest.mark.parametrize("command", ["fund mandate 2026-1107", "household import D26-19215", "Fund", ""])
async def test_no_argument_gets_into_the_trail(app: asyncpg.Connection, command: str) -> None:
    with refused_as(CHECK):
        await app.execute(
            "INSERT INTO ledger.audit_entry (command, outcome, occurred_at) VALUES ($1, 'ok', now())", command
        )


async def test_the_trail_is_not_rewritten(app: asyncpg.Connection, owner: asyncpg.Connection) -> None:
    with refused_as(PRIVILEGE):
        await app.execute("DELETE FROM ledger.audit_entry")
    with refused_as("BPL02"):
        await owner.execute("UPDATE ledger.audit_entry SET outcome = 'ok'")


async def test_straight_sql_by_the_founder_is_taken(app: asyncpg.Connection, ledger: Ledger) -> None:
    for name in ("anne", "zoe"):
        await insert_operator(app, name)
    assert [found.name for found in await list_operators(ledger)] == ["anne", "zoe"]
