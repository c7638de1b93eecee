from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from ledger.database import migrate, programs
from ledger.database.cluster import Cluster
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, Server, running, start
from ledger.database.engine import open_database
from ledger.database.programs import Account, Programs, account_for, reached, refuse_closed_parent
from ledger.errors import EmbeddedFailed, HomeClosed
from ledger.home import Home, Settings
from tests.databases import folder_in_memory

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends another account")
PACKAGES = Path(programs.__file__).parents[2]


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only its owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="bonpois-closed-", dir=folder_in_memory()))
    yield folder
    shutil.rmtree(folder)


async def test_the_database_is_made_at_first_use_and_found_again(closed: Path) -> None:
    home = Home(closed / "home")
    settings = Settings.from_environment(home, {})
    for _ in range(2):
        async with open_database(home, settings) as database, connected(database.url) as connection:
            assert await connection.fetchval("SELECT current_user::text") == "bonpois_service"
            assert await migrate.current(database.url) == migrate.head()
            pool = await database.pool()
            assert await pool.fetchval("SELECT 1") == 1
    assert not Cluster(home).alive()


async def test_what_was_committed_outlives_the_server(closed: Path) -> None:
    home = Home(closed)
    async with running(home) as server, connected(server.url(SUPERUSER, "postgres")) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    async with running(home) as server, connected(server.url(SUPERUSER, "postgres")) as connection:
        assert await connection.fetchval("SELECT number FROM kept") == 42


async def test_it_is_durable_checksummed_and_closed_to_the_network(closed: Path) -> None:
    async with running(Home(closed)) as server, connected(server.url(SUPERUSER, "postgres")) as connection:
        rows = await connection.fetch("SELECT name, setting FROM pg_settings")
        locale = await connection.fetchval("SELECT datcollate || ' ' || datctype FROM pg_database LIMIT 1")
        order = await connection.fetchval("SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,é,A,a}'::text[]) x")
    settings = {row["name"]: row["setting"] for row in rows}
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "max_prepared_transactions": "0",
        "jit": "off",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "log_error_verbosity": "terse",
    }
    assert {name: settings[name] for name in expected} == expected
    assert locale in {"C C", "C.UTF-8 C.UTF-8"}
    assert order == "Aabé"


async def test_a_closed_folder_stays_closed(closed: Path) -> None:
    home = Home(closed / "a folder with 'quotes' and $(spaces)")
    before = {folder: folder.stat() for folder in (closed, *closed.parents)}
    async with running(home) as server, connected(server.url(SUPERUSER, "postgres")) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    for folder, status in before.items():
        assert (folder.stat().st_mode, folder.stat().st_uid) == (status.st_mode, status.st_uid)
    assert {path.name for path in (home.path, *home.path.iterdir()) if path.stat().st_mode & 0o077} == set()
    lent = {path.name for path in home.postgres.iterdir() if path.stat().st_uid != os.geteuid()}
    assert lent == ({"data", "socket"} if os.geteuid() == 0 else set())


async def test_a_path_too_long_for_a_socket_gets_a_short_one(closed: Path) -> None:
    home = Home(closed / ("long" * 30))
    async with running(home) as server, connected(server.url(SUPERUSER, "postgres")) as connection:
        folder = server.cluster.socket_folder()
        assert len(os.fsencode(folder)) < 90
        assert folder.stat().st_mode & 0o077 == 0
        assert await connection.fetchval("SELECT 1") == 1
    folder.rmdir()  # as a cleaner of temporary folders does
    async with running(home) as server, connected(server.url(SUPERUSER, "postgres")) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    server.cluster.socket_folder().rmdir()


async def test_a_running_server_whose_socket_was_cleaned_away_is_replaced(closed: Path) -> None:
    home = Home(closed)
    first = start(home)
    shutil.rmtree(first.cluster.socket_folder())
    async with running(home) as server, connected(server.url(SUPERUSER, "postgres")) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    first.release()
    assert not first.cluster.alive()


async def test_a_copy_of_a_home_has_a_server_of_its_own(closed: Path) -> None:
    original, copy = Home(closed / ("original" * 12)), Home(closed / ("the-copy" * 12))
    start(original).release()
    shutil.copytree(original.path, copy.path, symlinks=True)
    with _held(original) as one, _held(copy) as other:
        assert one.cluster.postmaster() != other.cluster.postmaster()
        for server in (one, other):
            async with connected(server.url(SUPERUSER, "postgres")) as connection:
                assert await connection.fetchval("SELECT 1") == 1
    for home in (original, copy):
        Cluster(home).socket_folder().rmdir()


