"""Households that leave, merchants that change their bank: as people type it, and what is left afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from admin_cli.main import bonpois as root
from tests.cli.conftest import EVERY_ROLE, OCTOBER, Terminal, shell

CASE, REFUSED_CASE = "D26-19215", "D26-13115"
SIRET = "62819482100078"
OLD, NEW = "FR7668465632122330792440224", "FR7651361341252427316723255"


def typed(terminal: Terminal, text: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command that asks for something: its exit code and its JSON."""
    result = CliRunner(env=terminal.environment).invoke(root, [*arguments, "--json"], input=f"{text}\n")
    return result.exit_code, json.loads(result.stdout)


def test_a_household_is_erased_for_good(registered: Terminal) -> None:
    card = registered.json("card", "issue", "AA-2026", CASE)
    assert registered.json("household", "erase", "AA-2026", CASE) == {
        "cards_blocked": 1,
        "vouchers_revoked": 0,
        "given_up_cents": 0,
        "also_in": [],
    }
    assert registered.refused("household", "show", "AA-2026", CASE)[1]["code"] == "unknown-household"
    assert registered.refused("household", "erase", "AA-2026", CASE)[1]["code"] == "unknown-household"
    assert registered.refused("card", "block", card["number"])[1]["code"] == "not-possible-now"
    assert registered.json("db", "vacuum-identity") == {"done": True}
    assert len(registered.json("household", "list", "AA-2026")) == 59
    assert registered.json("check") == []


def test_what_is_left_on_its_vouchers_is_told_before_it_is_given_up(registered: Terminal) -> None:
    registered.good("fund", "mandate", "AA-2026", "2026-1107", "12500")
    registered.good("fund", "confirm", "2026-1107")
    registered.good("aid", "prepare", "AA-2026")
    registered.good("aid", "approve", "AA-2026", "1", "--operator", "bruno")
    result = registered.run("household", "erase", "AA-2026", CASE)
    assert result.exit_code == 3
    assert "160.00" in result.stderr
    shown = registered.good("household", "erase", "AA-2026", CASE, "--give-up")
    assert "160.00" in shown
    [funds] = registered.json("fund", "status")["programmes"]
    assert funds["pool_cents"] == 97_000 + 16_000
    assert registered.json("check") == []


def test_the_silent_are_listed_and_nobody_yet(registered: Terminal) -> None:
    assert registered.json("household", "retention", "AA-2026") == []
    assert registered.json("household", "retention", "AA-2026", "--erase") == {"erased": 0, "retained": []}
    assert registered.refused("household", "retention", "AA-2027")[1]["code"] == "unknown-programme"


def test_nothing_personal_stands_anywhere_in_the_home(tmp_path: Path) -> None:
    """Neither in the logs nor in the files of the database themselves, before the erasure or after it."""
    terminal = shell(tmp_path / "home")
    terminal.good("db", "init")
    terminal.good("operator", "add", "alice", *EVERY_ROLE)
    at_work = Terminal({**terminal.environment, "BONPOIS_OPERATOR": "alice"})
    at_work.good("programme", "import", OCTOBER / "programme.toml")
    at_work.good("household", "import", "AA-2026", OCTOBER / "menages.csv")
    at_work.good("merchant", "import", OCTOBER / "commercants.csv")
    card = at_work.json("card", "issue", "AA-2026", CASE, "--kind", "paper")
    at_work.good("household", "show", "AA-2026", CASE)
    assert at_work.run("household", "import", "AA-2026", OCTOBER / "menages.csv").exit_code == 2
    at_work.good("household", "erase", "AA-2026", CASE)
    assert at_work.run("household", "show", "AA-2026", CASE).exit_code == 3
    at_work.good("db", "vacuum-identity")
    traces = [CASE, "1078,93", "107893", OLD, card["qr"].rpartition("/")[2]]
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert len(files) > 100
    found = [(path, trace) for path in files for trace in traces if trace.encode() in path.read_bytes()]
    assert found == []


def test_an_iban_is_typed_by_one_and_approved_by_another(registered: Terminal) -> None:
    code, change = typed(registered, "FR76 5136 1341 2524 2731 6723 255", "iban", "propose", SIRET)
    assert (code, change["state"], change["iban"], change["cooling_days"]) == (0, "pending", "FR76 … 3255", 3)
    number = str(change["proposal"])
    assert registered.json("approval", "show", number)["content"]["iban"] == NEW
    assert registered.refused("approval", "approve", number)[1]["code"] == "same-person"
    approved = registered.json("approval", "approve", number, "--operator", "bruno")
    assert approved["content"]["state"] == "cooling"
    account = registered.json("iban", "show", SIRET)
    assert (account["iban"], account["change"]["iban"]) == (OLD, NEW)
    assert NEW not in registered.good("iban", "list")
    [listed] = registered.json("iban", "list")
    assert (listed["prepared_by"], listed["decided_by"], listed["iban"]) == ("alice", "bruno", "FR76 … 3255")
    withdrawn = registered.json("iban", "withdraw", SIRET)
    assert (withdrawn["state"], withdrawn["iban"]) == ("withdrawn", None)
    assert registered.json("iban", "show", SIRET)["change"] is None
    assert registered.json("check") == []


@pytest.mark.parametrize("text", ["FR7651361341252427316723256", "nothing"])
def test_a_wrong_iban_is_refused_without_being_repeated(registered: Terminal, text: str) -> None:
    code, refusal = typed(registered, text, "iban", "propose", SIRET)
    assert (code, refusal["code"], refusal["field"]) == (2, "bad-value", "iban")
    assert text not in json.dumps(refusal)
    assert registered.json("iban", "list") == []


def test_two_days_are_too_short(registered: Terminal) -> None:
    code, refusal = registered.refused("iban", "propose", SIRET, "--cooling-days", "2")
    assert (code, refusal["code"]) == (2, "bad-use")
