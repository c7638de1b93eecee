"""A Hypothesis state machine drives the product and a model of it (`tests/properties/machine`) through the same steps.

A failure tells its steps, each with its roll: everything that a step draws follows from its place, name and roll.
What runs `at_once` races in the database, so that a failure of such a step may need more than one run to come again.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from ledger.keyring import Keyring
from tests.databases import TestServer
from tests.properties.machine.coverage import missing
from tests.properties.machine.lives import Lives
from tests.properties.machine.runner import Seen

SEED, LIVES, STEPS = 6, 10, 110
MORE_LIVES, ROUNDS_MAX = 4, 12  # of each run of Hypothesis, the first life is a dull one


def test_whatever_happens_the_books_are_what_the_model_says(
    database_server: TestServer, keys: Keyring, tmp_path: Path
) -> None:
    """And every kind of transaction and every refusal was seen; what races may have hidden gets a few lives more."""
    seen = Seen()
    with asyncio.Runner() as loop, Lives(loop, database_server, keys, tmp_path, seen) as lives:
        lives.run(seed=SEED, count=LIVES, steps=STEPS)
        assert seen.steps == LIVES * STEPS
        for more in range(1, ROUNDS_MAX + 1):
            if missing(seen):
                lives.run(seed=SEED + more, count=MORE_LIVES, steps=STEPS)
    assert missing(seen) == set()
