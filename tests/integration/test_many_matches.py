"""Matching many lines in a session that matched a few before: its plans must not turn quadratic."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.databases import DatabaseUrls
from tests.made import MadeWorld
from tests.tampering import GUARDED, SALE, UNGUARDED

LINES = 3_000

# As many sales of one centime as lines, past every guard; then a statement that shows each of them.
SALES = f"""
    CREATE TEMPORARY TABLE sale AS SELECT n, md5('sale' || n)::uuid AS id FROM generate_series(1, {LINES}) AS n;
    INSERT INTO ledger.ledger_transaction (id, kind, occurred_at, booked_on, posting_count, posted_at)
    SELECT id, 5, '2026-11-02 10:00+00', '2026-11-02', 2, clock_timestamp() FROM sale;
    INSERT INTO ledger.posting
        (account_id, version, transaction_id, line, amount_cents, balance_after_cents, posted_at)
    SELECT p.account_id, p.version + 1000 + s.n, s.id, p.line, sign(p.amount_cents), 0, clock_timestamp()
    FROM sale AS s INNER JOIN ledger.posting AS p ON p.transaction_id = {SALE};
"""
STATEMENT = f"""
    BEGIN;
    INSERT INTO ledger.statement (id, account, first_day, last_day, format, file_name, sha256, line_count,
        opening_cents, closing_cents, imported_by, imported_at)
    SELECT md5('many')::uuid, 'pois', '2026-11-01', '2026-11-30', 'test', 'many.csv', sha256('many'), {LINES}, 0,
        -{LINES}, (SELECT id FROM ledger.operator LIMIT 1), now();
    INSERT INTO ledger.statement_line (statement_id, number, booked_on, label, amount_cents, balance_cents)
    SELECT md5('many')::uuid, n, '2026-11-02', 'Achat', -1, -n FROM sale;
    COMMIT;
"""
MATCH = """
    BEGIN;
    INSERT INTO ledger.match (id, account, rule, score, reasons, line_count, unit_count, complete_on, matched_by,
        matched_at)
    SELECT md5('match' || n)::uuid, 'pois', 'test', 100, '{{}}', 1, 1, '2026-11-30',
        (SELECT id FROM ledger.operator LIMIT 1), now() FROM sale WHERE n BETWEEN {first} AND {last};
    INSERT INTO ledger.match_line (match_id, statement_id, number)
    SELECT md5('match' || n)::uuid, md5('many')::uuid, n FROM sale WHERE n BETWEEN {first} AND {last};
    INSERT INTO ledger.match_unit (match_id, transaction_id, amount_cents)
    SELECT md5('match' || n)::uuid, id, -1 FROM sale WHERE n BETWEEN {first} AND {last};
    COMMIT;
"""


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


async def test_many_matches_after_a_few_are_taken_at_once(superuser: asyncpg.Connection) -> None:
    await superuser.execute(f"{UNGUARDED}; {SALES} {GUARDED}")
    await superuser.execute(STATEMENT)
    await superuser.execute(MATCH.format(first=1, last=1))
    await superuser.execute(MATCH.format(first=2, last=2))
    await superuser.execute("SET statement_timeout = '30s'")  # what would be quadratic takes minutes
    await superuser.execute(MATCH.format(first=3, last=LINES))
    sql = "SELECT count(*) FROM ledger.live_match_unit AS u INNER JOIN sale AS s ON s.id = u.transaction_id"
    assert await superuser.fetchval(sql) == LINES