def test_a_server_that_cannot_start_names_its_log(closed: Path) -> None:
    home = Home(closed)
    start(home).release()
    with (home.postgres / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedFailed) as refused:
        start(home)
    assert refused.value.facts["log"] == str(home.postgres / "server.log")
    assert "FATAL" in str(refused.value.facts["said"])
    assert not Cluster(home).alive()


def test_a_server_started_by_hand_is_left_alone(closed: Path) -> None:
    home = Home(closed)
    start(home).release()
    cluster = Cluster(home)
    account = cluster.account()
    by_hand = Programs.for_account(account)
    with reached(cluster.data, account) as data, reached(cluster.socket_folder(), account) as sockets:
        arguments = ("start", "-w", "-D", data.path, "-o", f"-c unix_socket_directories={sockets.path}")
        assert by_hand.run("pg_ctl", *arguments, inherit=(*data.descriptors, *sockets.descriptors)) == 0
        try:
            with pytest.raises(EmbeddedFailed) as refused:
                start(home)
            assert refused.value.facts == {"started_by_hand": cluster.postmaster()}
        finally:
            by_hand.run("pg_ctl", "stop", "-w", "-D", data.path, inherit=data.descriptors)


@AS_ROOT
def test_data_restored_by_root_is_taken_over(closed: Path) -> None:
    home = Home(closed)
    start(home).release()
    for path in (home.postgres / "data", *(home.postgres / "data").rglob("*")):
        os.chown(path, 0, 0, follow_symlinks=False)
    start(home).release()
    assert (home.postgres / "data" / "PG_VERSION").stat().st_uid != 0


@AS_ROOT
def test_programs_in_a_closed_folder_are_copied_and_repaired(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = account_for(closed)
    installed = Programs.for_account(None)
    for file in programs._files_needed(installed.folder):
        copy = closed / file.relative_to(installed.folder.parents[2])
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    shut_away = Programs(closed / installed.folder.relative_to(installed.folder.parents[2]), account)
    place = Path(tempfile.mkdtemp(prefix="bonpois-open-"))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    try:
        place.chmod(0o755)
        assert not shut_away.executable
        copied = programs._copy(shut_away)
        assert copied.is_relative_to(place)
        assert Programs(copied, account).executable
        (copied / "initdb").unlink()
        assert programs._copy(shut_away) == copied
        assert (copied / "initdb").exists()
        assert [entry.name for entry in place.iterdir() if entry.name.startswith(".")] == []
        next(place.iterdir()).chmod(0o777)  # others may have written in it
        assert programs._copy(shut_away) == copied
        assert next(place.iterdir()).stat().st_mode & 0o022 == 0
    finally:
        shutil.rmtree(place)


@AS_ROOT
def test_root_serves_as_an_ordinary_user_in_a_folder_of_that_user(closed: Path) -> None:
    """Nothing but the user's own rights is needed: the script drops root's before it starts."""
    account = account_for(closed)
    assert account is not None
    os.chown(closed, account.uid, account.gid)
    script = f"""
import os, tempfile
from pathlib import Path
from ledger.database import embedded, programs
from ledger.home import Home
import asyncio, asyncpg, encodings.ascii, encodings.idna  # while root may still read them
os.setgroups([]); os.setgid({account.gid}); os.setuid({account.uid})
server = embedded.start(Home(Path({str(closed)!r})))
async def ask():
    connection = await asyncpg.connect(server.url("postgres", "postgres"))
    print(await connection.fetchval("SELECT 'answered'"))
    await connection.close()
asyncio.run(ask())
server.release()
"""
    if not Programs(Programs.for_account(None).folder, account).executable:
        pytest.skip("the programs are in a folder that the account cannot enter")
    asked = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=PACKAGES)
    assert asked.stdout == "answered\n"
    assert (closed / "pg" / "data").stat().st_uid == account.uid
    start(Home(closed)).release()  # root runs it as its owner
    assert (closed / "pg" / "data").stat().st_uid == account.uid


@AS_ROOT
def test_where_no_open_folder_can_be_lent_the_closed_parent_is_named(closed: Path) -> None:
    account = account_for(closed)
    assert isinstance(account, Account)
    with pytest.raises(HomeClosed) as refused:
        refuse_closed_parent(closed / "pg", account)
    assert refused.value.facts["folder"] == str(closed)


async def test_two_databases_in_one_process_share_the_server(closed: Path) -> None:
    home = Home(closed)
    settings = Settings.from_environment(home, {})
    async with open_database(home, settings) as one:
        async with open_database(home, settings) as other:
            assert one.url == other.url
        async with connected(one.url) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        pool = await one.pool()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("CREATE TABLE mine (id integer)")


class _held:  # noqa: N801 - reads as a word
    def __init__(self, home: Home) -> None:
        self.server = start(home)

    def __enter__(self) -> Server:
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.release()
