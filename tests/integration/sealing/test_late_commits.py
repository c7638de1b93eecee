"""Whoever commits late is sealed later, once; nobody's leaves move; sealers, killed or two at once, change nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings

from ledger.checks.actions import run_checks
from ledger.checks.catalogue.sealing import CHECKS
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import DatabaseUnreachable
from ledger.keyring import Keyring
from ledger.redemptions.desk import Desk
from ledger.sealing import store
from ledger.sealing.actions import last_seal, seal, seal_lag
from ledger.sealing.model import Head, Seal
from tests.conftest import NOW
from tests.databases import DatabaseUrls, TestServer
from tests.made import MadeWorld
from tests.sealed import ADD_ENTRY, STEPS, Schedule, Step, culprits, leaves_of_rows, schedule, sealed_leaves
from tests.world import by_phone, sell

SEALING = [check.name for check in CHECKS]


@pytest.fixture
async def four_writers(database_urls: DatabaseUrls, keys: Keyring) -> AsyncIterator[Schedule]:
    async with schedule(database_urls, keys) as made:
        yield made


async def assert_sealed_once(made: Schedule) -> None:
    """Each row is in one seal, once; what was sealed earlier is as it was."""
    stored = await sealed_leaves(made.eye)
    assert Counter(leaf for leaves in stored.values() for leaf in leaves) == await leaves_of_rows(made.eye)
    assert {number: stored[number] for number in made.held} == made.held
    assert await culprits(made.ledger) == []


async def test_whoever_commits_late_is_sealed_later(four_writers: Schedule) -> None:
    """A cursor over ids, beside it, reads past the one who is late and never comes back."""
    late, prompt = four_writers.writers[:2]
    first, second = await late.write(), await prompt.write()
    await prompt.end(commit=True)
    read_by_cursor = await entries_after(four_writers, 0)
    await four_writers.seal()
    assert second not in await sealed_entries(four_writers)  # not before who began earlier has ended
    await late.end(commit=True)
    read_by_cursor += await entries_after(four_writers, max(read_by_cursor))
    await four_writers.seal()
    assert first not in read_by_cursor
    assert await sealed_entries(four_writers) >= {first, second}
    await assert_sealed_once(four_writers)


async def entries_after(made: Schedule, entry: int) -> list[int]:
    """What a sealer would take that remembers the greatest id it has seen."""
    return [row["id"] for row in await made.eye.fetch("SELECT id FROM ledger.audit_entry WHERE id > $1", entry)]


async def sealed_entries(made: Schedule) -> set[int]:
    sql = """SELECT e.id FROM ledger.audit_entry AS e INNER JOIN ledger.seal AS s
        ON e.epoch = s.epoch AND e.xid >= s.xid_from AND e.xid < s.xid_upto"""
    return {row["id"] for row in await made.eye.fetch(sql)}


def test_every_schedule_seals_every_row_once(database_server: TestServer, keys: Keyring) -> None:
    with asyncio.Runner() as runner:
        clone = database_server.clone()
        made_by = schedule(runner.run(clone.__aenter__()), keys)
        made = runner.run(made_by.__aenter__())
        try:

            @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
            @given(STEPS)
            def played(steps: list[Step]) -> None:
                runner.run(made.play(steps))
                runner.run(assert_sealed_once(made))

            played()
        finally:
            runner.run(made_by.__aexit__(None, None, None))
            runner.run(clone.__aexit__(None, None, None))


async def test_what_commits_while_a_seal_is_made_waits_for_the_next(
    four_writers: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late, new = four_writers.writers[:3]
    read = store.leaf_hashes
    await early.write()
    await early.end(commit=True)
    await late.write()

    async def slowly(work: UnitOfWork, head: Head) -> list[bytes]:
        await late.end(commit=True)
        await new.write()
        await new.end(commit=True)
        return await read(work, head)

    monkeypatch.setattr(store, "leaf_hashes", slowly)
    await seal(four_writers.ledger, rounds_max=1)
    four_writers.held |= await sealed_leaves(four_writers.eye)
    monkeypatch.undo()
    await four_writers.seal()
    await assert_sealed_once(four_writers)


async def test_two_sealers_at_once_take_turns(four_writers: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second neither waits nor seals anything while the first is at it."""
    for writer in four_writers.writers:
        await writer.write()
        await writer.end(commit=True)
    read = store.leaf_hashes
    answers: list[Seal | None] = []

    async def meanwhile(work: UnitOfWork, head: Head) -> list[bytes]:
        if not answers:
            answers.append(None)
            answers[0] = await asyncio.wait_for(seal(four_writers.other), 5)
        return await read(work, head)

    monkeypatch.setattr(store, "leaf_hashes", meanwhile)
    assert await seal(four_writers.ledger) is not None
    assert answers == [None]
    await assert_sealed_once(four_writers)


