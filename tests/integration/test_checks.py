"""`bonpois check`: silent on good books; each check speaks, and it alone, when its invariant is broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.checks.actions import list_checks, run_checks
from ledger.checks.catalogue import CHECKS, people
from ledger.checks.model import Check
from ledger.checks.store import VIOLATIONS_MAX, violations
from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import UnknownCheck
from ledger.keyring import Keyring
from ledger.redemptions.desk import Desk
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.made import MadeWorld
from tests.tampering import (
    ADD_ERASURE,
    ADD_EVENT,
    BOOK,
    SALE,
    TAMPERINGS,
    UNGUARDED,
    UNUSED_HOUSEHOLD,
)
from tests.world import by_phone, sell

SIGNED = {check.name for check in people.CHECKS}  # what was signed holds many facts: these may speak as well
CASES = [
    pytest.param(name, sql, id=f"{name}-{place}")
    for name, statements in TAMPERINGS.items()
    for place, sql in enumerate(statements, start=1)
]


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
async def tamperer(superuser: asyncpg.Connection) -> asyncpg.Connection:
    """Somebody whom no trigger and no grant stops."""
    await superuser.execute(BOOK)
    await superuser.execute(UNGUARDED)
    return superuser


@pytest.fixture(scope="module")
async def playground(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    """A clone for all that is taken back again."""
    async with made.server.clone() as urls:
        yield urls


@pytest.fixture
async def tampering(playground: DatabaseUrls, keys: Keyring) -> AsyncIterator[UnitOfWork]:
    """A unit of work of somebody whom nothing stops; it is taken back at the end of the test."""
    database = Database.at(playground.owner)
    async with database.engine.connect() as connection:
        work = UnitOfWork(connection, NOW, keys)
        await tamper(work, BOOK, UNGUARDED)
        yield work
    await database.aclose()


async def tamper(work: UnitOfWork, *scripts: str) -> None:
    """Run whole scripts, which only the driver itself takes, in the unit of work."""
    await work.run(text("SELECT 1"))  # begins it
    driver: Any = (await work.connection.get_raw_connection()).driver_connection
    for script in scripts:
        await driver.execute(script)


async def test_good_books_are_passed_in_silence(ledger: Ledger) -> None:
    done: list[Check] = []
    assert await run_checks(ledger, progress=done.append) == []
    assert tuple(done) == CHECKS


async def test_empty_books_are_good_too(database_server: TestServer, clock: FixedClock, keys: Keyring) -> None:
    async with database_server.clone() as urls:
        database = Database.at(urls.app)
        assert await run_checks(Ledger(database, clock, keys)) == []
        await database.aclose()


@pytest.mark.parametrize(("name", "statement"), CASES)
async def test_the_right_check_speaks_and_it_alone(tampering: UnitOfWork, name: str, statement: str) -> None:
    await tamper(tampering, statement)
    found = [violation for check in CHECKS for violation in await violations(tampering, check)]
    assert {violation.check for violation in found} - (SIGNED - {name}) == {name}


def test_every_check_is_tried() -> None:
    assert sorted(TAMPERINGS) == sorted(check.name for check in CHECKS)


async def test_whoever_left_and_was_erased_is_no_fault(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    sql = f"{ADD_EVENT} VALUES ('household', $1, 'close', now())"
    household = await superuser.fetchval(f"SELECT {UNUSED_HOUSEHOLD}")
    await superuser.execute(sql, household)
    await superuser.execute("DELETE FROM identity.household WHERE household_id = $1", household)
    await superuser.execute("DELETE FROM identity.subject_key WHERE subject_id = $1", household)
    await superuser.execute(f"{ADD_ERASURE} SELECT $1, id, now() FROM ledger.operator LIMIT 1", household)
    assert await run_checks(ledger) == []


async def test_a_violation_names_its_culprit_and_the_facts(
    ledger: Ledger, tamperer: asyncpg.Connection, made: MadeWorld
) -> None:
    await tamperer.execute(f"UPDATE ledger.redemption SET asked_cents[1] = asked_cents[1] + 1 WHERE id = {SALE}")
    [found] = await run_checks(ledger, ["lines-add-up"])
    assert (found.check, found.subject) == ("lines-add-up", str(made.world.sales[0]))
    assert found.facts == {
        "basket_cents": 1500,
        "asked_cents": 1501,
        "approved_cents": 1000,
        "of_lines_cents": 1000,
    }


async def test_what_is_found_is_bounded(ledger: Ledger, tamperer: asyncpg.Connection) -> None:
    await tamperer.execute("UPDATE ledger.voucher SET face_cents = face_cents + 1")
    assert len(await run_checks(ledger)) == VIOLATIONS_MAX


async def test_only_the_checks_asked_for_are_run(ledger: Ledger, tamperer: asyncpg.Connection) -> None:
    await tamperer.execute("UPDATE ledger.aid_run SET total_cents = total_cents + 1")
    assert await run_checks(ledger, ["transactions-balance", "lines-add-up"]) == []
    assert [check.name for check in list_checks(["lines-add-up", "transactions-balance"])] == [
        "transactions-balance",
        "lines-add-up",
    ]
    with pytest.raises(UnknownCheck) as refused:
        await run_checks(ledger, ["nonsense"])
    assert refused.value.facts["check"] == "nonsense"


async def test_checks_are_silent_while_tills_go_on(ledger: Ledger, clock: FixedClock, made: MadeWorld) -> None:
    desk = Desk(ledger)
    clock.instant += timedelta(minutes=5)  # the world's telephone has used its codes until then
    selling = True

    async def go_on() -> int:
        sold = 0
        while selling:
            clock.instant += timedelta(seconds=30)
            await sell(desk, made.world.tills[sold % 2], by_phone(made.world.phone, clock), fruits=1)
            sold += 1
        return sold

    till = asyncio.create_task(go_on())
    found = [violation for _ in range(3) for violation in await run_checks(ledger)]
    selling = False
    assert await till > 3
    await desk.close()
    assert found == []


async def test_a_check_can_change_nothing(ledger: Ledger) -> None:
    async with ledger.unit_of_work() as work:
        await work.freeze()
        with pytest.raises(DBAPIError, match="read-only"):
            await work.run(
                text("INSERT INTO ledger.operator (id, name, added_at) VALUES (gen_random_uuid(), 'me', now())")
            )
