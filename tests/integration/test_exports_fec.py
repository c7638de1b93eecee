"""The numbers of a FEC: continuous over what is sealed, final, year by year."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from ledger.books.accounts import account_named
from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.calendar import PARIS
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.errors import BadValue
from ledger.exports.model import Format, Period
from ledger.identifiers import new_event_id
from ledger.keyring import Keyring
from ledger.sealing.actions import seal
from tests import month
from tests.accountants import fec_balances, fec_numbers, fec_rows
from tests.exported import fund, ledger_at, numbered, ours, written
from tests.made import MadeWorld


@pytest.fixture
async def small(made: MadeWorld, keys: Keyring, clock: FixedClock) -> AsyncIterator[Ledger]:
    """A clone of the small world to do anything with."""
    async with made.server.clone() as urls, ledger_at(urls, keys, clock) as ledger:
        yield ledger


async def test_what_is_not_sealed_is_not_in_the_fec_and_is_counted(small: Ledger, tmp_path: Path) -> None:
    await seal(small)
    await fund(small, "2026-1108")
    made = await written(small, Format.FEC, tmp_path)
    rows_before = fec_rows(made.file)
    assert made.left_out == 2
    assert fec_numbers(rows_before) == list(range(1, made.transactions + 1))
    assert "2026-1108" not in {row["PieceRef"] for row in rows_before}
    assert (await written(small, Format.CSV, tmp_path, name="csv")).left_out == 0


async def test_later_seals_only_append_to_the_fec(small: Ledger, tmp_path: Path) -> None:
    files = []
    for nth in range(3):
        await fund(small, f"2026-12{nth}")
        await seal(small)
        made = await written(small, Format.FEC, tmp_path, name=str(nth))
        assert fec_numbers(fec_rows(made.file)) == list(range(1, made.transactions + 1))
        files.append(made.file.read_bytes())
    assert files[1].startswith(files[0])
    assert files[2].startswith(files[1])


async def test_a_late_commit_moves_no_number_that_was_given(small: Ledger, tmp_path: Path) -> None:
    """It has the smaller id, and is committed after others were; none of them is sealed until it is."""
    async with small.unit_of_work() as late:
        await late.run(text("SELECT pg_current_xact_id()"))
        await fund(small, "2026-1301")
        await seal(small)
        before = await written(small, Format.FEC, tmp_path, name="before")
        assert before.left_out == 2
        debit, credit = [await account_named(late, name) for name in ("association:in-transit", "ccas:mandated")]
        legs = transfer(debit, credit, 5_00)
        await post(late, [Transaction(new_event_id(), TransactionKind.MANDATE, late.now, legs)])
    await seal(small)
    after = await written(small, Format.FEC, tmp_path, name="after")
    assert after.left_out == 0
    assert after.file.read_bytes().startswith(before.file.read_bytes())
    numbers = fec_numbers(fec_rows(after.file))
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_match_that_was_taken_back_leaves_its_letters_to_nobody(small: Ledger, tmp_path: Path) -> None:
    """Of three matches the second was taken back; the third has tied the same sale since."""
    await seal(small)
    found = fec_rows((await written(small, Format.FEC, tmp_path)).file)
    assert {row["EcritureLet"] for row in found} == {"", "AA", "AC"}


async def test_a_restore_into_another_cluster_moves_no_number(small: Ledger, made: MadeWorld, tmp_path: Path) -> None:
    """Transaction ids start again there: those of the new epoch are smaller, and come after all the same."""
    await seal(small)
    before = await written(small, Format.FEC, tmp_path, name="before")
    async with connected(made.server.urls(urlsplit(small.database.url).path[1:]).owner) as superuser:
        await superuser.execute("SET session_replication_role = replica")
        await superuser.execute("UPDATE ledger.cluster SET system_identifier = 0")
        await superuser.execute("CALL ledger.begin_epoch()")
        await fund(small, "2026-1401")
        await superuser.execute("UPDATE ledger.ledger_transaction SET xid = '7' WHERE epoch = 2")
    assert (await written(small, Format.FEC, tmp_path, name="not sealed")).left_out == 2
    await seal(small)
    after = await written(small, Format.FEC, tmp_path, name="after")
    assert (after.left_out, after.transactions) == (0, before.transactions + 2)
    assert after.file.read_bytes().startswith(before.file.read_bytes())


@pytest.fixture
async def two_years(ledger: Ledger, clock: FixedClock) -> Ledger:
    """Mandates and funding at the end of a year and at the beginning of the next one, all sealed."""
    clock.instant = datetime(2026, 12, 31, 23, 30, tzinfo=PARIS)
    await month.programme_with_money(ledger)
    clock.instant = datetime(2027, 1, 1, 0, 30, tzinfo=PARIS)
    await fund(ledger, "2027-1", 3_00)
    await seal(ledger)
    return ledger


async def test_the_numbers_of_a_fec_begin_again_each_year(two_years: Ledger, tmp_path: Path) -> None:
    old = fec_rows((await written(two_years, Format.FEC, tmp_path, Period(None, date(2026, 12, 31)), "2026")).file)
    new = fec_rows((await written(two_years, Format.FEC, tmp_path, Period(date(2027, 1, 1)), "2027")).file)
    assert fec_numbers(old) == [1, 2]
    assert fec_numbers(new) == [0, 1, 2]
    assert {row["JournalCode"] for row in new if row["EcritureNum"] == "0"} == {"AN"}
    assert fec_balances(new) == await numbered(two_years, await ours(two_years))


@pytest.mark.parametrize(
    "period", [Period(), Period(date(2026, 12, 31), None), Period(date(2026, 7, 1), date(2027, 6, 30))]
)
async def test_a_fec_is_of_one_year(period: Period, two_years: Ledger, tmp_path: Path) -> None:
    with pytest.raises(BadValue) as refused:
        await written(two_years, Format.FEC, tmp_path, period)
    assert refused.value.facts["reason"] == "one-year"
    assert list(tmp_path.iterdir()) == []


async def test_the_opening_of_a_fec_is_what_its_predecessors_had(two_years: Ledger, tmp_path: Path) -> None:
    """Nothing that is not sealed is in either."""
    clock = two_years.clock
    assert isinstance(clock, FixedClock)
    clock.instant = datetime(2026, 12, 31, 12, tzinfo=PARIS)
    await fund(two_years, "2026-late", 7_00)
    made = await written(two_years, Format.FEC, tmp_path, Period(date(2027, 1, 1)), "2027")
    assert made.left_out == 0
    old = fec_rows((await written(two_years, Format.FEC, tmp_path, Period(None, date(2026, 12, 31)), "2026")).file)
    opening = [row for row in fec_rows(made.file) if row["EcritureNum"] == "0"]
    assert fec_balances(opening) == fec_balances(old)
