"""Households: all or none of a file, a decision each, and nothing readable in the books."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    FileAlreadyImported,
    FileFaulty,
    Refusal,
    UnknownHousehold,
    UnknownOperator,
    UnknownProgramme,
)
from ledger.programmes.actions import (
    household_profile,
    households,
    import_households,
    import_programme,
    list_households,
)
from ledger.programmes.model import Decision, HouseholdImport, Profile, profile_to_json, rules_sha256
from ledger.subject_keys import SubjectKey
from tests.month import CODE, HOUSEHOLDS_FILE, MAKER, PROGRAMME_FILE, programme_without_money

OCTOBER_IMPORT = HouseholdImport(rows=60, granted=56, refused=4, total_cents=11_530_00)
HEADER = HOUSEHOLDS_FILE.read_text(encoding="utf-8").splitlines()[0]


def csv_file(folder: Path, *rows: str, name: str = "menages.csv", encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_bytes("\r\n".join([HEADER, *rows, ""]).encode(encoding))
    return file


def told(refused: Refusal) -> set[tuple[object, object, object]]:
    found = refused.facts["faults"]
    assert isinstance(found, list)
    return {(fault["row"], fault["column"], fault["code"]) for fault in found}


async def test_the_sample_month_is_decided_as_it_should_be(ledger: Ledger) -> None:
    await programme_without_money(ledger)
    chunks: list[tuple[int, int]] = []
    done = await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER, progress=lambda *step: chunks.append(step))
    assert (done, chunks) == (OCTOBER_IMPORT, [(60, 60)])
    refused = [entry.case_number for entry in await list_households(ledger, CODE) if not entry.granted]
    assert len(refused) == 4


async def test_a_dry_run_leaves_nothing(ledger: Ledger) -> None:
    await programme_without_money(ledger)
    assert await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER, dry_run=True) == OCTOBER_IMPORT
    assert not await list_households(ledger, CODE)
    assert await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER) == OCTOBER_IMPORT


async def test_a_large_file_is_taken_in_chunks(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(households, "_CHUNK_HOUSEHOLDS", 25)
    await programme_without_money(ledger)
    assert await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER) == OCTOBER_IMPORT
    assert len(await list_households(ledger, CODE)) == 60


async def test_the_agent_reads_back_what_was_written(ledger: Ledger) -> None:
    await programme_without_money(ledger)
    await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    found = await household_profile(ledger, CODE, " d26-13115 ")
    assert found.profile == Profile("D26-13115", 1, 1, 2, None, None, "fr", "phone", "urgence")
    assert found.decision == Decision(granted=True, reason="derogation", amount_cents=210_00)
    assert found.rules_version == 1
    [entry] = [each for each in await list_households(ledger, CODE) if each.case_number == "D26-13115"]
    assert (entry.household_id, entry.medium, entry.language) == (found.household_id, "phone", "fr")


async def test_the_same_file_is_refused_with_the_day_of_its_first_import(
    ledger: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    await programme_without_money(ledger)
    clock.instant = datetime(2026, 10, 3, 22, 30, tzinfo=UTC)  # already the 4th in Paris
    await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    copy = tmp_path / "copie.csv"
    copy.write_bytes(HOUSEHOLDS_FILE.read_bytes())
    for dry_run in (True, False):
        with pytest.raises(FileAlreadyImported) as refused:
            await import_households(ledger, CODE, copy, MAKER, dry_run=dry_run)
        assert refused.value.facts == {"file": "copie.csv", "imported_on": "2026-10-04", "rows": 60}


async def test_another_programme_may_take_the_same_households(ledger: Ledger, tmp_path: Path) -> None:
    first = await programme_without_money(ledger)
    file = tmp_path / "programme.toml"
    file.write_text(PROGRAMME_FILE.read_text(encoding="utf-8").replace(CODE, "NOEL"), encoding="utf-8")
    second = await import_programme(ledger, file, MAKER)
    for programme in (first, second):
        assert await import_households(ledger, programme.code, HOUSEHOLDS_FILE, MAKER) == OCTOBER_IMPORT
    ids = [{entry.household_id for entry in await list_households(ledger, each)} for each in (CODE, "NOEL")]
    assert not ids[0] & ids[1]


async def test_every_fault_is_told_at_once(ledger: Ledger, tmp_path: Path) -> None:
    await programme_without_money(ledger)
    await import_households(ledger, CODE, csv_file(tmp_path, "D26-1;1;0;0;1;1;fr;papier;"), MAKER)
    file = csv_file(
        tmp_path,
        "d26-1;1;0;0;1;1;fr;papier;",  # known in the programme
        "D26-2;0;0;x;1;1;fr;papier;",
        "D26-3;1;0;0;-5;12,345;de;pigeon;amitie",
        "",
        "D26-3;1;0;0;1;1;fr;papier;",  # row 6: the blank one counts
        "D26-4;1;0;0;1;1;fr;papier",
        ";1;;0;1;1;;;",
    )
    with pytest.raises(FileFaulty) as refused:
        await import_households(ledger, CODE, file, MAKER)
    assert told(refused.value) == {
        (2, "dossier", "known-case"),
        (3, "adultes", "not-a-whole-number"),
        (3, "enfants_moins_14", "not-a-whole-number"),
        (4, "ressources_mensuelles", "not-an-amount"),
        (4, "charges_mensuelles", "not-an-amount"),
        (4, "langue", "not-a-choice"),
        (4, "support", "not-a-choice"),
        (4, "derogation", "not-a-choice"),
        (6, "dossier", "repeated"),
        (7, "", "field-count"),
        (8, "dossier", "blank"),
        (8, "enfants_14_et_plus", "blank"),
        (8, "langue", "blank"),
        (8, "support", "blank"),
    }
    assert len(await list_households(ledger, CODE)) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
async def test_files_of_spreadsheets_are_read(ledger: Ledger, tmp_path: Path, encoding: str) -> None:
    await programme_without_money(ledger)
    file = csv_file(tmp_path, "D26-1;1;0;0;1\u00a0234,50;1 000.5;FR;Papier;", encoding=encoding)
    await import_households(ledger, CODE, file, MAKER)
    profile = (await household_profile(ledger, CODE, "D26-1")).profile
    assert (profile.resources_cents, profile.charges_cents) == (1_234_50, 1_000_50)
    assert (profile.language, profile.medium) == ("fr", "paper")


async def test_the_books_hold_no_personal_data(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    await programme_without_money(ledger)
    await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    tables = ("ledger.household", "ledger.decision", "ledger.imported_file", "identity.household")
    rows = [str(row) for table in tables for row in await superuser.fetch(f"SELECT t::text FROM {table} AS t")]
    assert len(rows) == 60 + 60 + 1 + 60
    for trace in ("D26-19215", b"D26-19215".hex(), b"resources".hex(), b"107893".hex()):
        assert not any(trace in row for row in rows)


async def test_a_decision_binds_its_inputs_under_the_key_of_the_household(
    ledger: Ledger, app: asyncpg.Connection
) -> None:
    programme = await programme_without_money(ledger)
    await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    found = await household_profile(ledger, CODE, "D26-19215")
    wrapped = await app.fetchval(
        "SELECT wrapped_key FROM identity.subject_key WHERE subject_id = $1", found.household_id
    )
    bound = await app.fetchval("SELECT inputs_hmac FROM ledger.decision WHERE household_id = $1", found.household_id)
    key = SubjectKey.unwrap(ledger.keys, found.household_id, wrapped)
    assert key.hmac(profile_to_json(found.profile), rules_sha256(programme.rules)) == bound


async def test_deleting_the_key_erases_the_household(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_without_money(ledger)
    await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    found = await household_profile(ledger, CODE, "D26-19215")
    await app.execute("DELETE FROM identity.subject_key WHERE subject_id = $1", found.household_id)
    with pytest.raises(UnknownHousehold):
        await household_profile(ledger, CODE, "D26-19215")
    assert len(await list_households(ledger, CODE)) == 59


async def test_what_is_unknown_is_named(ledger: Ledger) -> None:
    with pytest.raises(UnknownOperator):
        await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    await programme_without_money(ledger)
    with pytest.raises(UnknownProgramme):
        await import_households(ledger, "AA-2027", HOUSEHOLDS_FILE, MAKER)
    with pytest.raises(UnknownHousehold):
        await household_profile(ledger, CODE, "D26-19215")
