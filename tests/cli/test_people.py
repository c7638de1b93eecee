"""People at their terminals: keys of their own, roles, approvals, and the trail that each command leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from admin_cli import operator_keys
from admin_cli.main import bonpois as root
from ledger.approvals import actions
from ledger.errors import AlreadyExists
from tests.cli.conftest import EVERY_ROLE, OCTOBER, Terminal

PASSPHRASE = "correct horse"


def keys_of(terminal: Terminal) -> Path:
    return Path(terminal.environment["BONPOIS_OPERATOR_KEYS"])


def typing(terminal: Terminal, *arguments: object, typed: str) -> Result:
    """The same terminal with somebody who types the passphrase instead of having it in a file."""
    environment = {**terminal.environment, "BONPOIS_PASSPHRASE_FILE": ""}
    return CliRunner(env=environment).invoke(root, [str(part) for part in arguments], input=typed)


def funded(terminal: Terminal) -> None:
    terminal.good("fund", "mandate", "AA-2026", "2026-1107", "12 500,00")
    terminal.good("fund", "confirm", "2026-1107")


def test_a_key_is_encrypted_for_its_owner_only_and_not_in_the_home(staffed: Terminal) -> None:
    file = keys_of(staffed) / "alice.pem"
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert load_pem_private_key(file.read_bytes(), PASSPHRASE.encode()) is not None
    home = Path(staffed.environment["BONPOIS_HOME"])
    assert not [path for path in home.rglob("*") if path.suffix == ".pem"]


def test_a_new_passphrase_is_typed_twice_and_long_enough(terminal: Terminal) -> None:
    add = ("operator", "add", "alice", "--role", "finance")
    for typed in ("correct horse\ncorrect house\n", "short\nshort\n"):
        assert typing(terminal, *add, typed=typed).exit_code == 2
        assert not (keys_of(terminal) / "alice.pem").exists()
    done = typing(terminal, *add, typed="correct horse\ncorrect horse\n")
    assert done.exit_code == 0
    assert "correct" not in done.output


def test_a_wrong_passphrase_opens_nothing(registered: Terminal) -> None:
    funded(registered)
    refused = typing(registered, "aid", "prepare", "AA-2026", "--json", typed="wrong horse\n")
    assert (refused.exit_code, "E5023" in refused.output) == (2, True)
    done = typing(registered, "aid", "prepare", "AA-2026", "--json", typed=f"{PASSPHRASE}\n")
    assert done.exit_code == 0


def test_without_the_key_on_this_machine_nothing_is_signed(registered: Terminal) -> None:
    funded(registered)
    elsewhere = Terminal({**registered.environment, "BONPOIS_OPERATOR_KEYS": str(keys_of(registered) / "none")})
    code, refusal = elsewhere.refused("aid", "prepare", "AA-2026")
    assert (code, refusal["code"], refusal["operator"]) == (2, "key-file-missing", "alice")


def test_another_s_key_under_one_s_own_name_is_refused(registered: Terminal) -> None:
    funded(registered)
    registered.good("aid", "prepare", "AA-2026")
    (keys_of(registered) / "bruno.pem").unlink()
    (keys_of(registered) / "alice.pem").rename(keys_of(registered) / "bruno.pem")
    code, refusal = registered.refused("aid", "approve", "AA-2026", "1", "--operator", "bruno")
    assert (code, refusal["code"]) == (3, "signature-refused")


def test_a_key_made_elsewhere_is_registered_by_its_public_half(staffed: Terminal, tmp_path: Path) -> None:
    hers = Terminal({**staffed.environment, "BONPOIS_OPERATOR_KEYS": str(tmp_path / "hers")})
    public = tmp_path / "chloe.pem"
    public.write_text(hers.good("operator", "key", "chloe"))
    made = (tmp_path / "hers" / "chloe.pem").read_bytes()
    assert hers.good("operator", "key", "chloe") == public.read_text()  # again: shown, not made anew
    assert (tmp_path / "hers" / "chloe.pem").read_bytes() == made
    added = staffed.json("operator", "add", "chloe", "--role", "approver", "--public-key", public, "--limit", "100,00")
    assert (added["roles"], added["limit"]) == (["approver"], {"cents": 10_000, "days": 30})
    assert not (keys_of(staffed) / "chloe.pem").exists()
    code, refusal = staffed.refused(
        "operator", "add", "dora", "--role", "agent", "--public-key", OCTOBER / "menages.csv"
    )
    assert (code, refusal["code"]) == (2, "file-unreadable")


def test_a_key_is_never_overwritten(staffed: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in staffed.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AlreadyExists):
        operator_keys.KeyFile.of("alice").make()


def test_roles_are_changed_by_another_and_listed(staffed: Terminal) -> None:
    changed = staffed.json("operator", "roles", "bruno", "--role", "reviewer", "--role", "agent")
    assert changed["roles"] == ["agent", "reviewer"]
    code, refusal = staffed.refused("operator", "roles", "alice", "--role", "approver")
    assert (code, refusal["code"]) == (3, "same-person")
    assert "agent, reviewer" in staffed.good("operator", "list")
    code, refusal = staffed.refused("operator", "add", "dora", "--role", "agent", "--operator", "bruno")
    assert (code, refusal["code"], refusal["roles"]) == (3, "role-missing", ["approver", "finance"])


def test_whoever_is_suspended_is_refused_until_resumed(staffed: Terminal) -> None:
    assert staffed.json("operator", "suspend", "bruno")["state"] == "suspended"
    code, refusal = staffed.refused("programme", "import", OCTOBER / "programme.toml", "--operator", "bruno")
    assert (code, refusal["code"]) == (3, "operator-suspended")
    assert staffed.json("operator", "resume", "bruno")["state"] == "active"
    staffed.good("programme", "import", OCTOBER / "programme.toml", "--operator", "bruno")


def test_a_lost_key_is_replaced_by_another_person(staffed: Terminal, tmp_path: Path) -> None:
    public = tmp_path / "new.pem"
    his = Terminal({**staffed.environment, "BONPOIS_OPERATOR_KEYS": str(tmp_path / "his")})
    public.write_text(his.good("operator", "key", "bruno"))
    staffed.good("operator", "rekey", "bruno", "--public-key", public)
    code, refusal = staffed.refused("operator", "suspend", "alice", "--operator", "bruno")
    assert (code, refusal["code"]) == (3, "signature-refused")
    his.good("operator", "suspend", "alice", "--operator", "bruno")


# Approvals by number


def test_what_waits_is_listed_shown_and_approved_by_its_number(registered: Terminal) -> None:
    funded(registered)
    registered.good("aid", "prepare", "AA-2026")
    [waiting] = registered.json("approval", "list")
    assert (waiting["number"], waiting["kind"], waiting["amount_cents"]) == (1, "aid-run", 1_153_000)
    assert (waiting["prepared_by"], waiting["state"], waiting["decided_by"]) == ("alice", "pending", None)
    shown = registered.json("approval", "show", "1")
    assert (shown["content"]["programme_code"], shown["content"]["voucher_count"]) == ("AA-2026", 56)
    assert "11,530.00" in registered.good("approval", "show", "1")
    code, refusal = registered.refused("approval", "approve", "1")
    assert (code, refusal["code"]) == (3, "same-person")
    approved = registered.json("approval", "approve", "1", "--operator", "bruno")
    assert (approved["state"], approved["decided_by"], approved["content"]["state"]) == ("approved", "bruno", "issued")
    assert registered.json("approval", "list") == []
    assert [found["state"] for found in registered.json("approval", "list", "--all")] == ["approved"]
    assert registered.good("check") == ""


@pytest.mark.parametrize(
    "words",
    [("approval", "reject", "1", "--reason", "mistake"), ("aid", "reject", "AA-2026", "1", "--reason", "mistake")],
)
def test_a_rejected_run_gives_its_households_and_its_money_back(registered: Terminal, words: tuple[str, ...]) -> None:
    funded(registered)
    registered.good("aid", "prepare", "AA-2026")
    assert registered.refused("aid", "prepare", "AA-2026")[1]["code"] == "nothing-to-issue"
    assert registered.json(*words, "--operator", "bruno")["state"] == "rejected"
    assert registered.json("fund", "status")["programmes"][0]["reserved_cents"] == 0
    code, refusal = registered.refused("aid", "approve", "AA-2026", "1", "--operator", "bruno")
    assert (code, refusal["code"], refusal["state"]) == (3, "not-pending", "rejected")
    assert registered.json("aid", "prepare", "AA-2026")["voucher_count"] == 56
    issued = registered.json("aid", "approve", "AA-2026", "2", "--operator", "bruno")
    assert (issued["state"], issued["issued_count"]) == ("issued", 56)
    assert [run["state"] for run in registered.json("aid", "list")] == ["rejected", "issued"]
    assert [run["issued_count"] for run in registered.json("aid", "list")] == [0, 56]
    assert registered.good("check") == ""


def test_a_number_that_nothing_has_is_refused(staffed: Terminal) -> None:
    for verb in (("show", "9"), ("approve", "9"), ("reject", "9", "--reason", "other")):
        assert staffed.refused("approval", *verb)[1]["code"] == "unknown-proposal"


def test_an_agent_with_a_limit_prepares_no_more_than_that(registered: Terminal) -> None:
    funded(registered)
    registered.good("operator", "add", "chloe", "--role", "agent", "--limit", "11 529,99", "--limit-days", "7")
    code, refusal = registered.refused("aid", "prepare", "AA-2026", "--operator", "chloe")
    assert (code, refusal["code"], refusal["days"], refusal["left_cents"]) == (3, "limit-reached", 7, 1_152_999)


# The trail


def test_each_command_that_changes_something_leaves_one_entry(staffed: Terminal) -> None:
    staffed.refused("fund", "mandate", "ZZ-2026", "2026-1107", "12,00")
    staffed.run("household", "import", "AA-2026", OCTOBER / "menages.csv", "--dry-run")
    staffed.good("household", "import", "AA-2026", OCTOBER / "menages.csv")
    staffed.refused("programme", "import", OCTOBER / "programme.toml", "--operator", "nobody")
    staffed.good("programme", "list")
    trail = [(entry["operator"], entry["command"], entry["outcome"]) for entry in staffed.json("operator", "audit")]
    assert trail == [
        ("alice", "operator add", "ok"),
        ("alice", "operator add", "ok"),
        ("alice", "programme import", "ok"),
        ("alice", "fund mandate", "E5007"),
        ("alice", "household import", "ok"),
        (None, "programme import", "E5004"),
    ]
    assert "E5007" in staffed.good("operator", "audit")
    assert staffed.json("operator", "audit", "--operator", "bruno") == []
    assert len(staffed.json("operator", "audit", "--operator", "alice")) == 5
    assert "2026-1107" not in json.dumps(trail)


def test_our_own_fault_and_a_stop_leave_an_entry_too(staffed: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(actions, "suspend_operator", fail)
    assert staffed.refused("operator", "suspend", "bruno")[1]["number"] == "E9001"
    assert staffed.json("operator", "audit")[-1]["outcome"] == "failed"


def test_an_auditor_reads_everything_and_changes_nothing(staffed: Terminal) -> None:
    staffed.good("operator", "add", "audra", "--role", "auditor")
    audra = Terminal({**staffed.environment, "BONPOIS_OPERATOR": "audra"})
    for words in (("operator", "audit"), ("operator", "list"), ("approval", "list", "--all"), ("check",)):
        audra.good(*words)
    assert audra.refused("merchant", "import", OCTOBER / "commercants.csv")[1]["code"] == "role-missing"


def test_the_first_one_of_a_home_is_able_to_appoint(terminal: Terminal) -> None:
    code, refusal = terminal.refused("operator", "add", "alice", "--role", "agent")
    assert (code, refusal["code"]) == (2, "bad-value")
    terminal.good("operator", "add", "alice", *EVERY_ROLE)
    code, refusal = terminal.refused("operator", "add", "bruno", "--role", "agent")
    assert (code, refusal["code"]) == (2, "bad-use")  # nobody says who registers him
    assert terminal.json("operator", "audit")[-1] | {"occurred_at": ""} == {
        "operator": None,
        "command": "operator add",
        "outcome": "E7010",
        "occurred_at": "",
    }
