"""`bonpois report` for paper: the four statements as files, at the keyboard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.programmes.actions import approve_aid_run, prepare_aid_run
from ledger.reconciliation.actions import import_statement, match_statement
from tests.cli.conftest import OCTOBER, Terminal
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.month import CHECKER_SIGNER, CODE, MAKER, MAKER_SIGNER, programme_with_households
from tests.papers import pages_of, rows_of, text_of


async def fill(urls: DatabaseUrls, keys: Path) -> None:
    """A run that is issued, and the statement of a month in which nothing was sold."""
    database = Database.at(urls.app)
    ledger = Ledger(database, FixedClock(NOW), Keyring.load(keys))
    try:
        await programme_with_households(ledger)
        await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
        await import_statement(ledger, OCTOBER / "releve-pois-2026-10.csv", MAKER)
        await match_statement(ledger, MAKER)
    finally:
        await database.aclose()


@pytest.fixture
def issued(terminal: Terminal, database_urls: DatabaseUrls, tmp_path: Path) -> Terminal:
    asyncio.run(fill(database_urls, tmp_path / "keys"))
    return terminal


def test_each_statement_becomes_a_paper_and_a_table(issued: Terminal, tmp_path: Path) -> None:
    def made(code: int, *words: str) -> dict[str, object]:
        name = tmp_path / words[0]
        files = ("--pdf", name.with_suffix(".pdf"), "--csv", name.with_suffix(".csv"), "--xlsx", f"{name}.xlsx")
        result, document = issued.refused("report", *words, *files)
        assert result == code
        assert [Path(str(file)).exists() for file in document["files"]] == [True] * 3
        assert rows_of(name.with_suffix(".csv"))
        assert pages_of(name.with_suffix(".pdf"))
        return document

    granted = made(0, "liquidation", CODE, "1")
    assert (granted["paper"], granted["total_cents"], granted["voucher_count"]) == ("etat-liquidatif", 1_153_000, 56)
    assert made(0, "slip", CODE, "1")["last_serial"] == "AA-2026-2026-000056"
    assert made(0, "consumption", "--on", "2026-10-06")["holds"] is True
    assert made(1, "reconciliation", "--period", "2026-10")["proof_cents"] == 0
    again = issued.refused("report", "slip", CODE, "1", "--csv", tmp_path / "slip.csv")
    assert (again[0], again[1]["code"]) == (2, "file-there")


def test_people_are_told_the_sum_in_words_and_that_nothing_is_written(issued: Terminal) -> None:
    told = issued.good("report", "liquidation", CODE, "1")
    assert "closed at the sum of eleven thousand five hundred and thirty euros" in told
    assert "Nothing is written" in told


def test_the_numbers_of_the_home_are_taken_unasked(issued: Terminal, tmp_path: Path) -> None:
    (tmp_path / "comptes.toml").write_text('[organismes]\nccas = "CCAS de Ligugé"\n', encoding="utf-8")
    issued.good("report", "slip", CODE, "1", "--pdf", tmp_path / "a.pdf")
    assert "CCAS de Ligugé" in text_of(tmp_path / "a.pdf")
    (tmp_path / "comptes.toml").write_text('[organisme]\nccas = "x"\n', encoding="utf-8")
    code, refusal = issued.refused("report", "slip", CODE, "1")
    assert (code, refusal["code"], refusal["faults"][0]["column"]) == (2, "file-faulty", "organisme")
