"""The life of a break in October's books: what one person does, what two decide, and what becomes of its age."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import BreakChanged, BreakSettled, NothingToReopen, ResolutionWaits, SamePerson, UnknownBreak
from ledger.reconciliation.actions import (
    import_statement,
    match_statement,
    prove_identities,
    reconciliation_report,
    unmatch_line,
)
from ledger.reconciliation.lives import note_breaks
from ledger.reconciliation.model import Account, Break
from ledger.reconciliation.model.breaks import ReopenReason, State
from ledger.reconciliation.resolving import (
    approve_claim,
    assign_break,
    break_file,
    comment_break,
    erase_comment,
    propose_claim,
    propose_write_off,
    reopen_break,
    wait_for_break,
)
from tests.month import CHECKER, CHECKER_SIGNER, MAKER, MAKER_SIGNER, OCTOBER
from tests.october_books import fill_with_october

FILE = OCTOBER / "releve-pois-2026-10.csv"


@pytest.fixture
async def matched(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    await fill_with_october(ledger, clock, owner)
    await import_statement(ledger, FILE, MAKER)
    await match_statement(ledger, MAKER)
    return ledger


async def of_category(ledger: Ledger, category: str) -> Break:
    report = await reconciliation_report(ledger)
    return next(found for found in report.breaks if found.category.value == category)


async def test_one_person_looks_after_it_comments_and_waits(matched: Ledger, clock: FixedClock) -> None:
    handle = (await of_category(matched, "duplicate-theirs")).id.hex[:8]
    await assign_break(matched, handle, CHECKER, MAKER)
    await comment_break(matched, handle, "Mme Martin rappelle lundi", MAKER)
    waiting = await wait_for_break(matched, handle, date(2026, 11, 10), MAKER)
    assert (waiting.life.state, waiting.life.owner, waiting.life.comments) == (State.WAITING, CHECKER, 1)
    assert [event.comment for event in waiting.events if event.comment] == ["Mme Martin rappelle lundi"]
    erased = await erase_comment(matched, handle, 2, MAKER)
    assert (erased.life.comments, [event.comment for event in erased.events]) == (0, [None] * 4)
    clock.instant += timedelta(days=9)
    late = (await break_file(matched, handle)).life
    assert (late.state, late.overdue, late.age_days, late.bucket) == (State.OPEN, True, 9, "8-30")
    await reopen_break(matched, handle, ReopenReason.NO_ANSWER, MAKER)
    with pytest.raises(NothingToReopen):
        await reopen_break(matched, handle, ReopenReason.NO_ANSWER, MAKER)
    with pytest.raises(UnknownBreak):
        await assign_break(matched, "ffffffff", None, MAKER)


@pytest.mark.parametrize("category", ["duplicate-theirs", "missing-at-association", "amount-differs"])
async def test_two_people_write_it_off_and_the_proof_stays(matched: Ledger, clock: FixedClock, category: str) -> None:
    found = await of_category(matched, category)
    clock.instant += timedelta(days=2)
    move = await propose_write_off(matched, found.id.hex, MAKER_SIGNER)
    assert (await break_file(matched, found.id.hex)).life.state is State.PROPOSED
    with pytest.raises(ResolutionWaits):
        await wait_for_break(matched, found.id.hex, date(2026, 12, 1), MAKER)
    with pytest.raises(SamePerson):
        await approve_move(matched, move.proposal_id, MAKER_SIGNER)
    await approve_move(matched, move.proposal_id, CHECKER_SIGNER)
    assert (await break_file(matched, found.id.hex)).life.state is State.RESOLVED
    await match_statement(matched, MAKER)
    report = await reconciliation_report(matched)
    assert report.lives[found.id].state.is_done
    assert (len(report.open_breaks), report.proof.proof_cents) == (17, 0)
    with pytest.raises(BreakSettled):
        await propose_claim(matched, found.id.hex, date(2026, 12, 1), MAKER_SIGNER)
    assert all(one.difference_cents == 0 for one in await prove_identities(matched) if one.number in {1, 3})


async def test_a_claim_waits_for_the_other_side(matched: Ledger) -> None:
    found = await of_category(matched, "duplicate-theirs")
    claim = await propose_claim(matched, found.id.hex, date(2026, 11, 30), MAKER_SIGNER)
    with pytest.raises(SamePerson):
        await approve_claim(matched, claim.proposal_id, MAKER_SIGNER)
    await approve_claim(matched, claim.proposal_id, CHECKER_SIGNER)
    assert (await break_file(matched, found.id.hex)).life.state is State.WAITING


async def test_what_is_seen_otherwise_since_is_not_booked(matched: Ledger, clock: FixedClock) -> None:
    await unmatch_line(matched, 3, MAKER)
    found = next(one for one in (await reconciliation_report(matched)).breaks if one.why.value.endswith("by-hand"))
    await match_statement(matched, MAKER)
    move = await propose_write_off(matched, found.id.hex, MAKER_SIGNER)
    clock.instant += timedelta(days=1)
    async with matched.unit_of_work() as work:
        both = [one for one in (await reconciliation_report(matched)).breaks if one.why.value.endswith("by-hand")]
        merged = replace(both[0], id=uuid4(), units=both[1].units, lines=both[0].lines)
        await note_breaks(work, Account.POIS, [merged])
    with pytest.raises(BreakChanged):
        await approve_move(matched, move.proposal_id, CHECKER_SIGNER)
