"""`bonpois break`: an officer, and a second person, at work on the differences of October."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from ledger.calendar import paris_day
from tests.cli.conftest import Terminal
from tests.cli.test_reconcile import FILE, fill
from tests.databases import DatabaseUrls
from tests.month import CHECKER, CHECKER_SIGNER, MAKER, MAKER_SIGNER

LATER = (paris_day(datetime.now(UTC)) + timedelta(days=30)).isoformat()


@pytest.fixture
def officer(terminal: Terminal, database_urls: DatabaseUrls, tmp_path: Path) -> Terminal:
    """October is matched; the keys of both people lie in the folder of theirs."""
    asyncio.run(fill(database_urls, tmp_path / "keys"))
    for person in (MAKER_SIGNER, CHECKER_SIGNER):
        file = Path(terminal.environment["BONPOIS_OPERATOR_KEYS"]) / f"{person.name}.pem"
        encryption = BestAvailableEncryption(b"correct horse")
        file.write_bytes(person.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        file.chmod(0o600)
    at_work = Terminal({**terminal.environment, "BONPOIS_OPERATOR": MAKER})
    at_work.good("reconcile", "import", FILE)
    at_work.good("reconcile", "match")
    return at_work


def listed(officer: Terminal, *narrow: str) -> list[dict[str, Any]]:
    result = officer.run("reconcile", "breaks", *narrow, "--json")
    assert result.exit_code == 1  # something is open, whatever is shown
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def of_category(officer: Terminal, category: str) -> dict[str, Any]:
    return next(one for one in listed(officer) if one["category"] == category)


def test_a_difference_is_looked_after_until_two_people_settle_it(officer: Terminal) -> None:
    handle = of_category(officer, "amount-differs")["id"][:8]
    assert officer.json("break", "assign", handle, "--to", CHECKER)["owner"] == CHECKER
    officer.good("break", "comment", handle, "Mme Martin rappelle lundi")
    assert "waiting, until" in officer.good("break", "wait", handle, "--until", LATER)
    assert officer.json("break", "reopen", handle, "--reason", "new-facts")["state"] == "open"
    claim = officer.json("break", "claim", handle, "--until", LATER)
    assert officer.refused("break", "write-off", handle)[1]["code"] == "resolution-waits"
    assert "break_id" in officer.good("approval", "show", claim["number"])
    officer.good("approval", "approve", claim["number"], "--operator", CHECKER)
    move = officer.json("break", "write-off", handle)
    officer.good("approval", "approve", move["number"], "--operator", CHECKER)
    file = officer.json("break", "show", handle)
    assert (file["state"], file["course"], file["comments"]) == ("resolved", "write-off", 1)
    assert [one["course"] for one in file["resolutions"]] == ["they-correct", "write-off"]
    french = officer.good("--lang", "fr", "break", "show", handle)
    assert all(word in french for word in ["Mme Martin", "réglé par deux personnes", "abandonner", "faits nouveaux"])
    assert officer.json("break", "erase-comment", handle, "2")["comments"] == 0
    assert "Mme Martin" not in officer.good("break", "show", handle)
    assert officer.refused("break", "wait", handle, "--until", LATER)[1]["code"] == "break-settled"


def test_the_list_is_narrowed_and_still_tells_that_something_is_open(officer: Terminal) -> None:
    handle = of_category(officer, "duplicate-theirs")["id"][:8]
    officer.good("break", "assign", handle)
    for narrow in (("--owner", MAKER), ("--state", "open", "--owner", MAKER)):
        assert [one["id"][:8] for one in listed(officer, *narrow)] == [handle]
    assert listed(officer, "--older", "9999") == []
    text = officer.run("--lang", "fr", "reconcile", "breaks").stdout
    assert all(word in text for word in [handle, "Ancienneté de ce qui reste", "0-7", MAKER])


MISTAKES = [
    (("show", "zzzz"), 2, "unknown-break"),
    (("show", "abc"), 2, "unknown-break"),
    (("wait", "BREAK", "--until", "2020-01-01"), 2, "bad-value"),
    (("wait", "BREAK"), 2, "bad-use"),
    (("comment", "BREAK", " "), 2, "bad-value"),
    (("erase-comment", "BREAK", "7"), 2, "unknown-comment"),
    (("reopen", "BREAK", "--reason", "mistake"), 3, "nothing-to-reopen"),
    (("assign", "BREAK", "--to", "nemo"), 3, "unknown-operator"),
    (("assign", "BREAK", "--to", MAKER, "--nobody"), 2, "bad-use"),
    (("correct", "BREAK"), 2, "correction-unclear"),
    (("correct", "BREAK", "--debit", "suspense:POIS", "1,00"), 2, "bad-use"),
    (("write-off", "BREAK", "--programme", "ZZ-2026"), 3, "unknown-programme"),
]


def test_mistakes_are_told_and_change_nothing(officer: Terminal) -> None:
    found = of_category(officer, "amount-differs")
    told = []
    for arguments, _, _ in MISTAKES:
        code, refusal = officer.refused("break", *(found["id"] if word == "BREAK" else word for word in arguments))
        told.append((arguments, code, refusal["code"]))
    assert told == MISTAKES
    assert of_category(officer, "amount-differs") == found
