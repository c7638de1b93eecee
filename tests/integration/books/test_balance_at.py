"""`ledger.balance_at()`: what an account held at any instant, found in a few look-ups whatever its length."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil, log2
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from ledger.database.unit_of_work import Ledger
from ledger.reports import store
from ledger.reports.model import Moment
from tests.straight import account

COUNT = 100_000
TOGETHER = 3  # postings of an account that share an instant: one statement made them
PAGES_A_LOOK_UP = 5  # at most: the levels of the index, and the row

_FILL = f"""
    WITH made AS (
        SELECT n::bigint AS n, gen_random_uuid() AS id,
            $2::timestamptz + ((n - 1) / {TOGETHER}) * interval '1 second' AS posted_at
        FROM generate_series(1, {COUNT}) AS n
    ), head AS (
        INSERT INTO ledger.ledger_transaction (id, kind, occurred_at, booked_on, posting_count, posted_at)
        SELECT id, 9, posted_at, posted_at::date, 2, posted_at FROM made
    ), other AS (
        INSERT INTO ledger.posting
        SELECT $3, n, id, 2, -n, -n * (n + 1) / 2, posted_at FROM made
    ), last AS (
        UPDATE ledger.balance
        SET version = {COUNT}, balance_cents = {COUNT}::bigint * ({COUNT} + 1) / 2,
            last_posted_at = (SELECT max(posted_at) FROM made)
        WHERE account_id = $1
    )
    INSERT INTO ledger.posting SELECT $1, n, id, 1, n, n * (n + 1) / 2, posted_at FROM made
"""
_LOOKED_UP = """
    SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relid = 'ledger.posting'::regclass
"""
_PAGES = "SELECT relpages FROM pg_class WHERE oid = 'ledger.posting'::regclass"


def after(count: int) -> int:
    """What the account holds after so many postings: of 1, 2, 3… centimes."""
    return count * (count + 1) // 2


@pytest.fixture
async def begun(superuser: asyncpg.Connection, app: asyncpg.Connection) -> datetime:
    """An account with 100 000 postings, three at each second from here on; put there past the triggers.

    The application has looked before, so that its plans were made with empty books.
    """
    instant = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    assert await held(app, instant) == await held(app, "infinity") == (0, 0, None)
    await superuser.execute("SET session_replication_role = replica")
    one, other = await account(superuser, "suspense:EUR"), await account(superuser, "ccas:returned")
    await superuser.execute(_FILL, one, instant, other)
    await superuser.execute("ANALYZE ledger.posting, ledger.ledger_transaction")
    return instant


async def held(connection: asyncpg.Connection, instant: datetime | str) -> tuple[int, int, datetime | None]:
    """Balance, version and instant of the last posting by then."""
    if instant == "infinity":
        sql = "SELECT ledger.balance_at(id, 'infinity') FROM ledger.account WHERE name = 'suspense:EUR'"
        return tuple(await connection.fetchval(sql))
    sql = "SELECT ledger.balance_at(id, $1) FROM ledger.account WHERE name = 'suspense:EUR'"
    return tuple(await connection.fetchval(sql, instant))


async def test_every_kind_of_instant_has_its_answer(app: asyncpg.Connection, begun: datetime) -> None:
    tick = timedelta(microseconds=1)
    last = begun + timedelta(seconds=(COUNT - 1) // TOGETHER)
    assert await held(app, begun - tick) == (0, 0, None)
    assert await held(app, begun) == (after(TOGETHER), TOGETHER, begun)
    for seconds in (1, 2, 3, 1_000, 16_383, 16_384, 33_332):
        instant = begun + timedelta(seconds=seconds)
        before, until = seconds * TOGETHER, min((seconds + 1) * TOGETHER, COUNT)
        assert await held(app, instant - tick) == (after(before), before, instant - timedelta(seconds=1))
        assert await held(app, instant) == (after(until), until, instant)
    for late in (last, last + timedelta(days=900), "infinity"):
        assert await held(app, late) == (after(COUNT), COUNT, last)


async def test_it_looks_at_few_postings_and_reads_few_pages(app: asyncpg.Connection, begun: datetime) -> None:
    most = ceil(log2(COUNT))
    for share in (0, 1, 7, 50, 93, 99):
        async with app.transaction():
            before = await app.fetchrow(_LOOKED_UP)
            await held(app, begun + timedelta(seconds=share * COUNT / TOGETHER / 100))
            looked_up = await app.fetchrow(_LOOKED_UP)
            assert looked_up["seq_scan"] == before["seq_scan"]
            assert looked_up["idx_scan"] - before["idx_scan"] <= most
    async with app.transaction():  # now, by far what is asked most, no posting is looked at
        before = await app.fetchrow(_LOOKED_UP)
        await held(app, "infinity")
        assert await app.fetchrow(_LOOKED_UP) == before
    sql = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM ledger.balance_at($1, $2)"
    plan = json.loads(await app.fetchval(sql, await account(app, "suspense:EUR"), begun + timedelta(hours=3)))[0][
        "Plan"
    ]
    pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert 0 < pages <= PAGES_A_LOOK_UP * (most + 1) < 0.1 * await app.fetchval(_PAGES)


async def test_an_account_that_is_not_there_gives_no_row(app: asyncpg.Connection) -> None:
    assert await app.fetch("SELECT * FROM ledger.balance_at(77, now())") == []


async def test_a_trial_balance_reads_each_posting_once(ledger: Ledger, begun: datetime) -> None:
    for moment in (Moment(), Moment(at=begun), Moment(on=begun.date())):
        which, values = store._values(moment)
        for statement in (store._KINDS_MOVED[which], store._ACCOUNTS_MOVED[which]):
            async with ledger.unit_of_work() as work:
                await work.run(text("SET LOCAL max_parallel_workers_per_gather = 0"))
                explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}")
                [plan] = (await work.run(explain, **values)).scalar_one()
            scans = [node for node in nodes_of(plan["Plan"]) if node.get("Relation Name") == "posting"]
            assert [scan["Actual Loops"] for scan in scans] == [1]


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes_of(child)
