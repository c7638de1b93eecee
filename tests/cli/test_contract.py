"""What every command keeps: exit codes, JSON, who is asking, languages, no traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import pytest

from ledger.approvals import actions
from tests.cli.conftest import OCTOBER, Terminal, shell
from tests.databases import DatabaseUrls


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("operator", "list"), 0),
        (("check",), 0),
        (("operator", "lst"), 2),
        (("operator", "add"), 2),
        (("operator", "list", "--colour"), 2),
        (("--lang", "de", "operator", "list"), 2),
        (("fund", "mandate", "AA-2026", "1", "twelve"), 2),
        (("fund", "mandate", "AA-2026", "1", "-12,00"), 2),
        (("fund", "mandate", "AA-2026", "1", "0"), 2),
        (("aid", "approve", "AA-2026", "first"), 2),
        (("card", "block", "12"), 2),
        (("programme", "show", "ZZ"), 3),
        (("operator", "add", "alice"), 2),
        (("operator", "add", "alice", "--role", "agent"), 3),
    ],
)
def test_exit_codes_tell_good_from_bad_use_and_from_refused(
    staffed: Terminal, arguments: tuple[str, ...], code: int
) -> None:
    assert staffed.run(*arguments).exit_code == code


def test_a_command_that_changes_something_wants_to_know_who_asks(terminal: Terminal) -> None:
    code, refusal = terminal.refused("programme", "import", OCTOBER / "programme.toml")
    assert (code, refusal["code"]) == (2, "bad-use")
    assert "--operator" in refusal["reason"]


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_a_stranger_is_refused_wherever_the_name_stands(terminal: Terminal, place: str) -> None:
    words = ["programme", "import", str(OCTOBER / "programme.toml")]
    named = ["--operator", "nobody"]
    at_work = terminal
    if place == "environment":
        at_work, named = Terminal({**terminal.environment, "BONPOIS_OPERATOR": "nobody"}), []
    code, refusal = at_work.refused(*(named + words if place == "before" else words + named))
    assert (code, refusal["code"], refusal["operator"]) == (3, "unknown-operator", "nobody")


def test_a_refusal_says_number_facts_and_remedy_in_the_reader_s_language(staffed: Terminal) -> None:
    english = staffed.run("operator", "add", "alice", "--role", "agent").stderr
    assert english.splitlines() == [
        "E5008  This is already recorded.",
        "  operator: alice",
        "→ Nothing is to be done; see what is recorded.",
    ]
    french = staffed.run("operator", "add", "alice", "--role", "agent", "--lang", "fr").stderr
    assert french.splitlines()[:2] == ["E5008  C’est déjà enregistré.", "  opérateur : alice"]


def test_a_refusal_in_json_has_the_members_of_the_http_problem(staffed: Terminal) -> None:
    result = staffed.run("operator", "add", "alice", "--role", "agent", "--json")
    refusal = json.loads(result.stdout)
    assert list(refusal) == ["number", "code", "title", "remedy", "retryable", "operator"]
    assert "E5008" in result.stderr  # people see it though a program reads the rest


def test_our_own_fault_is_a_number_and_no_traceback(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_ledger: object) -> NoReturn:
        raise ZeroDivisionError("secret facts")

    monkeypatch.setattr(actions, "list_operators", fail)
    code, refusal = terminal.refused("operator", "list")
    assert (code, refusal["number"], refusal["error"]) == (3, "E9001", "ZeroDivisionError")
    assert "secret facts" not in json.dumps(refusal)


def test_ctrl_c_ends_a_command_without_a_word(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(_ledger: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, "list_operators", interrupted)
    result = terminal.run("operator", "list")
    assert (result.exit_code, result.output) == (130, "")


def test_an_unreachable_database_is_told_without_its_words(database_urls: DatabaseUrls, terminal: Terminal) -> None:
    wrong = database_urls.app.replace("/bonpois_test_", "/bonpois_gone_")
    lost = Terminal({**terminal.environment, "BONPOIS_DATABASE_URL": wrong})
    code, refusal = lost.refused("operator", "list")
    assert (code, refusal["code"], refusal["retryable"]) == (2, "database-unreachable", True)


def test_a_login_that_could_undo_the_books_is_refused(database_urls: DatabaseUrls, terminal: Terminal) -> None:
    mighty = Terminal({**terminal.environment, "BONPOIS_DATABASE_URL": database_urls.owner})
    assert mighty.refused("operator", "list")[1]["code"] == "wrong-database-role"


def test_global_options_work_before_and_after_the_noun(terminal: Terminal) -> None:
    home = terminal.environment["BONPOIS_HOME"]
    elsewhere = Terminal({**terminal.environment, "BONPOIS_HOME": home + "/nowhere"})
    assert elsewhere.run("operator", "list").exit_code == 2
    for arguments in (["--home", home, "operator", "list"], ["operator", "--home", home, "list"]):
        assert elsewhere.run(*arguments).exit_code == 0
    assert elsewhere.run("operator", "list", "--home", home).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("operator", "list"), {"id", "name", "added_at", "state", "roles", "limit", "public_key"}),
        (("programme", "list"), {"code", "label", "version", "rules"}),
        (
            ("household", "list", "AA-2026"),
            {"household_id", "case_number", "medium", "language", "granted", "amount_cents"},
        ),
        (
            ("merchant", "list"),
            {
                *("id", "siret", "name", "town", "categories", "remittance", "state"),
                *("account_id", "converting_account_id"),
            },
        ),
    ],
)
def test_the_keys_of_a_list_are_stable(registered: Terminal, arguments: tuple[str, ...], keys: set[str]) -> None:
    first = registered.json(*arguments)
    assert {frozenset(entry) for entry in first} == {frozenset(keys)}
    assert registered.json(*arguments, "--lang", "fr") == first


def test_a_home_without_a_ledger_is_told_so(tmp_path: Path) -> None:
    empty = shell(home=tmp_path / "nowhere")
    code, refusal = empty.refused("household", "list", "AA-2026")
    assert (code, refusal["code"]) == (2, "home-empty")
    assert not (tmp_path / "nowhere").exists()
