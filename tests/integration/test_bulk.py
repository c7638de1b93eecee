"""Many vouchers at once: a whole run taken back, runs that go on in chunks of another size, two ends at one time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from ledger.approvals.actions import reject_proposal
from ledger.approvals.model import Reason, Role
from ledger.books.balances import balance_cents
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import NotPossibleNow, RoleMissing, UnknownOperator, UnknownRun
from ledger.programmes.actions import (
    aid_run_numbered,
    aid_runs,
    approve_aid_run,
    prepare_aid_run,
    revocable_in_aid_run,
    revoke_aid_run,
)
from ledger.programmes.model import Programme
from ledger.vouchers import actions as vouchers
from ledger.vouchers import store
from ledger.vouchers.actions import lapse_vouchers, revoke, show_voucher
from ledger.vouchers.model import Ended
from tests.month import CHECKER, CHECKER_SIGNER, CODE, MAKER, MAKER_SIGNER, programme_with_households
from tests.people import enrol

AFTER = datetime(2026, 12, 7, 23, 1, tzinfo=UTC)  # a minute after the last day in Paris
FIRST, SECOND = f"{CODE}-2026-000001", f"{CODE}-2026-000002"
ALL_CENTS, ISSUED_CENTS, COUNT = 12_500_00, 11_530_00, 56
Resize = Callable[[int], None]


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> Resize:
    """Chunks of another size from now on."""

    def resize(size: int) -> None:
        for module in (aid_runs, vouchers):
            monkeypatch.setattr(module, "_CHUNK_VOUCHERS", size)

    return resize


async def prepared(ledger: Ledger) -> Programme:
    programme = await programme_with_households(ledger)
    await prepare_aid_run(ledger, CODE, MAKER_SIGNER)
    return programme


async def issued(ledger: Ledger) -> Programme:
    programme = await prepared(ledger)
    await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    return programme


async def pool_cents(ledger: Ledger, programme: Programme) -> int:
    async with ledger.unit_of_work() as work:
        return -await balance_cents(work, programme.pool_account)


async def states(app: asyncpg.Connection) -> Counter[str]:
    rows = await app.fetch("SELECT state FROM ledger.subject_state WHERE subject = 'voucher'")
    return Counter(row["state"] for row in rows)


class Cut:
    """A progress that ends the process once so many are done."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self, done: int, _: int) -> None:
        if done >= self.at:
            raise KeyboardInterrupt


async def test_a_run_is_taken_back_whole(
    ledger: Ledger, app: asyncpg.Connection, owner: asyncpg.Connection, chunks: Resize
) -> None:
    chunks(25)
    programme = await issued(ledger)
    told: list[tuple[int, int]] = []
    ended = await revoke_aid_run(ledger, CODE, 1, CHECKER, lambda done, total: told.append((done, total)))
    assert ended == Ended(COUNT, ISSUED_CENTS)
    assert told == [(25, COUNT), (50, COUNT), (COUNT, COUNT)]
    assert await pool_cents(ledger, programme) == ALL_CENTS
    assert await states(app) == {"revoked": COUNT}
    legs = await app.fetch("""
        SELECT count(*) AS legs, count(*) FILTER (WHERE account_kind = 'programme:pool') AS on_pool
        FROM ledger.journal WHERE kind = 'revocation' GROUP BY transaction_id
    """)
    assert sorted((row["legs"], row["on_pool"]) for row in legs) == [(7, 1), (26, 1), (26, 1)]
    by = "SELECT count(*) FROM ledger.event AS e JOIN ledger.operator AS o ON o.id = e.operator_id WHERE o.name = $1"
    assert await owner.fetchval(by, CHECKER) == COUNT
    assert await revoke_aid_run(ledger, CODE, 1, CHECKER) == Ended(0, 0)
    assert await run_checks(ledger) == []


