"""`make soak`: the model for long, then kill after kill under load, then the accounts, in one table.

`ARGS="--steps 10000 --cycles 50 --seed 7"` repeats a run; what races may come out otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time

from tests.soak.kills import kill_cycles
from tests.soak.model import model_steps
from tests.soak.row import Row, table


def main(steps: int, cycles: int, seed: int, minutes: int) -> int:
    """Both parts; 1 where a figure is not what it should be, or the time did not suffice."""
    deadline = time.monotonic() + 60 * minutes
    rows: list[Row] = []
    if steps:
        rows.append(model_steps(steps, seed, deadline))
    if cycles:
        rows += asyncio.run(kill_cycles(cycles, seed, deadline))
    done = time.monotonic() < deadline
    sys.stdout.write(table(rows) + f"seed {seed}" + ("\n" if done else f", cut short after {minutes} minutes\n"))
    return 0 if done and not any(row.faults for row in rows) else 1


if __name__ == "__main__":
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)  # that it lost the server we killed
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="of the model; 0 leaves it out")
    parser.add_argument("--cycles", type=int, default=50, help="kills; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=int, default=45, help="after which nothing new is begun")
    sys.exit(main(**vars(parser.parse_args())))
