"""Merchants' money at the terminal: the treasurer's list, coupons, the owner's code, leaving."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.calendar import paris_day
from ledger.clock import FixedClock, SystemClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.merchants.actions import list_merchants
from tests import month
from tests.cli.conftest import Terminal
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.world import small_world

TODAY = paris_day(SystemClock().now()).isoformat()  # the commands run by the machine's clock


@pytest.fixture
def shops(terminal: Terminal, database_urls: DatabaseUrls) -> list[str]:
    """The first three SIRETs of the small world: the second one has 20 centimes and 50 on their way to euros."""

    async def made() -> list[str]:
        database = Database.at(database_urls.app)
        clock = FixedClock(NOW)
        ledger = Ledger(database, clock, Keyring.load(Path(terminal.environment["BONPOIS_HOME"]) / "keys"))
        try:
            await small_world(ledger, clock)
            return [merchant.siret for merchant in await list_merchants(ledger)][:3]
        finally:
            await database.aclose()

    return asyncio.run(made())


@pytest.fixture
def treasurer(terminal: Terminal, shops: list[str]) -> Terminal:
    return Terminal({**terminal.environment, "BONPOIS_OPERATOR": month.MAKER})


def test_the_treasurer_lists_pays_and_takes_back(treasurer: Terminal, shops: list[str], tmp_path: Path) -> None:
    [paid, waiting] = treasurer.json("conversion", "list")
    assert (paid["state"], paid["lot"], paid["net_cents"], paid["commission_cents"]) == ("paid", "LOT-1", 98, 2)
    assert (waiting["state"], waiting["due_cents"]) == ("requested", 50)
    assert treasurer.json("conversion", "list", "--open") == [waiting]
    file = tmp_path / "list.csv"
    proposed = treasurer.json("conversion", "lot", "--propose", "--reference", "NOV", "--output", file)
    assert (proposed["lot"], proposed["gross_cents"], proposed["net_cents"]) == ("NOV", 50, 49)
    assert file.stat().st_mode & 0o777 == 0o600
    header, row = file.read_text().splitlines()
    assert header == "lot;date;siret;iban;brut_centimes;commission_centimes;net_centimes"
    assert row.startswith(f"NOV;{TODAY};{shops[1]};FR76")
    assert row.endswith(";50;1;49")
    assert treasurer.json("conversion", "paid", file, "--dry-run")["dry_run"]
    assert treasurer.json("conversion", "list", "--open") == [waiting]
    assert treasurer.json("conversion", "paid", file)["lots"][0]["net_cents"] == 49
    assert [one["lot"] for one in treasurer.json("conversion", "lot")] == ["LOT-1", "NOV"]
    assert treasurer.json("conversion", "returned", shops[1], "NOV")["state"] == "returned"
    assert treasurer.json("conversion", "cancel", waiting["id"])["state"] == "cancelled"
    assert treasurer.refused("conversion", "cancel", waiting["id"])[1]["code"] == "conversion-not-open"
    assert treasurer.json("check") == []


def test_no_bank_account_is_shown(treasurer: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    told = treasurer.good("conversion", "lot", "--propose", "--output", file)
    iban = file.read_text().splitlines()[1].split(";")[3]
    assert len(iban) == 27
    assert iban not in told
    assert iban not in treasurer.good("conversion", "lot", "--propose", "--json")
    assert treasurer.refused("conversion", "lot", "--propose", "--output", file)[1]["code"] == "already-exists"
    code, refusal = treasurer.refused("conversion", "lot", "--propose", "--output", tmp_path / "no" / "list.csv")
    assert (code, refusal["code"]) == (2, "file-unreadable")


def test_a_faulty_list_names_file_row_and_column(treasurer: Terminal, shops: list[str], tmp_path: Path) -> None:
    file = tmp_path / "lot.csv"
    file.write_text(f"lot;date;siret;brut_centimes;commission_centimes;net_centimes\nX;{TODAY};{shops[1]};51;1;50\n")
    result = treasurer.run("conversion", "paid", file)
    assert result.exit_code == 2
    assert f"lot.csv:2:siret: « {shops[1]} »" in result.stderr


def test_the_rate_is_set_in_percent(treasurer: Terminal) -> None:
    assert treasurer.json("conversion", "rate", "2,5")["basis_points"] == 250
    assert treasurer.json("conversion", "rate", "0")["basis_points"] == 0
    assert [one["basis_points"] for one in treasurer.json("conversion", "rates")] == [200, 250, 0]
    assert "2.50 %" in treasurer.good("conversion", "rates")
    assert treasurer.run("conversion", "rate", "much").exit_code == 2
    assert treasurer.refused("conversion", "rate", "101")[1]["code"] == "bad-value"


def test_coupons_go_out_back_and_into_euros(treasurer: Terminal, shops: list[str]) -> None:
    assert treasurer.json("coupons", "out", shops[0], "5")["kind"] == "coupons"
    assert treasurer.json("coupons", "back", shops[0], "2")["kind"] == "coupons-returned"
    done = treasurer.json("coupons", "converted", shops[0], "4")
    assert (done["kind"], done["amount_cents"], done["commission_cents"]) == ("coupons-converted", 400, 8)
    assert treasurer.refused("coupons", "out", shops[0], "1,50")[1]["code"] == "not-whole-pois"
    assert treasurer.json("check") == []


def test_an_owner_gets_a_code_to_scan(treasurer: Terminal, shops: list[str]) -> None:
    document = treasurer.json("merchant", "owner-code", shops[0])
    assert document["uri"].startswith(f"otpauth://totp/Pois:{shops[0]}?secret=")
    shown = treasurer.good("merchant", "owner-code", shops[0])
    assert "▀" in shown or "█" in shown
    assert "otpauth" not in shown


def test_a_merchant_leaves_or_is_told_what_is_open(treasurer: Terminal, shops: list[str]) -> None:
    code, refusal = treasurer.refused("merchant", "close", shops[1])
    assert (code, refusal["code"]) == (3, "merchant-not-empty")
    assert (refusal["balance_cents"], refusal["converting_cents"], len(refusal["open_conversions"])) == (20, 50, 1)
    told = treasurer.run("merchant", "close", shops[1]).stderr
    assert "balance: 0.20" in told
    assert "on its way to euros: 0.50" in told
    last = treasurer.json("merchant", "list")[-1]["siret"]
    assert treasurer.json("merchant", "close", last)["state"] == "closed"
    assert treasurer.refused("till", "invite", last)[1]["code"] == "merchant-not-active"
