"""The portrait of the tables is that of the migrations."""

from __future__ import annotations

import asyncpg
import pytest

from tests import generated


async def test_the_portrait_of_the_tables_is_fresh(owner: asyncpg.Connection) -> None:
    if owner.get_server_version().major != generated.SCHEMA_VERSION:
        pytest.skip("this server words its catalogue otherwise")
    assert generated.SCHEMA.read_text(encoding="utf-8") == await generated.schema_md(owner), "run `make generate`"
