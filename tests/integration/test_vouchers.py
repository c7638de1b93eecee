"""The end of vouchers: lapse in chunks that survive being cut, and revocation."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import asyncpg
import pytest

from ledger.approvals.model import Role
from ledger.books.balances import balance_cents
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import NotPossibleNow, RoleMissing, UnknownOperator, UnknownVoucher
from ledger.programmes.actions import approve_aid_run, prepare_aid_run
from ledger.programmes.model import Programme
from ledger.vouchers import actions as vouchers
from ledger.vouchers import store
from ledger.vouchers.actions import lapse_vouchers, list_vouchers, revoke, show_voucher
from ledger.vouchers.model import Ended
from tests.month import CHECKER, CHECKER_SIGNER, CODE, MAKER, MAKER_SIGNER, programme_with_households
from tests.people import enrol

LAST_EVENING = datetime(2026, 12, 7, 22, 59, tzinfo=UTC)  # a minute before midnight in Paris
AFTER = datetime(2026, 12, 7, 23, 1, tzinfo=UTC)
FIRST = f"{CODE}-2026-000001"
ALL_CENTS, ISSUED_CENTS, COUNT = 12_500_00, 11_530_00, 56


async def issued(ledger: Ledger) -> Programme:
    programme = await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    return programme


async def pool_cents(ledger: Ledger, programme: Programme) -> int:
    async with ledger.unit_of_work() as work:
        return -await balance_cents(work, programme.pool_account)


async def states(app: asyncpg.Connection) -> Counter[str]:
    rows = await app.fetch("SELECT state FROM ledger.subject_state WHERE subject = 'voucher'")
    return Counter(row["state"] for row in rows)


async def test_what_is_left_returns_to_the_pool_the_day_after_the_last(
    ledger: Ledger, clock: FixedClock, app: asyncpg.Connection
) -> None:
    programme = await issued(ledger)
    clock.instant = LAST_EVENING
    assert await lapse_vouchers(ledger, MAKER) == Ended(0, 0)
    clock.instant = AFTER
    assert await lapse_vouchers(ledger, MAKER) == Ended(COUNT, ISSUED_CENTS)
    assert await pool_cents(ledger, programme) == ALL_CENTS
    assert await states(app) == {"lapsed": COUNT}
    assert await lapse_vouchers(ledger, MAKER) == Ended(0, 0)
    assert await run_checks(ledger) == []


async def test_each_chunk_has_one_posting_on_the_pool_and_an_event_of_each_voucher(
    ledger: Ledger, clock: FixedClock, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "_CHUNK_VOUCHERS", 25)
    await issued(ledger)
    clock.instant = AFTER
    told: list[tuple[int, int]] = []
    await lapse_vouchers(ledger, MAKER, lambda done, total: told.append((done, total)))
    assert told == [(25, COUNT), (50, COUNT), (COUNT, COUNT)]
    legs = await app.fetch("""
        SELECT count(*) AS legs, count(*) FILTER (WHERE account_kind = 'programme:pool') AS on_pool
        FROM ledger.journal WHERE kind = 'lapse' GROUP BY transaction_id
    """)
    assert sorted((row["legs"], row["on_pool"]) for row in legs) == [(7, 1), (26, 1), (26, 1)]
    assert await app.fetchval("SELECT count(*) FROM ledger.event WHERE kind = 'lapse'") == COUNT


async def test_an_empty_voucher_lapses_too(
    ledger: Ledger, clock: FixedClock, app: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await issued(ledger)
    shop = await owner.fetchval("SELECT ledger.open_accounts('merchant', ARRAY['merchant:shop'])")
    found, _ = await show_voucher(ledger, FIRST)
    await owner.execute(
        """SELECT ledger.post(ARRAY[gen_random_uuid()], ARRAY[5::smallint], ARRAY[now()], ARRAY[NULL::uuid],
        ARRAY[1, 1], ARRAY[v.account_id, $1], ARRAY[$2::bigint, -$2], ARRAY[NULL::bigint, NULL])
        FROM ledger.voucher AS v WHERE v.serial = $3""",
        *(shop, found.balance_cents, FIRST),
    )
    clock.instant = AFTER
    assert await lapse_vouchers(ledger, MAKER) == Ended(COUNT, ISSUED_CENTS - found.face_cents)
    assert await states(app) == {"lapsed": COUNT}


async def test_a_run_that_was_cut_goes_on(
    ledger: Ledger, clock: FixedClock, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "_CHUNK_VOUCHERS", 25)
    programme = await issued(ledger)
    clock.instant = AFTER

    def cut(_: int, __: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await lapse_vouchers(ledger, MAKER, cut)
    assert await states(app) == {"lapsed": 25}
    assert (await lapse_vouchers(ledger, CHECKER)).vouchers == COUNT - 25
    assert await pool_cents(ledger, programme) == ALL_CENTS
    assert await run_checks(ledger) == []


async def test_a_chunk_that_is_killed_in_the_middle_leaves_nothing_behind(
    ledger: Ledger, clock: FixedClock, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = await issued(ledger)
    clock.instant = AFTER

    async def killed(*_: object) -> None:  # after the money moved, before the events
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "add_events", killed)
        with pytest.raises(KeyboardInterrupt):
            await lapse_vouchers(ledger, MAKER)
    assert await pool_cents(ledger, programme) == ALL_CENTS - ISSUED_CENTS
    assert await states(app) == Counter()
    assert await lapse_vouchers(ledger, MAKER) == Ended(COUNT, ISSUED_CENTS)


async def test_two_runs_at_once_let_each_voucher_lapse_once(
    ledger: Ledger, clock: FixedClock, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouchers, "_CHUNK_VOUCHERS", 10)
    programme = await issued(ledger)
    clock.instant = AFTER
    runs = await asyncio.gather(*(lapse_vouchers(ledger, who) for who in (MAKER, CHECKER)))
    assert sum(run.vouchers for run in runs) == COUNT
    assert sum(run.returned_cents for run in runs) == ISSUED_CENTS
    assert await pool_cents(ledger, programme) == ALL_CENTS
    assert await app.fetchval("SELECT count(*) FROM ledger.event WHERE kind = 'lapse'") == COUNT


async def test_a_revoked_voucher_gives_back_what_is_left(ledger: Ledger, app: asyncpg.Connection) -> None:
    programme = await issued(ledger)
    before, _ = await show_voucher(ledger, FIRST)
    after = await revoke(ledger, FIRST, MAKER)
    assert (after.state, after.balance_cents) == ("revoked", 0)
    assert await pool_cents(ledger, programme) == ALL_CENTS - ISSUED_CENTS + before.balance_cents
    _, history = await show_voucher(ledger, FIRST)
    amounts = [(each.kind, each.amount_cents) for each in history]
    assert amounts == [("issue", before.face_cents), ("revocation", -before.face_cents), ("revoke", None)]
    [listed] = await list_vouchers(ledger, before.household_id)
    assert listed == after
    assert await run_checks(ledger) == []


async def test_what_has_ended_is_not_revoked(ledger: Ledger, clock: FixedClock) -> None:
    await issued(ledger)
    await revoke(ledger, FIRST, MAKER)
    with pytest.raises(NotPossibleNow) as refused:
        await revoke(ledger, FIRST, MAKER)
    assert refused.value.facts == {"voucher": FIRST, "state": "revoked"}
    clock.instant = AFTER
    assert (await lapse_vouchers(ledger, MAKER)).vouchers == COUNT - 1
    with pytest.raises(NotPossibleNow):
        await revoke(ledger, f"{CODE}-2026-000002", MAKER)


async def test_revoked_twice_at_once_it_is_revoked_once(ledger: Ledger) -> None:
    await issued(ledger)
    results = await asyncio.gather(*(revoke(ledger, FIRST, MAKER) for _ in range(3)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NotPossibleNow", "NotPossibleNow", "Voucher"]


async def test_strangers_and_whoever_has_no_such_role_are_refused(ledger: Ledger) -> None:
    await issued(ledger)
    await enrol(ledger, "agathe", Role.AGENT)
    with pytest.raises(RoleMissing):
        await revoke(ledger, FIRST, "agathe")
    with pytest.raises(UnknownOperator):
        await lapse_vouchers(ledger, "nobody")
    with pytest.raises(UnknownVoucher):
        await revoke(ledger, f"{CODE}-2026-999999", MAKER)
    with pytest.raises(UnknownVoucher):
        await show_voucher(ledger, "voucher")
