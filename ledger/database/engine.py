"""The opened database: SQLAlchemy for every use case, raw asyncpg for the hot path and the sealer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ledger.database import migrate, roles
from ledger.database.connect import connect, connect_with, connected, connection_arguments
from ledger.database.embedded import SUPERUSER, Server, running
from ledger.errors import WrongDatabaseRole
from ledger.home import Home, Settings

EMBEDDED_DATABASE = "bonpois"
_ADVISORY_LOCK = int.from_bytes(b"bonpois", "big")
_CONNECTIONS_MAX = 10  # of each kind: several services share one server
_CLOSE_SECONDS_MAX = 5
_WAIT_SECONDS_MAX = 5  # for a free connection; a till gives up sooner than it would by default


@dataclass
class Database:
    """A server, a database and a login, as one object."""

    url: str = field(repr=False)
    engine: AsyncEngine
    pooled: bool = False
    _pool: asyncpg.Pool | None = field(default=None, repr=False)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @classmethod
    def at(cls, url: str, *, pooled: bool = False) -> Database:
        """Nothing connects before the first use."""
        arguments = connection_arguments(url, pooled=pooled)
        if pooled:  # a nameless statement is never looked for on the next transaction's server connection
            arguments |= {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}
        engine = create_async_engine(
            "postgresql+asyncpg://",
            connect_args=arguments | {"async_creator_fn": connect_with},
            pool_size=_CONNECTIONS_MAX,
            max_overflow=_CONNECTIONS_MAX,
            pool_timeout=_WAIT_SECONDS_MAX,
            pool_pre_ping=True,
            hide_parameters=True,  # an error that is logged says which statement, never with which values
        )
        return cls(url, engine, pooled)

    async def pool(self) -> asyncpg.Pool:
        """Raw connections for the hot path. No RESET is sent on return: leave no session state on them."""
        # Planned once per connection, for tables that grow: neither an array of another length nor an empty table
        # on the first day may choose the plan. (A pooler between takes no settings at connection.)
        settings = {} if self.pooled else {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **connection_arguments(self.url, pooled=self.pooled, **settings),
                    min_size=1,
                    max_size=_CONNECTIONS_MAX,
                    reset=_keep_session,
                )
            return self._pool

    async def connect_raw(self) -> asyncpg.Connection:
        """A connection of one's own; the caller closes it."""
        return await connect(self.url, pooled=self.pooled)

    async def ping(self) -> None:
        """Ask the server anything; `DatabaseUnreachable` where it does not answer."""
        async with connected(self.url, pooled=self.pooled) as connection:
            await connection.fetchval("SELECT true")

    async def aclose(self) -> None:
        """Close every connection, in bounded time even when the server is gone."""
        if self._pool is not None:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await asyncio.wait_for(self._pool.close(), _CLOSE_SECONDS_MAX)
            self._pool.terminate()
            self._pool = None
        await self.engine.dispose()


async def _keep_session(_: asyncpg.Connection) -> None:
    """Asyncpg itself rolls back an open transaction; its RESET would cost one more round trip per batch."""


@asynccontextmanager
async def open_database(home: Home, settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, else the embedded one, which is started, made and upgraded as needed.

    A server by URL is never changed here: `DatabaseNotReady` asks for `bonpois db upgrade`. Refuses with
    `DatabaseUnreachable`, `WrongDatabaseRole`, `EmbeddedFailed`, `HomeClosed`.
    """
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if url is None:
            server = await stack.enter_async_context(running(home))
            await prepare_embedded(server, settings.role_prefix)
            url = server.url(roles.Roles(settings.role_prefix).service, EMBEDDED_DATABASE)
        else:
            await migrate.require_current(url)
        database = Database.at(url, pooled=settings.pooled)
        stack.push_async_callback(database.aclose)
        await assert_app_role(database)
        yield database


async def prepare_embedded(server: Server, prefix: str) -> None:
    """Make the database, its roles and its tables where they are missing; processes wait for each other."""
    owner_url = server.url(SUPERUSER, EMBEDDED_DATABASE)
    async with connected(server.url(SUPERUSER, "postgres")) as maintenance:
        await maintenance.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        sql = "SELECT true FROM pg_database WHERE datname = $1"
        if not await maintenance.fetchval(sql, EMBEDDED_DATABASE):
            await maintenance.execute(f"CREATE DATABASE {EMBEDDED_DATABASE}")
        version = await migrate.current(owner_url)
        if version is None or version < migrate.head() or not await migrate.is_at_home(owner_url):
            await roles.init(owner_url, server.url(roles.Roles(prefix).service, EMBEDDED_DATABASE), prefix)
            await migrate.upgrade(owner_url, prefix)
        else:
            await migrate.require_current(owner_url)


async def assert_app_role(database: Database) -> None:
    """Refuse (`WrongDatabaseRole`) a login that could undo what the grants protect."""
    connection = await database.connect_raw()
    try:
        mighty = await connection.fetchval("""
            SELECT rolsuper OR rolcreaterole OR EXISTS (
                SELECT FROM pg_namespace
                WHERE nspname IN ('ledger', 'identity', 'migration')
                AND pg_has_role(session_user, nspowner, 'MEMBER')
            )
            FROM pg_roles WHERE rolname = session_user
        """)
        if mighty:
            raise WrongDatabaseRole(role=await connection.fetchval("SELECT session_user"))
    finally:
        await connection.close()
