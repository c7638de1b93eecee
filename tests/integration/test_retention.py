"""Retention: who has been silent for too long is listed, and erased one by one when somebody says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.cards.actions import replace_card
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.programmes.actions import (
    erase_silent_households,
    erasures,
    import_programme,
    list_households,
    silent_households,
)
from ledger.programmes.model import RetentionRun, SilentHousehold
from ledger.vouchers.actions import lapse_vouchers
from tests.databases import DatabaseUrls, TestServer
from tests.tills import TillClient, answering
from tests.town import AGENT, CHECKER, DATA, FRUIT, PROGRAMME, Town, cloned_town


@pytest.fixture
async def database_urls(database_server: TestServer, town: Town) -> AsyncIterator[DatabaseUrls]:
    async with cloned_town(database_server, town) as urls:
        yield urls


@pytest.fixture
async def till(ledger: Ledger, clock: FixedClock, town: Town) -> AsyncIterator[TillClient]:
    async with answering(ledger) as client:
        yield TillClient(client, clock, town.tills[0].token)


async def test_only_who_has_been_silent_for_two_years_is_listed(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town
) -> None:
    began = clock.instant
    clock.instant = began + timedelta(days=20)
    await till.redeem(town.paper_card, (FRUIT, 100))
    clock.instant = began + timedelta(days=40)
    await replace_card(ledger, town.rich_card.number, AGENT)
    clock.instant = began + timedelta(days=730)
    assert await silent_households(ledger, PROGRAMME) == []
    clock.instant += timedelta(seconds=1)
    silent = {found.case_number: found.last_contact_at for found in await silent_households(ledger, PROGRAMME)}
    assert "TEN" in silent
    assert not {"PAPER", "RICH"} & silent.keys()
    clock.instant = began + timedelta(days=751)
    silent = {found.case_number: found.last_contact_at for found in await silent_households(ledger, PROGRAMME)}
    assert silent["PAPER"] == began + timedelta(days=20)
    assert "RICH" not in silent


async def test_the_programme_says_how_long(ledger: Ledger, clock: FixedClock, town: Town, tmp_path: Path) -> None:
    rules = tmp_path / "short.toml"
    rules.write_text((DATA / "programme.toml").read_text("utf-8") + "\n[conservation]\nidentite_jours = 90\n", "utf-8")
    await import_programme(ledger, rules, AGENT)
    clock.instant += timedelta(days=91)
    assert len(await silent_households(ledger, PROGRAMME)) == len(town.households)


async def test_the_silent_are_erased_one_by_one_and_money_holds_back(
    till: TillClient, ledger: Ledger, clock: FixedClock, town: Town
) -> None:
    await till.redeem(town.ten_card, (FRUIT, 1_000))
    clock.instant += timedelta(days=800)
    told: list[tuple[int, int]] = []
    run = await erase_silent_households(ledger, PROGRAMME, AGENT, lambda *step: told.append(step))
    count = len(town.households)
    assert {found.case_number for found in run.erased} == {"TEN", "NONE"}
    assert {(each.refusal, each.left_cents is None) for each in run.retained} == {("household-has-money", False)}
    assert told == [(place, count) for place in range(1, count + 1)]
    await lapse_vouchers(ledger, CHECKER)
    assert len((await erase_silent_households(ledger, PROGRAMME, AGENT)).erased) == count - 2
    assert await erase_silent_households(ledger, PROGRAMME, AGENT) == RetentionRun((), ())
    assert await list_households(ledger, PROGRAMME) == []
    assert await run_checks(ledger) == []


async def test_two_runs_at_once_erase_each_once(ledger: Ledger, clock: FixedClock, town: Town) -> None:
    clock.instant += timedelta(days=800)
    await lapse_vouchers(ledger, CHECKER)
    await asyncio.gather(*(erase_silent_households(ledger, PROGRAMME, name) for name in (AGENT, CHECKER)))
    assert await list_households(ledger, PROGRAMME) == []
    assert await run_checks(ledger) == []


async def test_whoever_comes_back_meanwhile_stays(
    ledger: Ledger, clock: FixedClock, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the list and the erasure somebody is given a new card."""
    clock.instant += timedelta(days=800)
    await lapse_vouchers(ledger, CHECKER)
    listed = await silent_households(ledger, PROGRAMME)
    await replace_card(ledger, town.rich_card.number, AGENT)

    async def as_listed_before(*_: object) -> list[SilentHousehold]:
        return listed

    monkeypatch.setattr(erasures, "silent_households", as_listed_before)
    run = await erase_silent_households(ledger, PROGRAMME, AGENT)
    assert [(each.household.case_number, each.refusal) for each in run.retained] == [("RICH", "not-possible-now")]
    assert [entry.case_number for entry in await list_households(ledger, PROGRAMME)] == ["RICH"]
