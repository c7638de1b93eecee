"""`bonpois reconcile --account reserve`, `reconcile prove` and `bonpois remittance`, as people use them."""

from __future__ import annotations

import asyncio
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
from tests.reserve_books import fill_with_payouts

FILE = OCTOBER / "releve-reserve-2026-10.camt053.xml"
RESERVE = ("--account", "reserve")


async def fill(urls: DatabaseUrls, keys: Path) -> None:
    database, clock = Database.at(urls.app), FixedClock(NOW)
    try:
        async with connected(urls.owner, role=f"{urls.role_prefix}_owner") as owner:
            await fill_with_payouts(Ledger(database, clock, Keyring.load(keys)), clock, owner)
    finally:
        await database.aclose()


@pytest.fixture
def october(terminal: Terminal, database_urls: DatabaseUrls, tmp_path: Path) -> Terminal:
    asyncio.run(fill(database_urls, tmp_path / "keys"))
    return Terminal({**terminal.environment, "BONPOIS_OPERATOR": MAKER})


def test_the_reserve_from_the_file_to_the_report(october: Terminal) -> None:
    taken = october.json("reconcile", "import", FILE, *RESERVE)
    assert (taken["account"], taken["lines"], taken["closing_cents"], taken["left_out"]) == ("reserve", 4, 946_350, 0)
    made = october.json("reconcile", "match", *RESERVE)
    assert (made["by_rule"], made["breaks"]) == ({"payout-lot": 1, "reference": 1}, 1)
    code, report = october.refused("reconcile", "report", *RESERVE)
    assert (code, report["ledger"]["closing_cents"], report["proof_cents"]) == (1, 946_600, 0)
    assert [(one["category"], one["theirs_cents"]) for one in report["breaks"]] == [("fee", 250)]
    people = october.run("--lang", "fr", "reconcile", "report", *RESERVE).stdout
    assert all(word in people for word in ["9\u202f463,50", "9\u202f466,00", "lot de paiements", "réserve en euros"])


def test_a_statement_of_other_money_is_told_as_bad_input(october: Terminal) -> None:
    code, refusal = october.refused("reconcile", "import", FILE)
    assert (code, refusal["code"], refusal["currency"]) == (2, "statement-of-other-money", "EUR")


def test_the_identities_are_proven_in_one_command(october: Terminal) -> None:
    code, shown = october.refused("reconcile", "prove")
    assert (code, list(shown)) == (1, ["holds", "identities"])  # these books have a voucher without its document
    assert [(one["number"], one["holds"]) for one in shown["identities"]] == [
        *((1, True), (1, True), (2, False), (3, None), (4, True), (5, True))
    ]
    keys = ["number", "name", "programme", "period", "relation", "left", "right"]
    assert list(shown["identities"][0]) == [*keys, "left_cents", "right_cents", "difference_cents", "holds"]
    people = october.run("--lang", "fr", "reconcile", "prove").stdout
    assert all(word in people for word in ["NE TIENT PAS", "fonds de garantie", "3\u202f034,00", "Pois papier"])


def test_an_empty_installation_proves_all_of_them(staffed: Terminal) -> None:
    assert staffed.json("reconcile", "prove")["holds"]


def test_a_day_is_told_and_answered(october: Terminal, tmp_path: Path) -> None:
    made = october.json("remittance", "make", "2026-10-06", "--output", tmp_path)
    path = tmp_path / "remise-000001-2026-10-06.csv"
    assert (made["number"], made["file"], made["first_day"]) == (1, str(path), "2026-10-06")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfligne;nature;")
    path.unlink()
    assert october.json("remittance", "write", 1, "--output", tmp_path)["sha256"] == made["sha256"]
    assert path.read_bytes() == content
    answer = tmp_path / "retour.csv"
    answer.write_text("ligne;reference;statut;code\nR000001-00001;A1;accepte;\n", encoding="utf-8")
    assert "nothing is recorded" in october.good("remittance", "acknowledge", answer, "--dry-run")
    assert october.json("remittance", "acknowledge", answer)["accepted"] == 1
    [listed] = october.json("remittance", "list")
    assert (listed["accepted"], listed["refused"], listed["control_cents"]) == (1, 0, made["control_cents"])
    assert "1" in october.good("remittance", "list")


def test_another_file_of_the_name_is_left_alone(october: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "remise-000001-2026-10-06.csv"
    path.write_text("mine")
    code, refusal = october.refused("remittance", "make", "2026-10-06", "--output", tmp_path)
    assert (code, refusal["code"], path.read_text()) == (2, "file-there", "mine")
    path.unlink()
    october.good("remittance", "write", 1, "--output", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (("make", "2030-01-01"), 3, "day-not-over"),
        (("make", "2026-09-01"), 3, "nothing-to-remit"),
        (("make", "tomorrow"), 2, "bad-use"),
        (("write", "7"), 3, "unknown-remittance"),
        (("acknowledge", "none.csv"), 2, "file-unreadable"),
        (("make", "2026-10-06", "--dry-run", "--operator", "nobody"), 3, "unknown-operator"),
    ],
)
def test_what_cannot_be_told_is_refused(
    october: Terminal, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    got, refusal = october.refused("remittance", *arguments)
    assert (got, refusal["code"]) == (exit_code, code)
