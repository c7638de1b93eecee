"""An answer that calls itself final stays what it was; one that does not, may change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from ledger.books.transaction import TransactionKind
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.reports.actions import aid_report, balance_of, trial_balance
from ledger.reports.model import Moment, Reason
from ledger.reports.rules import standing
from ledger.sealing.actions import seal
from tests.databases import DatabaseUrls
from tests.straight import Money, money, post

NOON = datetime(2026, 10, 6, 10, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SHOP = "merchant:1"
_SALE = "SELECT posted_at FROM ledger.journal WHERE account = 'merchant:1' AND balance_after_cents = -4100"


async def clock(connection: asyncpg.Connection) -> datetime:
    instant: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return instant


async def sell(connection: asyncpg.Connection, books: Money) -> None:
    await post(connection, (TransactionKind.REDEMPTION, [(books.vouchers[0], 100), (books.merchants[0], -100)]))


@pytest.fixture
async def till(database_urls: DatabaseUrls) -> AsyncIterator[asyncpg.Connection]:
    """A sale in the making."""
    async with connected(database_urls.app) as connection:
        yield connection


async def test_nothing_is_final_before_it_is_sealed(ledger: Ledger, owner: asyncpg.Connection) -> None:
    await money(owner)
    for found in (await balance_of(ledger, SHOP), await trial_balance(ledger), await aid_report(ledger)):
        assert (found.final, found.final_until, found.reason) == (False, None, Reason.NOT_SEALED)
        assert found.at is not None
        assert found.on is None


async def test_what_is_sealed_is_final_and_what_comes_later_is_not(ledger: Ledger, owner: asyncpg.Connection) -> None:
    books = await money(owner)
    await seal(ledger)
    before = await clock(owner)
    await sell(owner, books)
    await seal(ledger)
    last = await balance_of(ledger, SHOP)
    assert last.final_until is not None
    assert (last.final, last.balance_cents) == (False, -4_100)
    for at, final, reason in (
        (before, True, Reason.SEALED),
        (last.final_until, True, Reason.SEALED),
        (last.final_until + TICK, False, Reason.NOT_SEALED),
    ):
        for found in (
            await balance_of(ledger, SHOP, Moment(at=at)),
            await trial_balance(ledger, Moment(at=at)),
            await aid_report(ledger, None, Moment(at=at)),
        ):
            assert (found.at, found.final, found.reason, found.final_until) == (at, final, reason, last.final_until)
    assert (await balance_of(ledger, SHOP, Moment(at=before))).balance_cents == -4_000


async def test_a_sale_that_is_committed_late_changes_no_final_answer(
    ledger: Ledger, owner: asyncpg.Connection, till: asyncpg.Connection
) -> None:
    books = await money(owner)
    await seal(ledger)
    under_way = till.transaction()
    await under_way.start()
    await sell(till, books)
    instant = await clock(owner)  # the sale was posted before it, and nobody sees it yet
    for _ in range(3):
        await seal(ledger)
    early = await balance_of(ledger, SHOP, Moment(at=instant))
    assert (early.balance_cents, early.final) == (-4_000, False)
    assert early.final_until is not None
    settled = await balance_of(ledger, SHOP, Moment(at=early.final_until))
    await under_way.commit()
    for _ in range(3):
        await sell(owner, books)
        await seal(ledger)
    late = await balance_of(ledger, SHOP, Moment(at=instant))
    assert (late.balance_cents, late.final) == (-4_100, True)
    again = await balance_of(ledger, SHOP, Moment(at=early.final_until))
    assert (settled.final, settled.balance_cents) == (True, again.balance_cents)
    assert early.final_until < await owner.fetchval(_SALE) <= instant


async def test_a_day_is_not_final_however_much_is_sealed(ledger: Ledger, owner: asyncpg.Connection) -> None:
    books = await money(owner)
    await seal(ledger)
    first = await balance_of(ledger, SHOP, Moment(on=NOON.date()))
    assert (first.final, first.reason, first.balance_cents) == (False, Reason.MONTH_OPEN, -4_000)
    await sell(owner, books)  # booked on a day that was asked about before
    assert (await balance_of(ledger, SHOP, Moment(on=NOON.date()))).balance_cents == -4_100


@pytest.mark.parametrize(
    ("moment", "final_until", "certified_until", "final", "reason"),
    [
        (Moment(), None, None, False, Reason.NOT_SEALED),
        (Moment(), NOON, None, True, Reason.SEALED),
        (Moment(), NOON - TICK, None, False, Reason.NOT_SEALED),
        (Moment(at=NOON), NOON, None, True, Reason.SEALED),
        (Moment(at=NOON), NOON - TICK, date(2026, 10, 31), False, Reason.NOT_SEALED),
        (Moment(on=NOON.date()), NOON, None, False, Reason.MONTH_OPEN),
        (Moment(on=date(2026, 9, 30)), None, date(2026, 9, 30), True, Reason.MONTH_CERTIFIED),
        (Moment(on=date(2026, 10, 1)), None, date(2026, 9, 30), False, Reason.MONTH_OPEN),
    ],
)
def test_the_rule(
    moment: Moment, final_until: datetime | None, certified_until: date | None, final: bool, reason: Reason
) -> None:
    found = standing(moment, NOON, final_until, certified_until)
    assert (found.final, found.reason, found.on) == (final, reason, moment.on)
    assert found.at == (None if moment.on else NOON)
