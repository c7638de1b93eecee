"""One way to open a raw connection; the server's refusals become ours, without the server's words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.errors import DatabaseNotReady, DatabaseUnreachable

APPLICATION = "bonpois"
_SECONDS_MAX = 10
BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,  # the driver lost its thread: the server hung up between two of its messages
    PoolTimeoutError,
)


def is_disconnect(error: BaseException | None) -> bool:
    """Did the connection break, or was there none to be had, so that the same may succeed later?"""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_disconnect(getattr(error.orig, "__cause__", None))
    return isinstance(error, BROKEN)


def connection_arguments(url: str, *, pooled: bool = False, **settings: str) -> dict[str, Any]:
    """What asyncpg needs. `pooled`: a pooler in transaction mode cannot keep prepared statements."""
    arguments: dict[str, Any] = {
        "dsn": url,
        "timeout": _SECONDS_MAX,
        "server_settings": {"application_name": APPLICATION, **settings},
    }
    return arguments | ({"statement_cache_size": 0} if pooled else {})


async def connect(url: str, *, pooled: bool = False, **settings: str) -> asyncpg.Connection:
    """Open a connection with session settings such as `role`; `DatabaseUnreachable` or `DatabaseNotReady`."""
    return await connect_with(**connection_arguments(url, pooled=pooled, **settings))


async def connect_with(**arguments: Any) -> asyncpg.Connection:
    """Open a connection with asyncpg's own arguments; refuses as `connect` does."""
    try:
        return await asyncpg.connect(**arguments)
    except asyncpg.InvalidParameterValueError:
        raise DatabaseNotReady(role=arguments["server_settings"].get("role")) from None  # there is no such role yet
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnreachable(sqlstate=getattr(error, "sqlstate", None)) from None
    except (OSError, TimeoutError) as error:
        raise DatabaseUnreachable(reason=type(error).__name__) from None


@asynccontextmanager
async def connected(url: str, *, pooled: bool = False, **settings: str) -> AsyncIterator[asyncpg.Connection]:
    """A raw connection for the length of the block."""
    connection = await connect(url, pooled=pooled, **settings)
    try:
        yield connection
    finally:
        await connection.close(timeout=_SECONDS_MAX)
