"""Fixtures of tests that look at books with a bit of everything in them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ledger.clock import FixedClock
from ledger.keyring import Keyring
from tests.closing_books import closing_books
from tests.conftest import NOW
from tests.databases import TestServer
from tests.made import MadeWorld, made_world


@pytest.fixture(scope="session")
async def made(database_server: TestServer, keys: Keyring) -> AsyncIterator[MadeWorld]:
    """The small world; `made.server.clone()` gives a database of one's own with it."""
    async with made_world(database_server, keys, FixedClock(NOW)) as made:
        yield made


@pytest.fixture(scope="session")
async def closing(database_server: TestServer, keys: Keyring) -> AsyncIterator[TestServer]:
    """October's books, ready to be certified; `closing.clone()` gives a database of one's own with them."""
    async with closing_books(database_server, keys) as server:
        yield server
