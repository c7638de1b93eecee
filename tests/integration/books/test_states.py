"""Events of state, tried straight in SQL: only the transitions, one after the other, whoever comes at once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

import asyncpg
import pytest

from ledger.database.connect import connected
from tests.databases import DatabaseUrls
from tests.straight import NOON, refused_as

EVENT = "INSERT INTO ledger.event (subject, subject_id, kind, occurred_at) VALUES ($1, $2, $3, $4)"


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ("card", ["block", "unblock", "block"]),
        ("merchant", ["suspend", "approve", "suspend", "close"]),
        ("till", ["revoke"]),
        ("household", ["close"]),
        ("conversion", ["pay", "return", "pay", "return", "cancel"]),
        ("voucher", ["lapse", "reopen", "revoke"]),
    ],
)
async def test_a_state_moves_by_the_transitions_only(
    app: asyncpg.Connection, owner: asyncpg.Connection, subject: str, path: list[str]
) -> None:
    subject_id = uuid4()
    transitions = await owner.fetch("SELECT * FROM ledger.transition WHERE subject = $1", subject)
    state = await owner.fetchval("SELECT first_state FROM ledger.subject WHERE code = $1", subject)
    for event in path:
        leading = {row["event"] for row in transitions if row["from_state"] == state}
        for wrong in {row["event"] for row in transitions} - leading | {"vanish"}:
            with refused_as("BPX02"):
                await app.execute(EVENT, subject, subject_id, wrong, NOON)
        await app.execute(EVENT, subject, subject_id, event, NOON)
        [state] = {row["to_state"] for row in transitions if row["event"] == event}
        sql = "SELECT state FROM ledger.subject_state WHERE subject_id = $1"
        assert await app.fetchval(sql, subject_id) == state


async def test_a_subject_stays_what_it_is(app: asyncpg.Connection) -> None:
    subject_id = uuid4()
    await app.execute(EVENT, "card", subject_id, "block", NOON)
    with refused_as("BPX01", "BPX02"):
        await app.execute(EVENT, "voucher", subject_id, "lapse", NOON)


async def test_of_two_first_events_at_once_one_is_taken(
    owner: asyncpg.Connection, superuser: asyncpg.Connection
) -> None:
    subject_id = uuid4()
    unit_of_work = owner.transaction()
    await unit_of_work.start()
    await owner.execute(EVENT, "merchant", subject_id, "suspend", NOON)
    waiting = asyncio.create_task(superuser.execute(EVENT, "merchant", subject_id, "suspend", NOON))
    await asyncio.sleep(0.05)
    await unit_of_work.commit()
    with refused_as("BPX01", "BPX02"):
        await waiting


async def test_events_of_a_subject_are_numbered_in_the_order_of_their_effect(
    owner: asyncpg.Connection, database_urls: DatabaseUrls
) -> None:
    """Ten hands block and unblock one card; whoever comes at the wrong moment is refused."""
    subject_id = uuid4()

    async def toggle(number: int) -> None:
        async with connected(database_urls.app) as connection:
            for event in ("block", "unblock") * 5 if number % 2 else ("unblock", "block") * 5:
                with suppress(asyncpg.PostgresError):
                    await connection.execute(EVENT, "card", subject_id, event, NOON)

    await asyncio.gather(*(toggle(number) for number in range(10)))
    rows = await owner.fetch("SELECT kind, recorded_at FROM ledger.event ORDER BY id")
    assert [row["kind"] for row in rows] == ["block", "unblock"] * (len(rows) // 2) + ["block"] * (len(rows) % 2)
    assert [row["recorded_at"] for row in rows] == sorted(row["recorded_at"] for row in rows)


async def test_an_event_leads_to_one_state_wherever_it_started(owner: asyncpg.Connection) -> None:
    """The check that replays the events relies on it."""
    sql = "SELECT subject, event FROM ledger.transition GROUP BY 1, 2 HAVING count(DISTINCT to_state) > 1"
    assert await owner.fetch(sql) == []
