"""The whole PostgreSQL of a home is killed under actions of every kind; nothing that was answered is gone or twice."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.home import Home
from ledger.opening import opened_ledger
from tests.databases import folder_in_memory
from tests.faults.deeds import Town
from tests.faults.storm import OFTEN, Storm
from tests.properties.machine.ground import START

STORMS = 3


@pytest.fixture
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="bonpois-storm-", dir=folder_in_memory()))
    yield Home(folder)
    shutil.rmtree(folder)


async def test_what_was_answered_before_the_kill_is_there_once(home: Home, tmp_path: Path) -> None:
    chance, clock = random.Random(7), FixedClock(START)
    async with opened_ledger(home, creates=True) as ledger:
        town = await Town.of(replace(ledger, clock=clock), clock, tmp_path)
    acknowledged = 0
    for _ in range(STORMS):
        async with opened_ledger(home) as opened:
            town.ledger = replace(opened, clock=clock)
            storm = await Storm.gathered(town, chance)
            await storm.blow(town.ledger, home, chance)
        async with opened_ledger(home) as opened:
            account = await storm.settle(replace(opened, clock=clock))
            assert (account.lost, account.doubled) == (0, 0)
            assert await run_checks(opened) == []
        acknowledged += account.acknowledged
    assert 0 < acknowledged < STORMS * sum(OFTEN.values())
