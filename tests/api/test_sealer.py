"""The service seals by itself, and goes on whatever happens to the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from structlog.testing import capture_logs

from ledger.approvals.actions import record_command
from ledger.checks.actions import run_checks
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.keyring import Keyring
from ledger.sealing import store
from ledger.sealing.actions import last_seal, seal
from ledger.sealing.model import Seal
from merchant_api import sealer
from merchant_api.metrics import Meters
from tests.services import Installation, client_of
from tests.tills import TillClient
from tests.town import Town

_TRIES_MAX = 200
SEALS = "SELECT count(*) FROM ledger.seal"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a sealer does not wait."""
    monkeypatch.setattr(sealer, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(sealer, "_PAUSE_SECONDS_MAX", 0.02)


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait for what must come, and fail where it does not."""
    for _ in range(_TRIES_MAX):
        if await holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came")


@asynccontextmanager
async def at_work(ledger: Ledger) -> AsyncIterator[Meters]:
    meters = Meters()
    async with sealer.sealing(ledger, meters):
        yield meters


async def test_what_was_sold_is_sealed_without_being_asked(ledger: Ledger, till: TillClient, town: Town) -> None:
    sale = (await till.redeem(town.paper_card)).json()["id"]

    async def proven() -> bool:
        return (await till.get(f"/v1/redemptions/{sale}/proof")).status_code == 200

    async with at_work(ledger) as meters:
        await until(proven)
    assert meters.seal_failures == 0
    assert await run_checks(ledger, ["facts-are-sealed-once"]) == []


async def test_two_sealers_take_turns(ledger: Ledger, till: TillClient, town: Town, app: asyncpg.Connection) -> None:
    async with at_work(ledger) as one, at_work(ledger) as other:
        for card in town.crowd[:10]:
            assert (await till.redeem(card)).status_code == 201

        async def sealed() -> bool:
            return (await last_seal(ledger)) is not None and await seal(ledger) is None

        await until(sealed)
    assert (one.seal_failures, other.seal_failures) == (0, 0)
    assert await app.fetchval("SELECT max(number) = count(*) FROM ledger.seal")
    assert await run_checks(ledger, ["facts-are-sealed-once"]) == []


async def test_a_failure_is_logged_and_tried_again(ledger: Ledger, owner: asyncpg.Connection) -> None:
    await owner.execute("ALTER TABLE ledger.seal RENAME COLUMN note TO letter")
    with capture_logs() as logs:
        async with at_work(ledger) as meters:

            async def failed() -> bool:
                return meters.seal_failures > 1

            await until(failed)
            await owner.execute("ALTER TABLE ledger.seal RENAME COLUMN letter TO note")

            async def sealed() -> Seal | None:
                return await last_seal(ledger)

            await until(sealed)
    assert {entry["event"] for entry in logs} == {"sealing failed"}
    assert (logs[0]["log_level"], logs[0]["sqlstate"]) == ("error", "42703")
    assert "SELECT" not in str(logs)


async def test_a_key_file_of_other_books_is_told(ledger: Ledger, app: asyncpg.Connection) -> None:
    await seal(ledger)
    before = await app.fetchval(SEALS)
    with capture_logs() as logs:
        async with at_work(replace(ledger, keys=Keyring((bytes(32),)))) as meters:

            async def failed() -> bool:
                return meters.seal_failures > 0

            await until(failed)
    assert logs[0]["code"] == "keys-missing"
    assert await app.fetchval(SEALS) == before


async def test_a_slow_seal_never_meets_the_next(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    running = most = done = 0

    async def slowly(whose: Ledger, *, rounds_max: int) -> None:
        nonlocal running, most, done
        if whose is not ledger:  # another application of the run
            return
        assert rounds_max == 1
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        done += 1

    monkeypatch.setattr(sealer, "seal", slowly)

    async def thrice() -> bool:
        return done >= 3

    async with at_work(ledger):
        await until(thrice)
    assert (running, most) == (0, 1)


async def test_a_seal_that_hangs_does_not_hold_up_the_end(
    ledger: Ledger, owner: asyncpg.Connection, app: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has locked the table; what the sealer had begun is taken back."""
    monkeypatch.setattr(sealer, "_STOP_SECONDS_MAX", 0.1)
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ledger.seal'::regclass"

    async def stuck() -> object:
        return await app.fetchval(waiting)

    async with owner.transaction():
        await owner.execute("LOCK TABLE ledger.seal IN ACCESS EXCLUSIVE MODE")
        async with at_work(ledger):
            await until(stuck)
    assert await app.fetchval(SEALS) == 0
    assert await seal(ledger) is not None


async def test_one_seal_comes_to_an_end_while_tills_are_busy(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, app: asyncpg.Connection
) -> None:
    """Here each seal is followed by something new before it is committed."""
    add_seal = store.add_seal

    async def and_something_new(work: UnitOfWork, made: Seal, leaves: Sequence[bytes]) -> None:
        await add_seal(work, made, leaves)
        await record_command(ledger, None, "check", "ok")

    monkeypatch.setattr(store, "add_seal", and_something_new)
    for number in (1, 2, 3):
        made = await seal(ledger, rounds_max=1)
        assert made is not None
        assert made.number == number == await app.fetchval(SEALS)


async def test_services_seal_as_processes_too(
    installation: Installation, town: Town, ledger: Ledger, app: asyncpg.Connection
) -> None:
    async with installation.running(2) as services, client_of(services[0]) as client:
        till = TillClient(client, installation.clock, town.tills[0].token)
        sale = (await till.redeem(town.crowd[0])).json()["id"]

        async def proven() -> bool:
            return (await till.get(f"/v1/redemptions/{sale}/proof")).status_code == 200

        await until(proven)
    assert [service.process.returncode for service in services] == [0, 0]
    assert not [service.log.read_text() for service in services if "failed" in service.log.read_text()]
    assert await run_checks(ledger, ["facts-are-sealed-once"]) == []
