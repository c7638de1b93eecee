"""`bonpois export journal`, as people use it; and the home of a demo in the hands of others' programs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from admin_cli import console
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, running
from ledger.database.engine import EMBEDDED_DATABASE
from ledger.home import Home
from tests.accountants import (
    beancount_balances,
    csv_balances,
    fec_balances,
    fec_numbers,
    fec_rows,
    hledger_balances,
    require_hledger,
)
from tests.cli.conftest import Terminal, shell

BALANCES = """
    SELECT a.name, b.balance_cents FROM ledger.balance AS b
    INNER JOIN ledger.account AS a ON a.id = b.account_id WHERE b.balance_cents <> 0
"""
KEYS = ["file", "format", "from", "to", "transactions", "postings", "left_out", "rehearsal", "sha256"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """October played on a home of its own, and sealed."""
    terminal = shell(tmp_path_factory.mktemp("demo"))
    terminal.good("demo")
    terminal.good("seal")
    return terminal


@pytest.fixture(scope="module")
def ours(demo: Terminal) -> dict[str, int]:
    """What each account of that home holds."""

    async def balances() -> dict[str, int]:
        home = Home(Path(demo.environment["BONPOIS_HOME"]))
        async with running(home) as server, connected(server.url(SUPERUSER, EMBEDDED_DATABASE)) as connection:
            return {row["name"]: row["balance_cents"] for row in await connection.fetch(BALANCES)}

    return asyncio.run(balances())


@pytest.fixture
def funded(registered: Terminal) -> Terminal:
    """Two transactions of today."""
    registered.good("fund", "mandate", "AA-2026", "2026-1107", "12500,00")
    registered.good("fund", "confirm", "2026-1107")
    return registered


def test_hledger_finds_the_balances_of_the_demo(demo: Terminal, ours: dict[str, int], tmp_path: Path) -> None:
    require_hledger()
    made = demo.json("export", "journal", "--format", "hledger", "--output", tmp_path / "october")
    assert hledger_balances(Path(made["file"])) == ours


def test_beancount_finds_the_balances_of_the_demo(demo: Terminal, ours: dict[str, int], tmp_path: Path) -> None:
    made = demo.json("export", "journal", "--format", "beancount", "--output", tmp_path / "october")
    assert beancount_balances(Path(made["file"])) == ours


def test_the_table_of_the_demo_sums_up_to_its_balances(demo: Terminal, ours: dict[str, int], tmp_path: Path) -> None:
    made = demo.json("export", "journal", "--format", "csv", "--output", tmp_path / "october")
    assert csv_balances(Path(made["file"])) == ours


def test_the_fec_of_the_demo_is_whole(demo: Terminal, ours: dict[str, int], tmp_path: Path) -> None:
    made = demo.json("export", "journal", "--format", "fec", "--output", tmp_path / "october")
    rows = fec_rows(Path(made["file"]))
    assert (made["left_out"], fec_numbers(rows)) == (0, list(range(1, made["transactions"] + 1)))
    assert sorted(fec_balances(rows).values()) == sorted(ours.values())
    assert {row["JournalLib"].endswith("(répétition)") for row in rows} == {True}


def test_the_answer_for_programs_has_stable_keys(funded: Terminal, tmp_path: Path) -> None:
    command = ["export", "journal", "--format", "csv", "--from", "01/01/2020", "--output", tmp_path / "journal.csv"]
    made = funded.json(*command)
    assert list(made) == KEYS
    assert (made["from"], made["to"], made["transactions"], made["postings"]) == ("2020-01-01", None, 2, 6)
    assert made["rehearsal"] is False


def test_people_are_told_what_is_not_sealed(funded: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def seal_nothing(_session: object) -> None:
        """Somebody else is sealing."""

    monkeypatch.setattr(console, "_seal", seal_nothing)
    funded.good("fund", "mandate", "AA-2026", "2026-1108", "10,00")
    told = funded.good("export", "journal", "--format", "fec", "--output", tmp_path / "fec.txt")
    assert "One transaction is not sealed yet and is not in the file; run `bonpois seal`" in told
    assert fec_numbers(fec_rows(tmp_path / "fec.txt")) == [1, 2]
    whole = funded.good("export", "journal", "--format", "csv", "--output", tmp_path / "journal.csv")
    assert "sealed" not in whole


def test_by_default_the_file_is_here_under_its_days(
    funded: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = funded.json("export", "journal", "--format", "csv", "--from", "2026-01-01", "--to", "2026-01-31")
    assert made["file"] == "journal-2026-01-01-2026-01-31.csv"
    assert (tmp_path / made["file"]).exists()


def test_a_file_that_is_there_is_left_alone(funded: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "journal.csv"
    path.write_text("precious")
    code, refusal = funded.refused("export", "journal", "--format", "csv", "--output", path)
    assert (code, refusal["code"], refusal["file"]) == (2, "file-there", str(path))
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--format", "csv", "--from", "2026-10-02", "--to", "2026-10-01"], "bad-value"),
        (["--format", "fec", "--from", "2026-07-01", "--to", "2027-06-30"], "bad-value"),
        (["--format", "csv", "--output", "nowhere/journal.csv"], "file-unreadable"),
        (["--format", "fec", "--accounts", "nowhere.toml"], "file-unreadable"),
        (["--format", "xls"], "bad-use"),
        ([], "bad-use"),
        (["--format", "csv", "--from", "yesterday"], "bad-use"),
    ],
)
def test_what_cannot_be_done_is_bad_use(
    funded: Terminal, arguments: list[str], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    exit_code, refusal = funded.refused("export", "journal", *arguments)
    assert (exit_code, refusal["code"]) == (2, code)
    assert set(tmp_path.iterdir()) == before


def test_a_fault_in_the_account_numbers_is_named_by_its_key(funded: Terminal, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[comptes]\nvoucher = { numero = "46" }\n', encoding="utf-8")
    output = ["--output", tmp_path / "fec.txt"]
    code, refusal = funded.refused("export", "journal", "--format", "fec", "--accounts", own, *output)
    assert (code, refusal["code"], refusal["file"]) == (2, "file-faulty", "own.toml")
    assert [fault["column"] for fault in refusal["faults"]] == ["comptes.voucher.numero"]
