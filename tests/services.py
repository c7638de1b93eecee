"""The service as a process of its own, on a clone of the town and with a clock that the test moves."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from ledger.clock import RehearsalClock
from ledger.home import Home
from ledger.keyring import Keyring
from tests.databases import DatabaseUrls

_START_SECONDS_MAX = 60
_STOP_SECONDS_MAX = 20


@dataclass(frozen=True)
class Service:
    """A running service: where it answers, where its figures are, what it logs, and its process."""

    url: str
    metrics_url: str
    log: Path
    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Close its standard input, as a parent does that is gone, and wait; the exit code."""
        if self.process.returncode is None and self.process.stdin is not None:
            self.process.stdin.close()
        try:
            return await asyncio.wait_for(self.process.wait(), _STOP_SECONDS_MAX)
        except TimeoutError:
            await self.kill()
            raise


@dataclass(frozen=True)
class Installation:
    """A home with the town's keys and a clock; services that share its database can be started here."""

    home: Home
    urls: DatabaseUrls
    clock: RehearsalClock

    @classmethod
    def make(cls, folder: Path, urls: DatabaseUrls, keys: Keyring, now: datetime) -> Installation:
        home = Home(folder).make()
        (home.keys / "masters.json").write_text(json.dumps([master.hex() for master in keys.masters]))
        clock = RehearsalClock(home.rehearsal_clock)
        clock.set(now)
        return cls(home, urls, clock)

    @asynccontextmanager
    async def running(self, count: int = 1) -> AsyncIterator[list[Service]]:
        """So many processes on one database; all are gone at the end."""
        async with AsyncExitStack() as stack:
            started = [self.start() for _ in range(count)]
            services = [await stack.enter_async_context(_stopped(await each)) for each in started]
            yield services

    async def start(self) -> Service:
        """One more process; whoever calls stops it."""
        log = self.home.path / f"service-{len(list(self.home.path.glob('service-*')))}.log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "merchant_api", "--home", str(self.home.path), "--port", "0", "--until-stdin-closes"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=os.environ | self.urls.environment(),
            )
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS_MAX)
        assert line, log.read_text()
        told = json.loads(line)
        assert told["pid"] == process.pid
        figures = f"http://127.0.0.1:{told['metrics_port']}/metrics"
        return Service(f"http://{told['host']}:{told['port']}", figures, log, process)


@asynccontextmanager
async def _stopped(service: Service) -> AsyncIterator[Service]:
    try:
        yield service
    finally:
        await service.stop()


def client_of(service: Service, connections: int = 64) -> httpx.AsyncClient:
    """A client that no proxy of the environment comes between."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False, limits=limits)
