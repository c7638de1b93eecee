"""What is called final is final: nothing is posted any more at or before that instant, whoever still writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from ledger.database.unit_of_work import UnitOfWork
from ledger.keyring import Keyring
from ledger.sealing import store
from ledger.sealing.actions import last_seal, seal
from ledger.sealing.model import Head
from tests.databases import DatabaseUrls, TestServer
from tests.sealed import STEPS, Schedule, Step, culprits, schedule


@pytest.fixture
async def four_writers(database_urls: DatabaseUrls, keys: Keyring) -> AsyncIterator[Schedule]:
    async with schedule(database_urls, keys) as made:
        yield made


async def assert_answers_stand(made: Schedule) -> None:
    """Everything that was called final gives the answer of then."""
    for answer in made.answers:
        assert await made.posted_until(answer.until) == answer.posted


def test_no_schedule_changes_an_answer_that_was_final(database_server: TestServer, keys: Keyring) -> None:
    with asyncio.Runner() as runner:
        clone = database_server.clone()
        made_by = schedule(runner.run(clone.__aenter__()), keys)
        made = runner.run(made_by.__aenter__())
        try:

            @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
            @given(STEPS)
            def played(steps: list[Step]) -> None:
                runner.run(made.play(steps))
                runner.run(assert_answers_stand(made))

            played()
            assert len(made.answers) > 10
        finally:
            runner.run(made_by.__aexit__(None, None, None))
            runner.run(clone.__aexit__(None, None, None))


async def test_an_open_unit_of_work_keeps_later_instants_open(four_writers: Schedule) -> None:
    late, prompt = four_writers.writers[:2]
    await four_writers.seal()
    await prompt_entry(four_writers)
    at = await late.post()
    for _ in range(3):
        await prompt.post()
        await prompt.end(commit=True)
        await four_writers.seal()
        assert await final_until(four_writers) < at
    await late.end(commit=True)
    await four_writers.seal()
    assert await final_until(four_writers) >= at
    await assert_answers_stand(four_writers)


async def test_who_has_begun_but_not_posted_keeps_no_instant_open_that_it_could_still_take(
    four_writers: Schedule,
) -> None:
    """It has its number since before the seal, so that the seal cannot call anything after it final."""
    late = four_writers.writers[0]
    await late.write()
    await four_writers.seal()
    await four_writers.seal()
    final = await final_until(four_writers)
    at = await late.post()
    assert at > final
    await late.end(commit=True)
    await four_writers.seal()
    await assert_answers_stand(four_writers)


async def test_books_in_which_nobody_writes_become_final(four_writers: Schedule) -> None:
    ats = []
    for writer in four_writers.writers:
        ats.append(await writer.post())
        await writer.end(commit=True)
    made = [await seal(four_writers.ledger, rounds_max=1) for _ in range(5)]
    assert await final_until(four_writers) > max(ats)
    assert made[-1] is None  # and then there is nothing to do
    assert await seal(four_writers.ledger) is None
    assert await culprits(four_writers.ledger) == []


async def test_nothing_is_final_before_the_first_seal_was_followed_by_another(four_writers: Schedule) -> None:
    await four_writers.writers[0].post()
    await four_writers.writers[0].end(commit=True)
    first = await seal(four_writers.ledger, rounds_max=1)
    assert first is not None
    assert first.final_until is None


async def test_after_the_clock_went_back_time_still_goes_forward(four_writers: Schedule) -> None:
    """The last seal saw an instant that the clock will show again: what is posted now is later nevertheless."""
    writer = four_writers.writers[0]
    await writer.post()
    await writer.end(commit=True)
    await four_writers.seal()
    observed = await move_last_seal(four_writers, timedelta(hours=1))
    ats = []
    for _ in range(3):
        ats.append(await writer.post())
        await writer.end(commit=True)
        made = await seal(four_writers.ledger, rounds_max=1)
        assert made is not None
        assert made.observed_at > observed
        observed = made.observed_at
    assert ats == sorted(set(ats))
    last = await last_seal(four_writers.ledger)
    assert last is not None
    assert last.observed_at - ats[-1] < timedelta(seconds=1)


async def test_who_posts_while_a_seal_is_made_by_a_clock_that_went_back(
    four_writers: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the seal before, so that it takes the very instant that the new one observes."""
    late = four_writers.writers[0]
    await four_writers.seal()
    await move_last_seal(four_writers, timedelta(hours=1))
    await prompt_entry(four_writers)
    read = store.leaf_hashes
    ats: list[datetime] = []

    async def meanwhile(work: UnitOfWork, head: Head) -> list[bytes]:
        if not ats:
            ats.append(await late.post())
        return await read(work, head)

    monkeypatch.setattr(store, "leaf_hashes", meanwhile)
    made = await seal(four_writers.ledger, rounds_max=1)
    assert made is not None
    assert made.observed_at == ats[0]
    await prompt_entry(four_writers)
    for _ in range(3):
        await four_writers.seal()
        assert await final_until(four_writers) < ats[0]
    await late.end(commit=True)
    await assert_answers_stand(four_writers)


async def prompt_entry(made: Schedule) -> None:
    await made.writers[1].write()
    await made.writers[1].end(commit=True)


async def move_last_seal(made: Schedule, ahead: timedelta) -> datetime:
    """Let the last seal have observed a later instant, past every guard."""
    await made.eye.execute("SET session_replication_role = replica")
    sql = """UPDATE ledger.seal SET observed_at = observed_at + $1
        WHERE number = (SELECT max(number) FROM ledger.seal) RETURNING observed_at"""
    at: datetime = await made.eye.fetchval(sql, ahead)
    await made.eye.execute("SET session_replication_role = origin")
    return at


async def final_until(made: Schedule) -> datetime:
    last = await last_seal(made.ledger)
    assert last is not None
    return last.final_until or datetime.min.replace(tzinfo=last.observed_at.tzinfo)
