"""Lots for the bank and merchants' months at the terminal, with the mistakes that people make on the way."""

from __future__ import annotations

import asyncio
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from pypdf import PdfReader

from admin_cli.main import bonpois as root
from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.merchants.actions import list_merchants
from tests import month
from tests.bank_answers import entry, statement, status
from tests.cli.conftest import Terminal
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.world import small_world

TODAY = date.today().isoformat()  # noqa: DTZ011 - the commands run by the machine's clock
LOT = f"LOT-{TODAY[:7]}"
PAYER_IBAN = "FR7676506608179062772286230"


@pytest.fixture
def shop(terminal: Terminal, database_urls: DatabaseUrls) -> str:
    """The SIRET of the shop that has 50 centimes on their way to euros; the two people have their keys."""

    async def made() -> str:
        database, clock = Database.at(database_urls.app), FixedClock(NOW)
        ledger = Ledger(database, clock, Keyring.load(Path(terminal.environment["BONPOIS_HOME"]) / "keys"))
        try:
            await small_world(ledger, clock)
            return (await list_merchants(ledger))[1].siret
        finally:
            await database.aclose()

    folder = Path(terminal.environment["BONPOIS_OPERATOR_KEYS"])
    for who in (month.MAKER_SIGNER, month.CHECKER_SIGNER):
        encryption = BestAvailableEncryption(b"correct horse")
        pem = who.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        (folder / f"{who.name}.pem").write_bytes(pem)
    return asyncio.run(made())


@pytest.fixture
def treasurer(terminal: Terminal, shop: str) -> Terminal:
    return Terminal({**terminal.environment, "BONPOIS_OPERATOR": month.MAKER})


@pytest.fixture
def second(terminal: Terminal, shop: str) -> Terminal:
    return Terminal({**terminal.environment, "BONPOIS_OPERATOR": month.CHECKER})


def payer(terminal: Terminal, iban: str) -> str:
    """Recorded with the IBAN typed; gives all that was printed."""
    arguments = ["conversion", "payer", "Le Pois réel", "--json"]
    return CliRunner(env=terminal.environment).invoke(root, arguments, input=f"{iban}\n").stdout


def test_a_lot_from_the_list_to_the_bank_and_back(
    treasurer: Terminal, second: Terminal, shop: str, tmp_path: Path
) -> None:
    assert treasurer.refused("conversion", "prepare-lot")[1]["code"] == "payer-missing"
    wrong = payer(treasurer, PAYER_IBAN[:-1] + "1")
    assert "bad-value" in wrong
    assert PAYER_IBAN not in payer(treasurer, PAYER_IBAN)
    assert treasurer.json("conversion", "payer")["iban"] == "FR76 … 6230"
    made = treasurer.json("conversion", "prepare-lot")
    assert (made["lot"], made["net_cents"], made["left_out"]) == (LOT, 49, [])
    assert treasurer.refused("conversion", "prepare-lot")[1]["code"] == "nothing-to-pay"
    file, again = tmp_path / "lot.xml", tmp_path / "again.xml"
    code, refusal = treasurer.refused("conversion", "export-lot", LOT, file)
    assert (code, refusal["code"], file.exists()) == (3, "lot-not-approved", False)
    assert treasurer.refused("approval", "approve", made["proposal"])[1]["code"] == "same-person"
    assert f"{LOT}.001" in second.good("approval", "show", made["proposal"])
    assert second.json("approval", "approve", made["proposal"])["state"] == "approved"
    told = treasurer.good("conversion", "export-lot", LOT, file)
    assert PAYER_IBAN not in told
    assert f"<IBAN>{PAYER_IBAN}</IBAN>" in file.read_text()
    assert treasurer.refused("conversion", "export-lot", LOT, file)[1]["code"] == "file-there"
    assert treasurer.json("conversion", "export-lot", LOT, again)["again"]
    assert again.read_bytes() == file.read_bytes()
    assert treasurer.refused("conversion", "withdraw-lot", LOT)[1]["code"] == "lot-at-the-bank"
    assert treasurer.refused("conversion", "withdraw-lot", "LOT")[1]["code"] == "unknown-lot"
    [waiting] = treasurer.json("conversion", "list", "--open")
    assert treasurer.refused("conversion", "cancel", waiting["id"])[1]["lot"] == LOT
    assert LOT in treasurer.good("conversion", "list")
    answer = status(tmp_path, LOT, group="ACCP")
    assert treasurer.json("conversion", "read-back", answer, "--dry-run")["done"][0]["event"] == "accept"
    assert treasurer.json("conversion", "lots", LOT)["transfers"][0]["state"] == "exported"
    assert treasurer.good("conversion", "read-back", answer)
    paid = statement(tmp_path, entry(49, batch=LOT), entry(7_00, [("LOYER", None)]))
    assert "LOYER" in treasurer.good("conversion", "read-back", paid)
    assert treasurer.json("conversion", "read-back", paid)["known"] == 1
    assert "1 carried out by the bank" in treasurer.good("conversion", "lots")
    assert treasurer.run("conversion", "read-back", file).exit_code == 2
    assert treasurer.json("check") == []


def test_a_statement_of_a_month_adds_up_on_screen_in_a_table_and_on_paper(
    treasurer: Terminal, shop: str, tmp_path: Path
) -> None:
    csv_file, pdf_file = tmp_path / "month.csv", tmp_path / "month.pdf"
    period = f"{NOW:%Y-%m}"
    found = treasurer.json("merchant", "statement", shop, "--period", period, "--csv", csv_file, "--pdf", pdf_file)
    account = found["account"]
    assert (account["opening_cents"], account["closing_cents"], found["proof_cents"]) == (0, 20, 0)
    assert account["in_cents"] - account["out_cents"] == 20
    assert sum(one["amount_cents"] for one in found["categories"]) == account["movements"][0]["amount_cents"] == 300
    assert [(one["gross_cents"], one["net_cents"]) for one in found["conversions"]] == [(100, 98)]
    assert [one["out_cents"] for one in found["merchants"]] == [30]
    assert found["checkpoint"] is None or found["checkpoint"].startswith("bonpois/")
    rows = csv_file.read_text("utf-8-sig").splitlines()
    assert f"{shop};{period};Conversions paid;;LOT-1;2026-10-06;;1,00;0,02;0,98" in rows
    text = PdfReader(BytesIO(pdf_file.read_bytes())).pages[0].extract_text()
    assert "Your Pois: 0.00 + 3.00 − 2.80 = 0.20" in text
    assert treasurer.refused("merchant", "statement", shop, "--pdf", pdf_file)[1]["code"] == "file-there"
    assert treasurer.refused("merchant", "statement", shop, "--period", "2999-01")[1]["code"] == "bad-value"
    assert treasurer.refused("merchant", "statement", "1" * 14)[1]["code"] == "unknown-merchant"
    early = treasurer.json("merchant", "statement", shop, "--period", "2026-09")
    assert (early["account"]["movements"], early["account"]["closing_cents"]) == ([], 0)
    assert "not over" in treasurer.good("merchant", "statement", shop, "--period", TODAY[:7])
