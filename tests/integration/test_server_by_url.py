"""The product against a PostgreSQL of the system: passwords over TCP, a version older than ours."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest

from ledger.books.accounts import AccountKind, account_named
from ledger.books.balances import balance_cents
from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.clock import FixedClock
from ledger.database import migrate, roles
from ledger.database.cluster import Cluster
from ledger.database.connect import connected
from ledger.database.engine import Database, open_database
from ledger.database.programs import Programs, account_for, reached
from ledger.database.unit_of_work import Ledger
from ledger.errors import BadConfiguration, DatabaseNotReady, DatabaseUnreachable, WrongDatabaseRole
from ledger.home import Home, Settings
from ledger.keyring import Keyring
from tests.databases import folder_in_memory, with_database, with_login

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
OWNER_PASSWORD = "owner's passwörd @/:%"
APP_PASSWORD = "the app's: pässword ⅸ @/%"

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not INSTALLED and not os.environ.get("CI"), reason="no PostgreSQL was installed by the system"),
]


@pytest.fixture(scope="module")
def superuser_url() -> Iterator[str]:
    """A server that asks everybody for a password, on a free loopback port."""
    assert INSTALLED, "install the system's PostgreSQL (Debian: postgresql)"
    folder = Path(tempfile.mkdtemp(prefix="bonpois-server-", dir=folder_in_memory()))
    try:
        data, secret = folder / "data", folder / "password"
        data.mkdir(mode=0o700)
        secret.write_text(OWNER_PASSWORD, encoding="utf-8")
        programs = Programs(INSTALLED[-1].parent, account_for(folder))
        if programs.account is not None:
            for path in (data, secret):
                os.chown(path, programs.account.uid, programs.account.gid)
        port = _free_port()
        with reached(data, programs.account) as lent, secret.open("rb") as password:
            pwfile = f"--pwfile=/proc/self/fd/{password.fileno()}"
            options = ("-U", "root of all", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--no-sync")
            inherit = (*lent.descriptors, password.fileno())
            assert programs.run("initdb", "-D", lent.path, *options, pwfile, inherit=inherit) == 0
            served = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
            start = ("start", "-w", "-D", lent.path, "-o", served, "-l", f"{lent.path}/log")
            assert programs.run("pg_ctl", *start, inherit=lent.descriptors) == 0
            try:
                place = f"127.0.0.1:{port}/postgres"
                yield f"postgresql://{quote('root of all')}:{quote(OWNER_PASSWORD, safe='')}@{place}"
            finally:
                stop = ("stop", "-w", "-m", "immediate", "-D", lent.path)
                programs.run("pg_ctl", *stop, inherit=lent.descriptors)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
async def environment(superuser_url: str) -> dict[str, str]:
    """A database of its own, owned by a role that may make roles and is no superuser."""
    name = f"aid_{uuid4().hex[:8]}"
    async with connected(superuser_url) as connection:
        verifier = roles.scram_verifier(OWNER_PASSWORD)
        await connection.execute(f"CREATE ROLE {name}_steward LOGIN CREATEROLE PASSWORD '{verifier}'")
        await connection.execute(f"CREATE DATABASE {name} OWNER {name}_steward")
    database_url = with_database(superuser_url, name)
    return {
        "BONPOIS_DATABASE_URL": with_login(database_url, f"{name}_service", APP_PASSWORD),
        "BONPOIS_OWNER_URL": with_login(database_url, f"{name}_steward", OWNER_PASSWORD),
        "BONPOIS_ROLE_PREFIX": name,
    }


@pytest.mark.parametrize("pooled", ["0", "1"])
async def test_init_upgrade_and_a_posting(environment: dict[str, str], tmp_path: Path, pooled: str) -> None:
    home = Home(tmp_path)
    settings = Settings.from_environment(home, environment | {"BONPOIS_DATABASE_POOLED": pooled})
    assert settings.owner_url is not None
    with pytest.raises(DatabaseUnreachable):  # the login is not there yet
        await _open_and_close(home, settings)
    await roles.init(settings.owner_url, settings.database_url, settings.role_prefix)
    with pytest.raises(DatabaseNotReady):
        await _open_and_close(home, settings)
    await migrate.upgrade(settings.owner_url, settings.role_prefix)
    async with open_database(home, settings) as database:
        await _post_a_mandate(database, tmp_path)
        assert await (await database.pool()).fetchval("SELECT count(*) FROM ledger.posting") == 2
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await (await database.pool()).execute("UPDATE ledger.posting SET amount_cents = 0")
    assert not Cluster(home).data.exists()


async def test_the_login_that_was_made_asks_for_its_password(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.from_environment(Home(tmp_path), environment)
    assert settings.owner_url is not None
    assert settings.database_url is not None
    await roles.init(settings.owner_url, settings.database_url, settings.role_prefix)
    async with connected(settings.database_url) as connection:
        assert await connection.fetchval("SELECT current_user::text") == f"{settings.role_prefix}_service"
    wrong = with_login(settings.database_url, f"{settings.role_prefix}_service", "wrong")
    with pytest.raises(DatabaseUnreachable) as refused:
        await migrate.require_current(wrong)
    assert refused.value.facts == {"sqlstate": "28P01"}


async def test_the_owner_s_login_cannot_open_the_ledger(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.from_environment(Home(tmp_path), environment)
    assert settings.owner_url is not None
    await roles.init(settings.owner_url, settings.database_url, settings.role_prefix)
    await migrate.upgrade(settings.owner_url, settings.role_prefix)
    swapped = environment | {"BONPOIS_DATABASE_URL": settings.owner_url}
    with pytest.raises(WrongDatabaseRole):
        await _open_and_close(Home(tmp_path), Settings.from_environment(Home(tmp_path), swapped))


async def test_a_login_without_rights_cannot_init(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.from_environment(Home(tmp_path), environment)
    assert settings.owner_url is not None
    assert settings.database_url is not None
    await roles.init(settings.owner_url, settings.database_url, settings.role_prefix)
    with pytest.raises(BadConfiguration):
        await roles.init(settings.database_url, None, f"{settings.role_prefix}_other")


async def _open_and_close(home: Home, settings: Settings) -> None:
    async with open_database(home, settings):
        pass


async def _post_a_mandate(database: Database, folder: Path) -> None:
    now = datetime(2026, 10, 1, 8, tzinfo=UTC)
    ledger = Ledger(database, FixedClock(now), Keyring.create(folder / "keys"))
    async with ledger.unit_of_work() as work:
        debit = await account_named(work, AccountKind.ASSOCIATION_IN_TRANSIT.code)
        credit = await account_named(work, AccountKind.CCAS_MANDATED.code)
        legs = transfer(debit, credit, 1_250)
        await post(work, [Transaction(uuid4(), TransactionKind.MANDATE, now, legs)])
    async with ledger.unit_of_work() as work:
        assert await balance_cents(work, debit) == 1_250
        assert await balance_cents(work, credit) == -1_250


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
