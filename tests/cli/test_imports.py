"""`bonpois reconcile import` at the keyboard: what was skipped, what waits, and a mapping for an unknown CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.statement_files import Moved, cfonb120, mt940, platform, write

MONTH = [Moved(date(2026, 10, day), f"Virement {day}", 100 * day) for day in range(1, 21)]
BANK = (
    "Compte 0001234\r\nDate opération;Valeur;Libellé;Débit;Crédit\r\n"
    "06/10/2026;07/10/2026;VIR CCAS;;1\u00a0250,00\r\n07/10/2026;07/10/2026;FRAIS;2,50;\r\n"
    "Total;;;2,50;1\u00a0250,00\r\n"
)


@pytest.fixture
def officer(terminal: Terminal) -> Terminal:
    terminal.good("operator", "add", "lea", "--role", "finance")
    return Terminal({**terminal.environment, "BONPOIS_OPERATOR": "lea"})


def part(folder: Path, start: int, stop: int) -> Path:
    opening = sum(move.cents for move in MONTH[:start])
    return write(folder, f"{start}-{stop}.csv", platform(opening, MONTH[start:stop]))


def test_a_file_waits_and_is_taken_when_the_one_in_between_comes(officer: Terminal, tmp_path: Path) -> None:
    officer.good("reconcile", "import", part(tmp_path, 0, 5))
    made = officer.json("reconcile", "import", part(tmp_path, 8, 20))
    assert (made["state"], made["gap"]) == ("pending", {"known_cents": 1_500, "told_cents": 3_600, "missing": "before"})
    assert [one["state"] for one in officer.json("reconcile", "list")] == ["taken", "pending"]
    made = officer.json("reconcile", "import", part(tmp_path, 4, 8))
    assert (made["state"], made["lines"], made["new_lines"]) == ("taken", 4, 3)
    assert [one["file"] for one in made["also_taken"]] == ["8-20.csv"]
    assert made["skipped"] == [
        {
            "line": 1,
            "row": 3,
            "booked_on": "2026-10-05",
            "label": "Virement 5",
            "amount_cents": 500,
            "reason": "already-imported",
            "known_file": "0-5.csv",
            "known_period": "2026-10",
            "known_record": 5,
        }
    ]
    assert [one["state"] for one in officer.json("reconcile", "list")] == ["taken", "taken", "taken"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "fr",
            ["Ignorées", "Virement 5", "enregistrement 5 de 2026-10, dans 0-5.csv", "qui attendait, est pris aussi"],
        ),
        ("en", ["Skipped", "Virement 5", "record 5 of 2026-10, from 0-5.csv", "which had waited, is taken too"]),
    ],
)
def test_people_read_what_was_skipped_and_what_waited(
    officer: Terminal, tmp_path: Path, language: str, words: list[str]
) -> None:
    officer.good("reconcile", "import", part(tmp_path, 0, 5))
    waits = officer.good("--lang", language, "reconcile", "import", part(tmp_path, 8, 20))
    assert ("36,00" if language == "fr" else "36.00") in waits
    shown = " ".join(officer.good("--lang", language, "reconcile", "import", part(tmp_path, 4, 8)).split())
    assert all(word in shown for word in words), shown


def test_a_file_that_waits_is_given_up(officer: Terminal, tmp_path: Path) -> None:
    officer.good("reconcile", "import", part(tmp_path, 0, 5))
    officer.good("reconcile", "import", part(tmp_path, 8, 20))
    assert officer.json("reconcile", "withdraw", "8-20.csv")["state"] == "withdrawn"
    code, refusal = officer.refused("reconcile", "withdraw", "8-20.csv")
    assert (code, refusal["code"]) == (2, "no-file-waiting")


@pytest.mark.parametrize(("name", "form"), [("releve.txt", cfonb120), ("releve.sta", mt940)])
def test_the_formats_of_banks_need_no_option(officer: Terminal, tmp_path: Path, name: str, form: object) -> None:
    assert callable(form)
    path = write(tmp_path, name, form(0, MONTH))
    made = officer.json("reconcile", "import", path, "--account", "reserve")
    assert (made["state"], made["lines"], made["closing_cents"]) == ("taken", 20, 21_000)


def test_a_mapping_is_proposed_kept_and_used(officer: Terminal, tmp_path: Path) -> None:
    path, kept = write(tmp_path, "banque.csv", BANK, "cp1252"), tmp_path / "banque.toml"
    code, refusal = officer.refused("reconcile", "import", path, "--account", "reserve")
    assert (code, refusal["code"], "--mapping" in refusal["known"]) == (2, "statement-format-unknown", True)
    proposed = officer.json("reconcile", "import", path, "--guess", "--output", kept)
    assert kept.read_text(encoding="utf-8") == proposed["mapping"]
    assert [(one["row"], one["label"], one["amount_cents"]) for one in proposed["sample"]] == [
        (3, "VIR CCAS", 125_000),
        (4, "FRAIS", -250),
    ]
    assert officer.json("reconcile", "list", "--account", "reserve") == []
    options = ("--account", "reserve", "--mapping", kept, "--closing", "1247,50")
    made = officer.json("reconcile", "import", path, *options)
    assert (made["format"], made["lines"], made["closing_cents"]) == ("mapped-csv", 2, 124_750)
    assert officer.refused("reconcile", "import", path, "--guess", "--output", kept)[1]["code"] == "file-there"


def test_a_mapping_that_is_wrong_is_told_by_its_setting(officer: Terminal, tmp_path: Path) -> None:
    path = write(tmp_path, "banque.csv", BANK, "cp1252")
    mapping = write(tmp_path, "banque.toml", 'decimal = ";"\n[columns]\ndate = "Date"\n')
    result = officer.run("reconcile", "import", path, "--mapping", mapping)
    assert result.exit_code == 2
    assert all(f"banque.toml:{place}" in result.stderr for place in ("decimal", "columns.label", "columns"))


def test_what_contradicts_is_told_by_its_row(officer: Terminal, tmp_path: Path) -> None:
    officer.good("reconcile", "import", part(tmp_path, 0, 5))
    other = [*MONTH[:2], Moved(MONTH[2].day, "Autre", 300), *MONTH[3:6]]
    result = officer.run("--lang", "en", "reconcile", "import", write(tmp_path, "other.csv", platform(0, other)))
    assert result.exit_code == 2
    assert "other.csv:5" in result.stderr
    assert "Record 3 of" in result.stderr
