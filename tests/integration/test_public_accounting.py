"""The papers of public accounting: what they add up to, what they keep to themselves, and how they are written."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import ContentDiffers, FileThere, FileUnreadable, NoStatement, NotPossibleNow, Refusal, UnknownRun
from ledger.keyring import Keyring
from ledger.programmes.actions import aid_runs, approve_aid_run, erase_household, list_households, prepare_aid_run
from ledger.public_accounting.actions import (
    issue_slip,
    liquidate,
    state_consumption,
    state_reconciliation,
    write_paper,
)
from ledger.public_accounting.model import Outputs, Paper
from ledger.reconciliation.actions import import_statement, match_statement
from ledger.reconciliation.model import Account
from tests.conftest import NOW
from tests.databases import TestServer
from tests.month import CHECKER_SIGNER, CODE, HOUSEHOLDS_FILE, MAKER, MAKER_SIGNER, OCTOBER, programme_with_households
from tests.october_books import fill_with_october
from tests.papers import pages_of, rows_of, text_of, workbook_text
from tests.tampering import GUARDED, UNGUARDED

TOTAL_CENTS = 11_530_00
IN_WORDS = "onze mille cinq cent trente euros"


@pytest.fixture
async def prepared(ledger: Ledger) -> Ledger:
    """A run of the sample month that waits for approval."""
    await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    return ledger


@pytest.fixture(scope="module")
async def issued(database_server: TestServer, keys: Keyring) -> AsyncIterator[Ledger]:
    """The same, approved and issued; nobody here changes anything in it."""
    async with database_server.clone() as urls:
        database = Database.at(urls.app)
        ledger = Ledger(database, FixedClock(NOW), keys)
        await programme_with_households(ledger)
        await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
        yield ledger
        await database.aclose()


@pytest.fixture
async def october(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    """October, matched with its statement."""
    await fill_with_october(ledger, clock, owner)
    await import_statement(ledger, OCTOBER / "releve-pois-2026-10.csv", MAKER)
    await match_statement(ledger, MAKER)
    return ledger


class Written(NamedTuple):
    pdf: Path
    csv: Path
    xlsx: Path


def written(paper: Paper, folder: Path) -> Written:
    files = Written(folder / "paper.pdf", folder / "paper.csv", folder / "paper.xlsx")
    write_paper(paper, Outputs(*files))
    return files


def cents(text: str) -> int:
    return int(Decimal(text.replace(",", ".")).scaleb(2))


def sizes_by_amount() -> dict[int, set[int]]:
    """Persons by what the scale gives them, straight from the file: 100 Pois for each consumption unit."""
    found: dict[int, set[int]] = {}
    with HOUSEHOLDS_FILE.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            adults, older, younger = (int(row[name]) for name in ("adultes", "enfants_14_et_plus", "enfants_moins_14"))
            amount_cents = 100_00 + (adults - 1 + older) * 50_00 + younger * 30_00
            found.setdefault(amount_cents, set()).add(adults + older + younger)
    return found


async def test_the_liquidation_tells_each_decision_and_closes_in_words(issued: Ledger, tmp_path: Path) -> None:
    files = written(await liquidate(issued, CODE, 1), tmp_path)
    rows = rows_of(files.csv)
    assert len(rows) == 56
    assert sum(cents(row["Montant (EUR)"]) for row in rows) == TOTAL_CENTS
    assert all(100 * Decimal(row["Unités"].replace(",", ".")) == cents(row["Montant (EUR)"]) / 100 for row in rows)
    allowed = sizes_by_amount()
    assert all(int(row["Personnes"]) in allowed[cents(row["Montant (EUR)"])] for row in rows)
    text = text_of(files.pdf)
    assert f"Arrêté le présent état à la somme de {IN_WORDS} (11 530,00 €)." in text
    assert all(row["Décision"] in text and row["Bon"] in text for row in rows)
    assert all("N° Décision" in page for page in pages_of(files.pdf))
    assert "<v>11530.00</v>" in workbook_text(files.xlsx)


async def test_nothing_in_it_tells_who_the_household_is(issued: Ledger, tmp_path: Path) -> None:
    paper = await liquidate(issued, CODE, 1)
    files = written(paper, tmp_path)
    everything = text_of(files.pdf) + files.csv.read_text() + workbook_text(files.xlsx)
    everything += json.dumps(paper.data, default=str)
    assert not [one for one in await list_households(issued, CODE) if one.case_number in everything]
    slip = await issue_slip(issued, CODE, 1)
    ids = {str(line["household_id"]) for line in paper.data["lines"]} | {
        line["decision_id"] for line in paper.data["lines"]
    }
    told = json.dumps([slip.data, slip.facts, slip.flat.rows], default=str)
    assert not [one for one in ids if one in told]


async def test_an_erased_household_keeps_its_line_without_its_size(prepared: Ledger) -> None:
    await approve_aid_run(prepared, CODE, 1, CHECKER_SIGNER)
    before = await liquidate(prepared, CODE, 1)
    case = next(one.case_number for one in await list_households(prepared, CODE) if one.granted)
    await erase_household(prepared, CODE, case, MAKER, give_up=True)
    after = await liquidate(prepared, CODE, 1)
    sizes = [line["persons"] for line in after.data["lines"]]
    assert sizes.count(None) == 1
    assert (len(sizes), after.certified) == (56, before.certified)
    assert after.parts[0].said == (
        "Le dossier de 1 ménage a été effacé ou modifié depuis : sa taille ne peut plus être dite.",
    )


async def test_the_slip_has_count_series_and_control_sum(issued: Ledger, tmp_path: Path) -> None:
    files = written(await issue_slip(issued, CODE, 1), tmp_path)
    rows = rows_of(files.csv)
    assert sum(int(row["Bons"]) for row in rows) == 56
    assert sum(cents(row["Valeur faciale (Pois)"]) * int(row["Bons"]) for row in rows) == TOTAL_CENTS
    text = text_of(files.pdf)
    assert "AA-2026-2026-000001 – AA-2026-2026-000056" in text
    assert IN_WORDS in text


async def test_a_run_that_nobody_approved_is_owed_nothing(prepared: Ledger) -> None:
    for making in (liquidate, issue_slip):
        with pytest.raises(NotPossibleNow) as refused:
            await making(prepared, CODE, 1)
        assert refused.value.facts["state"] == "pending"
    with pytest.raises(UnknownRun):
        await liquidate(prepared, CODE, 2)


async def test_a_run_that_was_cut_has_no_slip_yet(prepared: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aid_runs, "_CHUNK_VOUCHERS", 25)

    def stop(done: int, _total: int) -> None:
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await approve_aid_run(prepared, CODE, 1, CHECKER_SIGNER, stop)
    paper = await liquidate(prepared, CODE, 1)
    assert [line["serial"] is None for line in paper.data["lines"]].count(True) == 31
    with pytest.raises(NotPossibleNow) as refused:
        await issue_slip(prepared, CODE, 1)
    assert refused.value.facts["instead"] == "bonpois aid approve"


async def test_what_is_not_what_was_signed_is_not_printed(prepared: Ledger, superuser: asyncpg.Connection) -> None:
    await approve_aid_run(prepared, CODE, 1, CHECKER_SIGNER)
    one = "decision_id = (SELECT min(decision_id::text)::uuid FROM ledger.aid_run_line)"
    change = f"UPDATE ledger.aid_run_line SET amount_cents = amount_cents + 1 WHERE {one}"
    await superuser.execute(f"{UNGUARDED}; {change}; {GUARDED}")
    with pytest.raises(ContentDiffers):
        await liquidate(prepared, CODE, 1)


async def test_a_rehearsal_says_so_on_every_page_and_in_every_row(
    october: Ledger, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    await superuser.execute(f"{UNGUARDED}; INSERT INTO ledger.rehearsal (single) VALUES (true); {GUARDED}")
    files = written(await state_reconciliation(october), tmp_path)
    assert all("RÉPÉTITION" in page for page in pages_of(files.pdf))
    assert {row["Répétition"] for row in rows_of(files.csv)} == {"oui"}
    assert "Ce sont les livres d’une répétition." in workbook_text(files.xlsx)


async def test_consumption_adds_up_by_programme(issued: Ledger, tmp_path: Path) -> None:
    paper = await state_consumption(issued, CODE)
    assert paper.holds
    files = written(paper, tmp_path)
    [row] = rows_of(files.csv)
    terms = [cents(row[name]) for name in ("Dépensés", "Périmés", "Rendus", "Ajustés", "En cours", "Différence")]
    assert cents(row["Émis"]) == sum(terms) == terms[4] == TOTAL_CENTS
    assert f"reste à dépenser par les ménages est arrêté à la somme de {IN_WORDS}" in text_of(files.pdf)
    assert (paper.data["on"], paper.data["final"]) == (date(2026, 10, 6), False)


async def test_the_reconciliation_adds_up_line_by_line(october: Ledger, tmp_path: Path) -> None:
    paper = await state_reconciliation(october)
    files = written(paper, tmp_path)
    form = [row for row in rows_of(files.csv) if row["Partie"] == "Rapprochement"]
    *terms, ours, proof = [cents(row["Montant"]) for row in form]
    assert (sum(terms), ours, proof) == (4_010_93, 4_010_93, 0)
    breaks = [row for row in rows_of(files.csv) if row["Partie"] != "Rapprochement"]
    assert len(breaks) == 18
    assert not paper.holds
    first, *_ = pages_of(files.pdf)
    assert "la preuve est de 0,00 Pois" in first
    assert paper.data["statement"]["sha256"] in first
    assert "Liste 1" not in first
    assert str(paper.data["proof_cents"]) == "0"


async def test_a_month_without_statement_has_no_reconciliation(issued: Ledger) -> None:
    with pytest.raises(NoStatement):
        await state_reconciliation(issued, Account.RESERVE, date(2026, 11, 1))


async def test_what_does_not_add_up_says_so_and_what_is_open_is_carried(october: Ledger, tmp_path: Path) -> None:
    spent = await state_consumption(october, CODE)  # these books have a voucher that nobody issued
    assert not spent.holds
    assert "NE TIENT PAS" in [value for _, value in spent.facts]
    november = tmp_path / "november.csv"
    lines = ["Date;Libellé;Débit;Crédit;Solde", "01/11/2026;Solde initial;;;4260,28", "30/11/2026;Frais;-1,00;;4259,28"]
    november.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    await import_statement(october, november, MAKER)
    await match_statement(october, MAKER)
    paper = await state_reconciliation(october)
    carried = next(part.sheet.rows for part in paper.parts if part.heading == "Repris du mois précédent")
    assert [row[1] for row in carried] == [18, 0, 18, 1]


async def test_files_are_written_all_or_none(issued: Ledger, tmp_path: Path) -> None:
    paper = await state_consumption(issued)
    there = tmp_path / "there.xlsx"
    there.write_text("kept")
    with pytest.raises(FileThere):
        write_paper(paper, Outputs(tmp_path / "a.pdf", tmp_path / "a.csv", there))
    with pytest.raises(FileThere):
        write_paper(paper, Outputs(tmp_path / "a.pdf", tmp_path / "a.pdf"))
    with pytest.raises(FileUnreadable):
        write_paper(paper, Outputs(tmp_path / "a.pdf", tmp_path / "nowhere" / "a.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["there.xlsx"]
    assert there.read_text() == "kept"


async def test_the_same_instant_gives_the_same_bytes(issued: Ledger, tmp_path: Path) -> None:
    papers = [await liquidate(issued, CODE, 1) for _ in range(2)]
    contents = []
    for nth, paper in enumerate(papers):
        folder = tmp_path / str(nth)
        folder.mkdir()
        contents.append([path.read_bytes() for path in written(paper, folder)])
    assert contents[0] == contents[1]


async def test_numbers_and_names_are_the_officer_s_own(issued: Ledger, tmp_path: Path) -> None:
    own = tmp_path / "comptes.toml"
    own.write_text(
        '[organismes]\nccas = "CCAS de Ligugé"\n[imputations]\nAA-2026 = { numero = "65134", libelle = "Aides" }\n'
    )
    paper = await liquidate(issued, CODE, 1, own)
    assert paper.issuer == "CCAS de Ligugé"
    assert ("Imputation budgétaire", "65134 Aides") in paper.facts
    own.write_text('[imputations]\nAA-2026 = "65134"\n')
    with pytest.raises(Refusal) as refused:
        await liquidate(issued, CODE, 1, own)
    assert refused.value.code == "file-faulty"
