"""The full world, sealed; and somebody whom nothing stops, whose doings are taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ledger.keyring import Keyring
from tests.full_world import FullWorld, full_world
from tests.made import MadeWorld


@pytest.fixture(scope="package")
async def full(made: MadeWorld, keys: Keyring, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FullWorld]:
    """A row in every table, all of it sealed; whoever changes it for good takes a clone."""
    async with full_world(made, keys, tmp_path_factory.mktemp("rotated")) as world:
        yield world
