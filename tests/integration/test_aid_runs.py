"""Aid runs: two people, one pool, continuous numbers, and chunks that survive being cut."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest

from ledger.books.balances import balance_cents
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    ContentDiffers,
    NothingToIssue,
    NotPending,
    NotPossibleNow,
    PoolTooLow,
    SamePerson,
    UnknownOperator,
    UnknownProgramme,
    UnknownRun,
)
from ledger.programmes.actions import (
    aid_runs,
    approve_aid_run,
    import_households,
    list_aid_runs,
    list_households,
    prepare_aid_run,
    programme_funds,
)
from ledger.programmes.model import AidRun
from ledger.vouchers.actions import list_vouchers
from tests.month import (
    CHECKER,
    CHECKER_SIGNER,
    CODE,
    MAKER,
    MAKER_SIGNER,
    programme_with_households,
    programme_with_money,
)
from tests.people import insert_approval, signer
from tests.straight import refused_as

ISSUED_CENTS = 11_530_00


async def pool_cents(ledger: Ledger, account: int) -> int:
    async with ledger.unit_of_work() as work:
        return -await balance_cents(work, account)


async def test_the_sample_month_gives_a_voucher_to_each_entitled_household(ledger: Ledger) -> None:
    programme = await programme_with_households(ledger)
    run = await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    assert (run.number, run.state, run.voucher_count, run.total_cents) == (1, "pending", 56, ISSUED_CENTS)
    assert (run.valid_from, run.valid_until) == (date(2026, 10, 6), date(2026, 12, 7))
    done = await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    assert (done.state, done.issued_count) == ("issued", 56)
    assert (done.prepared_by, done.approved_by) == (MAKER, CHECKER)
    assert await pool_cents(ledger, programme.pool_account) == 12_500_00 - ISSUED_CENTS
    assert await list_aid_runs(ledger) == [done]


async def test_each_entitled_household_has_one_voucher_of_its_allowance(ledger: Ledger) -> None:
    await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    run = await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    serials = []
    for household in await list_households(ledger, CODE):
        vouchers = await list_vouchers(ledger, household.household_id)
        amounts = [(voucher.face_cents, voucher.balance_cents) for voucher in vouchers]
        assert amounts == ([(household.amount_cents, household.amount_cents)] if household.granted else [])
        assert all(voucher.programme_version_id == run.programme_version_id for voucher in vouchers)
        serials += [voucher.serial for voucher in vouchers]
    assert sorted(serials) == [f"AA-2026-2026-{number:06d}" for number in range(1, 57)]


async def test_one_issue_transaction_per_chunk(
    ledger: Ledger, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aid_runs, "_CHUNK_VOUCHERS", 25)
    await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    told: list[tuple[int, int]] = []
    await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER, lambda done, total: told.append((done, total)))
    assert told == [(25, 56), (50, 56), (56, 56)]
    legs = await app.fetch("""
        SELECT count(*) AS legs, min(account_kind) AS debited FROM ledger.journal
        WHERE kind = 'issue' GROUP BY transaction_id
    """)
    assert Counter(row["legs"] for row in legs) == Counter([26, 26, 7])
    assert {row["debited"] for row in legs} == {"programme:pool"}


async def test_who_prepares_does_not_approve(ledger: Ledger, app: asyncpg.Connection) -> None:
    programme = await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    with pytest.raises(SamePerson):
        await approve_aid_run(ledger, CODE, 1, MAKER_SIGNER)
    [run] = await list_aid_runs(ledger)
    assert run.state == "pending"
    assert await pool_cents(ledger, programme.pool_account) == 12_500_00
    with refused_as("23514"):
        await insert_approval(app, run.proposal_id, MAKER)


async def test_a_run_is_issued_once(ledger: Ledger) -> None:
    await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    with pytest.raises(NotPending):
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    with pytest.raises(NothingToIssue):
        await prepare_aid_run(ledger, CODE, MAKER_SIGNER)


async def test_two_approvals_at_once_issue_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aid_runs, "_CHUNK_VOUCHERS", 7)
    programme = await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    both = (approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER), approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER))
    results = await asyncio.gather(*both, return_exceptions=True)
    runs = [result for result in results if isinstance(result, AidRun)]
    assert runs
    assert {run.state for run in runs} == {"issued"}
    assert all(isinstance(result, AidRun | NotPending) for result in results)
    assert await pool_cents(ledger, programme.pool_account) == 12_500_00 - ISSUED_CENTS


async def test_a_decision_is_in_one_run_even_when_two_are_prepared_at_once(ledger: Ledger) -> None:
    await programme_with_households(ledger)
    both = (prepare_aid_run(ledger, CODE, MAKER_SIGNER), prepare_aid_run(ledger, CODE, CHECKER_SIGNER))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AidRun", "NothingToIssue"]


async def test_a_run_that_was_cut_goes_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aid_runs, "_CHUNK_VOUCHERS", 25)
    programme = await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)

    def cut(done: int, _: int) -> None:
        if done == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER, cut)
    [run] = await list_aid_runs(ledger)
    assert (run.state, run.issued_count, run.approved_by) == ("approved", 50, CHECKER)
    funds = await programme_funds(ledger, CODE)
    assert funds.pool_cents - funds.reserved_cents == 12_500_00 - ISSUED_CENTS
    done = await approve_aid_run(ledger, CODE, 1, MAKER_SIGNER)  # going on is no approval
    assert (done.state, done.approved_by) == ("issued", CHECKER)
    assert await pool_cents(ledger, programme.pool_account) == 12_500_00 - ISSUED_CENTS


async def test_a_run_larger_than_the_pool_is_not_prepared(ledger: Ledger) -> None:
    await programme_with_households(ledger, ISSUED_CENTS - 1)
    with pytest.raises(PoolTooLow) as refused:
        await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    assert refused.value.facts == {"available_cents": ISSUED_CENTS - 1, "needed_cents": ISSUED_CENTS}
    assert not await list_aid_runs(ledger)


async def test_the_pool_may_be_emptied_to_the_last_centime(ledger: Ledger) -> None:
    programme = await programme_with_households(ledger, ISSUED_CENTS)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    assert await pool_cents(ledger, programme.pool_account) == 0


HEADER = (
    "dossier;adultes;enfants_14_et_plus;enfants_moins_14;"
    "ressources_mensuelles;charges_mensuelles;langue;support;derogation\n"
)


async def test_what_waits_for_approval_is_reserved(ledger: Ledger, tmp_path: Path) -> None:
    await programme_with_money(ledger, 250_00)
    for number in (1, 2):
        await import_household(ledger, tmp_path, f"D26-{number};2;0;0;0;0;fr;papier;\n")  # 150 Pois each
        if number == 1:
            await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    with pytest.raises(PoolTooLow) as refused:
        await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    assert refused.value.facts == {"available_cents": 100_00, "needed_cents": 150_00}


async def import_household(ledger: Ledger, folder: Path, row: str) -> None:
    file = folder / "menages.csv"
    file.write_text(HEADER + row, encoding="utf-8")
    await import_households(ledger, CODE, file, MAKER)


async def test_runs_are_numbered_and_serials_go_on(ledger: Ledger, tmp_path: Path) -> None:
    await programme_with_money(ledger)
    serials = []
    for number in (1, 2):
        await import_household(ledger, tmp_path, f"D26-{number};1;0;0;0;0;fr;papier;\n")
        assert (await prepare_aid_run(ledger, CODE, MAKER_SIGNER)).number == number
        await approve_aid_run(ledger, CODE, number, CHECKER_SIGNER)
    for household in await list_households(ledger, CODE):
        serials += [voucher.serial for voucher in await list_vouchers(ledger, household.household_id)]
    assert serials == ["AA-2026-2026-000001", "AA-2026-2026-000002"]


async def test_a_closed_household_gets_nothing(ledger: Ledger, app: asyncpg.Connection) -> None:
    await programme_with_households(ledger)
    granted = next(entry for entry in await list_households(ledger, CODE) if entry.granted)
    await app.execute(
        "INSERT INTO ledger.event (subject, subject_id, kind, occurred_at) VALUES ('household', $1, 'close', now())",
        granted.household_id,
    )
    run = await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    assert (run.voucher_count, run.total_cents) == (55, ISSUED_CENTS - granted.amount_cents)


async def test_a_run_whose_validity_is_over_is_not_approved(ledger: Ledger, clock: FixedClock) -> None:
    await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    clock.instant = datetime(2026, 12, 7, 23, 30, tzinfo=UTC)  # half past midnight of the 8th in Paris
    with pytest.raises(NotPossibleNow):
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)


async def test_a_line_slipped_in_after_the_proposal_stops_the_approval(
    ledger: Ledger, app: asyncpg.Connection, tmp_path: Path
) -> None:
    await programme_with_money(ledger)
    await import_household(ledger, tmp_path, "D26-1;1;0;0;0;0;fr;papier;\n")
    run = await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    await import_household(ledger, tmp_path, "D26-2;1;0;0;0;0;fr;papier;\n")
    await app.execute(
        """INSERT INTO ledger.aid_run_line (aid_run_id, decision_id, amount_cents)
        SELECT $1, d.id, d.amount_cents FROM ledger.decision AS d
        WHERE NOT EXISTS (SELECT FROM ledger.aid_run_line AS l WHERE l.decision_id = d.id)""",
        run.id,
    )
    with pytest.raises(ContentDiffers):
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)


async def test_strangers_are_refused(ledger: Ledger) -> None:
    await programme_with_households(ledger)
    with pytest.raises(UnknownOperator):
        await prepare_aid_run(ledger, CODE, signer("nobody"))
    with pytest.raises(UnknownProgramme):
        await prepare_aid_run(ledger, "AA-2027", MAKER_SIGNER)
    with pytest.raises(UnknownRun):
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
