"""Journals written for others, and what our books say of the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from importlib.resources import files
from pathlib import Path

import asyncpg

from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.exports.actions import export_journal
from ledger.exports.model import Export, Format, Period, Wanted, identifier_in
from ledger.exports.rules import read_chart
from ledger.keyring import Keyring
from ledger.programmes.actions import confirm_funding, record_mandate
from tests import month
from tests.accountants import without_zeros
from tests.databases import DatabaseUrls

ALL = Period()
OURS = """
    SELECT a.name, sum(p.amount_cents)::bigint AS cents
    FROM ledger.posting AS p
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    INNER JOIN ledger.account AS a ON a.id = p.account_id
    WHERE t.booked_on <= coalesce($1, 'infinity'::date) GROUP BY 1
"""
KINDS = "SELECT a.name, k.code FROM ledger.account AS a INNER JOIN ledger.account_kind AS k ON k.id = a.kind"


@asynccontextmanager
async def ledger_at(urls: DatabaseUrls, keys: Keyring, clock: FixedClock) -> AsyncIterator[Ledger]:
    database = Database.at(urls.app)
    try:
        yield Ledger(database, clock, keys)
    finally:
        await database.aclose()


async def rows(ledger: Ledger, sql: str, *values: object) -> list[asyncpg.Record]:
    async with connected(ledger.database.url) as connection:
        found: list[asyncpg.Record] = await connection.fetch(sql, *values)
        return found


async def ours(ledger: Ledger, last: date | None = None) -> dict[str, int]:
    """What each account holds at the end of a day."""
    return without_zeros({row["name"]: row["cents"] for row in await rows(ledger, OURS, last)})


async def numbered(ledger: Ledger, balances: dict[str, int]) -> dict[tuple[str, str], int]:
    """The same by number of account and identifier."""
    chart, _ = read_chart(files("ledger.exports").joinpath("comptes.toml").read_text(encoding="utf-8"))
    assert chart is not None
    kinds = {row["name"]: row["code"] for row in await rows(ledger, KINDS)}
    return {(chart.accounts[kinds[name]].number, identifier_in(name)): cents for name, cents in balances.items()}


async def written(ledger: Ledger, form: Format, folder: Path, period: Period = ALL, name: str = "file") -> Export:
    return await export_journal(ledger, Wanted(form, period, folder / name))


async def fund(ledger: Ledger, number: str, cents: int = 1_00) -> None:
    """Two transactions."""
    await record_mandate(ledger, month.CODE, number, cents, month.MAKER)
    await confirm_funding(ledger, number, month.CHECKER)
