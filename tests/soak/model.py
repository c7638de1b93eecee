"""The state machine of tests/properties, for long."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ledger.keyring import Keyring
from tests.databases import server_of_the_run
from tests.properties.machine.lives import Lives
from tests.properties.machine.runner import Seen
from tests.soak.row import Row

STEPS = 100  # of one life
LIVES = 40  # at once, then the clock is looked at


def model_steps(steps: int, seed: int, deadline: float) -> Row:
    """So many steps, in lives of a hundred, until a monotonic deadline; what differs is told with its steps."""
    seen = Seen()
    with server_of_the_run() as server, tempfile.TemporaryDirectory(prefix="bonpois-soak-") as folder:
        asyncio.run(server.make_template())
        keys = Keyring.create(Path(folder))
        try:
            with asyncio.Runner() as loop, Lives(loop, server, keys, Path(folder), seen) as lives:
                while seen.steps < steps and time.monotonic() < deadline:
                    left = steps - seen.steps
                    length = min(STEPS, left)
                    lives.run(seed=seed + seen.steps, count=max(1, min(LIVES, left // length)), steps=length)
        except Exception:  # noqa: BLE001 - whatever it is, it is what the run was to find
            traceback.print_exc(file=sys.stderr)
            return Row("model", seen.steps, seen.requests, violations=1)
        finally:
            asyncio.run(server.clean())
    return Row("model", seen.steps, seen.requests)
