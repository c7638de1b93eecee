"""Statements of the time before files had a table: sealed as they were, known by their content, gone on from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import asyncpg
import pytest

from ledger.checks.actions import run_checks
from ledger.checks.catalogue.reconciliation import CHECKS
from ledger.clock import FixedClock
from ledger.database import migrate, roles
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported
from ledger.keyring import Keyring
from ledger.reconciliation.actions import import_statement, list_files, list_statements
from tests.databases import TestServer
from tests.people import enrol
from tests.statement_files import Moved, platform, write

OCTOBER = [Moved(date(2026, 10, 6), "Versement", 1_000), Moved(date(2026, 10, 7), "Achat", -100)]
NOVEMBER = [Moved(date(2026, 11, 3), "Achat", -200)]
LEAVES = """
    SELECT hash FROM ledger.leaf_hashes(1::smallint, '0'::xid8, '18446744073709551615'::xid8)
    WHERE fact IN ('statement', 'statement_line') ORDER BY hash
"""
OLD = """
    INSERT INTO ledger.statement (
        id, account, first_day, last_day, format, file_name, sha256, line_count, opening_cents, closing_cents,
        imported_by, imported_at
    )
    SELECT md5('s')::uuid, 'pois', '2026-10-01', '2026-10-31', 'platform-csv', 'october.csv', sha256($1), 2, 0, 900,
        id, now()
    FROM ledger.operator
"""
OLD_LINES = """
    INSERT INTO ledger.statement_line (statement_id, number, booked_on, label, amount_cents, balance_cents)
    VALUES (md5('s')::uuid, 1, '2026-10-06', 'Versement', 1000, 1000),
        (md5('s')::uuid, 2, '2026-10-07', 'Achat', -100, 900)
"""


async def leaves(connection: asyncpg.Connection) -> list[bytes]:
    return [row["hash"] for row in await connection.fetch(LEAVES)]


async def test_an_old_statement_is_sealed_as_it_was_and_others_join_on(
    database_server: TestServer, clock: FixedClock, keys: Keyring, tmp_path: Path
) -> None:
    old = write(tmp_path, "october.csv", platform(0, OCTOBER))
    async with database_server.empty_database() as urls:
        await roles.init(urls.owner, urls.app, urls.role_prefix)
        await migrate.upgrade(urls.owner, urls.role_prefix, "0017")
        database = Database.at(urls.app)
        try:
            ledger = Ledger(database, clock, keys)
            await enrol(ledger, "lea")
            async with connected(urls.app) as connection, connection.transaction():
                await connection.execute(OLD, old.read_bytes())
                await connection.execute(OLD_LINES)
            async with connected(urls.app) as connection:
                before = await leaves(connection)
            await migrate.upgrade(urls.owner, urls.role_prefix, "head")
            async with connected(urls.app) as connection:
                assert await leaves(connection) == before
            assert len(before) == 3
            await _go_on(ledger, old, tmp_path)
        finally:
            await database.aclose()


async def _go_on(ledger: Ledger, old: Path, folder: Path) -> None:
    with pytest.raises(FileAlreadyImported) as refused:
        await import_statement(ledger, old, "lea")
    assert refused.value.facts["period"] == "2026-10"
    more = [*OCTOBER, Moved(date(2026, 10, 9), "Don", 50)]
    made = await import_statement(ledger, write(folder, "more.csv", platform(0, more)), "lea")
    assert (len(made.skipped), made.new_count) == (2, 1)
    await import_statement(ledger, write(folder, "november.csv", platform(950, NOVEMBER)), "lea")
    assert [one.file_name for one in await list_statements(ledger)] == ["october.csv", "more.csv", "november.csv"]
    assert [file.state.value for file in await list_files(ledger)] == ["taken", "taken", "taken"]
    assert await run_checks(ledger, [check.name for check in CHECKS]) == []
