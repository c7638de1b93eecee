"""L2: facts are changed by nobody, neither the application (by grant) nor the owner (by trigger)."""

from __future__ import annotations

import asyncpg
import pytest

from ledger.checks.catalogue.guards import PROJECTIONS
from tests.straight import PRIVILEGE, refused_as

_TABLES = """
    SELECT c.oid::regclass::text AS name, (
        SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        ORDER BY attnum DESC LIMIT 1
    ) AS a_column, EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'append_only'
        AND tgfoid = 'ledger.refuse_change'::regproc AND tgenabled IN ('O', 'A')
    ) AS guarded
    FROM pg_class AS c
    WHERE c.relnamespace IN ('ledger'::regnamespace, 'identity'::regnamespace) AND c.relkind IN ('r', 'p')
"""


@pytest.fixture
async def tables(superuser: asyncpg.Connection) -> list[asyncpg.Record]:
    return list(await superuser.fetch(_TABLES))


def changes(table: asyncpg.Record) -> list[str]:
    name, column = table["name"], table["a_column"]
    return [
        f"UPDATE {name} SET {column} = {column}",
        f"UPDATE {name} SET {column} = {column} WHERE false",
        f"DELETE FROM {name}",
        f"TRUNCATE {name} CASCADE",
    ]


async def test_every_table_is_a_fact_or_a_projection_on_purpose(tables: list[asyncpg.Record]) -> None:
    """A new table has to be guarded by `keep_facts`, or to be listed with the reason why it is not."""
    assert {table["name"] for table in tables if not table["guarded"]} == set(PROJECTIONS)
    assert all(PROJECTIONS.values())
    facts = {table["name"] for table in tables if table["guarded"]}
    assert {"ledger.ledger_transaction", "ledger.posting", "ledger.event", "ledger.request_outcome"} <= facts


async def test_the_application_changes_no_fact(app: asyncpg.Connection, tables: list[asyncpg.Record]) -> None:
    for statement in (sql for table in tables if table["guarded"] for sql in changes(table)):
        with refused_as(PRIVILEGE):
            await app.execute(statement)


async def test_the_owner_changes_no_fact(owner: asyncpg.Connection, tables: list[asyncpg.Record]) -> None:
    for statement in (sql for table in tables if table["guarded"] for sql in changes(table)):
        with refused_as("BPL02"):
            await owner.execute(statement)


async def test_neither_an_upsert_nor_a_merge_goes_around(owner: asyncpg.Connection) -> None:
    with refused_as("BPL02"):
        await owner.execute(
            "INSERT INTO ledger.rehearsal (single) VALUES (true) ON CONFLICT (single) DO UPDATE SET marked_at = now()"
        )
    with refused_as("BPL02"):
        await owner.execute(
            "MERGE INTO ledger.rehearsal AS r USING (VALUES (true)) AS v (single) ON r.single = v.single"
            " WHEN MATCHED THEN DELETE"
        )


async def test_an_update_reaches_no_fact_through_a_view(owner: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await owner.execute("UPDATE ledger.journal SET amount_cents = 1")
