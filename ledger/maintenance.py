"""Care of an installation: make it, bring it up to date, back it up, restore it.

A backup holds the database only, in PostgreSQL's custom format. The key file is backed up apart, by hand, to
another place: either one alone gives nobody away.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import asyncpg

from ledger.database import migrate, roles
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, running
from ledger.database.engine import EMBEDDED_DATABASE, prepare_embedded
from ledger.database.programs import Programs
from ledger.errors import AlreadyExists, BadConfiguration, FileUnreadable, NotPossibleNow, ProgramFailed
from ledger.home import Settings
from ledger.keyring import Keyring
from ledger.opening import keys_of

_LOCK_SECONDS_MAX = 10
_IDENTITY_TABLES = """
    SELECT string_agg(oid::regclass::text, ', ' ORDER BY relname)
    FROM pg_class WHERE relnamespace = 'identity'::regnamespace AND relkind = 'r'
"""
_SECONDS_MAX = 6 * 3600  # a large database on a slow disk; only a hanging program is meant


@dataclass(frozen=True)
class DatabaseState:
    """Versions are the numbers of migrations; `database_version` is null before the first."""

    embedded: bool
    database_version: str | None
    program_version: str
    up_to_date: bool
    rehearsal: bool


async def initialise(settings: Settings) -> DatabaseState:
    """Make keys, roles and tables where they are missing; repeating it changes nothing.

    By URL it needs `BONPOIS_OWNER_URL`, and makes the login that `BONPOIS_DATABASE_URL` names. New keys are
    made only for a database without tables: `KeysMissing` otherwise.
    """
    if settings.embedded:
        keys_of(settings, creates=True)
        return await _bring_up_to_date(settings)
    async with _logins(settings) as logins:
        await roles.init(logins.owner, logins.app, settings.role_prefix)
        folder = settings.home.make().keys
        Keyring.create(folder) if await migrate.current(logins.owner) is None else Keyring.load(folder)
    return await _bring_up_to_date(settings)


async def upgrade(settings: Settings) -> DatabaseState:
    """Run the migrations that are missing. Refuses with `HomeEmpty`, `KeysMissing`, `BadConfiguration`."""
    keys_of(settings, creates=False)
    return await _bring_up_to_date(settings)


async def database_state(settings: Settings) -> DatabaseState:
    """Look only. Refuses with `HomeEmpty`, `DatabaseUnreachable`."""
    if settings.database_url is not None:
        return await _state(settings, settings.database_url)
    keys_of(settings, creates=False)
    async with _logins(settings) as logins:
        return await _state(settings, logins.owner)


async def back_up(settings: Settings, file: Path) -> int:
    """Write one consistent picture of the database while the service goes on; gives its size in bytes.

    The file is readable by its owner only. Refuses with `AlreadyExists`, `FileUnreadable`, `ProgramFailed`.
    """
    if file.exists():
        raise AlreadyExists(file=str(file))
    keys_of(settings, creates=False)
    beside = file.absolute().with_name(f".{file.name}.part")
    options = ("--format=custom", f"--file={beside}", f"--role={roles.Roles(settings.role_prefix).owner}")
    try:
        async with _logins(settings) as logins:
            with _without_password(logins.owner) as url:
                _run("pg_dump", f"--dbname={url}", *options)
        _run("pg_restore", "--list", str(beside))
        beside.rename(file)
    except OSError as error:
        raise FileUnreadable(file=str(file), reason=error.strerror) from None
    finally:
        beside.unlink(missing_ok=True)
    return file.stat().st_size


async def restore(settings: Settings, file: Path) -> DatabaseState:
    """Fill an empty database from a backup, in one transaction; then run the migrations that are missing.

    The key file has to be back in its place before. Refuses with `KeysMissing`, `FileUnreadable`,
    `NotPossibleNow` where the database is not empty, `ProgramFailed`.
    """
    if not file.is_file():
        raise FileUnreadable(file=str(file))
    Keyring.load(settings.home.keys)
    async with _logins(settings) as logins:
        if settings.embedded:
            await _make_database(logins.owner)
        await roles.init(logins.owner, logins.app, settings.role_prefix)
        if (version := await migrate.current(logins.owner)) is not None:
            raise NotPossibleNow(state="not-empty", version=version)
        owner = roles.Roles(settings.role_prefix).owner
        with _without_password(logins.owner) as url:
            options = (f"--role={owner}", "--no-owner", "--single-transaction", "--exit-on-error")
            _run("pg_restore", f"--dbname={url}", *options, str(file.absolute()))
    return await upgrade(settings)


async def vacuum_identity(settings: Settings, wait_seconds: int = _LOCK_SECONDS_MAX) -> None:
    """Write the tables of identity anew, so that deleted rows and keys are no longer in their files.

    The write-ahead log holds them until it is recycled, backups until they are thrown away. Refuses with
    `NotPossibleNow` where somebody uses the tables all the time, and as `database_state` does.
    """
    keys_of(settings, creates=False)
    owner, wait = roles.Roles(settings.role_prefix).owner, f"{wait_seconds}s"
    async with _logins(settings) as logins, connected(logins.owner, role=owner, lock_timeout=wait) as connection:
        tables = await connection.fetchval(_IDENTITY_TABLES)
        try:
            await connection.execute(f"VACUUM (FULL) {tables}")
        except asyncpg.LockNotAvailableError:
            raise NotPossibleNow(state="in-use") from None


async def _bring_up_to_date(settings: Settings) -> DatabaseState:
    if settings.embedded:
        async with running(settings.home) as server:
            await prepare_embedded(server, settings.role_prefix)
            return await _state(settings, server.url(SUPERUSER, EMBEDDED_DATABASE))
    async with _logins(settings) as logins:
        await migrate.upgrade(logins.owner, settings.role_prefix)
        return await _state(settings, logins.owner)


async def _make_database(url: str) -> None:
    maintenance = urlsplit(url)._replace(path="/postgres").geturl()
    async with connected(maintenance) as connection:
        sql = "SELECT true FROM pg_database WHERE datname = $1"
        if not await connection.fetchval(sql, EMBEDDED_DATABASE):
            await connection.execute(f"CREATE DATABASE {EMBEDDED_DATABASE}")


async def _state(settings: Settings, url: str) -> DatabaseState:
    version, program = await migrate.current(url), migrate.head()
    async with connected(url) as connection:
        marked = version is not None and await connection.fetchval("SELECT count(*) FROM ledger.rehearsal")
    return DatabaseState(settings.embedded, version, program, version == program, bool(marked))


@dataclass(frozen=True)
class _Logins:
    owner: str  # may change the schema
    app: str


@asynccontextmanager
async def _logins(settings: Settings) -> AsyncIterator[_Logins]:
    """Both logins; the embedded server runs meanwhile."""
    if settings.database_url is None:
        service = roles.Roles(settings.role_prefix).service
        async with running(settings.home) as server:
            urls = (server.url(role, EMBEDDED_DATABASE) for role in (SUPERUSER, service))
            yield _Logins(*urls)
    elif settings.owner_url is None:
        raise BadConfiguration(setting="BONPOIS_OWNER_URL", pattern="postgresql://…")
    else:
        yield _Logins(settings.owner_url, settings.database_url)


@contextmanager
def _without_password(url: str) -> Iterator[str]:
    """The URL without its password, which goes into a file of ours: command lines are public."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username else ""
    with tempfile.NamedTemporaryFile("w", prefix="bonpois-", encoding="utf-8") as passwords:
        password = unquote(parts.password or "").replace("\\", "\\\\").replace(":", "\\:")
        passwords.write(f"*:*:*:*:{password}\n" if password else "")
        passwords.flush()
        query = "&".join(part for part in (parts.query, urlencode({"passfile": passwords.name})) if part)
        yield parts._replace(netloc=user + place, query=query).geturl()


def _run(program: str, *arguments: str) -> None:
    with tempfile.TemporaryFile() as output:
        programs = Programs.for_account(None)
        if programs.run(program, *arguments, output=output, seconds_max=_SECONDS_MAX) != 0:
            output.seek(0)
            lines = output.read().decode(errors="replace").strip().splitlines()
            said = next((line for line in lines if "error" in line), lines[-1] if lines else "")
            raise ProgramFailed(program=program, said=said)
