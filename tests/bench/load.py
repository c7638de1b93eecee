"""The load generator, a process of its own: `python -m tests.bench.load FOLDER`.

The folder holds the town. Each line on standard input is a run to make, each line on standard output what it measured;
between two runs the telephones keep what they showed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.customers import Customers
from tests.bench.tills import Measured, Mix, Till

TOWN = "town.json"
_LAST_ANSWER_SECONDS_MAX = 30


async def run(task: dict[str, Any], town: dict[str, Any], customers: Customers) -> dict[str, Any]:
    """So many tills at once, for some seconds after a warm-up. `busy`: half of them are one merchant's; `too_many`: of
    whom some may be sent away.
    """
    tokens = [town["tokens"][place % len(town["tokens"])] for place in range(task["tills"])]
    if task["busy"]:
        half = len(tokens) // 2
        tokens[:half] = town["busy"][:half]
    starts = time.perf_counter() + task["warm_up"]
    measured = Measured(starts, starts + task["seconds"], sent_away_too=task["too_many"])
    shown = Counter(customers.shown)
    mix, loop = Mix(**task["mix"]), asyncio.get_running_loop()
    makers = [partial(Till, token, customers, mix, measured) for token in tokens]
    tills = [(await loop.create_connection(maker, task["host"], task["port"]))[1] for maker in makers]
    await asyncio.sleep(measured.ends - time.perf_counter())
    await asyncio.wait_for(asyncio.gather(*(till.done for till in tills)), _LAST_ANSWER_SECONDS_MAX)
    by_card = customers.shown - shown
    return {"phone_share": round(by_card["phone"] / by_card.total(), 2), **_told(measured, task["seconds"])}


def _told(measured: Measured, seconds: float) -> dict[str, Any]:
    """Redemption requests per second (whatever their answer), sales booked per second, and how long calls took."""
    kinds = measured.milliseconds
    sales = sorted(each for kind in ("sale", "refused", "replay") for each in kinds.get(kind, ()))
    calls = sum(map(len, kinds.values()))
    return {
        "rps": round(len(sales) / seconds),
        "booked_rps": round(measured.statuses["sale 201"] / seconds),
        "booked": measured.booked,
        "calls_per_s": round(calls / seconds),
        "longest_ms": round(max((max(each) for each in kinds.values()), default=0.0), 1),
        **_quantiles(sales),
        "by_kind": {kind: {"count": len(each), **_quantiles(sorted(each))} for kind, each in sorted(kinds.items())},
        "statuses": dict(sorted(measured.statuses.items())),
        "unexpected": measured.unexpected,
        "unexpected_share": measured.unexpected.total() / max(1, calls),
    }


def _quantiles(ascending: list[float]) -> dict[str, float]:
    if not ascending:
        return {"p50_ms": 0.0, "p99_ms": 0.0}
    return {
        "p50_ms": round(ascending[len(ascending) // 2], 2),
        "p99_ms": round(ascending[len(ascending) * 99 // 100], 2),
    }


async def main(folder: Path) -> None:
    """One run for each line that comes in."""
    loop = asyncio.get_running_loop()
    customers = Customers(seed=1)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        town = json.loads((folder / TOWN).read_text(encoding="ascii"))
        customers.admit(town["phones"], town["papers"])
        told = await run(json.loads(line), town, customers)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
