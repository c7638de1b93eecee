"""A unit of work: one database transaction, one reading of the clock, the keys. All of it happens or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.clock import Clock
from ledger.database.connect import BROKEN, is_disconnect
from ledger.database.engine import Database
from ledger.errors import DatabaseUnreachable
from ledger.keyring import Keyring

_ONE_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


@dataclass(frozen=True)
class UnitOfWork:
    """What the steps of one use case share."""

    connection: AsyncConnection
    now: datetime
    keys: Keyring

    async def freeze(self) -> None:
        """As its first step: see one instant of the books and change nothing, while everybody else goes on."""
        await self.run(_ONE_SNAPSHOT)

    async def run(self, statement: TextClause, **values: Any) -> CursorResult[Any]:
        """Execute one statement with named values."""
        return await self.connection.execute(statement, values)

    async def run_many(self, statement: TextClause, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute one statement for each row; no row, no round trip."""
        if rows:
            await self.connection.execute(statement, rows)


@dataclass(frozen=True)
class Ledger:
    """The opened books: what every use case takes as its first argument."""

    database: Database
    clock: Clock
    keys: Keyring

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """Commit at the end of the block; an exception rolls everything back.

        Refuses `DatabaseUnreachable` where the connection breaks: whether it was committed is then unknown.
        """
        try:
            async with self.database.engine.begin() as connection:
                yield UnitOfWork(connection, self.clock.now(), self.keys)
        except (DBAPIError, *BROKEN) as error:  # the driver's own errors while a connection is being set up
            if is_disconnect(error):
                raise DatabaseUnreachable(reason="connection-broken") from None
            raise
