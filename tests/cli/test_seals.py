"""`bonpois seal`, `verify`, `check --against`, `export checkpoint|receipt|approval`, `db rotate-keys`, a restore."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal, shell


@pytest.fixture
def beginning(registered: Terminal, tmp_path: Path) -> Path:
    """A checkpoint that somebody took home before anything was prepared."""
    file = tmp_path / "beginning.json"
    registered.good("export", "checkpoint", "--output", file)
    return file


def altered(file: Path, change: dict[str, Any]) -> Path:
    """The same file with other values."""
    other = file.with_name("altered.json")
    other.write_text(json.dumps(json.loads(file.read_text()) | change))
    return other


def test_a_command_that_changed_something_leaves_it_sealed(registered: Terminal) -> None:
    sealed = registered.json("seal")
    assert (sealed["new"], sealed["lag_seconds"]) == (False, 0)
    assert sealed["final_until"] is not None
    assert sealed["checkpoint"].split("\n")[1] == str(sealed["leaves"])
    assert registered.json("check") == []


def test_the_books_only_grew_since_a_checkpoint_that_was_kept(
    registered: Terminal, beginning: Path, tmp_path: Path
) -> None:
    registered.good("fund", "mandate", "AA-2026", "M-1", "100,00")
    end = tmp_path / "end.json"
    registered.good("export", "checkpoint", "--since", beginning, "--output", end)
    nobody = Terminal({"BONPOIS_LANG": "en", "BONPOIS_HOME": str(tmp_path / "nowhere")})
    told = nobody.json("verify", end, "--against", beginning)
    assert told["holds"]
    assert [each["code"] for each in told["findings"]] == [
        "keys",
        "signature",
        "older-signature",
        "same-books",
        "only-grew",
    ]
    printed = tmp_path / "printed.txt"  # as it stood at the foot of a statement
    printed.write_text(json.loads(beginning.read_text())["checkpoint"])
    assert nobody.json("verify", end, "--against", printed)["holds"]
    assert registered.json("check", "--against", beginning) == []
    assert registered.json("check", "--against", printed) == []


def test_an_approval_is_proven_and_continues_what_was_kept(
    registered: Terminal, beginning: Path, tmp_path: Path
) -> None:
    registered.good("fund", "mandate", "AA-2026", "M-1", "20000,00")
    registered.good("fund", "confirm", "M-1")
    registered.good("aid", "prepare", "AA-2026")
    assert registered.refused("export", "approval", 1)[1]["code"] == "not-possible-now"
    registered.good("aid", "approve", "AA-2026", 1, "--operator", "bruno")
    file = tmp_path / "approval.json"
    registered.good("export", "approval", 1, "--since", beginning, "--output", file)
    told = registered.json("verify", file, "--against", beginning)
    assert (told["document"], told["holds"]) == ("approval", True)
    assert {"prepared", "approved", "two-people", "content", "only-grew"} <= {each["code"] for each in told["findings"]}


def test_a_file_without_the_proof_says_what_to_ask_for(registered: Terminal, beginning: Path, tmp_path: Path) -> None:
    registered.good("fund", "mandate", "AA-2026", "M-1", "100,00")
    later = tmp_path / "later.json"
    registered.good("export", "checkpoint", "--output", later)
    result = registered.run("verify", later, "--against", beginning)
    assert result.exit_code == 1
    assert "--since" in result.output


def test_files_that_were_altered_do_not_hold(beginning: Path, registered: Terminal, tmp_path: Path) -> None:
    note = json.loads(beginning.read_text())["checkpoint"]
    first, second, rest = note.split("\n", 2)
    forged = altered(beginning, {"checkpoint": f"{first}\n{int(second) + 1}\n{rest}"})
    result = registered.run("verify", forged)
    assert (result.exit_code, "Do not trust this file." in result.output) == (1, True)
    assert registered.run("check", "--against", forged).exit_code == 1
    unreadable = altered(beginning, {"checkpoint": "nothing"})
    assert registered.refused("verify", unreadable)[1]["code"] == "proof-unreadable"
    assert registered.refused("verify", tmp_path / "none.json")[1]["code"] == "file-unreadable"
    assert registered.refused("check", "--against", unreadable)[0] == 2


def test_a_file_is_never_written_over(registered: Terminal, beginning: Path) -> None:
    code, refusal = registered.refused("export", "checkpoint", "--output", beginning)
    assert (code, refusal["code"]) == (2, "file-there")


def test_other_books_are_not_taken_for_these(beginning: Path, tmp_path: Path) -> None:
    elsewhere = shell(tmp_path / "elsewhere")
    elsewhere.good("operator", "add", "alice", "--role", "finance")
    other = tmp_path / "other.json"
    elsewhere.good("export", "checkpoint", "--output", other)
    assert elsewhere.run("verify", other, "--against", beginning).exit_code == 1
    assert elsewhere.run("check", "--against", beginning).exit_code == 1


def test_a_new_key_is_endorsed_and_goes_on(registered: Terminal, beginning: Path, tmp_path: Path) -> None:
    before = registered.json("seal")
    turned = registered.json("db", "rotate-keys")
    assert turned["sealing_key"] == 2
    registered.good("fund", "mandate", "AA-2026", "M-1", "100,00")
    assert registered.json("seal")["leaves"] > before["leaves"]
    end = tmp_path / "end.json"
    registered.good("export", "checkpoint", "--since", beginning, "--output", end)
    assert registered.json("verify", end, "--against", beginning)["holds"]
    keys = json.loads(end.read_text())["keys"]
    for broken in (keys[:1], keys[1:], [keys[1], keys[0]], [keys[0], keys[1] | {"endorsement": None}]):
        assert registered.run("verify", altered(end, {"keys": broken}), "--against", beginning).exit_code == 1
    assert registered.json("check", "--against", beginning) == []


def test_who_may_not_turn_the_keys_leaves_them(registered: Terminal) -> None:
    registered.good("operator", "add", "clerk", "--role", "agent")
    code, refusal = registered.refused("db", "rotate-keys", "--operator", "clerk")
    assert (code, refusal["code"]) == (3, "role-missing")
    assert registered.json("check") == []


def test_without_the_key_nothing_is_sealed_and_everything_else_goes_on(registered: Terminal, tmp_path: Path) -> None:
    masters = tmp_path / "keys" / "masters.json"
    older = masters.read_text()
    registered.good("db", "rotate-keys")
    masters.write_text(older)  # a service that was not started again
    registered.good("fund", "mandate", "AA-2026", "M-1", "100,00")
    assert registered.refused("seal")[1]["code"] == "keys-missing"


def test_a_restore_elsewhere_begins_an_epoch_and_the_books_go_on(tmp_path: Path) -> None:
    first = shell(tmp_path / "first", BONPOIS_OPERATOR="alice")
    first.good("operator", "add", "alice", "--role", "finance")
    kept, backup = tmp_path / "kept.json", tmp_path / "books.dump"
    first.good("export", "checkpoint", "--output", kept)
    first.good("operator", "add", "bruno", "--role", "approver")
    first.good("db", "backup", backup)

    second = shell(tmp_path / "second", BONPOIS_OPERATOR="alice")
    shutil.copytree(tmp_path / "first" / "keys", tmp_path / "second" / "keys")
    second.good("db", "restore", backup)
    for name in ("carla", "dario"):
        Terminal({**second.environment, **people_of(first)}).good("operator", "add", name, "--role", "agent")
    sealed = second.json("seal")
    assert "units 2 " in sealed["checkpoint"]
    end = tmp_path / "end.json"
    second.good("export", "checkpoint", "--since", kept, "--output", end)
    assert second.json("verify", end, "--against", kept)["holds"]
    assert second.json("check", "--against", kept) == []


def people_of(terminal: Terminal) -> dict[str, str]:
    return {name: terminal.environment[name] for name in ("BONPOIS_OPERATOR_KEYS", "BONPOIS_PASSPHRASE_FILE")}
