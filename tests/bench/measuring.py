"""One measurement: the load generator against the service, both processes of their own, and who used the processors."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from admin_cli.rehearsal.service import RunningService
from ledger.home import Home
from tests.bench.load import TOWN
from tests.bench.processor import shares
from tests.bench.tills import Mix
from tests.bench.town import Town

_LINE_BYTES_MAX = 2**20
_UNEXPECTED_SHARE_MAX = 0.001


@dataclass
class Measuring:
    """What a run needs: who serves, who sends, for how long."""

    home: Home
    folder: Path
    service: RunningService
    generator: asyncio.subprocess.Process
    seconds: float
    warm_up: float

    async def run(
        self,
        town: Town,
        tills: int,
        *,
        busy: bool = False,
        too_many: bool = False,
        mix: Mix | None = None,
        seconds: float | None = None,
        warm_up: float | None = None,
    ) -> dict[str, Any]:
        """What so many tills measured. A share of answers that nobody expected ends the benchmark."""
        host, _, port = self.service.url.removeprefix("http://").partition(":")
        (self.folder / TOWN).write_text(json.dumps(asdict(town)), encoding="ascii")
        task = {
            "host": host,
            "port": int(port),
            "tills": tills,
            "busy": busy,
            "too_many": too_many,
            "mix": asdict(mix or Mix()),
            "seconds": self.seconds if seconds is None else seconds,
            "warm_up": self.warm_up if warm_up is None else warm_up,
        }
        with shares(self.home, generator=self.generator.pid, service=self.service.pid, bench=os.getpid()) as used:
            told = await self._send(task)
        return {**told, **used}

    async def _send(self, task: dict[str, Any]) -> dict[str, Any]:
        assert self.generator.stdin is not None
        assert self.generator.stdout is not None
        self.generator.stdin.write(json.dumps(task).encode() + b"\n")
        line = await self.generator.stdout.readline()
        if not line:
            sys.exit("the load generator ended")
        told: dict[str, Any] = json.loads(line)
        if told["unexpected_share"] > _UNEXPECTED_SHARE_MAX:
            sys.exit(f"not the answers that were expected: {told['unexpected']}")
        return told


@asynccontextmanager
async def load_generator(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The generator, which is gone at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.load", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES_MAX,
    )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()
