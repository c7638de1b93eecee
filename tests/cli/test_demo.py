"""`bonpois demo`, as the finance officer runs it: a process of its own, on homes of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from pypdf import PdfReader

from admin_cli.rehearsal.folder import OCTOBER, Month, read_month
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, running
from ledger.database.engine import EMBEDDED_DATABASE
from ledger.errors import FileFaulty
from ledger.home import Home
from tests.cli.conftest import Terminal, shell

SECONDS_MAX = 120
BALANCES = """
    SELECT a.name, CASE WHEN v.id IS NULL THEN NULL ELSE v.face_cents END AS face, b.balance_cents, count(*) AS many
    FROM ledger.balance AS b
    INNER JOIN ledger.account AS a ON a.id = b.account_id
    LEFT JOIN ledger.voucher AS v ON v.account_id = a.id
    GROUP BY 1, 2, 3 ORDER BY 1
"""


def start(home: Path, *folder: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "admin_cli", "--home", str(home), "demo", *folder, "--json"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    told, errors = process.communicate(timeout=SECONDS_MAX)
    assert told, errors
    return process.returncode, json.loads(told)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="module")
def undisturbed(homes: Path) -> tuple[int, dict[str, Any]]:
    return finish(start(homes / "undisturbed"))


async def balances(home: Path) -> list[tuple[Any, ...]]:
    """What each account holds; voucher serials go by the order of households, which is random, so by face."""
    async with running(Home(home)) as server, connected(server.url(SUPERUSER, EMBEDDED_DATABASE)) as connection:
        rows = await connection.fetch(BALANCES)
        held = await connection.fetch("""
            SELECT r.reference, r.approved_cents, r.receipt_year, r.receipt_number, m.siret
            FROM ledger.redemption AS r INNER JOIN ledger.merchant AS m ON m.id = r.merchant_id ORDER BY 1
        """)
        vouchers = await connection.fetch("""
            SELECT v.face_cents, b.balance_cents, array_agg(r.reference ORDER BY r.reference) AS tickets
            FROM ledger.voucher AS v
            INNER JOIN ledger.balance AS b USING (account_id)
            LEFT JOIN ledger.posting AS p ON p.account_id = v.account_id
            LEFT JOIN ledger.redemption AS r ON r.id = p.transaction_id
            GROUP BY v.id, v.face_cents, b.balance_cents ORDER BY 3
        """)
    named = [tuple(row) for row in rows if not row["name"].startswith("voucher:")]
    return [*named, *map(tuple, held), *((*row[:2], tuple(row[2])) for row in vouchers)]


def test_october_ends_in_proof(undisturbed: tuple[int, dict[str, Any]]) -> None:
    code, story = undisturbed

    assert code == 0
    assert story["as_expected"]
    assert (story["purchases"], story["approved"], story["approved_cents"]) == (462, 416, 850754)
    assert (story["refused"], story["refunds"], story["refunded_cents"]) == (46, 3, 1847)
    assert (story["issued_cents"], story["vouchers"], story["violations"]) == (1153000, 56, [])
    report = story["reconciliation"]
    assert report["ledger"]["closing_cents"] == 401093
    assert report["statement"]["closing_cents"] == 426028
    assert report["proof_cents"] == 0
    assert len(report["breaks"]) == 18


def test_the_18_differences_have_category_and_ticket(undisturbed: tuple[int, dict[str, Any]]) -> None:
    breaks = undisturbed[1]["reconciliation"]["breaks"]

    named = {(found["category"], *found["references"]) for found in breaks}

    last_day = ["441", "444", "446", "449", "450", "452", "453", "455", "456", "458", "459", "460", "461", "462"]
    assert named == {
        ("duplicate-theirs", "T00127"),
        ("missing-at-association", "T00157"),
        ("fee",),
        ("amount-differs", "T00360"),
        *(("timing-ours-first", f"T00{ticket}") for ticket in last_day),
    }


def test_october_s_money_reaches_the_bank(undisturbed: tuple[int, dict[str, Any]]) -> None:
    story = undisturbed[1]

    assert story["movements"] == {
        "payment": {"count": 3, "cents": 2979},
        "coupons": {"count": 4, "cents": 4000},
        "conversion": {"count": 10, "cents": 335800},
    }
    assert story["payouts"] == {"count": 9, "gross_cents": 303400, "commission_cents": 6068}
    reserve = story["reserve"]
    assert (reserve["ledger"]["closing_cents"], reserve["statement"]["closing_cents"]) == (946600, 946350)
    [fee] = reserve["breaks"]
    assert (fee["category"], fee["theirs_cents"], fee["state"]) == ("fee", 250, "cleared")
    assert reserve["proof_cents"] == 0


def test_october_ends_certified_and_its_certificate_holds_for_a_stranger(
    undisturbed: tuple[int, dict[str, Any]],
) -> None:
    certified = undisturbed[1]["certified"]

    assert certified["holds"]
    assert certified["certificate"]["version"] == 1
    assert certified["certificate"]["prepared_by"] != certified["certificate"]["certified_by"]
    proof, paper, table = map(Path, certified["files"])
    stranger = shell(proof.parent.parent.with_name("stranger"))
    statement = ["--statement", OCTOBER / "releve-pois-2026-10.csv"]
    assert stranger.json("verify", proof, *statement)["holds"]
    assert not stranger.refused("verify", proof, "--statement", OCTOBER / "achats.csv")[1]["holds"]
    assert stranger.refused("verify", proof.with_name("receipt.json"), *statement)[1]["code"] == "bad-use"
    pages = [page.extract_text() for page in PdfReader(paper).pages]
    assert all("REHEARSAL" in page or "RÉPÉTITION" in page for page in pages)
    assert "RÉPÉTITION" in table.read_text("utf-8-sig")


def test_the_certified_month_is_reopened_and_certified_again_at_the_keyboard(
    homes: Path, undisturbed: tuple[int, dict[str, Any]]
) -> None:
    home = homes / "undisturbed"
    finance, reviewer = (["--operator", f"{role}.rehearsal"] for role in ("finance", "reviewer"))
    with asyncio.Runner() as runner:
        server = running(Home(home))
        runner.run(server.__aenter__())
        terminal = with_keys_of(home)
        assert terminal.refused("reconcile", "unmatch", 3, *finance)[1]["code"] == "month-certified"
        assert terminal.refused("reconcile", "certify", *finance)[1]["code"] == "month-not-over"
        asked = terminal.json("reconcile", "reopen", "2026-10", "--reason", "wrong-match", *finance)
        assert terminal.refused("approval", "approve", asked["number"], *finance)[1]["code"] == "role-missing"
        assert terminal.json("approval", "approve", asked["number"], *reviewer)["content"] == asked
        terminal.good("reconcile", "unmatch", 3, *finance)
        draft = terminal.json("reconcile", "certify", *finance)
        assert terminal.json("approval", "show", draft["number"])["content"]["version"] == 2
        terminal.good("reconcile", "match", *finance)
        terminal.json("approval", "approve", draft["number"], *reviewer)
        held = [(one["version"], one["holds"]) for one in terminal.json("reconcile", "certificates")]
        assert held == [(1, False), (2, True)]
        terminal.good("export", "certificate", "2026-10", "--version", 1, "--output", home / "first.json")
        assert terminal.json("verify", home / "first.json")["holds"]
        assert "definitive" in terminal.good("report", "balance", "association:issued", "--on", "2026-10-31")
        terminal.good("check")
        runner.run(server.__aexit__(None, None, None))


def with_keys_of(home: Path) -> Terminal:
    """Somebody who holds the keys of all people of a rehearsal."""
    terminal = shell(home)
    people = Path(terminal.environment["BONPOIS_OPERATOR_KEYS"])
    for raw in (home / "rehearsal" / "operators").iterdir():
        key = Ed25519PrivateKey.from_private_bytes(raw.read_bytes())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"correct horse"))
        (people / f"{raw.name}.pem").write_bytes(pem)
        (people / f"{raw.name}.pem").chmod(0o600)
    return terminal


def test_an_answer_that_differs_is_named(homes: Path) -> None:
    folder = homes / "altered"
    shutil.copytree(OCTOBER, folder)
    purchases = folder / "achats.csv"
    altered = purchases.read_text(encoding="utf-8").replace(";2378;approuve", ";2377;approuve", 1)
    purchases.write_text(altered, encoding="utf-8")

    code, story = finish(start(homes / "altered-home", str(folder)))

    assert code == 1
    assert story["first_difference"] == {"ticket": "T00011", "expected": "approved 2377", "answered": "approved 2378"}


@pytest.mark.parametrize("victim", ["service", "postgres"])
async def test_killed_in_the_middle_it_goes_on(
    victim: str, homes: Path, undisturbed: tuple[int, dict[str, Any]]
) -> None:
    home = homes / victim
    cut = start(home)
    pid = await asyncio.to_thread(_wait_for_sales, home, victim)
    os.kill(pid, signal.SIGKILL)
    code, refusal = finish(cut)
    assert (code, refusal["code"]) == (2, "service-gone")

    code, story = finish(start(home))

    assert code == 0
    assert 0 < story["repeated"] < 462
    assert {key: story[key] for key in ("approved", "approved_cents", "refused")} == {
        key: undisturbed[1][key] for key in ("approved", "approved_cents", "refused")
    }
    assert await balances(home) == await balances(homes / "undisturbed")


def test_a_home_in_use_for_real_is_refused(homes: Path) -> None:
    home = homes / "real"
    command = [sys.executable, "-m", "admin_cli", "--home", str(home)]
    passphrase = homes / "passphrase"
    passphrase.write_text("correct horse\n")
    keys = {"BONPOIS_OPERATOR_KEYS": str(homes / "people"), "BONPOIS_PASSPHRASE_FILE": str(passphrase)}
    add = [*command, "operator", "add", "anne", "--role", "finance"]
    subprocess.run(add, check=True, capture_output=True, env=os.environ | keys)
    programme = str(OCTOBER / "programme.toml")
    by_anne = ["--operator", "anne"]
    subprocess.run([*command, "programme", "import", programme, *by_anne], check=True, capture_output=True)
    subprocess.run([*command, "fund", "mandate", "AA-2026", "M-1", "10,00", *by_anne], check=True, capture_output=True)

    code, refusal = finish(start(home))

    assert (code, refusal["code"]) == (2, "rehearsal-only")


@pytest.mark.parametrize(
    ("file", "before", "after", "column"),
    [
        ("achats.csv", ";3399;", ";beaucoup;", "attendu_centimes"),
        ("achats.csv", "2026-10-06T09:56:00", "hier", "horodatage"),
        ("remboursements.csv", "669", "-669", "montant_centimes"),
        ("financements.csv", "1250000", "", "montant_centimes"),
    ],
)
def test_a_faulty_folder_is_refused_by_row_and_column(
    file: str, before: str, after: str, column: str, tmp_path: Path
) -> None:
    folder = tmp_path / "month"
    shutil.copytree(OCTOBER, folder)
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")

    with pytest.raises(FileFaulty) as refused:
        read_month(folder)

    faults = refused.value.facts["faults"]
    assert isinstance(faults, list)
    assert (refused.value.facts["file"], faults[0]["row"], faults[0]["column"]) == (file, 2, column)


def test_the_folder_that_ships_is_whole() -> None:
    month: Month = read_month(OCTOBER)

    assert (len(month.purchases), len(month.refunds), len(month.mandates)) == (462, 3, 1)
    assert month.mandates[0].funded_at < month.aid_run_at < month.purchases[0].at


def _wait_for_sales(home: Path, victim: str) -> int:
    """The victim's process id, once a good part of the month is played."""
    clock = home / "rehearsal" / "clock"
    ends = time.monotonic() + SECONDS_MAX
    while time.monotonic() < ends:
        with suppress(OSError):
            if clock.read_text(encoding="ascii") > "2026-10-16":
                return _pid(home, victim)
        time.sleep(0.01)
    raise AssertionError("no sales")


def _pid(home: Path, victim: str) -> int:
    if victim == "postgres":
        return int((home / "pg" / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = process.read_bytes().split(b"\0")
            if b"merchant_api" in command and str(home).encode() in command:
                return int(process.parent.name)
    raise AssertionError("no service")
