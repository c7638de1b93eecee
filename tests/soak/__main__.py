"""`make soak`: sales on a real service while it, or its PostgreSQL, is killed again and again; then the accounts.

Every answer that a till got must stand in the books once, every sale that nobody answered is sent again with its key,
and nothing may be there twice. `ARGS="--cycles 50 --seed 7"` repeats a run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from admin_cli.rehearsal.service import RunningService, running_service
from ledger.checks.actions import run_checks
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.errors import Refusal
from ledger.home import Home
from ledger.opening import opened_ledger
from tests.bench.__main__ import prepare

TILLS = 16
SECONDS_PER_CYCLE = 1.5


@dataclass
class Sale:
    """A request with its key, and the answer once there is one."""

    token: str
    key: str
    body: dict[str, Any]
    answered: dict[str, Any] | None = None


@dataclass
class Soak:
    """What the tills hold."""

    chance: random.Random
    tokens: list[str]
    cards: list[tuple[int, str, str]]
    sales: list[Sale] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    def next_sale(self) -> Sale:
        number, secret, pin = self.chance.choice(self.cards)
        basket = [{"category": "huiles", "amount_cents": self.chance.randint(1, 99)}]
        body = {"credential": f"BP1/{number}/{secret}", "pin": pin, "basket": basket}
        sale = Sale(self.chance.choice(self.tokens), str(UUID(int=self.chance.getrandbits(128), version=4)), body)
        self.sales.append(sale)
        return sale


async def send(client: httpx.AsyncClient, service: RunningService, sale: Sale) -> None:
    """One try; a broken connection or a 503 leaves the sale without an answer."""
    headers = {"Authorization": f"Bearer {sale.token}", "Idempotency-Key": sale.key}
    with suppress(httpx.TransportError):
        answer = await client.post(f"{service.url}/v1/redemptions", headers=headers, json=sale.body)
        if answer.status_code == 201:
            told = answer.json()
            sale.answered = told


async def cycle(soak: Soak, home: Home) -> None:
    """First what is still without an answer, then new sales, until something is killed."""
    with suppress(Refusal, TimeoutError):
        async with running_service(home) as service, httpx.AsyncClient(timeout=10, trust_env=False) as client:
            for sale in [sale for sale in soak.sales if sale.answered is None]:
                await send(client, service, sale)
            selling = [asyncio.create_task(till(soak, client, service)) for _ in range(TILLS)]
            await asyncio.sleep(SECONDS_PER_CYCLE * soak.chance.random())
            kill(soak, home, service)
            await asyncio.gather(*selling)


async def till(soak: Soak, client: httpx.AsyncClient, service: RunningService) -> None:
    """Sell until the service does not answer any more."""
    while True:
        sale = soak.next_sale()
        await send(client, service, sale)
        if sale.answered is None:
            return


def kill(soak: Soak, home: Home, service: RunningService) -> None:
    """The service, or the PostgreSQL of this home; both were started by this run."""
    victim = soak.chance.choice(("service", "postgres"))
    lock = home.postgres / "data" / "postmaster.pid"
    pid = service.pid if victim == "service" else int(lock.read_text(encoding="ascii").split()[0])
    os.kill(pid, signal.SIGKILL)
    soak.kills[victim] += 1


async def account(ledger: Ledger, soak: Soak) -> dict[str, int]:
    """Hold the books against what the tills were told."""
    async with connected(ledger.database.url) as connection:
        rows = await connection.fetch("SELECT id::text AS id, approved_cents FROM ledger.redemption")
        merchants = -await connection.fetchval("""
            SELECT sum(b.balance_cents)::bigint FROM ledger.balance AS b
            INNER JOIN ledger.merchant AS m ON m.account_id = b.account_id
        """)
    booked = {row["id"]: row["approved_cents"] for row in rows}
    told = {sale.answered["id"]: sale.answered["approved_cents"] for sale in soak.sales if sale.answered}
    return {
        "acknowledged": len(told),
        "lost": len(told.keys() - booked.keys()) + sum(sale.answered is None for sale in soak.sales),
        "doubled": len(booked.keys() - told.keys()),
        "wrong_amounts": sum(booked[sale] != cents for sale, cents in told.items() if sale in booked),
        "cents_apart": abs(merchants - sum(told.values())),
        "violations": len(await run_checks(ledger)),
    }


async def main(cycles: int, seed: int) -> dict[str, int]:
    """All cycles on one home, then a last quiet one that answers what is left."""
    with tempfile.TemporaryDirectory(prefix="bonpois-soak-") as folder:
        home = Home(Path(folder) / "home")
        async with opened_ledger(home, creates=True) as ledger:
            prepared = await prepare(ledger, Path(folder), households=200)
        home.rehearsal_clock.parent.mkdir(exist_ok=True)
        soak = Soak(random.Random(seed), prepared["tokens"], prepared["cards"])
        for _ in range(cycles):
            await cycle(soak, home)
        async with running_service(home) as service, httpx.AsyncClient(timeout=30, trust_env=False) as client:
            for sale in [sale for sale in soak.sales if sale.answered is None]:
                await send(client, service, sale)
        async with opened_ledger(home) as ledger:
            return {"cycles": cycles, **soak.kills, **await account(ledger, soak)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--cycles", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    result = asyncio.run(main(arguments.cycles, arguments.seed))
    sys.stdout.write("".join(f"{name:14}{value:>10}\n" for name, value in {"seed": arguments.seed, **result}.items()))
    faults = ("lost", "doubled", "wrong_amounts", "cents_apart", "violations")
    sys.exit(1 if any(result[name] for name in faults) else 0)
