"""`bonpois db`, on an embedded home and by URL; `bonpois serve`; `bonpois check`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.clock import RehearsalClock
from ledger.database.connect import connected
from ledger.keyring import Keyring
from tests.cli.conftest import Terminal, enter, leave, shell
from tests.databases import DatabaseUrls, TestServer


@pytest.fixture
def empty_database(database_server: TestServer) -> Iterator[DatabaseUrls]:
    """A database without any table of ours."""
    database = database_server.empty_database()
    with asyncio.Runner() as runner:
        yield runner.run(enter(database))
        runner.run(leave(database))


def test_an_embedded_home_is_made_once_and_says_its_version(embedded: Terminal) -> None:
    state = embedded.json("db", "status")
    assert (state["embedded"], state["up_to_date"], state["rehearsal"]) == (True, True, False)
    assert state["database_version"] == state["program_version"]
    assert embedded.json("db", "init") == state
    assert embedded.json("db", "upgrade") == state


def test_the_first_operator_makes_the_home(tmp_path: Path) -> None:
    terminal = shell(tmp_path / "new")
    terminal.good("operator", "add", "alice", "--role", "finance")
    assert [operator["name"] for operator in terminal.json("operator", "list")] == ["alice"]


def test_a_backup_restores_what_was_there_and_needs_the_keys(embedded: Terminal, tmp_path: Path) -> None:
    embedded.good("operator", "add", "keeper", "--role", "finance")
    backup = tmp_path / "books.dump"
    written = embedded.json("db", "backup", backup)
    assert written["bytes"] == backup.stat().st_size
    assert backup.stat().st_mode & 0o077 == 0
    code, refusal = embedded.refused("db", "backup", backup)
    assert (code, refusal["code"]) == (3, "already-exists")

    other = shell(tmp_path / "other")
    assert other.refused("db", "restore", backup)[1]["code"] == "keys-missing"
    shutil.copytree(written["keys"], tmp_path / "other" / "keys")
    assert other.refused("db", "restore", tmp_path / "nothing.dump")[1]["code"] == "file-unreadable"
    assert other.json("db", "restore", backup)["up_to_date"] is True
    assert "keeper" in [operator["name"] for operator in other.json("operator", "list")]
    assert other.json("check") == []
    code, refusal = other.refused("db", "restore", backup)
    assert (code, refusal["state"]) == (3, "not-empty")


def test_a_backup_that_is_none_leaves_the_database_empty(tmp_path: Path) -> None:
    home = shell(tmp_path)
    Keyring.create(tmp_path / "keys")
    wrong = tmp_path / "wrong.dump"
    wrong.write_text("not a backup")
    code, refusal = home.refused("db", "restore", wrong)
    assert (code, refusal["code"], refusal["program"]) == (2, "program-failed", "pg_restore")
    assert home.run("db", "status").exit_code == 1  # no tables yet


def test_by_url_tables_are_made_by_the_owner_s_login_only(empty_database: DatabaseUrls, tmp_path: Path) -> None:
    by_url = shell(tmp_path, **empty_database.environment())
    assert by_url.run("db", "status").exit_code == 1
    without_owner = Terminal({**by_url.environment, "BONPOIS_OWNER_URL": ""})
    code, refusal = without_owner.refused("db", "init")
    assert (code, refusal["setting"]) == (2, "BONPOIS_OWNER_URL")
    assert by_url.json("db", "init")["up_to_date"] is True
    without_owner.good("operator", "add", "alice", "--role", "finance")


def test_lost_keys_are_never_replaced_by_new_ones(empty_database: DatabaseUrls, tmp_path: Path) -> None:
    by_url = shell(tmp_path, **empty_database.environment())
    by_url.good("db", "init")
    shutil.rmtree(tmp_path / "keys")
    for command in (("db", "init"), ("operator", "add", "alice", "--role", "finance")):
        assert by_url.refused(*command)[1]["code"] == "keys-missing"


def test_a_backup_by_url_hides_the_password_and_restores_elsewhere(
    staffed: Terminal, empty_database: DatabaseUrls, tmp_path: Path
) -> None:
    backup = tmp_path / "books.dump"
    staffed.good("db", "backup", backup)
    elsewhere = Terminal({**staffed.environment, **empty_database.environment()})
    elsewhere.good("db", "restore", backup)
    assert elsewhere.json("programme", "list") == staffed.json("programme", "list")


def test_a_check_is_silent_when_all_holds_and_names_what_does_not(
    staffed: Terminal, database_urls: DatabaseUrls
) -> None:
    assert staffed.run("check").output == ""
    asyncio.run(move_a_balance(database_urls.owner))
    result = staffed.run("check")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "123" in result.stdout
    violations = json.loads(staffed.run("check", "--json").stdout)
    assert {"check", "subject", "facts"} == set(violations[0])


async def move_a_balance(owner_url: str) -> None:
    async with connected(owner_url, session_replication_role="replica") as superuser:
        await superuser.execute("UPDATE ledger.balance SET balance_cents = side * 123 WHERE side <> 0")


def test_the_service_is_the_command_s_own_process_and_ends_with_it(embedded: Terminal) -> None:
    command = [sys.executable, "-m", "admin_cli", "serve", "--port", "0"]
    environment = os.environ | embedded.environment
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as service:
        try:
            assert service.stdout is not None
            answer = json.loads(service.stdout.readline())
            assert answer["pid"] == service.pid
            with urllib.request.urlopen(f"http://127.0.0.1:{answer['port']}/healthz") as health:
                assert health.status == 200
            with urllib.request.urlopen(f"http://127.0.0.1:{answer['metrics_port']}/metrics") as figures:
                assert b"\nbonpois_database_up 1\n" in figures.read()
            service.send_signal(signal.SIGTERM)
            assert service.wait(20) == 0
        finally:
            service.kill()


def test_a_port_of_figures_that_is_taken_is_told(embedded: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "admin_cli", "serve", "--port", "0", "--metrics-port", str(port)]
        done = subprocess.run(command, env=os.environ | embedded.environment, capture_output=True, check=False)
    refusal = json.loads(done.stderr)
    assert (done.returncode, refusal["code"], refusal["port"]) == (2, "bad-configuration", port)
    assert refusal["setting"] == "--metrics-port"


def test_the_service_refuses_a_home_without_a_ledger(tmp_path: Path) -> None:
    code, refusal = shell(tmp_path).refused("serve")
    assert (code, refusal["code"]) == (2, "home-empty")


def test_a_foreign_clock_runs_in_a_rehearsal_only(terminal: Terminal, database_urls: DatabaseUrls) -> None:
    clock = RehearsalClock(Path(terminal.environment["BONPOIS_HOME"]) / "rehearsal" / "clock")
    clock.set(datetime(2026, 10, 6, 7, 44, tzinfo=UTC))
    code, refusal = terminal.refused("operator", "add", "alice", "--role", "finance")
    assert (code, refusal["code"]) == (2, "rehearsal-only")
    asyncio.run(mark_as_rehearsal(database_urls.app))
    assert terminal.json("operator", "add", "alice", "--role", "finance")["added_at"] == "2026-10-06T07:44:00Z"
    assert terminal.json("db", "status")["rehearsal"] is True


async def mark_as_rehearsal(app_url: str) -> None:
    async with connected(app_url) as app:
        await app.execute("INSERT INTO ledger.rehearsal DEFAULT VALUES")
