"""Files of statements as they really come: several a month, overlapping, out of order, twice, older than our books."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ledger.checks.actions import run_checks
from ledger.checks.catalogue.reconciliation import CHECKS as RECONCILIATION
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported, NoFileWaiting, StatementDoesNotAddUp, StatementOutOfTurn
from ledger.reconciliation.actions import (
    import_statement,
    list_files,
    list_statements,
    match_statement,
    reconciliation_report,
    unmatch_line,
    withdraw_file,
)
from ledger.reconciliation.document import document
from ledger.reconciliation.model import Account, FileState, Import
from tests.month import MAKER, OCTOBER, add_people, programme_with_money
from tests.october_books import fill_with_october
from tests.reconciled import faults_of
from tests.statement_files import Moved, camt053, cfonb120, ofx1, platform, write

FILE = OCTOBER / "releve-pois-2026-10.csv"
TAKEN, PENDING, KNOWN = FileState.TAKEN, FileState.PENDING, FileState.KNOWN


@pytest.fixture
async def books(ledger: Ledger) -> Ledger:
    """Nobody but an officer."""
    await add_people(ledger)
    return ledger


def moves(*cents: int, month: int = 10, first: int = 1) -> list[Moved]:
    """One a day."""
    return [Moved(date(2026, month, first + nth), f"Virement {first + nth}", one) for nth, one in enumerate(cents)]


MONTH = moves(*range(100, 2_100, 100))


async def give(
    ledger: Ledger, folder: Path, start: int, stop: int, opening: int = 0, whole: Sequence[Moved] = MONTH, **told: Any
) -> Import:
    """Import some movements of a month as a file of their own."""
    text = platform(opening + sum(move.cents for move in whole[:start]), whole[start:stop])
    return await import_statement(ledger, write(folder, f"{start}-{stop}.csv", text), MAKER, **told)


async def canonical(owner: asyncpg.Connection) -> list[tuple[Any, ...]]:
    """All lines in the order of the account, as if they had come in one file."""
    rows = await owner.fetch(
        """SELECT p.month, l.number + p.lines_before AS record, l.booked_on, l.label, l.amount_cents, l.balance_cents
        FROM ledger.statement_line AS l INNER JOIN ledger.statement_part AS p ON p.id = l.statement_id
        ORDER BY p.month, record"""
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)])
@pytest.mark.parametrize("overlap", [0, 2])
async def test_no_order_and_no_overlap_of_files_changes_what_is_known(
    books: Ledger, owner: asyncpg.Connection, tmp_path: Path, order: Sequence[int], overlap: int
) -> None:
    spans = [(max(start - overlap, 0), stop) for start, stop in pairwise((0, 5, 8, 14, 20))]
    for nth in order:
        await give(books, tmp_path, *spans[nth])
    lines = await canonical(owner)
    assert [(day, label, cents) for _, _, day, label, cents, _ in lines] == [(m.day, m.label, m.cents) for m in MONTH]
    assert [record for _, record, *_ in lines] == list(range(1, 21))
    assert [balance for *_, balance in lines] == [sum(m.cents for m in MONTH[: nth + 1]) for nth in range(20)]
    assert {file.state for file in await list_files(books)} == {TAKEN}
    assert await run_checks(books) == []


async def test_each_line_skipped_is_listed_with_what_it_repeats(books: Ledger, tmp_path: Path) -> None:
    await give(books, tmp_path, 0, 5)
    made = await give(books, tmp_path, 3, 8)
    assert (made.file.state, made.new_count) == (TAKEN, 3)
    assert [(line.number, line.row, known.record, known.file_name) for line, known in made.skipped] == [
        (1, 3, 4, "0-5.csv"),
        (2, 4, 5, "0-5.csv"),
    ]


async def test_a_file_that_tells_nothing_new_adds_nothing(books: Ledger, tmp_path: Path) -> None:
    await give(books, tmp_path, 0, 8)
    made = await give(books, tmp_path, 2, 6)
    assert (made.file.state, made.new_count, len(made.skipped)) == (KNOWN, 0, 4)
    assert len(await list_statements(books)) == 1
    assert await run_checks(books) == []


async def test_a_file_waits_for_the_one_in_between_and_is_then_taken_by_itself(books: Ledger, tmp_path: Path) -> None:
    await give(books, tmp_path, 0, 5)
    waiting = [await give(books, tmp_path, 14, 20), await give(books, tmp_path, 8, 14)]
    assert [made.file.state for made in waiting] == [PENDING, PENDING]
    assert waiting[0].gap is not None
    assert (waiting[0].gap.known_cents, waiting[0].gap.told_cents) == (1_500, 10_500)
    report = await reconciliation_report(books)
    assert report.statement.line_count == 5
    with pytest.raises(FileAlreadyImported) as refused:
        await give(books, tmp_path, 14, 20)
    assert refused.value.facts["state"] == "pending"
    made = await give(books, tmp_path, 5, 8)
    assert [file.file_name for file in made.also_taken] == ["8-14.csv", "14-20.csv"]
    assert (await reconciliation_report(books)).statement.closing_cents == 21_000


async def test_an_earlier_file_waits_too(books: Ledger, tmp_path: Path) -> None:
    await give(books, tmp_path, 8, 14)
    made = await give(books, tmp_path, 0, 5)
    assert made.gap is not None
    assert (made.file.state, made.gap.is_earlier, made.gap.known_cents) == (PENDING, True, 3_600)
    assert [file.file_name for file in (await give(books, tmp_path, 5, 8)).also_taken] == ["0-5.csv"]


async def test_a_dry_run_keeps_nothing_even_of_a_file_that_would_wait(books: Ledger, tmp_path: Path) -> None:
    await give(books, tmp_path, 0, 5)
    for start, stop, state in ((8, 14, PENDING), (3, 8, TAKEN), (1, 4, KNOWN)):
        assert (await give(books, tmp_path, start, stop, dry_run=True)).file.state is state
    assert [file.file_name for file in await list_files(books)] == ["0-5.csv"]


async def test_what_waits_may_be_given_up_and_given_again(books: Ledger, tmp_path: Path) -> None:
    await give(books, tmp_path, 0, 5)
    await give(books, tmp_path, 8, 14)
    with pytest.raises(NoFileWaiting) as refused:
        await withdraw_file(books, "0-5.csv", MAKER)
    assert refused.value.facts["known"] == ["8-14.csv"]
    given_up = await withdraw_file(books, "8-14.csv", MAKER)
    assert (given_up.state, (await give(books, tmp_path, 5, 8)).also_taken) == (FileState.WITHDRAWN, ())
    again = await give(books, tmp_path, 8, 14)
    assert (again.file.state, again.new_count) == (TAKEN, 6)
    with pytest.raises(NoFileWaiting):
        await withdraw_file(books, given_up.sha256.hex()[:12], MAKER)
    assert await run_checks(books) == []


async def test_what_was_missed_without_a_trace_in_the_balance_finds_its_place(
    books: Ledger, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    whole = moves(100, 200, -200, 300)
    for start, stop in ((0, 1), (3, 4), (1, 3)):
        await give(books, tmp_path, start, stop, whole=whole)
    assert [cents for *_, cents, _ in await canonical(owner)] == [100, 200, -200, 300]
    assert await run_checks(books) == []


async def test_a_file_over_the_end_of_a_month_is_cut_there(
    books: Ledger, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    october, november = moves(10_000, first=29), moves(-300, 50, month=11)
    first = write(tmp_path, "a.xml", camt053(0, moves(500)))
    await import_statement(books, first, MAKER, Account.RESERVE)
    text = cfonb120(500, [*october, *november])
    made = await import_statement(books, write(tmp_path, "b.txt", text), MAKER, Account.RESERVE)
    assert (made.period, made.new_count) == ("2026-10/2026-11", 3)
    assert [
        (one.period, one.line_count, one.closing_cents) for one in await list_statements(books, Account.RESERVE)
    ] == [
        ("2026-10", 1, 500),
        ("2026-10", 1, 10_500),
        ("2026-11", 2, 10_250),
    ]
    report = await reconciliation_report(books, Account.RESERVE, period=date(2026, 10, 1))
    assert (report.statement.line_count, report.theirs.proof_cents, report.proof.proof_cents) == (2, 0, 0)
    shown = document(report)["statement"]
    assert [part["file"] for part in shown["files"]] == ["a.xml", "b.txt"]
    assert await run_checks(books) == []


async def test_another_format_tells_the_same_lines(books: Ledger, tmp_path: Path) -> None:
    await import_statement(books, write(tmp_path, "a.xml", camt053(0, MONTH[:10])), MAKER, Account.RESERVE)
    text = cfonb120(sum(move.cents for move in MONTH[:6]), MONTH[6:]).replace("Virement", "VIR     ")
    made = await import_statement(books, write(tmp_path, "b.txt", text), MAKER, Account.RESERVE)
    assert (len(made.skipped), made.new_count) == (4, 10)
    ofx = write(tmp_path, "c.ofx", ofx1(0, MONTH))
    assert (await import_statement(books, ofx, MAKER, Account.RESERVE)).file.state is KNOWN


async def test_what_contradicts_is_told_by_its_rows(books: Ledger, tmp_path: Path) -> None:
    await give(books, tmp_path, 0, 5)
    other = [*MONTH[:2], Moved(MONTH[2].day, "Autre", MONTH[2].cents), *MONTH[3:6]]
    with pytest.raises(StatementOutOfTurn) as refused:
        await import_statement(books, write(tmp_path, "other.csv", platform(0, other)), MAKER)
    assert [(fault["row"], fault["code"], fault["value"]) for fault in faults_of(refused.value)] == [
        (None, "missing-now", "Virement 3"),
        (5, "new-among-known", "Autre"),
    ]
    assert len(await list_files(books)) == 1


async def test_without_balances_the_wrong_sum_is_told_as_ever(books: Ledger, tmp_path: Path) -> None:
    await import_statement(books, write(tmp_path, "a.xml", camt053(0, MONTH)), MAKER, Account.RESERVE)
    november = write(
        tmp_path, "b.ofx", ofx1(21_000, moves(1, month=11)).replace("DTSTART>20261101", "DTSTART>20261021")
    )
    with pytest.raises(StatementDoesNotAddUp):
        await import_statement(books, november, MAKER, Account.RESERVE, closing_cents=99_999)
    taken = await import_statement(books, november, MAKER, Account.RESERVE)
    assert (taken.file.opening_cents, taken.new_count) == (21_000, 1)


async def test_of_two_at_once_each_finds_the_place_that_is_left(
    books: Ledger, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    spans = [(0, 5), (3, 9), (5, 12), (12, 20), (0, 20)]
    await asyncio.gather(*(give(books, tmp_path, *span) for span in spans))
    assert [record for _, record, *_ in await canonical(owner)] == list(range(1, 21))
    assert await run_checks(books) == []


async def test_the_same_file_at_once_is_taken_once(books: Ledger, tmp_path: Path) -> None:
    made = await asyncio.gather(*(give(books, tmp_path, 0, 5) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == [*["FileAlreadyImported"] * 3, "Import"]


# Matching over several files.


@pytest.fixture
async def october(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    await fill_with_october(ledger, clock, owner)
    return ledger


def halves(folder: Path) -> list[Path]:
    """The sample's month in three files of whole rows, each with an opening row."""
    text = FILE.read_text(encoding="utf-8-sig")
    records = [f"\n{record}" for record in text.replace('"Remise', "\0Remise").replace("\0", '"').split("\n")]
    joined: list[str] = []
    for record in records:
        bare = record.removeprefix("\n").removesuffix("\r")
        if joined and joined[-1].count('"') % 2:
            joined[-1] += f"\r\n{bare}"
        elif bare:
            joined.append(bare)
    header, opening, *rows = joined
    cuts = [0, 100, 230, len(rows)]
    files, balance = [], opening.rpartition(";")[2]
    for start, stop in pairwise(cuts):
        day = rows[start].partition(";")[0]
        part = [header, f"{day};Solde initial;;;{balance}", *rows[start:stop]]
        files.append(write(folder, f"{start}.csv", "\r\n".join(part) + "\r\n"))
        balance = rows[stop - 1].rpartition(";")[2]
    return files


