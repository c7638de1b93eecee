"""The first days of a month, command by command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import OCTOBER, Terminal

CASE = "D26-19215"
SIRET = "62819482100078"


def test_a_month_is_set_up_by_two_people(registered: Terminal) -> None:
    registered.good("fund", "mandate", "AA-2026", "2026-1107", "12 500,00")
    registered.good("fund", "confirm", "2026-1107")
    prepared = registered.json("aid", "prepare", "AA-2026")
    assert (prepared["state"], prepared["prepared_by"], prepared["approved_by"]) == ("pending", "alice", None)
    issued = registered.json("aid", "approve", "AA-2026", "1", "--operator", "bruno")
    assert (issued["state"], issued["voucher_count"], issued["total_cents"]) == ("issued", 56, 1_153_000)
    [funds] = registered.json("fund", "status")["programmes"]
    assert (funds["confirmed_cents"], funds["pool_cents"]) == (1_250_000, 97_000)


def test_who_prepares_does_not_approve(registered: Terminal) -> None:
    registered.good("fund", "mandate", "AA-2026", "2026-1107", "12500.00")
    registered.good("fund", "confirm", "2026-1107")
    registered.good("aid", "prepare", "AA-2026")
    code, refusal = registered.refused("aid", "approve", "AA-2026", "1")
    assert (code, refusal["code"], refusal["number"]) == (3, "same-person", "E5005")
    [run] = registered.json("aid", "list")
    assert run["state"] == "pending"


def test_a_run_that_the_pool_does_not_cover_is_refused_with_both_amounts(registered: Terminal) -> None:
    result = registered.run("aid", "prepare", "AA-2026")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "E5006" in result.stderr
    assert "available: 0.00" in result.stderr
    assert "needed: 11,530.00" in result.stderr


@pytest.mark.parametrize(
    ("command", "listed"),
    [
        (("household", "import", "AA-2026", OCTOBER / "menages.csv"), ("household", "list", "AA-2026")),
        (("merchant", "import", OCTOBER / "commercants.csv"), ("merchant", "list")),
    ],
)
def test_a_dry_run_checks_everything_and_records_nothing(
    staffed: Terminal, command: tuple[object, ...], listed: tuple[str, ...]
) -> None:
    tried = staffed.json(*command, "--dry-run")
    assert staffed.json(*listed) == []
    assert staffed.json(*command) == tried
    assert len(staffed.json(*listed)) == tried["rows"]


def test_a_dry_run_of_changed_rules_keeps_the_present_ones(staffed: Terminal, tmp_path: Path) -> None:
    changed = tmp_path / "programme.toml"
    changed.write_text((OCTOBER / "programme.toml").read_text("utf-8").replace("jours = 62", "jours = 31"))
    assert staffed.json("programme", "import", changed, "--dry-run")["version"] == 2
    assert staffed.json("programme", "show", "AA-2026")["version"] == 1
    assert staffed.json("programme", "import", changed)["rules"]["validity"]["days"] == 31


def test_every_fault_of_a_file_is_told_with_file_row_and_column(staffed: Terminal, tmp_path: Path) -> None:
    lines = (OCTOBER / "menages.csv").read_text("utf-8").splitlines()[:3]
    lines[1] = lines[1].replace(";1;0;2;", ";none;0;2;").replace("1078,93", "much")
    lines[2] = lines[2].replace("telephone", "pigeon")
    file = tmp_path / "faulty.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = staffed.run("household", "import", "AA-2026", file)
    assert result.exit_code == 2
    for place in ("faulty.csv:2:adultes", "faulty.csv:2:ressources_mensuelles", "faulty.csv:3:support"):
        assert place in result.stderr
    assert "« pigeon »" in result.stderr
    code, refusal = staffed.refused("household", "import", "AA-2026", file)
    assert (code, refusal["code"], len(refusal["faults"])) == (2, "file-faulty", 3)
    assert {"row", "column", "value", "fault", "remedy"} <= set(refusal["faults"][0])
    assert staffed.json("household", "list", "AA-2026") == []


def test_the_same_file_is_taken_once(registered: Terminal) -> None:
    code, refusal = registered.refused("merchant", "import", OCTOBER / "commercants.csv")
    assert (code, refusal["code"], refusal["rows"]) == (2, "file-already-imported", 14)


def test_a_file_that_is_not_there_is_bad_input(staffed: Terminal, tmp_path: Path) -> None:
    code, refusal = staffed.refused("merchant", "import", tmp_path / "nowhere.csv")
    assert (code, refusal["code"]) == (2, "file-unreadable")


def test_the_agent_sees_a_household_and_the_reason_of_its_decision(registered: Terminal) -> None:
    shown = registered.good("household", "show", "aa-2026".upper(), CASE)
    assert "1,078.93" in shown
    assert "rest to live below the ceiling" in shown
    assert registered.json("household", "show", "AA-2026", CASE)["decision"]["amount_cents"] == 16_000
    assert registered.refused("household", "show", "AA-2026", "D26-00000")[1]["code"] == "unknown-household"


def test_the_next_month_is_decided_again_once_each(registered: Terminal, tmp_path: Path) -> None:
    again = registered.json("household", "renew", "AA-2026")
    assert again["waiting"] == 56  # nobody was given a voucher yet
    file = tmp_path / "menages.csv"
    file.write_bytes((OCTOBER / "menages.csv").read_bytes())
    code, refusal = registered.refused("household", "renew", "AA-2026", file)
    assert (code, refusal["faults"][0]["code"]) == (2, "case-waits")


def test_a_paper_card_is_handed_over_once_with_its_pin(registered: Terminal) -> None:
    card = registered.json("card", "issue", "AA-2026", CASE)
    assert card["qr"].startswith(f"BP1/{card['number']}/")
    assert len(card["pin"]) == 4
    [listed] = registered.json("card", "list", "AA-2026", CASE)
    assert (listed["number"], listed["kind"], listed["state"]) == (card["number"], "paper", "active")
    assert not {"secret", "pin", "qr"} & set(listed)


def test_a_lost_card_is_blocked_and_replaced_by_one_of_its_kind(registered: Terminal) -> None:
    number = registered.json("card", "issue", "AA-2026", CASE, "--kind", "phone")["number"]
    grouped = f"{str(number)[:4]} {str(number)[4:7]} {str(number)[7:]}"
    registered.good("card", "block", grouped)
    assert registered.refused("card", "block", number)[1]["code"] == "not-possible-now"
    new = registered.json("card", "replace", number)
    assert (new["kind"], new["number"] != number) == ("phone", True)
    states = {card["number"]: card["state"] for card in registered.json("card", "list", "AA-2026", CASE)}
    assert states == {number: "blocked", new["number"]: "active"}


def test_a_till_is_invited_with_a_code_that_can_be_scanned(registered: Terminal) -> None:
    shown = registered.good("till", "invite", SIRET)
    assert "█" in shown
    invitation = registered.json("till", "invite", f"{SIRET[:9]} {SIRET[9:]}", "--scope", "merchant")
    assert set(invitation) == {"code", "scope", "expires_at"}
    assert registered.json("till", "invite", SIRET, "--training")["scope"] == "training"
    code, refusal = registered.refused("till", "invite", SIRET, "--scope", "merchant", "--training")
    assert (code, refusal["code"]) == (2, "bad-use")
    assert registered.json("till", "list") == []
    code, refusal = registered.refused("till", "revoke", "00000000-0000-4000-8000-000000000000")
    assert (code, refusal["code"]) == (3, "unknown-till")


def test_a_suspended_merchant_gets_no_till_until_approved_again(registered: Terminal) -> None:
    registered.good("merchant", "suspend", SIRET)
    assert registered.refused("till", "invite", SIRET)[1]["code"] == "merchant-not-active"
    registered.good("merchant", "approve", SIRET)
    registered.good("till", "invite", SIRET)
