from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from ledger.database import migrate, roles
from ledger.database.connect import connected
from ledger.database.engine import Database, assert_app_role, open_database
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    BadConfiguration,
    DatabaseNotReady,
    DatabaseUnreachable,
    Refusal,
    WrongDatabaseRole,
)
from ledger.home import Home, Settings
from tests.databases import DatabaseUrls, TestServer, with_login


async def test_the_ledger_logs_in_as_the_application(ledger: Ledger) -> None:
    await assert_app_role(ledger.database)
    await migrate.require_current(ledger.database.url)


async def test_the_owner_role_owns_every_object_and_cannot_log_in(
    owner: asyncpg.Connection, database_urls: DatabaseUrls
) -> None:
    name = f"{database_urls.role_prefix}_owner"
    assert await owner.fetchval("SELECT current_user::text") == name
    assert not await owner.fetchval("SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", name)
    strays = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace::regnamespace::text IN ('ledger', 'identity')"
        " AND pg_get_userbyid(relowner) <> $1",
        name,
    )
    assert strays == []


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE {prefix}_owner",
        "CREATE SCHEMA mine",
        "CREATE TABLE ledger.mine (id integer)",
        "CREATE TABLE public.mine (id integer)",
        "UPDATE migration.alembic_version SET version_num = '0000'",
        "SELECT rolpassword FROM pg_authid",
        "ALTER ROLE CURRENT_USER CREATEROLE",
    ],
)
async def test_the_application_cannot_reach_beyond_its_grants(
    app: asyncpg.Connection, database_urls: DatabaseUrls, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement.format(prefix=database_urls.role_prefix))


async def test_init_and_upgrade_may_be_repeated(database_urls: DatabaseUrls) -> None:
    for _ in range(2):
        await roles.init(database_urls.owner, database_urls.app, database_urls.role_prefix)
        await migrate.upgrade(database_urls.owner, database_urls.role_prefix)
    assert await migrate.current(database_urls.app) == migrate.head()


async def test_two_upgrades_at_once_migrate_once(database_server: TestServer) -> None:
    async with database_server.empty_database() as urls:
        await roles.init(urls.owner, urls.app, urls.role_prefix)
        await asyncio.gather(*(migrate.upgrade(urls.owner, urls.role_prefix) for _ in range(3)))
        assert await migrate.current(urls.app) == migrate.head()


async def test_another_prefix_names_every_role(database_server: TestServer) -> None:
    prefix = f"{database_server.login}_other"
    async with database_server.empty_database() as urls, connected(database_server.owner_url) as server:
        try:
            await roles.init(urls.owner, None, prefix)
            await migrate.upgrade(urls.owner, prefix)
            async with connected(urls.owner) as connection:
                owners = await connection.fetch(
                    "SELECT DISTINCT pg_get_userbyid(nspowner) AS name FROM pg_namespace"
                    " WHERE nspname IN ('ledger', 'identity', 'migration')"
                )
                granted = await connection.fetch(
                    "SELECT DISTINCT grantee FROM information_schema.table_privileges"
                    " WHERE table_schema IN ('ledger', 'identity')"
                )
            assert {row["name"] for row in owners} == {f"{prefix}_owner"}
            assert {row["grantee"] for row in granted} == {f"{prefix}_owner", f"{prefix}_app"}
        finally:
            await _drop_database_and_roles(server, urls.owner, f"{prefix}_owner", f"{prefix}_app")


async def test_a_role_that_owns_the_database_and_may_create_roles_is_enough(
    database_server: TestServer,
) -> None:
    steward, prefix, password = f"{database_server.login}_steward", f"{database_server.login}_s", "steward"
    async with database_server.empty_database() as urls, connected(database_server.owner_url) as server:
        await server.execute(f"CREATE ROLE {steward} LOGIN CREATEROLE PASSWORD '{password}'")
        database = urls.owner.partition("?")[0].rpartition("/")[2]
        await server.execute(f"ALTER DATABASE {database} OWNER TO {steward}")
        try:
            owner_url = with_login(urls.owner, steward, password)
            app_url = with_login(urls.owner, f"{prefix}_login", "login")
            for _ in range(2):
                await roles.init(owner_url, app_url, prefix)
                await migrate.upgrade(owner_url, prefix)
            await assert_app_role(Database.at(app_url))
        finally:
            made = (f"{prefix}_login", f"{prefix}_app", f"{prefix}_owner", steward)
            await _drop_database_and_roles(server, urls.owner, *made)


