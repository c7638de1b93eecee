from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from ledger.database import programs
from ledger.database.cluster import Cluster
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, start
from ledger.home import Home
from tests.databases import folder_in_memory

PACKAGES = Path(programs.__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from ledger.database.embedded import start
from ledger.home import Home
server = start(Home(Path(sys.argv[1])))
print(server.cluster.postmaster(), flush=True)
sys.stdin.read()
server.release()
"""


@pytest.fixture
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="bonpois-crash-", dir=folder_in_memory()))
    yield Home(folder)
    shutil.rmtree(folder)


@contextmanager
def holder(home: Home) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that holds the server until its standard input is closed; and the postmaster that it saw."""
    command = [sys.executable, "-c", HOLD, str(home.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PACKAGES) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_two_processes_share_one_server_and_the_last_one_out_stops_it(home: Home) -> None:
    with holder(home) as (process, postmaster):
        server = start(home)
        assert server.cluster.postmaster() == postmaster
        server.release()
        assert server.cluster.postmaster() == postmaster
        process.communicate("")
        assert process.returncode == 0
    assert not Cluster(home).alive()


def test_processes_that_come_at_once_to_a_new_home_make_one_server(home: Home) -> None:
    command = [sys.executable, "-c", HOLD, str(home.path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PACKAGES)
        for _ in range(4)
    ]
    seen = {process.stdout.readline() for process in processes if process.stdout is not None}
    for process in processes:
        process.communicate("")
    assert len(seen) == 1
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert not Cluster(home).alive()


def test_a_killed_parent_leaves_a_server_that_the_next_process_uses_and_stops(home: Home) -> None:
    with holder(home) as (process, postmaster):
        process.kill()
        process.wait()
        assert Cluster(home).alive()
        server = start(home)
        assert server.cluster.postmaster() == postmaster
        server.release()
    assert not Cluster(home).alive()


def test_a_parent_killed_while_it_makes_the_data_leaves_nothing_that_counts(home: Home) -> None:
    home.make()
    half = home.postgres / "data.new-cut"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    start(home).release()
    assert not half.exists()


async def test_a_killed_server_recovers_what_was_committed(home: Home) -> None:
    server = start(home)
    async with connected(server.url(SUPERUSER, "postgres")) as connection:
        await connection.execute("CREATE TABLE kept (number integer)")
        await connection.execute("INSERT INTO kept VALUES (1)")
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("INSERT INTO kept VALUES (2)")
        _kill(server.cluster)
        _wait_until_dead(server.cluster)
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)):
            await transaction.commit()
    again = start(home)
    async with connected(again.url(SUPERUSER, "postgres")) as connection:
        assert [row["number"] for row in await connection.fetch("SELECT number FROM kept")] == [1]
    server.release()
    assert again.cluster.alive()
    again.release()
    assert not again.cluster.alive()


async def test_a_backend_that_outlives_its_killed_postmaster_is_waited_for(home: Home) -> None:
    server = start(home)
    connection = await asyncpg.connect(server.url(SUPERUSER, "postgres"))
    busy = asyncio.create_task(connection.fetchval("SELECT count(*) FROM generate_series(1, 12000000)"))
    await asyncio.sleep(0.3)
    _kill(server.cluster)
    assert server.cluster.alive()
    again = await asyncio.to_thread(start, home)
    async with connected(again.url(SUPERUSER, "postgres")) as fresh:
        assert await fresh.fetchval("SELECT 1") == 1
    await asyncio.gather(busy, return_exceptions=True)
    connection.terminate()
    server.release()
    again.release()


def test_the_id_of_a_killed_server_may_be_another_process_s_by_now(home: Home) -> None:
    server = start(home)
    account = server.cluster.account()
    with subprocess.Popen(["sleep", "60"], user=account.uid if account else None) as stranger:
        try:
            _kill(server.cluster)
            _wait_until_dead(server.cluster)
            _rewrite_process_id(server.cluster, stranger.pid)
            server.release()  # the last one out: it would stop the server, and must not touch the stranger
            assert stranger.poll() is None
            _rewrite_process_id(server.cluster, stranger.pid)
            start(home).release()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_start_that_was_cut_is_taken_over(home: Home) -> None:
    start(home).release()
    cluster = Cluster(home)
    cluster._launch(durable=True)  # and the process that launched it is gone before it answered
    server = start(home)
    assert cluster.ready()
    server.release()
    assert not cluster.alive()


def _kill(cluster: Cluster) -> None:
    postmaster = cluster.postmaster()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)


def _wait_until_dead(cluster: Cluster) -> None:
    deadline = time.monotonic() + 20
    while cluster.alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _rewrite_process_id(cluster: Cluster, process_id: int) -> None:
    file = cluster.data / "postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(process_id), *lines[1:]]) + "\n")
