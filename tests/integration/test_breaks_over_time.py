"""A break keeps its identity, its age and its history over matching, unmatching and months; and with two at work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move, propose_adjustment, propose_reversal
from ledger.adjustments.model import Leg, Reason
from ledger.adjustments.rules import transfer_legs
from ledger.checks.actions import run_checks
from ledger.checks.catalogue import books, moves, reconciliation
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    BadValue,
    BreakAmbiguous,
    CorrectionMisses,
    CorrectionUnclear,
    NotPending,
    ResolutionWaits,
    UnknownComment,
)
from ledger.reconciliation.actions import (
    import_statement,
    match_statement,
    month_as_of,
    reconciliation_report,
    unmatch_line,
)
from ledger.reconciliation.lives import note_breaks
from ledger.reconciliation.model import Account, Break, Category, Report, Why
from ledger.reconciliation.model.breaks import Item, Life, State, items_of
from ledger.reconciliation.resolving import (
    Correction,
    break_file,
    comment_break,
    erase_comment,
    propose_claim,
    propose_correction,
    propose_write_off,
    wait_for_break,
)
from tests.integration.test_breaks import matched, of_category
from tests.month import CHECKER, CHECKER_SIGNER, MAKER, MAKER_SIGNER
from tests.statement_files import Moved, platform, write

__all__ = ["matched"]
DAYS = 8
# These books have no aid run and no household: checks of those have their say.
CHECKED = [check.name for check in (*reconciliation.CHECKS, *moves.CHECKS, *books.CHECKS)]


async def life(ledger: Ledger, handle: UUID) -> Life:
    return (await break_file(ledger, handle.hex)).life


def by_item(report: Report) -> dict[Item, Break]:
    return {item: found for found in report.breaks for item in items_of(found)}


async def test_whatever_is_unmatched_and_matched_again_keeps_its_age_and_history(
    matched: Ledger, clock: FixedClock
) -> None:
    """At random, day after day: what was ever said about a line or a transaction stays with it, and it grows older."""
    random, said, seen = Random(7), dict[Item, int](), dict[Item, date]()
    for day in range(DAYS):
        report = await reconciliation_report(matched)
        for item, found in by_item(report).items():
            first = report.lives[found.id].first_seen_at
            assert first is not None
            assert first.date() <= seen.setdefault(item, first.date()), (day, item)
            assert report.lives[found.id].comments >= said.get(item, 0), (day, item)
        spoken_of = random.choice(report.breaks)
        await comment_break(matched, spoken_of.id.hex, f"day {day}", MAKER)
        said |= {item: said.get(item, 0) + 1 for item in items_of(spoken_of)}
        for record in random.sample(range(1, 100), 3):
            if all(line.record != record for found in report.breaks for line in found.lines):
                await unmatch_line(matched, record, MAKER)
        clock.instant += timedelta(days=1)
        if day % 3:
            await match_statement(matched, MAKER)
    assert await run_checks(matched, CHECKED) == []


async def test_it_comes_back_under_its_number_when_a_match_is_taken_back(matched: Ledger, clock: FixedClock) -> None:
    await unmatch_line(matched, 3, MAKER)
    await match_statement(matched, MAKER)
    found = next(one for one in (await reconciliation_report(matched)).breaks if one.lines and one.lines[0].record == 3)
    await comment_break(matched, found.id.hex, "why is it not one?", MAKER)
    clock.instant += timedelta(days=9)
    await unmatch_line(matched, 4, MAKER)
    again = next(one for one in (await reconciliation_report(matched)).breaks if one.lines == found.lines)
    told = await break_file(matched, found.id.hex[:10])
    assert (again.id, told.life.age_days, told.life.bucket, told.life.comments) == (found.id, 9, "8-30", 1)
    assert [(tie.matched_by, tie.unmatched_by) for tie in told.ties] == [(MAKER, MAKER)]


async def test_november_carries_it_with_its_age_and_says_what_was_cleared(
    matched: Ledger, clock: FixedClock, tmp_path: Path
) -> None:
    stays, waits = await of_category(matched, "missing-at-association"), await of_category(matched, "duplicate-theirs")
    await wait_for_break(matched, waits.id.hex, date(2026, 12, 1), MAKER)
    opened = (await life(matched, stays.id)).first_seen_at
    clock.instant += timedelta(days=70)
    file = write(tmp_path, "november.csv", platform(4_260_28, [Moved(date(2026, 11, 2), "Frais", -1_00)]))
    await import_statement(matched, file, MAKER, period=date(2026, 11, 1))
    await match_statement(matched, MAKER)
    report = await reconciliation_report(matched)
    carried = report.lives[stays.id]
    assert (report.statement.period, carried.first_seen_at, carried.age_days) == ("2026-11", opened, 70)
    assert (carried.bucket, carried.is_flagged) == ("61-90", True)
    assert (report.lives[waits.id].state, report.lives[waits.id].overdue) == (State.OPEN, True)
    assert {one.category for one in report.breaks if report.ages_days[one.id] == 0} == {Category.FEE}
    october = await reconciliation_report(matched, period=date(2026, 10, 1))
    assert october.lives[stays.id] == carried
    assert (await break_file(matched, stays.id.hex)).period == "2026-11"


async def test_a_write_off_that_is_taken_back_leaves_it_as_old_as_it_is(matched: Ledger, clock: FixedClock) -> None:
    found = await of_category(matched, "missing-at-association")
    first = await propose_write_off(matched, found.id.hex, MAKER_SIGNER)
    await approve_move(matched, first.proposal_id, CHECKER_SIGNER)
    await match_statement(matched, MAKER)
    clock.instant += timedelta(days=3)
    back = await propose_reversal(matched, first.transaction_id, Reason.UNEXPLAINED, MAKER_SIGNER, found.id)
    await approve_move(matched, back.proposal_id, CHECKER_SIGNER)
    await match_statement(matched, MAKER)
    told = await break_file(matched, found.id.hex)
    assert (told.life.state, told.life.age_days, told.life.course) == (State.OPEN, 3, None)
    assert [one.reversed_by for one in told.resolutions] == [back.transaction_id, None]
    report = await reconciliation_report(matched)
    assert (len(report.open_breaks), report.proof.proof_cents) == (18, 0)
    assert await run_checks(matched, CHECKED) == []


async def test_two_at_once_come_one_after_the_other(matched: Ledger) -> None:
    found = await of_category(matched, "amount-differs")
    handle = found.id.hex
    await asyncio.gather(*(comment_break(matched, handle, f"words {n}", (MAKER, CHECKER)[n % 2]) for n in range(4)))
    assert [event.nth for event in (await break_file(matched, handle)).events] == [1, 2, 3, 4]
    proposals = await asyncio.gather(
        propose_write_off(matched, handle, MAKER_SIGNER),
        propose_claim(matched, handle, date(2026, 12, 1), CHECKER_SIGNER),
        propose_adjustment(matched, suspense(90), Reason.WRONG_AMOUNT, MAKER_SIGNER, found.id),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in refused(proposals)) == ["ResolutionWaits", "ResolutionWaits"]
    erased = await asyncio.gather(*(erase_comment(matched, handle, 2, MAKER) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in refused(erased)] == [UnknownComment]


async def test_two_who_approve_at_once_book_it_once(matched: Ledger) -> None:
    found = await of_category(matched, "amount-differs")
    move = await propose_write_off(matched, found.id.hex, MAKER_SIGNER)
    done = await asyncio.gather(
        *(approve_move(matched, move.proposal_id, CHECKER_SIGNER) for _ in range(2)), return_exceptions=True
    )
    assert [type(one) for one in refused(done)] == [NotPending]
    assert (await life(matched, found.id)).state is State.RESOLVED
    assert await run_checks(matched, CHECKED) == []


async def test_nothing_more_is_proposed_about_it_while_something_waits(matched: Ledger) -> None:
    found = await of_category(matched, "amount-differs")
    await propose_claim(matched, found.id.hex, date(2026, 12, 1), MAKER_SIGNER)
    for again in (
        propose_adjustment(matched, suspense(90), Reason.WRONG_AMOUNT, MAKER_SIGNER, found.id),
        propose_write_off(matched, found.id.hex, MAKER_SIGNER),
    ):
        with pytest.raises(ResolutionWaits):
            await again


async def test_a_correction_settles_it_to_the_cent_or_is_not_proposed(matched: Ledger) -> None:
    found = await of_category(matched, "amount-differs")
    with pytest.raises(CorrectionMisses) as raised:
        await propose_correction(matched, found.id.hex, correction(91), MAKER_SIGNER)
    assert raised.value.facts == {"needed_cents": -90, "effect_cents": -91}
    assert (await life(matched, found.id)).state is State.OPEN
    with pytest.raises(CorrectionUnclear):
        await propose_correction(matched, found.id.hex, Correction(), MAKER_SIGNER)
    move = await propose_correction(matched, found.id.hex, correction(90), MAKER_SIGNER)
    await approve_move(matched, move.proposal_id, CHECKER_SIGNER)
    await match_statement(matched, MAKER)
    assert found.id not in {one.id for one in (await reconciliation_report(matched)).open_breaks}
    assert await run_checks(matched, CHECKED) == []


async def test_a_number_that_two_share_has_to_be_typed_further(matched: Ledger) -> None:
    async with matched.unit_of_work() as work:
        _, both = await month_as_of(work, Account.POIS)
        two = [one for one in both.lines if one.match_id is not None][:2]
        alike = [UUID(f"abcdef00-0000-4000-8000-00000000000{nth}") for nth in range(2)]
        gone = [
            Break(id_, Category.FEE, (line,), (), (), Why.NOTHING_NEAR) for id_, line in zip(alike, two, strict=True)
        ]
        await note_breaks(work, Account.POIS, gone)
    with pytest.raises(BreakAmbiguous) as raised:
        await break_file(matched, "abcdef")
    assert raised.value.facts["candidates"] == [str(id_) for id_ in alike]
    assert (await break_file(matched, alike[1].hex)).life.state is State.CLEARED


async def test_words_that_were_altered_are_told(matched: Ledger, superuser: asyncpg.Connection) -> None:
    found = await of_category(matched, "amount-differs")
    for words in ("one", "two"):
        await comment_break(matched, found.id.hex, words, MAKER)
    told = await break_file(matched, found.id.hex)
    assert [(event.comment, event.intact) for event in told.events] == [("one", True), ("two", True)]
    swapped = "UPDATE ledger.break_event SET comment_hmac = sha256('x') WHERE nth = 2"
    await superuser.execute(f"SET session_replication_role = replica; {swapped}")
    assert [event.intact for event in (await break_file(matched, found.id.hex)).events] == [True, False]
    with pytest.raises(BadValue):
        await comment_break(matched, found.id.hex, "x" * 1001, MAKER)


async def test_one_that_was_seen_before_there_were_histories_gets_one(
    matched: Ledger, superuser: asyncpg.Connection
) -> None:
    await superuser.execute("SET session_replication_role = replica; DELETE FROM ledger.break_item")
    found = await of_category(matched, "amount-differs")
    assert len((await comment_break(matched, found.id.hex, "asked", MAKER)).events) == 1
    assert await run_checks(matched, ["breaks-keep-their-history"]) == []


def correction(cents: int) -> Correction:
    return Correction(Reason.WRONG_AMOUNT, tuple(suspense(cents)))


def suspense(cents: int) -> list[Leg]:
    """Pois from the pool into suspense, and the euros behind them."""
    pois = transfer_legs("programme:AA-2026:pool", "suspense:POIS", cents)
    return [*pois, *transfer_legs("ccas:returned", "suspense:EUR", cents)]


def refused(answers: Iterable[object]) -> list[BaseException]:
    return [one for one in answers if isinstance(one, BaseException)]
