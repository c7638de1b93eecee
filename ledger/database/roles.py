"""The roles of the database: who owns, who uses, who logs in. Roles are the whole server's, hence the prefix.

`<prefix>_owner` owns every object and cannot log in; `<prefix>_app` may do what the migrations grant; logins
are members of the second only. Needs a superuser, or a role that owns the database and has CREATEROLE.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import asyncpg

from ledger.database.connect import connected
from ledger.errors import BadConfiguration, WrongDatabaseRole

VERSION_MIN = 150_000
_VERSION_OF_GRANT_OPTIONS = 160_000
_SCRAM_ITERATIONS = 4096
_SALT_BYTES = 16


@dataclass(frozen=True)
class Roles:
    """The names that a prefix stands for."""

    prefix: str

    @property
    def owner(self) -> str:
        return f"{self.prefix}_owner"

    @property
    def app(self) -> str:
        return f"{self.prefix}_app"

    @property
    def service(self) -> str:
        """The login of the embedded server."""
        return f"{self.prefix}_service"


async def init(owner_url: str, app_url: str | None, prefix: str) -> None:
    """Make what is missing of the roles; repeating it changes nothing.

    Refuses with `BadConfiguration` when the owner's login may not do this or the server is older than
    PostgreSQL 15, and with `WrongDatabaseRole` when the application's login is too mighty.
    """
    roles = Roles(prefix)
    async with connected(owner_url) as connection:
        server_version = int(await connection.fetchval("SHOW server_version_num"))
        if server_version < VERSION_MIN:
            raise BadConfiguration(setting="BONPOIS_OWNER_URL", server_version=server_version)
        try:
            async with connection.transaction():
                await _make_groups(connection, roles, server_version)
                if app_url is not None:
                    await _make_login(connection, roles, *login_of(app_url))
        except asyncpg.InsufficientPrivilegeError:
            needs = ["CREATEROLE", "database ownership"]
            raise BadConfiguration(setting="BONPOIS_OWNER_URL", needs=needs) from None


async def _make_groups(connection: asyncpg.Connection, roles: Roles, server_version: int) -> None:
    for group in (roles.owner, roles.app):
        await _make_role(connection, group, "NOLOGIN")
    database = quoted(await connection.fetchval("SELECT current_database()"))
    await connection.execute(f"GRANT CREATE ON DATABASE {database} TO {quoted(roles.owner)}")
    await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {quoted(roles.app)}")
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        options = " WITH INHERIT TRUE, SET TRUE" if server_version >= _VERSION_OF_GRANT_OPTIONS else ""
        await connection.execute(f"GRANT {quoted(roles.owner)} TO CURRENT_USER{options}")


async def _make_login(connection: asyncpg.Connection, roles: Roles, login: str, password: str | None) -> None:
    """An existing login keeps its password; the server only ever sees the verifier of a new one."""
    mighty = await connection.fetchval(
        "SELECT rolsuper OR rolcreaterole OR pg_has_role(oid, $2, 'MEMBER') FROM pg_roles WHERE rolname = $1",
        login,
        roles.owner,
    )
    if mighty:
        raise WrongDatabaseRole(role=login)
    verifier = f" PASSWORD '{scram_verifier(password)}'" if password else ""
    await _make_role(connection, login, f"LOGIN{verifier}")
    if not await connection.fetchval("SELECT pg_has_role($1::name, $2::name, 'MEMBER')", login, roles.app):
        await connection.execute(f"GRANT {quoted(roles.app)} TO {quoted(login)}")


async def _make_role(connection: asyncpg.Connection, role: str, options: str) -> None:
    """Another process may make the same role at the same time, even from another database."""
    if await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        return
    try:
        async with connection.transaction():
            await connection.execute(f"CREATE ROLE {quoted(role)} {options}")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        return


def login_of(url: str) -> tuple[str, str | None]:
    """User and password of a URL, decoded; `BadConfiguration` without a user."""
    parts = urlsplit(url)
    if not parts.username:
        raise BadConfiguration(setting="BONPOIS_DATABASE_URL", missing="user")
    return unquote(parts.username), unquote(parts.password) if parts.password else None


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL keeps of a password (RFC 5802, RFC 7677): it proves a login, and does not tell it."""
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(), salt, _SCRAM_ITERATIONS)
    stored_key = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    parts = (_base64(part) for part in (salt, stored_key, _hmac(salted, b"Server Key")))
    return "SCRAM-SHA-256${}:{}${}:{}".format(_SCRAM_ITERATIONS, *parts)


def _prepared(password: str) -> str:
    """SASLprep (RFC 4013): how clients write a password down before they hash it."""
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if not stringprep.in_table_b1(character)
    )
    return unicodedata.normalize("NFKC", mapped)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, "sha256").digest()


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
