"""The embedded PostgreSQL of a home: made at first use, shared by processes, stopped by the last one out.

Two locks serve that: `start.lock` lets one process at a time start or stop the server, and every process that
uses it holds `users.lock` together with the others.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from urllib.parse import quote

from ledger.database.cluster import PORT, SECONDS_MAX, SUPERUSER, Cluster
from ledger.database.locks import EXCLUSIVE, SHARED, Lock, locked
from ledger.errors import HomeClosed
from ledger.home import Home

__all__ = ["SUPERUSER", "Server", "running", "start"]


@dataclass
class Server:
    """A running server, held by this process until `release`."""

    cluster: Cluster
    users_lock: int | None

    def url(self, role: str, database: str) -> str:
        """A libpq URL through the socket, without password: the socket's folder lets only its owner in."""
        host = quote(str(self.cluster.socket_folder()), safe="")
        return f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"

    def release(self) -> None:
        """Let go of the server; the last one out stops it. May be called again."""
        if self.users_lock is None:
            return
        with locked(self.cluster.folder / "start.lock", 2 * SECONDS_MAX):
            os.close(self.users_lock)
            self.users_lock = None
            with suppress(BlockingIOError), closing(Lock(self.cluster.folder / "users.lock")) as users:
                users.take(EXCLUSIVE)
                self.cluster.stop()


def start(home: Home, *, durable: bool = True) -> Server:
    """Start the home's server, or join the one that runs.

    `durable=False` is for tests: a power cut loses data.
    Refuses with `EmbeddedFailed`, which names the log file, or `HomeClosed`.
    """
    cluster = Cluster(home.make())
    try:
        with locked(cluster.folder / "start.lock", 2 * SECONDS_MAX):
            users = Lock(cluster.folder / "users.lock")
            try:
                users.take(SHARED)
                cluster.ensure_running(durable=durable)
            except BaseException:
                users.close()
                raise
    except PermissionError as error:  # the home of another user
        raise HomeClosed(folder=str(error.filename)) from None
    return Server(cluster, users.descriptor)


@asynccontextmanager
async def running(home: Home, *, durable: bool = True) -> AsyncIterator[Server]:
    """Hold the home's server for the length of the block.

    It blocks the event loop for the moment of start and stop: nothing else is going on then, and a cancelled
    task cannot leave the server half taken.
    """
    server = start(home, durable=durable)
    try:
        yield server
    finally:
        server.release()
