"""The service as a process of its own, on a port that the system chooses, gone when we are gone."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import ServiceGone
from ledger.home import Home

_START_SECONDS_MAX = 60
_STOP_SECONDS_MAX = 15


@dataclass(frozen=True, slots=True)
class RunningService:
    """Where it answers."""

    url: str
    pid: int
    log: Path


@asynccontextmanager
async def running_service(home: Home) -> AsyncIterator[RunningService]:
    """Start the service on a home and stop it at the end. Our end of its standard input is its lifeline."""
    log = home.rehearsal_clock.parent / "service.log"
    command = [
        sys.executable,
        "-m",
        "merchant_api",
        "--home",
        str(home.path),
        "--port",
        "0",
        "--until-stdin-closes",
    ]
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=os.environ,
        )
    assert process.stdin is not None
    try:
        yield await _announced(process, log)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _announced(process: asyncio.subprocess.Process, log: Path) -> RunningService:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS_MAX)
        told = json.loads(line)
    except (TimeoutError, ValueError):
        raise ServiceGone(log=str(log)) from None
    return RunningService(f"http://{told['host']}:{told['port']}", told["pid"], log)