async def test_many_sealers_and_writers_at_once(four_writers: Schedule) -> None:
    async def write(number: int) -> None:
        writer = four_writers.writers[number]
        for turn in range(15):
            await writer.write()
            await writer.post()
            await writer.end(commit=turn % 4 != number)

    async def seal_often(ledger: Ledger) -> None:
        for _ in range(10):
            await seal(ledger)

    sealers = (seal_often(ledger) for ledger in (four_writers.ledger, four_writers.other))
    await asyncio.gather(*(write(number) for number in range(4)), *sealers)
    await four_writers.seal()
    await assert_sealed_once(four_writers)


async def test_a_sealer_that_is_killed_before_it_commits_has_sealed_nothing(
    four_writers: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    await four_writers.writers[0].write()
    await four_writers.writers[0].end(commit=True)
    add = store.add_seal

    async def killed(work: UnitOfWork, *arguments: object) -> None:
        await add(work, *arguments)  # type: ignore[arg-type]
        connection = await work.connection.get_raw_connection()
        backend = connection.driver_connection.get_server_pid()  # type: ignore[union-attr]
        await four_writers.eye.execute("SELECT pg_terminate_backend($1, 5000)", backend)

    monkeypatch.setattr(store, "add_seal", killed)
    with pytest.raises(DatabaseUnreachable):
        await seal(four_writers.ledger)
    monkeypatch.undo()
    assert await sealed_leaves(four_writers.eye) == {}
    await four_writers.seal()
    await assert_sealed_once(four_writers)


@pytest.fixture
async def small(made: MadeWorld, keys: Keyring) -> AsyncIterator[tuple[Ledger, FixedClock, asyncpg.Connection]]:
    """The small world, with a clock of its own, and somebody who sees everything."""
    async with made.server.clone() as urls, connected(urls.owner) as eye:
        clock = FixedClock(NOW)
        ledger = Ledger(Database.at(urls.app), clock, keys)
        yield ledger, clock, eye
        await ledger.database.aclose()


async def test_a_writer_in_another_database_holds_sealing_up_and_breaks_nothing(
    small: tuple[Ledger, FixedClock, asyncpg.Connection], made: MadeWorld, app: asyncpg.Connection, clock: FixedClock
) -> None:
    """`app` is in a database of its own on the same server: the mark below which all is finished is the server's."""
    ledger, clock, eye = small
    await seal(ledger)
    before = await last_seal(ledger)
    assert before is not None
    stranger = app.transaction()
    await stranger.start()
    await app.execute(ADD_ENTRY)
    desk = Desk(ledger)
    clock.instant += timedelta(minutes=5)
    await sell(desk, made.world.tills[0], by_phone(made.world.phone, clock), fruits=1)
    await desk.close()
    await seal(ledger)
    held = await last_seal(ledger)
    assert held is not None
    assert held.size == before.size
    assert await run_checks(ledger, SEALING) == []
    await wait_an_hour(eye)
    assert (await seal_lag(ledger)).seconds >= 3600
    assert [found.check for found in await run_checks(ledger, SEALING)] == ["sealing-keeps-up"]
    await stranger.rollback()
    await seal(ledger)
    assert (await seal_lag(ledger)).seconds == 0
    assert await culprits(ledger) == []
    assert (await seal_lag(ledger)).leaves == (await leaves_of_rows(eye)).total()


async def wait_an_hour(connection: asyncpg.Connection) -> None:
    """Let what waits to be sealed have been posted an hour earlier."""
    waiting = "(SELECT id FROM ledger.ledger_transaction ORDER BY posted_at DESC LIMIT 1)"
    await connection.execute(f"""
        SET session_replication_role = replica;
        UPDATE ledger.posting SET posted_at = posted_at - interval '1 hour' WHERE transaction_id = {waiting};
        UPDATE ledger.ledger_transaction SET posted_at = posted_at - interval '1 hour' WHERE id = {waiting};
        SET session_replication_role = origin
    """)


async def test_after_a_long_pause_it_is_sealed_in_bounded_pieces(
    small: tuple[Ledger, FixedClock, asyncpg.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _, eye = small
    monkeypatch.setattr(store, "_LEAVES_MAX", 3)
    more: list[bool] = []
    ask = store.head

    async def noted(work: UnitOfWork) -> Head:
        found = await ask(work)
        more.append(found.more)
        return found

    monkeypatch.setattr(store, "head", noted)
    await seal(ledger)
    sql = """SELECT s.number, count(t.id) AS transactions FROM ledger.seal AS s
        LEFT JOIN ledger.ledger_transaction AS t ON t.xid >= s.xid_from AND t.xid < s.xid_upto GROUP BY s.number"""
    pieces = {row["number"]: row["transactions"] for row in await eye.fetch(sql)}
    assert len(pieces) > 3
    assert max(pieces.values()) <= 4  # four leaves, and the rest of the last unit of work
    assert sum(pieces.values()) == await eye.fetchval("SELECT count(*) FROM ledger.ledger_transaction")
    assert (more[0], more[-1]) == (True, False)
    assert await culprits(ledger) == []
    assert (await seal_lag(ledger)).leaves == (await leaves_of_rows(eye)).total()
