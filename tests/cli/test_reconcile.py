"""`bonpois reconcile` from the import of October's statement to its report, and how it refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from tests.cli.conftest import OCTOBER, Terminal
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.month import MAKER
from tests.october_books import fill_with_october

FILE = OCTOBER / "releve-pois-2026-10.csv"


async def fill(urls: DatabaseUrls, keys: Path) -> None:
    database, clock = Database.at(urls.app), FixedClock(NOW)
    try:
        async with connected(urls.owner, role=f"{urls.role_prefix}_owner") as owner:
            await fill_with_october(Ledger(database, clock, Keyring.load(keys)), clock, owner)
    finally:
        await database.aclose()


@pytest.fixture
def october(terminal: Terminal, database_urls: DatabaseUrls, tmp_path: Path) -> Terminal:
    """The books of October; its officer is at the keyboard."""
    asyncio.run(fill(database_urls, tmp_path / "keys"))
    return Terminal({**terminal.environment, "BONPOIS_OPERATOR": MAKER})


@pytest.fixture
def matched(october: Terminal) -> Terminal:
    october.good("reconcile", "import", FILE)
    october.good("reconcile", "match")
    return october


def test_october_from_the_file_to_the_report(october: Terminal) -> None:
    taken = october.json("reconcile", "import", FILE)
    assert (taken["period"], taken["lines"], taken["closing_cents"], taken["dry_run"]) == (
        "2026-10",
        349,
        426_028,
        False,
    )
    made = october.json("reconcile", "match", "--period", "2026-10")
    assert (made["breaks"], sum(made["by_rule"].values())) == (18, made["matches"])
    code, report = october.refused("reconcile", "report")
    assert (code, report["proof_cents"], len(report["breaks"])) == (1, 0, 18)
    assert [one["period"] for one in october.json("reconcile", "list")] == ["2026-10"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["4\u202f260,28", "4\u202f010,93", "passé deux fois par l’association", "absent chez l’association"]),
        ("en", ["4,260.28", "4,010.93", "booked twice by the association", "missing at the association"]),
    ],
)
def test_people_read_the_statement_form_and_every_break(matched: Terminal, language: str, words: list[str]) -> None:
    result = matched.run("--lang", language, "reconcile", "report")
    assert result.exit_code == 1
    assert all(word in result.stdout for word in [*words, "T00157", "T00360", "T00462"])


def test_breaks_are_listed_with_their_reasons(matched: Terminal) -> None:
    result = matched.run("reconcile", "breaks", "--json")
    breaks = json.loads(result.stdout)
    reasons = {one["references"][0]: one["why"] for one in breaks if one["references"]}
    assert (result.exit_code, len(breaks)) == (1, 18)
    assert reasons["T00127"] == "copy-of-another-record"
    assert reasons["T00360"] == "reference-with-another-amount"
    assert "T00157" in matched.run("reconcile", "breaks").stdout


def test_a_match_is_taken_back_by_the_number_of_its_record(matched: Terminal) -> None:
    assert matched.json("reconcile", "unmatch", 2)["record"] == 2
    code, refusal = matched.refused("reconcile", "unmatch", 2)
    assert (code, refusal["code"], refusal["record"]) == (3, "not-matched", 2)


def test_a_dry_run_says_so_and_leaves_nothing(october: Terminal) -> None:
    assert "nothing is recorded" in october.good("reconcile", "import", FILE, "--dry-run")
    assert october.json("reconcile", "list") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("report", "--account", "reserve"), "no-statement"),
        (("report", "--period", "2026-09"), "no-statement"),
        (("report", "--period", "October"), "bad-use"),
        (("report", "--account", "euros"), "bad-use"),
        (("breaks", "--account", "reserve"), "no-statement"),
        (("match", "--period", "2027-01"), "no-statement"),
        (("import", FILE), "file-already-imported"),
        (("import", OCTOBER / "achats.csv"), "statement-format-unknown"),
        (("import", "none.csv"), "file-unreadable"),
        (("import", FILE, "--closing", "much"), "bad-use"),
        (("unmatch", "0"), "bad-use"),
    ],
)
def test_what_cannot_be_done_is_bad_input(matched: Terminal, arguments: tuple[object, ...], code: str) -> None:
    assert (matched.refused("reconcile", *arguments)[0], matched.refused("reconcile", *arguments)[1]["code"]) == (
        2,
        code,
    )


def test_a_faulty_file_is_told_by_file_row_and_column(october: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(FILE.read_bytes().replace(b";-3,50;;8988,48", b";-3,50;;8988,49"))
    result = october.run("reconcile", "import", path)
    assert result.exit_code == 2
    assert "broken.csv:150:Solde: « 8,988.49 »: The balance after record 143 should be 8,988.48." in result.stderr


def test_a_suggestion_is_listed_explained_and_accepted(matched: Terminal) -> None:
    matched.good("reconcile", "unmatch", 3)
    [offered] = matched.json("reconcile", "suggestions")
    assert (offered["lines"], offered["references"], offered["rule"]) == ([3], ["T00003"], "alike")
    [why] = matched.json("reconcile", "why", "T00003")
    assert (why["why"], why["misses"][0]["line"]["record"]) == ("equal-but-unmatched-by-hand", 3)
    told = matched.run("--lang", "fr", "reconcile", "why", 3)
    assert all(word in told.stdout for word in ["dérapproché à la main", "T00003"])
    assert offered["id"][:8] in matched.run("reconcile", "suggestions").stdout
    made = matched.json("reconcile", "accept", offered["id"][:8])
    [held] = matched.json("reconcile", "why", 3)
    assert (held["match"]["id"], held["match"]["reasons"][-1]) == (made["match"], "accepted")
    assert "accepté par une personne" in matched.run("--lang", "fr", "reconcile", "why", made["match"]).stdout
    assert matched.json("reconcile", "suggestions") == []


def test_what_is_not_there_is_neither_explained_nor_accepted(matched: Terminal) -> None:
    assert matched.refused("reconcile", "why", "T99999")[0] == 2
    assert matched.refused("reconcile", "accept", "abcdef")[1]["code"] == "unknown-suggestion"
