"""Brings a database to the program's version: numbered plain SQL, each in one transaction, as the owner role.

Forward only. A ledger is never taken back: what a migration added may already hold facts, and facts are not
deleted. A mistake is corrected by the next number; a disaster by a restore.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import migrations
from ledger.database.connect import connected, connection_arguments
from ledger.database.roles import Roles, quoted
from ledger.errors import DatabaseNotReady
from ledger.home import ROLE_PREFIX_DEFAULT

VERSION_SCHEMA = "migration"
FOLDER = Path(migrations.__file__).parent
_GROUP_ROLE = re.compile(rf"\b{ROLE_PREFIX_DEFAULT}_(owner|app)\b")
_ADVISORY_LOCK = int.from_bytes(b"bonpois", "big")
_LOCK_TIMEOUT = "10s"  # a migration that waits for a busy table makes everybody behind it wait
_STATEMENT_TIMEOUT = "15min"
_WAIT_SECONDS_MAX = 300
_IS_AT_HOME = """
    SELECT system_identifier = (SELECT system_identifier FROM pg_control_system())
    FROM ledger.cluster ORDER BY number DESC LIMIT 1
"""


def head() -> str:
    """The program's version: the last number in the folder."""
    return max(path.stem.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.sql"))


async def current(url: str) -> str | None:
    """The database's version; None before the first migration."""
    async with connected(url) as connection:
        try:
            if await connection.fetchval("SELECT to_regclass('migration.alembic_version')") is None:
                return None
            version = await connection.fetchval("SELECT version_num FROM migration.alembic_version")
        except asyncpg.InsufficientPrivilegeError:
            raise DatabaseNotReady(program=head()) from None
        return None if version is None else str(version)


async def require_current(url: str) -> None:
    """Refuse (`DatabaseNotReady`) a database of another version than the program's, or restored and not opened yet."""
    version = await current(url)
    if version != head():
        raise DatabaseNotReady(database=version, program=head())
    if not await is_at_home(url):
        raise DatabaseNotReady(database=version, program=head(), moved=True)


async def is_at_home(url: str) -> bool:
    """Whether the books know the cluster they are in: transaction ids mean nothing in another (L13)."""
    async with connected(url) as connection:
        return bool(await connection.fetchval(_IS_AT_HOME))


async def upgrade(owner_url: str, prefix: str = ROLE_PREFIX_DEFAULT, revision: str = "head") -> None:
    """Run what is missing, up to `revision`; processes that come at the same time wait for each other.

    Books that were restored into another cluster begin an epoch there.
    """
    roles = Roles(prefix)
    async with _alone(owner_url, roles) as guard:
        arguments = connection_arguments(
            owner_url, role=roles.owner, lock_timeout=_LOCK_TIMEOUT, statement_timeout=_STATEMENT_TIMEOUT
        )
        engine = create_async_engine("postgresql+asyncpg://", connect_args=arguments, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(_run_alembic, prefix, revision)
        finally:
            await engine.dispose()
        if revision == "head":
            await guard.execute("CALL ledger.begin_epoch()")


@asynccontextmanager
async def _alone(owner_url: str, roles: Roles) -> AsyncIterator[asyncpg.Connection]:
    """Hold the migration lock on a connection of its own; make the schema where the version is kept."""
    async with connected(owner_url, role=roles.owner) as guard:
        await guard.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK, timeout=_WAIT_SECONDS_MAX)
        version = await guard.fetchval("SELECT to_regnamespace($1)", VERSION_SCHEMA)
        if version is None:
            app = quoted(roles.app)
            await guard.execute(f"""
                CREATE SCHEMA {VERSION_SCHEMA};
                GRANT USAGE ON SCHEMA {VERSION_SCHEMA} TO {app};
                ALTER DEFAULT PRIVILEGES IN SCHEMA {VERSION_SCHEMA} GRANT SELECT ON TABLES TO {app};
            """)
        yield guard


def _run_alembic(connection: Connection, prefix: str, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - slow to load, and most starts migrate nothing
    from alembic.config import Config  # noqa: PLC0415 - as above

    configuration = Config(attributes={"connection": connection, "role_prefix": prefix})
    configuration.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    command.upgrade(configuration, revision)


def run_sql_file(name: str) -> None:
    """What a revision does: run its whole SQL file in Alembic's transaction, with this database's roles."""
    from alembic import context, op  # noqa: PLC0415 - as above

    prefix = context.config.attributes["role_prefix"]
    script = (FOLDER / "versions" / name).read_text(encoding="utf-8")
    if prefix != ROLE_PREFIX_DEFAULT:
        script = _GROUP_ROLE.sub(rf"{prefix}_\1", script)
    bind = op.get_bind()
    bind.exec_driver_sql("SELECT 1")  # the driver opens its transaction with the first statement that it sees
    driver = cast("Any", bind.connection.dbapi_connection)
    driver.run_async(lambda raw: raw.execute(script))
