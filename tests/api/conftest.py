"""The API is tested in the small town: every database of these tests is a clone of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ledger.clock import FixedClock
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


@pytest.fixture
def installation(database_urls: DatabaseUrls, keys: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Where services are started as processes of their own."""
    return Installation.make(tmp_path_factory.mktemp("home"), database_urls, keys, NOW)
