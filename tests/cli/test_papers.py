"""Printing cards and welcomes at the keyboard."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Terminal

CASE = "D26-19215"
SIRET = "62819482100078"


def test_cards_are_printed_lost_and_printed_again(registered: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    done = registered.json("card", "print", "AA-2026", folder, "--case", CASE, "--telephone", "05 49 00 00 00")
    assert (done["cards"], done["files"], sum(done["languages"].values())) == (1, ["cards.pdf", "letters.pdf"], 1)
    assert sorted(file.name for file in folder.iterdir()) == done["files"]
    [batch] = registered.json("card", "batches", "AA-2026")
    assert batch == {"issued_at": done["batch"], "cards": 1, "active_cards": 1}
    shown = registered.good("card", "batches", "AA-2026")
    typed = next(word for line in shown.splitlines() for word in line.split() if "T" in word and "+0" in word)
    assert registered.json("card", "block-batch", "AA-2026", typed) == {"batch": done["batch"], "blocked": 1}
    code, refusal = registered.refused("card", "block-batch", "AA-2026", typed)
    assert (code, refusal["code"]) == (2, "unknown-batch")
    code, refusal = registered.refused("card", "print", "AA-2026", folder, "--case", CASE)
    assert (code, refusal["code"]) == (2, "file-there")
    told = registered.good("card", "print", "AA-2026", tmp_path / "again", "--case", CASE)
    [card] = [each for each in registered.json("card", "list", "AA-2026", CASE) if each["state"] == "active"]
    assert f"{card['number']}" not in told.replace(" ", "")  # a screen keeps nothing of what pays
    code, refusal = registered.refused("card", "print", "AA-2026", tmp_path / "third", "--case", CASE)
    assert (code, refusal["code"], refusal["cases"]) == (3, "no-card-wanted", [CASE])


def test_a_merchant_is_welcomed_with_a_sheet(registered: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "welcome.pdf"
    done = registered.json("merchant", "welcome", SIRET, "--output", file, "--url", "https://pois.example.org")
    assert (done["siret"], done["file"]) == (SIRET, str(file))
    assert "code" not in done
    assert file.stat().st_mode & 0o777 == 0o600
    code, refusal = registered.refused("merchant", "welcome", "00000000000000", "--output", tmp_path / "other.pdf")
    assert (code, refusal["code"]) == (3, "unknown-merchant")
