"""Seals the books while the service runs. Of several processes, whoever gets the turn does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from ledger.database.unit_of_work import Ledger
from ledger.errors import Refusal
from ledger.sealing.actions import seal
from merchant_api.metrics import Meters

PAUSE_SECONDS = 2.0
_PAUSE_SECONDS_MAX = 60.0  # after failures in a row, each of which doubles the pause
_DOUBLINGS_MAX = 10
_STOP_SECONDS_MAX = 5.0

_log = structlog.get_logger()


@asynccontextmanager
async def sealing(ledger: Ledger, meters: Meters) -> AsyncIterator[None]:
    """Seal every two seconds until the end of the block; a seal that is being made then is finished."""
    stopping = asyncio.Event()
    sealer = asyncio.create_task(_seal_until(stopping, ledger, meters))
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait([sealer], timeout=_STOP_SECONDS_MAX)
        sealer.cancel()  # the database takes back what was not committed
        await asyncio.wait([sealer])


async def _seal_until(stopping: asyncio.Event, ledger: Ledger, meters: Meters) -> None:
    """One seal after the other, so that a slow one never meets the next."""
    failures = 0
    while not await _set_within(stopping, min(PAUSE_SECONDS * 2**failures, _PAUSE_SECONDS_MAX)):
        if await _seal(ledger):
            failures = 0
        else:
            failures = min(failures + 1, _DOUBLINGS_MAX)
            meters.seal_failures += 1


async def _seal(ledger: Ledger) -> bool:
    try:
        await seal(ledger, rounds_max=1)
    except Refusal as refusal:
        _log.error("sealing failed", number=refusal.label, code=refusal.code)
    except Exception as error:  # noqa: BLE001 - whatever it is, the next time may be better
        _log.error("sealing failed", error=type(error).__name__, sqlstate=_sqlstate(error))
    else:
        return True
    return False


def _sqlstate(error: Exception) -> str | None:
    """The database's own code; its words may hold values."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
