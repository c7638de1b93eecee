"""What must not grow with the books: what opening an account reads, and what an audit holds at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from ledger.books.accounts import AccountKind
from ledger.checks.actions import run_checks
from ledger.checks.catalogue.sealing import FACTS_ARE_SEALED
from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.keyring import Keyring
from ledger.sealing import store
from ledger.sealing.actions import auditing, seal
from ledger.sealing.model import Seal
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.made import MadeWorld
from tests.tampering import UNGUARDED

LEAVES_MAX = 20


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
async def sealed(database_urls: DatabaseUrls, keys: Keyring, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ledger]:
    """The small world in many seals, and an audit that reads a few of them at once."""
    monkeypatch.setattr(store, "_LEAVES_MAX", LEAVES_MAX)
    monkeypatch.setattr(auditing, "_LEAVES_AT_ONCE", LEAVES_MAX)
    database = Database.at(database_urls.app)
    ledger = Ledger(database, FixedClock(NOW), keys)
    await seal(ledger)
    yield ledger
    await database.aclose()


async def test_opening_accounts_reads_no_other_account(owner: asyncpg.Connection) -> None:
    """A session that opened a few when there were few keeps how it looked them up."""
    await _open(owner, "A", 300)
    async with owner.transaction():
        await _open(owner, "B", 2000)
        sql = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = 'ledger.account'::regclass"
        assert await owner.fetchval(sql) == 0


async def _open(owner: asyncpg.Connection, series: str, count: int) -> None:
    names = [f"voucher:{series}{number}" for number in range(count)]
    await owner.fetch("SELECT * FROM ledger.open_accounts($1, $2)", AccountKind.VOUCHER.code, names)


async def test_an_audit_holds_a_bounded_number_of_leaves(sealed: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[list[int]] = []
    read = store.seals_after

    async def noted(work: UnitOfWork, number: int, seals_max: int, leaves_max: int) -> list[tuple[Seal, list[bytes]]]:
        found = await read(work, number, seals_max, leaves_max)
        groups.append([seal.leaf_count for seal, _ in found])
        return found

    monkeypatch.setattr(store, "seals_after", noted)
    assert await run_checks(sealed, [FACTS_ARE_SEALED]) == []
    assert len(groups) > 5
    assert all(sum(group) <= LEAVES_MAX or len(group) == 1 for group in groups)


async def test_a_changed_row_is_found_in_its_own_seal(sealed: Ledger, superuser: asyncpg.Connection) -> None:
    await superuser.execute(UNGUARDED)
    xid = await superuser.fetchval(
        "UPDATE ledger.redemption SET basket_cents = basket_cents + 1 WHERE receipt_number = 2 RETURNING xid"
    )
    covering = "SELECT 'seal ' || number FROM ledger.seal WHERE xid_from <= $1 AND xid_upto > $1"
    [found] = await run_checks(sealed, [FACTS_ARE_SEALED])
    assert found.subject == await superuser.fetchval(covering, xid)
    assert found.facts == {"fault": "facts", "missing": 1, "not_sealed": ["redemption"]}
