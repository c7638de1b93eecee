"""Fixtures that every test may ask for; `tests/databases.py` says where the databases come from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.databases import DatabaseUrls, TestServer, server_of_the_run
from tests.town import Town, built_town

NOW = datetime(2026, 10, 6, 7, 44, tzinfo=UTC)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What the service runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def database_server() -> Iterator[TestServer]:
    """The server of the run, with its template database."""
    with server_of_the_run() as server:
        try:
            asyncio.run(server.make_template())
            yield server
        finally:
            asyncio.run(server.clean())


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """One key ring for the run."""
    return Keyring.create(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
async def town(database_server: TestServer, keys: Keyring) -> AsyncIterator[Town]:
    """The small town, built once for whoever asks; tests work on clones of its database."""
    async with built_town(database_server, keys, NOW) as built:
        yield built


@pytest.fixture
async def database_urls(database_server: TestServer) -> AsyncIterator[DatabaseUrls]:
    """A fresh clone of the template, for tests that start processes of their own."""
    async with database_server.clone() as urls:
        yield urls


@pytest.fixture
def clock() -> FixedClock:
    """The service's clock; a test moves it by setting `instant`."""
    return FixedClock(NOW)


@pytest.fixture
async def ledger(database_urls: DatabaseUrls, clock: FixedClock, keys: Keyring) -> AsyncIterator[Ledger]:
    """The books on a fresh clone, logged in as the application."""
    database = Database.at(database_urls.app)
    try:
        yield Ledger(database, clock, keys)
    finally:
        await database.aclose()


@pytest.fixture
async def app(database_urls: DatabaseUrls) -> AsyncIterator[asyncpg.Connection]:
    """A raw connection as the application, for straight SQL; on the same clone as `ledger`."""
    async with connected(database_urls.app) as connection:
        yield connection


@pytest.fixture
async def owner(database_urls: DatabaseUrls) -> AsyncIterator[asyncpg.Connection]:
    """A raw connection acting as the owner role, on the same clone."""
    async with connected(database_urls.owner, role=f"{database_urls.role_prefix}_owner") as connection:
        yield connection


@pytest.fixture
async def superuser(database_urls: DatabaseUrls) -> AsyncIterator[asyncpg.Connection]:
    """A raw connection as whoever made the databases, on the same clone."""
    async with connected(database_urls.owner) as connection:
        yield connection
