"""The small world, made once in a run and cloned for each test that wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import asyncpg

from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.databases import TestServer
from tests.tampering import MATCHED, RECONCILED, REMITTED, SALE, UNMATCHED
from tests.world import World, small_world


@dataclass(frozen=True)
class MadeWorld:
    """A server whose template has the small world in it, and whom one meets there."""

    server: TestServer
    world: World


@asynccontextmanager
async def made_world(server: TestServer, keys: Keyring, clock: FixedClock) -> AsyncIterator[MadeWorld]:
    """The world, with a statement that is matched; its database is dropped in the end."""
    async with server.clone() as urls:
        database = Database.at(urls.app)
        world = await small_world(Ledger(database, clock, keys), clock)
        await database.aclose()
        async with connected(urls.owner) as connection:
            await _reconcile(connection)
        yield MadeWorld(replace(server, template=urlsplit(urls.app).path.removeprefix("/")), world)


async def _reconcile(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        for statement in [*RECONCILED, *REMITTED]:
            await connection.execute(statement)
    units = {"m1": (1, "kind = 3"), "m2": (2, f"transaction_id = {SALE}"), "m3": (2, f"transaction_id = {SALE}")}
    for match, (line, unit) in units.items():
        async with connection.transaction():
            for statement in MATCHED:
                await connection.execute(statement.format(match=match, line=line, unit=unit))
            if match == "m2":
                await connection.execute(UNMATCHED)
