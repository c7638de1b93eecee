"""The service's clock goes back and forth; what it decides stays safe, and the database's order of things stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from ledger.calendar import PARIS
from ledger.cards.model import IssuedCard, parse_credential
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import Refusal
from ledger.keyring import Keyring
from ledger.redemptions.desk import Desk
from ledger.redemptions.model import Line, Redemption, RedemptionRequest, RequestKey
from ledger.vouchers.actions import lapse_vouchers
from tests.conftest import NOW
from tests.databases import TestServer
from tests.properties.machine.draws import token_sha256
from tests.town import AGENT, FRUIT, Town, cloned_town, credential

HALF_MINUTE, WEEKS = timedelta(seconds=30), timedelta(days=70)
MIDNIGHT = datetime(2026, 10, 7, tzinfo=PARIS)


@dataclass(frozen=True)
class Counter:
    """A till of the town, and a look into the books."""

    town: Town
    ledger: Ledger
    clock: FixedClock
    desk: Desk
    connection: asyncpg.Connection

    async def sell(self, card: IssuedCard, cents: int, shown: str | None = None) -> Redemption | Refusal:
        """A sale with what the card shows now, or showed before."""
        bound = RequestKey(token_sha256(self.town.tills[0].token), uuid4().bytes * 2, uuid4().bytes * 2)
        read = parse_credential(shown or credential(card, self.clock.instant), card.pin)
        request = RedemptionRequest(
            uuid4(), bound, read, (Line(FRUIT, cents),), allow_partial=True, reference=None, initiated_at=None
        )
        return (await self.desk.redeem(request)).result

    async def sold(self, card: IssuedCard, cents: int) -> int:
        """What is approved of a sale; a refusal is nothing."""
        answer = await self.sell(card, cents)
        return answer.approved_cents if isinstance(answer, Redemption) else 0


@pytest.fixture
async def counter(database_server: TestServer, town: Town, keys: Keyring) -> AsyncIterator[Counter]:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(cloned_town(database_server, town))
        database, clock = Database.at(urls.app), FixedClock(NOW)
        stack.push_async_callback(database.aclose)
        ledger = Ledger(database, clock, keys)
        connection = await stack.enter_async_context(connected(urls.owner))
        yield Counter(town, ledger, clock, Desk(ledger), connection)


def code_of(answer: Redemption | Refusal) -> str:
    return answer.code if isinstance(answer, Refusal) else "approved"


async def test_a_clock_set_back_lets_no_code_be_used_twice(counter: Counter) -> None:
    """Codes older than the last one accepted stay dead until the clock has passed it again."""
    card, shown = counter.town.phone_card, []
    for _ in range(3):
        counter.clock.instant += HALF_MINUTE
        shown.append(credential(card, counter.clock.instant))
        assert code_of(await counter.sell(card, 1, shown[-1])) == "approved"
    for code in reversed(shown):
        assert code_of(await counter.sell(card, 1, code)) in {"code-already-used", "code-refused"}
        counter.clock.instant -= HALF_MINUTE
        assert code_of(await counter.sell(card, 1, code)) == "code-already-used"
        assert code_of(await counter.sell(card, 1)) == "code-already-used"
    counter.clock.instant += 4 * HALF_MINUTE
    assert code_of(await counter.sell(card, 1)) == "approved"
    assert await run_checks(counter.ledger) == []


async def test_what_is_over_in_a_wrong_future_is_there_again_when_the_clock_is_right(counter: Counter) -> None:
    counter.clock.instant += WEEKS
    assert code_of(await counter.sell(counter.town.paper_card, 1)) == "insufficient-balance"
    counter.clock.instant -= WEEKS
    assert code_of(await counter.sell(counter.town.paper_card, 1)) == "approved"
    counter.clock.instant -= WEEKS  # before its first day
    assert code_of(await counter.sell(counter.town.paper_card, 1)) == "insufficient-balance"
    assert await run_checks(counter.ledger) == []


async def test_what_lapsed_in_a_wrong_future_is_whole_in_the_pool(counter: Counter) -> None:
    """Nothing undoes it by itself; nothing is lost, either."""
    counter.clock.instant += WEEKS
    run = await lapse_vouchers(counter.ledger, AGENT)
    counter.clock.instant -= WEEKS
    assert run.vouchers > 0
    assert (await lapse_vouchers(counter.ledger, AGENT)).vouchers == 0
    assert code_of(await counter.sell(counter.town.paper_card, 1)) == "insufficient-balance"
    assert await run_checks(counter.ledger) == []


@pytest.mark.parametrize("ahead", [timedelta(seconds=2), timedelta(days=3)])
async def test_a_clock_that_falls_back_over_midnight_lifts_no_cap(counter: Counter, ahead: timedelta) -> None:
    """Of two services one may be a little ahead; and a clock may be set right after days."""
    card = counter.town.rich_card  # 200 a sale, 300 a day
    for _ in range(4):
        for instant in (MIDNIGHT - timedelta(seconds=1), MIDNIGHT - timedelta(seconds=1) + ahead):
            counter.clock.instant = instant
            await counter.sold(card, 120_00)
    per_day = await counter.connection.fetch("""
        SELECT sum(approved_cents)::bigint FROM ledger.redemption
        GROUP BY (occurred_at AT TIME ZONE 'Europe/Paris')::date
    """)
    assert len(per_day) == 2
    assert all(row["sum"] <= 300_00 for row in per_day)
    assert await run_checks(counter.ledger) == []


async def test_the_books_keep_their_own_order_whatever_the_service_s_clock_says(counter: Counter) -> None:
    steps = (timedelta(days=9), -timedelta(days=4), timedelta(hours=3), -timedelta(hours=30))
    for step, card in zip(steps, counter.town.crowd, strict=False):
        counter.clock.instant += step
        await counter.sell(card, 1_00)
    rows = await counter.connection.fetch("""
        SELECT p.posted_at, t.occurred_at FROM ledger.posting AS p
        INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
        INNER JOIN ledger.merchant AS m ON m.account_id = p.account_id ORDER BY p.account_id, p.version
    """)
    assert len(rows) > 1
    assert [row["posted_at"] for row in rows] == sorted(row["posted_at"] for row in rows)
    assert [row["occurred_at"] for row in rows] != sorted(row["occurred_at"] for row in rows)
    assert await run_checks(counter.ledger) == []


async def test_books_that_end_in_the_future_go_on_after_their_last_posting(counter: Counter) -> None:
    """The database's own clock was ahead and was set right: `posted_at` still orders each account."""
    account = counter.town.shops[0].account_id
    await counter.sell(counter.town.crowd[1], 1_00)
    async with counter.connection.transaction():
        await counter.connection.execute("SET LOCAL session_replication_role = replica")  # past the guards
        for table in ("posting", "ledger_transaction"):
            await counter.connection.execute(f"UPDATE ledger.{table} SET posted_at = posted_at + interval '1 hour'")
        await counter.connection.execute(
            "UPDATE ledger.balance SET last_posted_at = last_posted_at + interval '1 hour' WHERE version > 0"
        )
    for cents in (1_00, 2_00):
        assert await counter.sold(counter.town.crowd[2], cents) == cents
    posted = await counter.connection.fetch(
        "SELECT posted_at FROM ledger.posting WHERE account_id = $1 ORDER BY version", account
    )
    instants = [row["posted_at"] for row in posted]
    assert len(set(instants)) == len(instants) == 3
    assert instants == sorted(instants)
    assert await run_checks(counter.ledger) == []
