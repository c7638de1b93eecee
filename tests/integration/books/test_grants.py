"""What the application may do, to the letter: a new grant, function or free text has to be put down here."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from ledger.checks.catalogue.guards import CHECKS as GUARDS
from ledger.checks.catalogue.guards import PROJECTIONS, WRITTEN_BY_FUNCTIONS
from tests.databases import DatabaseUrls
from tests.straight import PRIVILEGE, Money, money, refused_as

# Where the application writes rows that are not facts.
UPDATED = {
    "ledger.failure_count",
    "ledger.voucher_serial",
    "identity.household",
    "identity.merchant_bank",
    "identity.subject_key",
}
DELETED = {
    "identity.break_comment",
    "identity.household",
    "identity.merchant_bank",
    "identity.merchant_iban",
    "identity.subject_key",
}
INSERTED_BY_NOBODY = set(WRITTEN_BY_FUNCTIONS) | {
    "ledger.account_kind",
    "ledger.cluster",
    "ledger.reconciled_account",
    "ledger.reconciled_account_kind",
    "ledger.subject",
    "ledger.transaction_kind",
    "ledger.transaction_shape",
    "ledger.transition",
    "ledger.unsigned_fact",
}
EXECUTED = {
    "balance_at",
    "booking_day",
    "certified_until",
    "final_until",
    "is_sealed_until",
    "leaf_contents",
    "leaf_hashes",
    "lock_balances",
    "month_end",
    "open_accounts",
    "post",
    "present_epoch",
    "record_batch",
    "require",
    "take_people_turn",
    "take_proposal",
    "take_reconciling_turn",
}
NOT_OURS_TO_SAY = {"xid", "epoch", "posted_at", "recorded_at", "marked_at", "opened_at"}

_GRANTED = """
    SELECT c.oid::regclass::text AS name FROM pg_class AS c
    WHERE c.relnamespace IN ('ledger'::regnamespace, 'identity'::regnamespace) AND c.relkind = ANY ($3::"char"[])
    AND CASE $2 WHEN 'DELETE' THEN has_table_privilege($1, c.oid, 'DELETE')
        WHEN 'TRUNCATE' THEN has_table_privilege($1, c.oid, 'TRUNCATE')
        WHEN 'TRIGGER' THEN has_table_privilege($1, c.oid, 'TRIGGER')
        ELSE has_any_column_privilege($1, c.oid, $2) END
