"""The databases of a test run: one template, migrated once, and a clone of it for each test that asks.

By default a PostgreSQL of the run's own, embedded, in a temporary home, not durable. With
`BONPOIS_TEST_OWNER_URL` (a superuser) the server by that URL; what the run makes there, it drops again, save
the group roles, which are named by `BONPOIS_ROLE_PREFIX`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from ledger.database import migrate, roles
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, start
from ledger.home import ROLE_PREFIX_DEFAULT, Home

_MEMORY_BYTES_MIN = 4 * 1024**3


@dataclass(frozen=True)
class DatabaseUrls:
    """`app` for BONPOIS_DATABASE_URL, `owner` for BONPOIS_OWNER_URL."""

    app: str
    owner: str
    role_prefix: str

    def environment(self) -> dict[str, str]:
        """For a process that a test starts."""
        return {
            "BONPOIS_DATABASE_URL": self.app,
            "BONPOIS_OWNER_URL": self.owner,
            "BONPOIS_ROLE_PREFIX": self.role_prefix,
        }


@dataclass(frozen=True)
class TestServer:
    """Where the tests' databases are."""

    __test__ = False  # the name is no test class's

    owner_url: str
    login: str
    password: str
    role_prefix: str
    template: str

    def urls(self, database: str) -> DatabaseUrls:
        app = with_login(self.owner_url, self.login, self.password)
        return DatabaseUrls(with_database(app, database), with_database(self.owner_url, database), self.role_prefix)

    @asynccontextmanager
    async def empty_database(self) -> AsyncIterator[DatabaseUrls]:
        """A database of one's own without any table of ours."""
        async with self._database(f"bonpois_test_{secrets.token_hex(6)}", "template0") as urls:
            yield urls

    @asynccontextmanager
    async def clone(self) -> AsyncIterator[DatabaseUrls]:
        """A database of one's own with every table, as the migrations left them."""
        async with self._database(f"bonpois_test_{secrets.token_hex(6)}", self.template) as urls:
            yield urls

    @asynccontextmanager
    async def _database(self, name: str, template: str) -> AsyncIterator[DatabaseUrls]:
        async with connected(self.owner_url) as connection:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            if template == self.template:  # grants on the database itself are not cloned with it
                await connection.execute(f"GRANT CREATE ON DATABASE {name} TO {self.role_prefix}_owner")
        try:
            yield self.urls(name)
        finally:
            async with connected(self.owner_url) as connection:
                await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def make_template(self) -> None:
        async with connected(self.owner_url) as connection:
            await connection.execute(f"CREATE DATABASE {self.template}")
        urls = self.urls(self.template)
        await roles.init(urls.owner, urls.app, self.role_prefix)
        await migrate.upgrade(urls.owner, self.role_prefix)

    async def clean(self) -> None:
        async with connected(self.owner_url) as connection:
            await connection.execute(f"DROP DATABASE IF EXISTS {self.template} WITH (FORCE)")
            await connection.execute(f"DROP ROLE IF EXISTS {self.login}")


@contextmanager
def server_of_the_run() -> Iterator[TestServer]:
    prefix = os.environ.get("BONPOIS_ROLE_PREFIX", ROLE_PREFIX_DEFAULT)
    given = os.environ.get("BONPOIS_TEST_OWNER_URL")
    if given:
        yield _named(given, prefix)
        return
    folder = Path(tempfile.mkdtemp(prefix="bonpois-test-", dir=folder_in_memory()))
    try:
        server = start(Home(folder), durable=False)
        try:
            yield _named(server.url(SUPERUSER, "postgres"), prefix)
        finally:
            server.release()
    finally:
        shutil.rmtree(folder)


def folder_in_memory() -> Path | None:
    """A clone is a thousand small files: ten times faster where they are only memory, if there is enough."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of our own in it
    try:
        status = os.statvfs(memory)
    except OSError:
        return None
    enough = status.f_bavail * status.f_frsize >= _MEMORY_BYTES_MIN
    return memory if enough and os.access(memory, os.W_OK) else None


def _named(owner_url: str, prefix: str) -> TestServer:
    run = secrets.token_hex(4)
    return TestServer(
        owner_url=owner_url,
        login=f"bonpois_test_login_{run}",
        password=secrets.token_hex(16),
        role_prefix=prefix,
        template=f"bonpois_test_template_{run}",
    )


def with_database(url: str, database: str) -> str:
    """The same URL for another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def with_login(url: str, user: str, password: str) -> str:
    """The same URL for another login."""
    place = urlsplit(url).netloc.rpartition("@")[2]
    return urlsplit(url)._replace(netloc=f"{quote(user)}:{quote(password, safe='')}@{place}").geturl()
