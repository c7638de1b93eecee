"""Telling the association of sales: each once, the same to the byte again, and what its answer is good for."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ledger.approvals.model import Role
from ledger.calendar import PARIS
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    DayNotOver,
    FileAlreadyImported,
    FileFaulty,
    NothingToRemit,
    RoleMissing,
    UnknownRemittance,
)
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report
from ledger.reconciliation.document import document
from ledger.remittances.actions import (
    list_remittances,
    make_remittance,
    read_acknowledgement,
    rewrite_remittance,
)
from tests.month import MAKER, OCTOBER
from tests.october_books import fill_with_october
from tests.people import enrol
from tests.reconciled import faults_of, rows
from tests.straight import UNIQUE, refused_as

SIXTH, LAST = date(2026, 10, 6), date(2026, 10, 31)
SOLD_CENTS = sum(int(row["attendu_centimes"]) for row in rows("achats.csv"))
REFUNDED_CENTS = sum(int(row["montant_centimes"]) for row in rows("remboursements.csv"))


@pytest.fixture
async def october(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    await fill_with_october(ledger, clock, owner)
    return ledger


def answer(folder: Path, *answers: str) -> Path:
    path = folder / f"retour-{uuid4().hex[:8]}.csv"
    path.write_text("\n".join(["ligne;reference;statut;code", *answers]), encoding="utf-8")
    return path


async def test_a_month_in_remittances_is_the_month_of_the_tills(october: Ledger) -> None:
    first = await make_remittance(october, SIXTH, MAKER)
    second = await make_remittance(october, LAST, MAKER)
    listed = await list_remittances(october)
    assert [one.number for one in listed] == [1, 2]
    assert listed[0] == first.remittance
    assert (first.remittance.first_day, second.remittance.last_day) == (SIXTH, LAST)
    assert sum(one.control_cents for one in listed) == SOLD_CENTS - REFUNDED_CENTS
    approved = [row for row in rows("achats.csv") if int(row["attendu_centimes"])]
    assert sum(one.item_count for one in listed) == len(approved) + len(rows("remboursements.csv"))
    assert second.remittance.line_count < second.remittance.item_count


async def test_of_households_and_cards_the_file_says_nothing(october: Ledger, owner: asyncpg.Connection) -> None:
    content = (await make_remittance(october, LAST, MAKER)).content.decode("utf-8-sig")
    for row in await owner.fetch("SELECT card_id, till_id FROM ledger.redemption"):
        assert str(row["card_id"]) not in content
        assert str(row["till_id"]) not in content
    assert "AA-2026" not in content
    assert all(row["dossier"] not in content for row in rows("achats.csv"))


async def test_a_file_is_written_again_the_same_to_the_byte(october: Ledger) -> None:
    first = await make_remittance(october, SIXTH, MAKER)
    await make_remittance(october, LAST, MAKER)
    assert await rewrite_remittance(october, 1) == first
    with pytest.raises(UnknownRemittance):
        await rewrite_remittance(october, 3)


async def test_each_sale_is_told_once(october: Ledger, app: asyncpg.Connection) -> None:
    await make_remittance(october, SIXTH, MAKER)
    with pytest.raises(NothingToRemit):
        await make_remittance(october, SIXTH, MAKER)
    with refused_as(UNIQUE):
        await app.execute(
            "INSERT INTO ledger.remittance_item SELECT transaction_id, remittance_id, number"
            " FROM ledger.remittance_item LIMIT 1"
        )


async def test_what_is_booked_later_goes_into_the_next(
    october: Ledger, superuser: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    late = await owner.fetchval("SELECT id FROM ledger.redemption ORDER BY occurred_at LIMIT 1")
    await superuser.execute("SET session_replication_role = replica")
    row = await superuser.fetchrow("DELETE FROM ledger.redemption WHERE id = $1 RETURNING *", late)
    first = await make_remittance(october, SIXTH, MAKER)
    columns = ", ".join(row.keys())
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await superuser.execute(f"INSERT INTO ledger.redemption ({columns}) VALUES ({places})", *row.values())
    second = await make_remittance(october, SIXTH, MAKER)
    assert (second.remittance.number, second.remittance.item_count) == (2, 1)
    assert second.remittance.control_cents == row["approved_cents"]
    assert str(late) not in first.content.decode()


async def test_a_dry_run_takes_no_number(october: Ledger) -> None:
    dry = await make_remittance(october, SIXTH, MAKER, dry_run=True)
    assert await list_remittances(october) == []
    made = await make_remittance(october, SIXTH, MAKER)
    assert (made.content, made.remittance.number) == (dry.content, 1)


async def test_a_day_has_to_be_over(october: Ledger, clock: FixedClock) -> None:
    clock.instant = datetime(2026, 10, 31, 23, 59, tzinfo=PARIS)
    with pytest.raises(DayNotOver):
        await make_remittance(october, LAST, MAKER)
    clock.instant += timedelta(minutes=1)
    await make_remittance(october, LAST, MAKER)


async def test_only_finance_and_treasurer_send(october: Ledger) -> None:
    await enrol(october, "agathe", Role.AGENT)
    with pytest.raises(RoleMissing):
        await make_remittance(october, LAST, "agathe")


async def test_of_two_at_once_one_finds_nothing_left(october: Ledger) -> None:
    made = await asyncio.gather(*(make_remittance(october, LAST, MAKER) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["MadeRemittance", "NothingToRemit", "NothingToRemit"]


async def test_an_answer_is_taken_whole_and_once(october: Ledger, tmp_path: Path) -> None:
    await make_remittance(october, SIXTH, MAKER)
    faulty = answer(tmp_path, "R000001-00001;A1;accepte;", "R000009-00001;A2;accepte;")
    with pytest.raises(FileFaulty) as refused:
        await read_acknowledgement(october, faulty, MAKER)
    assert [fault["code"] for fault in faults_of(refused.value)] == ["unknown-line"]
    good = answer(tmp_path, "R000001-00001;A1;accepte;", "R000001-00002;;refuse;INCONNU")
    dry = await read_acknowledgement(october, good, MAKER, dry_run=True)
    assert [one.accepted for one in await list_remittances(october)] == [0]
    assert await read_acknowledgement(october, good, MAKER) == dry
    [listed] = await list_remittances(october)
    assert (listed.accepted, listed.refused) == (1, 1)
    with pytest.raises(FileAlreadyImported):
        await read_acknowledgement(october, good, MAKER)


async def test_a_refused_line_may_be_accepted_later_but_not_the_other_way(october: Ledger, tmp_path: Path) -> None:
    await make_remittance(october, SIXTH, MAKER)
    await read_acknowledgement(october, answer(tmp_path, "R000001-00001;;refuse;INCONNU"), MAKER)
    await read_acknowledgement(october, answer(tmp_path, "R000001-00001;A1;accepte;"), MAKER)
    [listed] = await list_remittances(october)
    assert (listed.accepted, listed.refused) == (1, 0)
    with pytest.raises(FileFaulty) as refused:
        await read_acknowledgement(october, answer(tmp_path, "R000001-00001;;refuse;DOUBLON"), MAKER)
    assert [fault["code"] for fault in faults_of(refused.value)] == ["accepted-before"]


async def test_their_reference_is_the_first_rule(october: Ledger, tmp_path: Path) -> None:
    """T00157 was never booked by the association in October; here a line of November carries its number."""
    made = await make_remittance(october, LAST, MAKER)
    lines = made.content.decode("utf-8-sig").splitlines()
    [late] = [row for row in lines if ";T00157;" in row]
    await read_acknowledgement(october, answer(tmp_path, f"{late.split(';')[0]};ASSO-4711;accepte;"), MAKER)
    await import_statement(october, OCTOBER / "releve-pois-2026-10.csv", MAKER)
    await match_statement(october, MAKER)
    path = tmp_path / "novembre.csv"
    path.write_text(
        "Date;Libellé;Débit;Crédit;Solde\n01/11/2026;Solde initial;;;4260,28\n"
        "27/11/2026;Rattrapage ASSO-4711;-20,96;;4239,32\n",
        encoding="utf-8",
    )
    await import_statement(october, path, MAKER)
    [match] = (await match_statement(october, MAKER)).matches
    assert (match.rule.value, match.units[0].reference) == ("remittance", "T00157")
    shown = document(await reconciliation_report(october))
    assert (shown["matched"]["by_rule"], shown["proof_cents"]) == ({"remittance": 1}, 0)


@pytest.mark.parametrize(
    ("kind", "day", "cents", "control"),
    [
        ("'refund'", "booked_on", "amount_cents", "-amount_cents"),
        ("'sale'", "booked_on - 1", "amount_cents", "amount_cents"),
        ("'sale'", "booked_on", "amount_cents + 1", "amount_cents + 1"),
        ("'sale'", "booked_on", "amount_cents", "amount_cents + 1"),
    ],
)
async def test_a_remittance_written_straight_has_to_be_right(
    october: Ledger, app: asyncpg.Connection, kind: str, day: str, cents: str, control: str
) -> None:
    with refused_as("BPX03"):
        await remit_one(app, kind, day, cents, control)
    await remit_one(app, "'sale'", "booked_on", "amount_cents", "amount_cents")


async def remit_one(app: asyncpg.Connection, kind: str, day: str, cents: str, control: str) -> None:
    id_, sale = uuid4(), "(SELECT * FROM ledger.remittable WHERE is_sale ORDER BY occurred_at, transaction_id LIMIT 1)"
    async with app.transaction():
        await app.execute(
            f"""INSERT INTO ledger.remittance (id, number, first_day, last_day, line_count, item_count, control_cents,
                sha256, made_by, made_at)
            SELECT $1, 1, booked_on, booked_on, 1, 1, {control}, sha256('r'),
                (SELECT id FROM ledger.operator LIMIT 1), now() FROM {sale} AS s""",
            id_,
        )
        await app.execute(
            f"""INSERT INTO ledger.remittance_line (remittance_id, number, kind, booked_on, merchant_id, item_count,
                amount_cents)
            SELECT $1, 1, {kind}, {day}, merchant_id, 1, {cents} FROM {sale} AS s""",
            id_,
        )
        await app.execute(
            f"INSERT INTO ledger.remittance_item (transaction_id, remittance_id, number)"
            f" SELECT transaction_id, $1, 1 FROM {sale} AS s",
            id_,
        )
