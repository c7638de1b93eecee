"""The commands in process, on a server by URL (a fresh clone per test) or on one embedded home of the run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from admin_cli.main import bonpois as root
from ledger.approvals.model import Role
from ledger.keyring import Keyring
from tests.databases import DatabaseUrls, TestServer

EVERY_ROLE = [word for role in Role for word in ("--role", role.value)]
OCTOBER = Path(__file__).parents[2] / "admin_cli" / "rehearsal" / "october-2026"


@dataclass(frozen=True)
class Terminal:
    """Somebody's shell: its variables stay the same from one command to the next."""

    environment: dict[str, str]

    def run(self, *arguments: object) -> Result:
        """Run one command; an exception that escapes it is a failure of the test."""
        result = CliRunner(env=self.environment).invoke(root, [str(part) for part in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    def good(self, *arguments: object) -> str:
        """Run a command that has to succeed; gives what it printed."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: object) -> Any:
        """Run a command that has to succeed, and read its JSON."""
        return json.loads(self.good(*arguments, "--json"))

    def refused(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        """Run a command that has to be refused: its exit code, and the refusal as JSON."""
        result = self.run(*arguments, "--json")
        return result.exit_code, json.loads(result.stdout)


def shell(home: Path, **variables: str) -> Terminal:
    """English, and nothing of the machine's own settings; the people's keys lie beside the home, never in it."""
    cleared = dict.fromkeys(("BONPOIS_DATABASE_URL", "BONPOIS_OWNER_URL", "BONPOIS_OPERATOR"), "")
    people = home.with_name(f"{home.name}-people")
    people.mkdir(exist_ok=True)
    (people / "passphrase").write_text("correct horse\n")
    keys = {"BONPOIS_OPERATOR_KEYS": str(people), "BONPOIS_PASSPHRASE_FILE": str(people / "passphrase")}
    return Terminal({**cleared, **keys, "BONPOIS_HOME": str(home), "BONPOIS_LANG": "en", **variables})


@pytest.fixture
def database_urls(database_server: TestServer) -> Iterator[DatabaseUrls]:
    """A fresh clone for tests that are not async: a command runs an event loop of its own."""
    clone = database_server.clone()
    with asyncio.Runner() as runner:
        yield runner.run(enter(clone))
        runner.run(leave(clone))


async def enter(clone: AbstractAsyncContextManager[DatabaseUrls]) -> DatabaseUrls:
    return await clone.__aenter__()


async def leave(clone: AbstractAsyncContextManager[DatabaseUrls]) -> None:
    await clone.__aexit__(None, None, None)


@pytest.fixture
def terminal(database_urls: DatabaseUrls, tmp_path: Path) -> Terminal:
    """An installation by URL with tables and keys, without anybody."""
    Keyring.create(tmp_path / "keys")
    return shell(tmp_path, **database_urls.environment())


@pytest.fixture
def staffed(terminal: Terminal) -> Terminal:
    """The same with two operators and October's programme; Alice is at the keyboard."""
    terminal.good("operator", "add", "alice", *EVERY_ROLE)
    terminal.good("operator", "add", "bruno", *EVERY_ROLE, "--operator", "alice")
    at_work = Terminal({**terminal.environment, "BONPOIS_OPERATOR": "alice"})
    at_work.good("programme", "import", OCTOBER / "programme.toml")
    return at_work


@pytest.fixture
def registered(staffed: Terminal) -> Terminal:
    """The same with October's households and merchants."""
    staffed.good("household", "import", "AA-2026", OCTOBER / "menages.csv")
    staffed.good("merchant", "import", OCTOBER / "commercants.csv")
    return staffed


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """One home with its own PostgreSQL for the run, made by `db init`."""
    terminal = shell(tmp_path_factory.mktemp("embedded"))
    terminal.good("db", "init")
    return terminal