"""


@pytest.fixture
def app_role(database_urls: DatabaseUrls) -> str:
    return f"{database_urls.role_prefix}_app"


async def granted(owner: asyncpg.Connection, role: str, privilege: str, kinds: str = "rpv") -> set[str]:
    rows = await owner.fetch(_GRANTED, role, privilege, [kind.encode() for kind in kinds])
    return {row["name"] for row in rows}


async def test_rows_are_changed_only_where_they_are_no_facts(owner: asyncpg.Connection, app_role: str) -> None:
    assert await granted(owner, app_role, "UPDATE") == UPDATED
    assert await granted(owner, app_role, "DELETE") == DELETED
    assert set(PROJECTIONS) >= UPDATED | DELETED
    for privilege in ("TRUNCATE", "TRIGGER", "REFERENCES"):
        assert await granted(owner, app_role, privilege) == set()


async def test_every_table_is_read_and_all_but_a_few_take_rows(owner: asyncpg.Connection, app_role: str) -> None:
    rows = await owner.fetch(
        """SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'p')
        AND relnamespace IN ('ledger'::regnamespace, 'identity'::regnamespace)"""
    )
    read = await granted(owner, app_role, "SELECT", "rp")
    assert read == {row["name"] for row in rows}
    assert read - await granted(owner, app_role, "INSERT") == INSERTED_BY_NOBODY


async def test_what_the_database_says_itself_is_not_inserted(owner: asyncpg.Connection, app_role: str) -> None:
    rows = await owner.fetch(
        """SELECT attrelid::regclass::text AS name, attname FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
        WHERE c.relnamespace IN ('ledger'::regnamespace, 'identity'::regnamespace) AND attname = ANY ($2)
        AND (c.relname, attname) <> ('seal', 'epoch') -- of what it seals, which a trigger compares
        AND attnum > 0 AND has_column_privilege($1, attrelid, attnum, 'INSERT, UPDATE')""",
        app_role,
        list(NOT_OURS_TO_SAY),
    )
    assert [tuple(row) for row in rows] == []


async def test_every_fact_says_which_unit_of_work_wrote_it(owner: asyncpg.Connection) -> None:
    """What the sealer takes them by. Postings are sealed with their transaction; seals are no leaves."""
    rows = await owner.fetch(
        """SELECT t.tgrelid::regclass::text AS name FROM pg_trigger AS t
        WHERE t.tgname = 'append_only' AND NOT EXISTS (
            SELECT FROM pg_attribute AS a WHERE a.attrelid = t.tgrelid AND a.attname = 'xid'
            AND a.atttypid = 'xid8'::regtype AND a.attnotnull AND a.atthasdef
        )"""
    )
    assert {row["name"] for row in rows} == {"ledger.posting", "ledger.seal", "ledger.tree_node"}


async def test_only_these_functions_are_executed(owner: asyncpg.Connection, app_role: str) -> None:
    """Above all no trigger function: hung on a table of its own it would move balances from forged rows."""
    rows = await owner.fetch(
        """SELECT p.proname FROM pg_proc AS p
        WHERE p.pronamespace IN ('ledger'::regnamespace, 'identity'::regnamespace)
        AND has_function_privilege($1, p.oid, 'EXECUTE')""",
        app_role,
    )
    assert {row["proname"] for row in rows} == EXECUTED


async def test_powerful_functions_look_names_up_in_our_schema_only(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """SELECT proname FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace AND prosecdef
        AND NOT coalesce('search_path=ledger, pg_temp' = ANY (proconfig), false)"""
    )
    assert [row["proname"] for row in rows] == []


async def test_nothing_is_created_in_our_schemas(owner: asyncpg.Connection, app_role: str) -> None:
    for schema in ("ledger", "identity"):
        assert not await owner.fetchval("SELECT has_schema_privilege($1, $2, 'CREATE')", app_role, schema)
    sql = """SELECT sequencename FROM pg_sequences WHERE schemaname IN ('ledger', 'identity')
        AND has_sequence_privilege($1, format('%I.%I', schemaname, sequencename), 'USAGE, SELECT, UPDATE')"""
    assert await owner.fetch(sql, app_role) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.balance SET balance_cents = 0",
        "INSERT INTO ledger.balance (account_id, kind, asset, side, backing) VALUES (77, 12, 'POIS', -1, 0)",
        "DELETE FROM ledger.balance",
        "UPDATE ledger.subject_state SET state = 'active'",
        "UPDATE ledger.card_clock SET last_step = 0",
        "UPDATE ledger.card_spending SET spent_cents = 0",
        "UPDATE ledger.receipt_counter SET last_number = 0",
        "INSERT INTO ledger.account (id, kind, name) VALUES (77, 12, 'voucher:mine')",
        """INSERT INTO ledger.ledger_transaction (id, kind, occurred_at, booked_on, posting_count, posted_at)
        VALUES (gen_random_uuid(), 5, now(), now()::date, 2, now())""",
        "INSERT INTO ledger.posting VALUES (1, 9, gen_random_uuid(), 1, 1, 1, now())",
        """INSERT INTO ledger.event (id, subject, subject_id, kind, occurred_at)
        OVERRIDING SYSTEM VALUE VALUES (1, 'card', gen_random_uuid(), 'block', now())""",
        """INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, recorded_at)
        VALUES ('card', gen_random_uuid(), 'block', now(), now())""",
        "INSERT INTO ledger.operator (id, name, added_at, xid) VALUES (gen_random_uuid(), 'me', now(), '1')",
        "ALTER TABLE ledger.posting DISABLE TRIGGER settle",
        "SET session_replication_role = replica",
        """CREATE TEMPORARY TABLE p (LIKE ledger.posting);
        CREATE TRIGGER settle AFTER INSERT ON p REFERENCING NEW TABLE AS posted
        FOR EACH STATEMENT EXECUTE FUNCTION ledger.settle()""",
    ],
)
async def test_the_application_cannot_go_around(
    app: asyncpg.Connection, owner: asyncpg.Connection, statement: str
) -> None:
    await money(owner)
    with refused_as(PRIVILEGE):
        await app.execute(statement)


async def test_a_temporary_table_does_not_stand_in_for_ours(app: asyncpg.Connection, owner: asyncpg.Connection) -> None:
    books: Money = await money(owner)
    await app.execute("CREATE TEMPORARY TABLE balance (LIKE ledger.balance)")
    await app.execute("INSERT INTO balance SELECT * FROM ledger.balance")
    await app.execute("UPDATE balance SET balance_cents = -1000000 WHERE side < 0")
    with refused_as("23514"):
        await app.execute(
            "SELECT ledger.post($1, $2, $3, $4, $5, $6, $7, $8)",
            [uuid4()],
            [5],
            [datetime.now(UTC)],
            [None],
            [1, 1],
            [books.vouchers[0], books.merchants[0]],
            [50_000, -50_000],
            [None, None],
        )


async def test_every_text_has_a_pattern(ledger_text: list[tuple[str, str]]) -> None:
    """L12: no free text in the books. A column without a pattern has to stand here, with its reason."""
    reasons: dict[str, str] = {}
    unpatterned = {name for name, constraint in ledger_text if not constraint}
    assert unpatterned == set(reasons)


@pytest.fixture
async def ledger_text(owner: asyncpg.Connection) -> list[tuple[str, str]]:
    """Every column of text, list of texts or JSON, and what restricts it."""
    rows = await owner.fetch(
        r"""SELECT c.table_schema || '.' || c.table_name || '.' || c.column_name AS name, (
            SELECT pg_get_constraintdef(k.oid) FROM pg_constraint AS k
            INNER JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
            WHERE k.conrelid = format('%I.%I', c.table_schema, c.table_name)::regclass AND k.contype = 'c'
                AND a.attname = c.column_name AND k.convalidated
                AND pg_get_constraintdef(k.oid) ~ '~ ''\^.*\$''|= ANY \(ARRAY\['
            LIMIT 1
        ) AS constraint
        FROM information_schema.columns AS c
        INNER JOIN information_schema.tables AS t USING (table_schema, table_name)
        WHERE c.table_schema IN ('ledger', 'identity') AND t.table_type = 'BASE TABLE'
            AND (c.data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'xml')
                OR c.udt_name IN ('_text', '_varchar', '_bpchar', '_json', '_jsonb'))"""
    )
    assert len(rows) > 30
    return [(row["name"], row["constraint"]) for row in rows]


async def test_the_check_sees_the_same_columns(owner: asyncpg.Connection, ledger_text: list[tuple[str, str]]) -> None:
    """The named check and this test look at the catalogue in two ways."""
    [check] = [check for check in GUARDS if check.name == "text-has-a-pattern"]
    for table in {name.rpartition(".")[0] for name, _ in ledger_text}:
        rows = await owner.fetch(
            "SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c'", table
        )
        for row in rows:
            await owner.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{row[0]}"')
    assert {row["subject"] for row in await owner.fetch(check.statement)} == {name for name, _ in ledger_text}
