"""Opens an installation: its keys, its clock, its database. Every door comes in here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from ledger.clock import Clock, RehearsalClock, SystemClock
from ledger.database.engine import Database, open_database
from ledger.database.unit_of_work import Ledger
from ledger.errors import HomeEmpty, RehearsalOnly
from ledger.home import Home, Settings
from ledger.keyring import Keyring


@asynccontextmanager
async def opened_ledger(home: Home, *, creates: bool = False) -> AsyncIterator[Ledger]:
    """The books of a home, with the settings of the environment; the embedded PostgreSQL runs meanwhile.

    `creates` makes a home that does not exist yet; else `HomeEmpty`. Refuses further with `KeysMissing`,
    `RehearsalOnly` and what `open_database` refuses with.
    """
    settings = Settings.from_environment(home)
    keys = keys_of(settings, creates=creates)
    async with open_database(home, settings) as database:
        yield Ledger(database, await clock_of(home, database), keys)


def keys_of(settings: Settings, *, creates: bool) -> Keyring:
    """The keys of a home. New ones are made only where no data can exist that older ones have encrypted."""
    home = settings.home
    if not settings.embedded or (home.postgres / "data").exists():
        return Keyring.load(home.keys)
    if not creates:
        raise HomeEmpty(folder=str(home.path))
    return Keyring.create(home.make().keys)


async def clock_of(home: Home, database: Database) -> Clock:
    """The machine's clock, unless this is a rehearsal; a foreign clock elsewhere is refused."""
    if not home.rehearsal_clock.exists():
        return SystemClock()
    if not await is_rehearsal(database):
        raise RehearsalOnly(clock=str(home.rehearsal_clock))
    return RehearsalClock(home.rehearsal_clock)


async def is_rehearsal(database: Database) -> bool:
    """Was this database made by a rehearsal? It is marked for good."""
    connection = await database.connect_raw()
    try:
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM ledger.rehearsal)"))
    finally:
        await connection.close()


async def mark_rehearsal(database: Database) -> None:
    """Mark empty books as a rehearsal, for good; books that have begun are refused (`RehearsalOnly`)."""
    connection = await database.connect_raw()
    try:
        await connection.execute("INSERT INTO ledger.rehearsal (single) VALUES (true) ON CONFLICT DO NOTHING")
    except asyncpg.PostgresError:
        raise RehearsalOnly from None
    finally:
        await connection.close()
