"""The API is tested in the small town: every database of these tests is a clone of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.services import Installation
from tests.tills import TillClient, answering
from tests.town import Town, cloned_town


@pytest.fixture
async def database_urls(database_server: TestServer, town: Town) -> AsyncIterator[DatabaseUrls]:
    """A clone of the town; `ledger`, `app`, `owner` and `superuser` are on it."""
    async with cloned_town(database_server, town) as urls:
        yield urls


@pytest.fixture
async def till(ledger: Ledger, clock: FixedClock, town: Town) -> AsyncIterator[TillClient]:
    """The first till of the first shop, on the application without a socket."""
    async with answering(ledger) as client:
        yield TillClient(client, clock, town.tills[0].token)


@pytest.fixture(scope="session")
async def quiet_urls(database_server: TestServer, town: Town) -> AsyncIterator[DatabaseUrls]:
    """One clone for all tests that move nothing; a clone of its own for each would take most of their time."""
    async with cloned_town(database_server, town) as urls:
        yield urls


@pytest.fixture(scope="session")
async def quiet_till(quiet_urls: DatabaseUrls, keys: Keyring, town: Town) -> AsyncIterator[TillClient]:
    """A till of the first shop for what is refused or only looked up."""
    database = Database.at(quiet_urls.app)
    clock = FixedClock(NOW)
    try:
        async with answering(Ledger(database, clock, keys)) as client:
            yield TillClient(client, clock, town.tills[0].token)
    finally:
        await database.aclose()


@pytest.fixture
async def untouched(quiet_urls: DatabaseUrls) -> AsyncIterator[None]:
    """What the test does leaves no trace in the quiet clone."""
    count = """
        SELECT (SELECT count(*) FROM ledger.request_outcome), (SELECT count(*) FROM ledger.posting),
            (SELECT sum(failures) FROM ledger.failure_count)
    """
    async with connected(quiet_urls.app) as connection:
        before = await connection.fetchrow(count)
        yield
        assert await connection.fetchrow(count) == before


@pytest.fixture
def installation(database_urls: DatabaseUrls, keys: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Where services are started as processes of their own."""
    return Installation.make(tmp_path_factory.mktemp("home"), database_urls, keys, NOW)