async def test_what_ended_or_was_spent_before_is_left_out(
    ledger: Ledger, app: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    await issued(ledger)
    revoked, _ = await show_voucher(ledger, FIRST)
    await revoke(ledger, FIRST, MAKER)
    shop = await owner.fetchval("SELECT ledger.open_accounts('merchant', ARRAY['merchant:shop'])")
    await owner.execute(
        """SELECT ledger.post(ARRAY[gen_random_uuid()], ARRAY[5::smallint], ARRAY[now()], ARRAY[NULL::uuid],
        ARRAY[1, 1], ARRAY[v.account_id, $1], ARRAY[1000::bigint, -1000], ARRAY[NULL::bigint, NULL])
        FROM ledger.voucher AS v WHERE v.serial = $2""",
        *(shop, SECOND),
    )
    expected = Ended(COUNT - 1, ISSUED_CENTS - revoked.face_cents - 10_00)
    assert await revocable_in_aid_run(ledger, CODE, 1, CHECKER) == expected
    assert await states(app) == {"revoked": 1}
    assert await revoke_aid_run(ledger, CODE, 1, CHECKER) == expected
    assert await revocable_in_aid_run(ledger, CODE, 1, CHECKER) == Ended(0, 0)


async def test_what_lapsed_stays_lapsed(ledger: Ledger, clock: FixedClock, app: asyncpg.Connection) -> None:
    await issued(ledger)
    clock.instant = AFTER
    await lapse_vouchers(ledger, MAKER)
    assert await revoke_aid_run(ledger, CODE, 1, CHECKER) == Ended(0, 0)
    assert await states(app) == {"lapsed": COUNT}


async def test_a_run_that_is_not_issued_whole_is_finished_or_rejected_first(
    ledger: Ledger, app: asyncpg.Connection, chunks: Resize
) -> None:
    chunks(25)
    await prepared(ledger)
    for state, instead in (("pending", "bonpois aid reject"), ("approved", "bonpois aid approve")):
        for ask in (revoke_aid_run, revocable_in_aid_run):
            with pytest.raises(NotPossibleNow) as refused:
                await ask(ledger, CODE, 1, CHECKER)
            assert refused.value.facts == {"run": 1, "state": state, "instead": instead}
        if state == "pending":
            with pytest.raises(KeyboardInterrupt):
                await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER, Cut(25))
    assert await states(app) == {}
    await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    assert await revoke_aid_run(ledger, CODE, 1, CHECKER) == Ended(COUNT, ISSUED_CENTS)


async def test_a_rejected_run_has_nothing_to_take_back(ledger: Ledger) -> None:
    await prepared(ledger)
    run = await aid_run_numbered(ledger, CODE, 1)
    await reject_proposal(ledger, run.proposal_id, CHECKER_SIGNER, Reason.MISTAKE)
    with pytest.raises(NotPossibleNow) as refused:
        await revoke_aid_run(ledger, CODE, 1, CHECKER)
    assert refused.value.facts["state"] == "rejected"


async def test_who_may_not_revoke_one_may_not_revoke_many(ledger: Ledger, app: asyncpg.Connection) -> None:
    await issued(ledger)
    await enrol(ledger, "agathe", Role.AGENT)
    for ask in (revoke_aid_run, revocable_in_aid_run):
        with pytest.raises(RoleMissing):
            await ask(ledger, CODE, 1, "agathe")
        with pytest.raises(UnknownOperator):
            await ask(ledger, CODE, 1, "nobody")
        with pytest.raises(UnknownRun):
            await ask(ledger, CODE, 2, CHECKER)
    assert await states(app) == {}


async def test_a_revocation_that_was_cut_goes_on(
    ledger: Ledger, app: asyncpg.Connection, chunks: Resize, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks(25)
    programme = await issued(ledger)
    with pytest.raises(KeyboardInterrupt):
        await revoke_aid_run(ledger, CODE, 1, CHECKER, Cut(25))

    async def killed(*_: object) -> None:  # after the money moved, before the events
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "add_events", killed)
        with pytest.raises(KeyboardInterrupt):
            await revoke_aid_run(ledger, CODE, 1, CHECKER)
    assert await states(app) == {"revoked": 25}
    assert (await revoke_aid_run(ledger, CODE, 1, MAKER)).vouchers == COUNT - 25
    assert await pool_cents(ledger, programme) == ALL_CENTS
    assert await run_checks(ledger) == []


async def test_whoever_ends_them_first_each_voucher_ends_once(
    ledger: Ledger, clock: FixedClock, app: asyncpg.Connection, chunks: Resize
) -> None:
    chunks(7)
    programme = await issued(ledger)
    clock.instant = AFTER
    ends = await asyncio.gather(
        revoke_aid_run(ledger, CODE, 1, MAKER),
        lapse_vouchers(ledger, MAKER),
        revoke_aid_run(ledger, CODE, 1, CHECKER),
    )
    assert sum(end.vouchers for end in ends) == COUNT
    assert sum(end.returned_cents for end in ends) == ISSUED_CENTS
    assert await pool_cents(ledger, programme) == ALL_CENTS
    assert (await states(app)).total() == COUNT
    assert await app.fetchval("SELECT count(*) FROM ledger.event WHERE subject = 'voucher'") == COUNT
    assert await run_checks(ledger) == []


@pytest.mark.parametrize("size", [7, 20, 40])
async def test_a_run_goes_on_in_chunks_of_another_size(
    ledger: Ledger, app: asyncpg.Connection, chunks: Resize, size: int
) -> None:
    chunks(20)
    programme = await prepared(ledger)
    with pytest.raises(KeyboardInterrupt):
        await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER, Cut(20))
    chunks(size)
    run = await approve_aid_run(ledger, CODE, 1, CHECKER_SIGNER)
    assert (run.state, run.issued_count) == ("issued", COUNT)
    assert await pool_cents(ledger, programme) == ALL_CENTS - ISSUED_CENTS
    in_order = await app.fetch("SELECT serial FROM ledger.voucher ORDER BY decision_id")
    assert [row["serial"] for row in in_order] == [f"{CODE}-2026-{number:06d}" for number in range(1, COUNT + 1)]
    assert await run_checks(ledger) == []
