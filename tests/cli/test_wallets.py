"""A telephone is invited at the keyboard, and disputes are seen there."""

from __future__ import annotations

from uuid import uuid4

from tests.cli.conftest import Terminal

CASE = "D26-19215"


def test_the_link_of_a_letter_is_made_for_a_telephones_card_only(registered: Terminal) -> None:
    phone = registered.json("card", "issue", "AA-2026", CASE, "--kind", "phone")["number"]
    paper = registered.json("card", "issue", "AA-2026", CASE, "--kind", "paper")["number"]
    made = registered.json("card", "enrol", phone, "--url", "https://pois.example.org/")
    assert made["link"] == f"https://pois.example.org/wallet#{made['code']}"
    shown = registered.good("card", "enrol", phone)
    assert "/wallet" not in shown
    assert "only once" in shown
    assert registered.refused("card", "enrol", paper)[1]["code"] == "not-possible-now"
    for url in ("pois.example.org", "http://pois.example.org", "https://pois.example.org/wallet", "https://a b"):
        assert registered.run("card", "enrol", phone, "--url", url).exit_code == 2
    assert registered.refused("card", "enrol", "1234567897")[1]["code"] == "unknown-card"


def test_nobody_disputes_a_sale_and_what_is_not_disputed_is_not_answered(registered: Terminal) -> None:
    assert registered.json("household", "disputes", "AA-2026") == []
    assert "Nobody" in registered.good("household", "disputes", "AA-2026", "--all")
    assert registered.refused("household", "answer", uuid4())[1]["code"] == "not-possible-now"
    assert registered.refused("household", "disputes", "AA-2027")[1]["code"] == "unknown-programme"
    assert registered.json("check") == []