async def test_a_role_without_the_right_to_make_roles_is_refused(database_server: TestServer) -> None:
    async with database_server.empty_database() as urls:
        with pytest.raises(BadConfiguration):
            await roles.init(urls.app, None, f"{database_server.login}_none")


@pytest.mark.parametrize("might", ["CREATEROLE", "SUPERUSER", "IN ROLE {owner}"])
async def test_a_mighty_login_is_refused(
    database_urls: DatabaseUrls, superuser: asyncpg.Connection, might: str
) -> None:
    login = f"bonpois_test_mighty_{database_urls.app.partition('?')[0][-12:]}"
    options = might.format(owner=f"{database_urls.role_prefix}_owner")
    await superuser.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'mighty' {options}")
    try:
        url = with_login(database_urls.app, login, "mighty")
        with pytest.raises(WrongDatabaseRole):
            await assert_app_role(Database.at(url))
        with pytest.raises(WrongDatabaseRole):
            await roles.init(database_urls.owner, url, database_urls.role_prefix)
    finally:
        await superuser.execute(f"DROP ROLE {login}")


async def test_a_superuser_cannot_open_the_ledger(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(WrongDatabaseRole):
        async with open_database(home, Settings(home, database_url=database_urls.owner)):
            pass


async def test_a_database_of_another_version_is_refused(
    database_urls: DatabaseUrls, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    await owner.execute("UPDATE migration.alembic_version SET version_num = '0001'")
    with pytest.raises(DatabaseNotReady) as refused:
        async with open_database(home, Settings(home, database_url=database_urls.app)):
            pass
    assert refused.value.facts == {"database": "0001", "program": migrate.head()}


async def test_an_empty_database_is_refused(database_server: TestServer) -> None:
    async with database_server.empty_database() as urls:
        with pytest.raises(DatabaseNotReady):
            await migrate.require_current(urls.app)
        with pytest.raises(DatabaseNotReady):
            await migrate.upgrade(urls.owner, f"{database_server.login}_absent")


async def test_a_server_that_is_not_there_is_told_without_the_url() -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        await migrate.require_current("postgresql://someone:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(refused.value)


async def test_the_verifier_is_the_one_that_the_server_itself_would_keep(
    superuser: asyncpg.Connection,
) -> None:
    password = "pa ss'w\u00f6rd\u00ad \u2168"  # SASLprep: no-break space, soft hyphen, Roman numeral nine
    login = f"bonpois_test_scram_{await superuser.fetchval('SELECT current_database()')}"[-60:]
    await superuser.execute("SET password_encryption = 'scram-sha-256'")
    await superuser.execute(f"CREATE ROLE {login} PASSWORD '{password.replace(chr(39), chr(39) * 2)}'")
    try:
        kept = await superuser.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = $1", login)
        salt = base64.b64decode(kept.split("$")[1].split(":")[1])
        assert roles.scram_verifier(password, salt) == kept
    finally:
        await superuser.execute(f"DROP ROLE {login}")


def test_the_last_number_in_the_folder_is_alembics_head() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(migrate.FOLDER).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(configuration)
    assert script.get_heads() == [migrate.head()]
    numbers = [revision.revision for revision in script.walk_revisions()]
    assert sorted(numbers) == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BONPOIS_DATABASE_URL", "mysql://here/there"),
        ("BONPOIS_OWNER_URL", "here"),
        ("BONPOIS_ROLE_PREFIX", "Bonpois"),
        ("BONPOIS_ROLE_PREFIX", "x; DROP ROLE y"),
        ("BONPOIS_DATABASE_POOLED", "yes"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Refusal) as refused:
        Settings.from_environment(Home(tmp_path), {name: value})
    assert refused.value.facts["setting"] == name
    assert value not in str(refused.value)


async def _drop_database_and_roles(server: asyncpg.Connection, url: str, *names: str) -> None:
    database = url.partition("?")[0].rpartition("/")[2]
    await server.execute(f"DROP DATABASE {database} WITH (FORCE)")
    for name in names:
        await server.execute(f"DROP OWNED BY {name}")
        await server.execute(f"DROP ROLE {name}")
