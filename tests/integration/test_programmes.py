"""A programme from its file: versions, refusals, and the euros behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    AlreadyExists,
    BadValue,
    FileFaulty,
    FileUnreadable,
    UnknownMandate,
    UnknownOperator,
    UnknownProgramme,
)
from ledger.programmes.actions import (
    confirm_funding,
    import_programme,
    list_mandates,
    list_programmes,
    programme_funds,
    record_mandate,
)
from tests.month import (
    CHECKER,
    CODE,
    MAKER,
    PROGRAMME_FILE,
    add_people,
    october_rules,
    programme_with_money,
    programme_without_money,
)


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of the rules file with other words in it."""
    text = PROGRAMME_FILE.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    copy = folder / "programme.toml"
    copy.write_text(text, encoding="utf-8")
    return copy


async def test_a_programme_is_imported_with_its_rules(ledger: Ledger) -> None:
    programme = await programme_without_money(ledger)
    assert (programme.code, programme.label) == (CODE, "Aide alimentaire 2026")
    assert (programme.version_number, programme.rules) == (1, october_rules())
    assert await list_programmes(ledger) == [programme]


async def test_the_same_rules_again_change_nothing(ledger: Ledger, tmp_path: Path) -> None:
    programme = await programme_without_money(ledger)
    other_spelling = changed(tmp_path, ('base = "100.00"', "base = 100"), ('"1.0"', '"1"'))
    assert await import_programme(ledger, other_spelling, CHECKER) == programme


async def test_changed_rules_make_a_new_version(ledger: Ledger, tmp_path: Path) -> None:
    programme = await programme_without_money(ledger)
    after = await import_programme(ledger, changed(tmp_path, ("jours = 62", "jours = 31")), MAKER)
    assert (after.id, after.version_number, after.rules.validity.days) == (programme.id, 2, 31)
    assert await list_programmes(ledger) == [after]
    back = await import_programme(ledger, PROGRAMME_FILE, MAKER)
    assert (back.version_number, back.rules) == (3, programme.rules)


async def test_two_imports_at_once_make_one_version(ledger: Ledger, tmp_path: Path) -> None:
    await add_people(ledger)
    changed_file = changed(tmp_path, ("jours = 62", "jours = 31"))
    for version, file in ((1, PROGRAMME_FILE), (2, changed_file)):
        both = await asyncio.gather(*(import_programme(ledger, file, MAKER) for _ in range(2)))
        assert [programme.version_number for programme in both] == [version, version]


async def test_a_recorded_name_stays(ledger: Ledger, tmp_path: Path) -> None:
    await programme_without_money(ledger)
    with pytest.raises(FileFaulty) as refused:
        await import_programme(ledger, changed(tmp_path, ("Aide alimentaire 2026", "Autre aide")), MAKER)
    [fault] = faults(refused.value)
    assert (fault["column"], fault["code"]) == ("libelle", "other-label")


def faults(refused: FileFaulty) -> list[dict[str, object]]:
    found = refused.facts["faults"]
    assert isinstance(found, list)
    return found


async def test_a_faulty_file_leaves_nothing(ledger: Ledger, tmp_path: Path) -> None:
    await add_people(ledger)
    with pytest.raises(FileFaulty) as refused:
        await import_programme(ledger, changed(tmp_path, ("jours", "jour"), ("POIS", "EUR")), MAKER)
    assert {fault["column"] for fault in faults(refused.value)} == {
        "unite",
        "validite.jours",
        "validite.jour",
    }
    assert not await list_programmes(ledger)


async def test_a_missing_file_or_operator_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        await import_programme(ledger, tmp_path / "none.toml", MAKER)
    with pytest.raises(FileUnreadable):
        await import_programme(ledger, tmp_path, MAKER)
    with pytest.raises(UnknownOperator):
        await import_programme(ledger, PROGRAMME_FILE, MAKER)


async def test_euros_become_pois_once_the_association_has_them(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_without_money(ledger)
    mandate = await record_mandate(ledger, CODE, "2026-1107", 12_500_00, MAKER)
    assert (mandate.amount_cents, mandate.confirmed_at) == (12_500_00, None)
    assert (await programme_funds(ledger, CODE)).pool_cents == 0
    confirmed = await confirm_funding(ledger, "2026-1107", CHECKER)
    assert confirmed.confirmed_at is not None
    funds = await programme_funds(ledger, CODE)
    assert (funds.mandated_cents, funds.confirmed_cents) == (12_500_00, 12_500_00)
    assert (funds.pool_cents, funds.reserved_cents) == (12_500_00, 0)
    moved = await app.fetch("""
        SELECT a.name, b.balance_cents FROM ledger.balance AS b
        INNER JOIN ledger.account AS a ON a.id = b.account_id WHERE b.balance_cents <> 0
    """)
    assert {row["name"]: row["balance_cents"] for row in moved} == {
        "ccas:mandated": -12_500_00,
        "association:guarantee-fund": 12_500_00,
        "association:issued": 12_500_00,
        "programme:AA-2026:pool": -12_500_00,
    }


async def test_a_mandate_is_recorded_and_confirmed_once(ledger: Ledger) -> None:
    await programme_with_money(ledger)
    with pytest.raises(AlreadyExists):
        await record_mandate(ledger, CODE, "2026-1107", 1_00, MAKER)
    with pytest.raises(AlreadyExists):
        await confirm_funding(ledger, "2026-1107", MAKER)
    assert len(await list_mandates(ledger, CODE)) == 1


async def test_confirmations_at_once_fund_once(ledger: Ledger) -> None:
    await programme_without_money(ledger)
    await record_mandate(ledger, CODE, "2026-1107", 5_00, MAKER)
    both = (confirm_funding(ledger, "2026-1107", name) for name in (MAKER, CHECKER))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyExists", "Mandate"]
    assert (await programme_funds(ledger, CODE)).pool_cents == 5_00


@pytest.mark.parametrize(
    ("number", "amount_cents"),
    [("", 1), ("a b", 1), ("x" * 31, 1), ("2026-1", 0), ("2026-1", -1), ("2026-1", 10**13)],
)
async def test_an_odd_mandate_is_bad_input(ledger: Ledger, number: str, amount_cents: int) -> None:
    with pytest.raises(BadValue):
        await record_mandate(ledger, CODE, number, amount_cents, MAKER)


async def test_what_is_unknown_is_named(ledger: Ledger) -> None:
    await add_people(ledger)
    with pytest.raises(UnknownProgramme):
        await record_mandate(ledger, "AA-2027", "1", 1, MAKER)
    with pytest.raises(UnknownMandate):
        await confirm_funding(ledger, "1", MAKER)
    with pytest.raises(UnknownProgramme):
        await programme_funds(ledger, "AA-2027")
