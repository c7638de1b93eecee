"""Books of the time before operators had keys: they are kept as they were, and people go on with keys."""

from __future__ import annotations

from ledger.approvals.actions import list_operators, list_proposals, propose, reject_proposal
from ledger.approvals.model import Reason
from ledger.checks.actions import run_checks
from ledger.checks.catalogue import people
from ledger.clock import FixedClock
from ledger.database import migrate, roles
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.databases import TestServer
from tests.people import enrol
from tests.straight import CHECK, refused_as

OLD = """
    INSERT INTO ledger.operator (id, name, added_at) VALUES
    (md5('lea')::uuid, 'lea', now()), (md5('omar')::uuid, 'omar', now());
    INSERT INTO ledger.proposal (id, kind, content_sha256, prepared_by, prepared_at)
    SELECT md5(n)::uuid, 'adjustment', sha256(n::bytea), md5('lea')::uuid, now() FROM unnest(ARRAY['1', '2']) AS n;
    INSERT INTO ledger.approval (id, proposal_id, prepared_by, approved_by, approved_at)
    VALUES (md5('a')::uuid, md5('1')::uuid, md5('lea')::uuid, md5('omar')::uuid, now());
"""


async def test_what_was_unsigned_then_is_no_fault_and_all_that_comes_is_signed(
    database_server: TestServer, clock: FixedClock, keys: Keyring
) -> None:
    async with database_server.empty_database() as urls:
        await roles.init(urls.owner, urls.app, urls.role_prefix)
        await migrate.upgrade(urls.owner, urls.role_prefix, "0010")
        async with connected(urls.app) as connection:
            await connection.execute(OLD)
        await migrate.upgrade(urls.owner, urls.role_prefix, "head")
        database = Database.at(urls.app)
        try:
            await _go_on(Ledger(database, clock, keys))
        finally:
            await database.aclose()
        async with connected(urls.owner) as superuser:
            await superuser.execute("SET session_replication_role = replica")  # no trigger; the constraint stays
            with refused_as(CHECK):
                await superuser.execute(OLD.replace("'lea'", "'eva'").replace("'omar'", "'ugo'").replace("'1'", "'3'"))


async def _go_on(ledger: Ledger) -> None:
    names = [check.name for check in people.CHECKS if check.name != "contents-are-as-signed"]
    assert await run_checks(ledger, names) == []
    first, second = await list_proposals(ledger)
    assert {first.number, second.number} == {1, 2}
    assert {first.state, second.state} == {"approved", "pending"}
    assert [operator.roles for operator in await list_operators(ledger)] == [(), ()]
    lea = await enrol(ledger, "lea")
    pending = first if first.state == "pending" else second
    await reject_proposal(ledger, pending.id, lea, Reason.OUTDATED)
    async with ledger.unit_of_work() as work:
        await propose(work, "adjustment", b"content", lea)
    assert await run_checks(ledger, names) == []