async def test_a_month_in_three_files_is_matched_as_in_one(october: Ledger, tmp_path: Path) -> None:
    first, second, third = halves(tmp_path)
    for file in (second, third, first):
        await import_statement(october, file, MAKER)
    await match_statement(october, MAKER)
    report = await reconciliation_report(october)
    shown = document(report)
    assert shown["matched"]["by_rule"] == {"amount-date-merchant": 117, "day-total": 84, "reference": 145}
    assert (shown["proof_cents"], len(shown["breaks"]), shown["statement"]["lines"]) == (0, 18, 349)
    differing = next(found for found in shown["breaks"] if found["category"] == "amount-differs")
    assert differing["lines"] == [290]
    await unmatch_line(october, 120, MAKER)
    again = await reconciliation_report(october)
    assert again.matched.lines == 345
    assert not {found.check for found in await run_checks(october)} & {check.name for check in RECONCILIATION}


# Where history starts.


async def test_what_is_older_than_our_books_is_carried_and_is_no_break(ledger: Ledger, tmp_path: Path) -> None:
    """Our first day is that of the fixed clock, 6 October: the mandate and its funding."""
    await programme_with_money(ledger, 12_500_00)
    old = [Moved(date(2026, 9, 10), "Ancien solde reporté", 700), Moved(date(2026, 9, 20), "Paiement ancien", -200)]
    await import_statement(ledger, write(tmp_path, "september.csv", platform(1_000, old)), MAKER)
    new = [Moved(date(2026, 10, 6), "Virement CCAS mandat 2026-1107", 12_500_00), Moved(date(2026, 10, 7), "Frais", -5)]
    await import_statement(ledger, write(tmp_path, "october.csv", platform(1_500, new)), MAKER)
    await match_statement(ledger, MAKER)
    report = await reconciliation_report(ledger)
    carried = report.opening_items
    assert carried is not None
    assert (carried.balance_cents, [line.amount_cents for line in carried.lines], carried.cents) == (
        1_000,
        [700, -200],
        1_500,
    )
    assert [found.lines[0].label for found in report.breaks] == ["Frais"]
    assert report.proof.proof_cents == 0
    assert document(report)["opening_items"]["lines"] == [
        {"period": "2026-09", "record": 1},
        {"period": "2026-09", "record": 2},
    ]
