"""Suggestions accepted, matches and misses explained, on October's books; and what comes to nothing on one side."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move, propose_reversal
from ledger.adjustments.model import Reason
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import MatchedMeanwhile, NothingToExplain, UnknownSuggestion
from ledger.programmes.actions import confirm_funding, record_mandate
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report, unmatch_line
from ledger.reconciliation.choices import accept_suggestion, explain, list_suggestions
from ledger.reconciliation.model import Criterion
from tests.month import CHECKER_SIGNER, CODE, MAKER, MAKER_SIGNER, OCTOBER
from tests.october_books import fill_with_october
from tests.straight import refused_as

FILE = OCTOBER / "releve-pois-2026-10.csv"
MATCH_BROKEN = "BPL10"
NOVEMBER = "Date;Libellé;Débit;Crédit;Solde\r\n01/11/2026;Solde initial;;;4260,28\r\n"


@pytest.fixture
async def matched(ledger: Ledger, clock: FixedClock, owner: asyncpg.Connection) -> Ledger:
    """October, matched, save record 3, of which the match was taken back."""
    await fill_with_october(ledger, clock, owner)
    await import_statement(ledger, FILE, MAKER)
    await match_statement(ledger, MAKER)
    await unmatch_line(ledger, 3, MAKER)
    return ledger


async def test_a_suggestion_is_accepted_once_and_explained(matched: Ledger) -> None:
    [offered] = await list_suggestions(matched)
    assert (offered.rule, [line.record for line in offered.lines], offered.reasons[-1]) == ("alike", [3], "taken-back")
    [before] = await explain(matched, "3")
    assert before.found is not None
    assert (before.held, before.found.why, before.misses[0].taken_back) == (None, "equal-but-unmatched-by-hand", True)
    made = await accept_suggestion(matched, str(offered.id)[:8], MAKER)
    [after] = await explain(matched, "3")
    assert after.held is not None
    assert (after.held.id, after.held.rule, after.held.matched_by) == (made.match_id, "alike", MAKER)
    assert after.held.reasons[-1] == "accepted"
    assert [unit.reference for unit in after.held.units] == ["T00003"]
    assert (await explain(matched, str(made.match_id)))[0].held == after.held
    for id_ in (str(offered.id), "", str(uuid4())):
        with pytest.raises(UnknownSuggestion):
            await accept_suggestion(matched, id_, MAKER)


async def test_what_is_open_is_explained_by_its_nearest_misses(matched: Ledger) -> None:
    [missing] = await explain(matched, "t00157")
    assert missing.found is not None
    assert (missing.unit and missing.unit.reference, missing.found.category) == ("T00157", "missing-at-association")
    [differs] = await explain(matched, "290")
    assert [(miss.unit.reference, miss.failed) for miss in differs.misses[:1]] == [("T00360", (Criterion.AMOUNT,))]
    [copied] = await explain(matched, "109")
    assert copied.misses[0].failed == (Criterion.FREE,)
    for nothing in ("999", "T99999", str(uuid4())):
        with pytest.raises(NothingToExplain):
            await explain(matched, nothing)


async def test_of_officers_who_accept_and_match_at_once_nothing_is_matched_twice(
    matched: Ledger, app: asyncpg.Connection
) -> None:
    [offered] = await list_suggestions(matched)
    accepting = [accept_suggestion(matched, str(offered.id), MAKER) for _ in range(3)]
    results = await asyncio.gather(*accepting, match_statement(matched, MAKER), return_exceptions=True)
    refused = [one for one in results if isinstance(one, BaseException)]
    assert all(isinstance(one, MatchedMeanwhile | UnknownSuggestion) for one in refused)
    assert len(refused) == 2
    doubles = "SELECT count(*) - count(DISTINCT (statement_id, number)) FROM ledger.live_match_line"
    assert await app.fetchval(doubles) == 0
    report = await reconciliation_report(matched)
    assert (report.matched.lines, report.suggestions, report.proof.proof_cents) == (346, (), 0)


async def test_unmatched_and_accepted_again_the_report_is_what_it_was(matched: Ledger) -> None:
    [offered] = await list_suggestions(matched)
    await accept_suggestion(matched, str(offered.id), MAKER)
    before = await reconciliation_report(matched)
    await unmatch_line(matched, 3, MAKER)
    [again] = await list_suggestions(matched)
    assert again.id == offered.id
    await accept_suggestion(matched, str(again.id), MAKER)
    after = await reconciliation_report(matched)
    assert (after.breaks, after.proof, after.matched) == (before.breaks, before.proof, before.matched)


async def test_what_was_booked_and_reversed_matches_itself(
    matched: Ledger, app: asyncpg.Connection, tmp_path: Path
) -> None:
    """A funding that the association never saw: open, until it is reversed; then no difference of any month."""
    await record_mandate(matched, CODE, "2026-1108", 500, MAKER)
    await confirm_funding(matched, "2026-1108", MAKER)
    funding = await app.fetchval("SELECT transaction_id FROM ledger.funding ORDER BY transaction_id DESC LIMIT 1")
    move = await propose_reversal(matched, funding, Reason.NEVER_HAPPENED, MAKER_SIGNER)
    await approve_move(matched, move.proposal_id, CHECKER_SIGNER)
    november = tmp_path / "november.csv"
    november.write_text(NOVEMBER, encoding="utf-8")
    await import_statement(matched, november, MAKER, period=date(2026, 11, 1))
    before = await reconciliation_report(matched)
    assert [found.category for found in before.breaks if found.units and found.units[0].id == funding]
    run = await match_statement(matched, MAKER)
    [pair] = [match for match in run.matches if match.rule == "reversal-pair"]
    assert (pair.lines, [unit.amount_cents for unit in pair.units]) == ((), [500, -500])
    after = await reconciliation_report(matched)
    assert (len(before.breaks) - len(after.breaks), after.proof.proof_cents) == (2, 0)
    assert await run_checks(matched, ["matches-are-equal", "live-matches-replay"]) == []


ADD = """
    INSERT INTO ledger.match (
        id, account, rule, score, reasons, line_count, unit_count, complete_on, matched_by, matched_at
    )
    SELECT $1, 'pois', 'reversal-pair', 90, '{reversal}', $2, $3, '2026-10-31', id, now()
    FROM ledger.operator LIMIT 1
"""


@pytest.mark.parametrize(("lines", "units"), [([143], []), ([143, 290], []), ([], ["T00157"]), ([], [])])
async def test_one_side_alone_has_to_come_to_nothing(
    matched: Ledger, app: asyncpg.Connection, lines: list[int], units: list[str]
) -> None:
    id_ = uuid4()
    transaction = app.transaction()
    with refused_as(MATCH_BROKEN, "23514"):
        await transaction.start()
        try:
            await app.execute(ADD, id_, len(lines), len(units))
            await app.execute(
                "INSERT INTO ledger.match_line (match_id, statement_id, number)"
                " SELECT $1, s.id, n FROM ledger.statement AS s CROSS JOIN unnest($2::integer[]) AS n",
                id_,
                lines,
            )
            await app.execute(
                "INSERT INTO ledger.match_unit (match_id, transaction_id, amount_cents)"
                " SELECT $1, transaction_id, amount_cents FROM ledger.matchable_unit"
                " WHERE account = 'pois' AND reference = ANY($2::text[])",
                id_,
                units,
            )
        except BaseException:
            await transaction.rollback()
            raise
        await transaction.commit()
