"""Money that goes back, gets lost, is corrected: proposed by one at the terminal, approved by another."""

from __future__ import annotations

from typing import Any

import pytest

from admin_cli.commands.adjust import REASONS, reason_words
from ledger.adjustments.model import Reason
from tests.cli.conftest import Terminal

VOUCHER = "AA-2026-2026-000001"


@pytest.fixture
def funded(staffed: Terminal) -> Terminal:
    """12 500,00 in the pool; Alice is at the keyboard."""
    staffed.good("fund", "mandate", "AA-2026", "2026-1107", "12500,00")
    staffed.good("fund", "confirm", "2026-1107")
    return staffed


def approved(terminal: Terminal, proposed: dict[str, Any]) -> dict[str, Any]:
    decided: dict[str, Any] = terminal.json("approval", "approve", proposed["number"], "--operator", "bruno")
    assert decided["state"] == "approved"
    content: dict[str, Any] = decided["content"]
    return content


def test_unspent_aid_is_asked_for_and_paid_back(funded: Terminal) -> None:
    asked = funded.json("fund", "return-request", "AA-2026", "970,00")
    assert asked["postings"] == [
        {"account": "programme:AA-2026:pool", "amount_cents": 97_000},
        {"account": "programme:AA-2026:returning", "amount_cents": -97_000},
    ]
    assert approved(funded, asked) == asked
    [funds] = funded.json("fund", "status")["programmes"]
    assert (funds["pool_cents"], funds["returning_cents"]) == (1_153_000, 97_000)
    approved(funded, funded.json("fund", "return-paid", "AA-2026", "970,00"))
    [funds] = funded.json("fund", "status")["programmes"]
    assert funds["returning_cents"] == 0
    funded.good("check")


def test_the_reserve_loses_a_fee_that_is_made_good(funded: Terminal) -> None:
    loss = approved(funded, funded.json("fund", "reserve-loss", "2,50"))
    assert (loss["kind"], loss["reason"]) == ("reserve-loss", "bank-fee")
    approved(funded, funded.json("fund", "reserve-made-good", "2,50"))
    code, refusal = funded.refused("fund", "reserve-made-good", "2,50")
    assert (code, refusal["code"], refusal["available_cents"]) == (3, "account-too-low", 0)


def test_who_proposes_does_not_approve(funded: Terminal) -> None:
    loss = funded.json("fund", "reserve-loss", "2,50")
    assert funded.refused("approval", "approve", loss["number"])[1]["code"] == "same-person"


def test_the_approver_sees_every_posting(funded: Terminal) -> None:
    proposed = funded.json(
        *("adjust", "propose", "--debit", "suspense:EUR", "7,00", "--credit", "association:guarantee-fund", "7,00"),
        *("--reason", "unexplained"),
    )
    shown = funded.good("approval", "show", proposed["number"])
    for word in ("suspense:EUR", "association:guarantee-fund", "7.00", "adjustment"):
        assert word in shown
    approved(funded, proposed)
    funded.good("check")


def test_a_transaction_is_taken_back(funded: Terminal) -> None:
    loss = approved(funded, funded.json("fund", "reserve-loss", "2,50"))
    back = funded.json("adjust", "reverse", loss["transaction_id"], "--reason", "booked-twice")
    assert back["reverses_id"] == loss["transaction_id"]
    approved(funded, back)
    code, refusal = funded.refused("adjust", "reverse", loss["transaction_id"], "--reason", "booked-twice")
    assert (code, refusal["code"]) == (3, "already-exists")


def test_what_the_books_would_not_take_is_told_in_words(funded: Terminal) -> None:
    legs = ("--debit", "association:paid-out", "1,00", "--credit", "association:guarantee-fund", "1,00")
    result = funded.run("adjust", "propose", *legs, "--reason", "wrong-account")
    assert result.exit_code == 3
    assert "Money does not move between these accounts in this way." in result.stderr
    assert funded.refused("adjust", "propose", "--reason", "wrong-account")[1]["code"] == "bad-value"
    assert funded.run("adjust", "propose", *legs).exit_code == 2  # no reason
    assert funded.run("adjust", "reverse", "7", "--reason", "booked-twice").exit_code == 2


def test_a_mandate_is_cancelled_while_it_is_in_transit(funded: Terminal) -> None:
    funded.good("fund", "mandate", "AA-2026", "2026-1108", "300,00")
    assert "cancelled" in funded.good("fund", "cancel-mandate", "2026-1108")
    code, refusal = funded.refused("fund", "cancel-mandate", "2026-1107")
    assert (code, refusal["code"], refusal["state"]) == (3, "not-possible-now", "confirmed")
    assert "with the association" in funded.good("fund", "status")


def test_vouchers_are_listed_shown_and_revoked(registered: Terminal) -> None:
    registered.good("fund", "mandate", "AA-2026", "2026-1107", "12500,00")
    registered.good("fund", "confirm", "2026-1107")
    registered.good("aid", "prepare", "AA-2026")
    registered.good("aid", "approve", "AA-2026", "1", "--operator", "bruno")
    [listed] = registered.json("voucher", "list", "AA-2026", "D26-19215")
    assert (listed["state"], listed["face_cents"]) == ("active", 16_000)
    assert registered.json("voucher", "lapse") == {"vouchers": 0, "returned_cents": 0}
    assert registered.json("voucher", "revoke", listed["serial"])["balance_cents"] == 0
    shown = registered.json("voucher", "show", listed["serial"])
    assert [each["kind"] for each in shown["history"]] == ["issue", "revocation", "revoke"]
    assert "revoked" in registered.good("voucher", "show", listed["serial"])
    assert registered.refused("voucher", "revoke", listed["serial"])[1]["code"] == "not-possible-now"
    assert registered.refused("voucher", "show", "AA-1")[1]["code"] == "unknown-voucher"
    registered.good("check")


def test_every_reason_can_be_typed_and_has_its_words() -> None:
    assert set(REASONS) == set(Reason)
    assert all(reason_words(reason) != reason for reason in Reason)
