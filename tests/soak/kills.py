"""Sales on a real service and actions of two people, while the service or PostgreSQL is killed again and again.

Every answer must stand in the books once, whatever nobody answered is sent again with its key, and nothing may be
there twice.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from admin_cli.rehearsal.service import RunningService, running_service
from ledger.books.transaction import TransactionKind
from ledger.cards.actions import issue_card
from ledger.checks.actions import run_checks
from ledger.clock import FixedClock, SystemClock
from ledger.database.connect import connected
from ledger.database.unit_of_work import Ledger
from ledger.errors import Refusal
from ledger.home import Home
from ledger.merchants.actions import import_merchants, invite_till, pair_till
from ledger.opening import opened_ledger
from ledger.programmes.actions import (
    approve_aid_run,
    confirm_funding,
    import_households,
    import_programme,
    list_households,
    prepare_aid_run,
    record_mandate,
)
from ledger.sealing.actions import seal
from tests.bench.inputs import MERCHANTS, write_inputs
from tests.faults.deeds import Town
from tests.faults.storm import OFTEN, Storm
from tests.people import enrol, signer
from tests.properties.machine.invariants import sealing_faults
from tests.soak.row import Row

TILLS, CARDS = 16, 60
SECONDS_PER_CYCLE = 1.5
# The sales of the tills need vouchers that last.
OFFICE: dict[TransactionKind, int] = {kind: often for kind, often in OFTEN.items() if kind is not TransactionKind.LAPSE}


@dataclass
class Sale:
    """A request with its key, and the answer once there is one."""

    token: str
    key: str
    body: dict[str, Any]
    answered: dict[str, Any] | None = None


@dataclass
class Soak:
    """What the tills hold, and what happened so far."""

    home: Home
    chance: random.Random
    town: Town
    tokens: list[str]
    cards: list[tuple[int, str, str | None]]
    sales: list[Sale] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    office: Row = field(default_factory=lambda: Row("office", 0, 0))

    def next_sale(self) -> Sale:
        number, secret, pin = self.chance.choice(self.cards)
        basket = [{"category": "huiles", "amount_cents": self.chance.randint(1, 99)}]
        body = {"credential": f"BP1/{number}/{secret}", "pin": pin, "basket": basket}
        sale = Sale(self.chance.choice(self.tokens), str(UUID(int=self.chance.getrandbits(128), version=4)), body)
        self.sales.append(sale)
        return sale

    @property
    def unanswered(self) -> list[Sale]:
        return [sale for sale in self.sales if sale.answered is None]


async def kill_cycles(cycles: int, seed: int, deadline: float) -> list[Row]:
    """All cycles on one home, until a monotonic deadline; then a last quiet one that answers what is left."""
    with tempfile.TemporaryDirectory(prefix="bonpois-soak-") as folder:
        soak = await _prepared(Path(folder), random.Random(seed))
        while soak.kills.total() < cycles and time.monotonic() < deadline:
            victim = ("postgres", "service")[soak.kills.total() % 2]
            await (_service_killed(soak) if victim == "service" else _postgres_killed(soak))
            soak.kills[victim] += 1
        async with running_service(soak.home) as service, _client() as client:
            await _send_all(client, service, soak.unanswered)
        async with opened_ledger(soak.home) as ledger:
            return await _account(ledger, soak)


async def _prepared(folder: Path, chance: random.Random) -> Soak:
    home = Home(folder / "home")
    async with opened_ledger(home, creates=True) as ledger:
        tokens, cards = await _customers(ledger, folder)
        clock = FixedClock(SystemClock().now())
        town = await Town.of(replace(ledger, clock=clock), clock, folder)
    home.rehearsal_clock.parent.mkdir(exist_ok=True)
    return Soak(home, chance, town, tokens, cards)


async def _customers(ledger: Ledger, folder: Path) -> tuple[list[str], list[tuple[int, str, str | None]]]:
    """A funded programme, households with paper cards, a paired till at each of some merchants."""
    write_inputs(folder, CARDS)
    for name in ("maker", "checker"):
        await enrol(ledger, name)
    programme = await import_programme(ledger, folder / "programme.toml", "maker")
    await import_merchants(ledger, folder / "commercants.csv", "maker")
    await import_households(ledger, programme.code, folder / "menages.csv", "maker")
    await record_mandate(ledger, programme.code, "SOAK-1", 10**12, "maker")
    await confirm_funding(ledger, "SOAK-1", "maker")
    run = await prepare_aid_run(ledger, programme.code, signer("maker"))
    await approve_aid_run(ledger, programme.code, run.number, signer("checker"))
    cards = [
        await issue_card(ledger, entry.household_id, "paper", "maker")
        for entry in await list_households(ledger, programme.code)
    ]
    tills = [
        await pair_till(ledger, (await invite_till(ledger, siret, "till", "maker")).code) for siret in MERCHANTS[:TILLS]
    ]
    return [till.token for till in tills], [(card.number, card.secret, card.pin) for card in cards]


async def _service_killed(soak: Soak) -> None:
    """First what is still without an answer, then new sales, until the service is gone."""
    with suppress(Refusal, TimeoutError):
        async with running_service(soak.home) as service, _client() as client:
            selling = await _tills_open(soak, client, service)
            await asyncio.sleep(SECONDS_PER_CYCLE * soak.chance.random())
            os.kill(service.pid, signal.SIGKILL)
            await asyncio.gather(*selling)


async def _postgres_killed(soak: Soak) -> None:
    """The same with the office at work, until PostgreSQL is gone under both; then the office asks again."""
    async with opened_ledger(soak.home) as opened:
        soak.town.ledger = replace(opened, clock=soak.town.clock)
        storm = await Storm.gathered(soak.town, soak.chance, OFFICE)
        with suppress(Refusal, TimeoutError):
            async with running_service(soak.home) as service, _client() as client:
                selling = await _tills_open(soak, client, service)
                await storm.blow(soak.town.ledger, soak.home, soak.chance)
                await asyncio.gather(*selling)
    async with opened_ledger(soak.home) as opened:
        told = await storm.settle(replace(opened, clock=soak.town.clock))
    before = soak.office
    soak.office = Row(
        "office",
        before.cycles + 1,
        before.acknowledged + told.acknowledged,
        before.lost + told.lost,
        before.doubled + told.doubled,
    )


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=30, trust_env=False)


async def _tills_open(soak: Soak, client: httpx.AsyncClient, service: RunningService) -> list[asyncio.Task[None]]:
    await _send_all(client, service, soak.unanswered)
    return [asyncio.create_task(_till(soak, client, service)) for _ in range(TILLS)]


async def _till(soak: Soak, client: httpx.AsyncClient, service: RunningService) -> None:
    """Sell until the service does not answer any more."""
    while True:
        sale = soak.next_sale()
        await _send(client, service, sale)
        if sale.answered is None:
            return


async def _send_all(client: httpx.AsyncClient, service: RunningService, sales: list[Sale]) -> None:
    for sale in sales:
        await _send(client, service, sale)


async def _send(client: httpx.AsyncClient, service: RunningService, sale: Sale) -> None:
    """One try; a broken connection or a 503 leaves the sale without an answer."""
    headers = {"Authorization": f"Bearer {sale.token}", "Idempotency-Key": sale.key}
    with suppress(httpx.TransportError):
        answer = await client.post(f"{service.url}/v1/redemptions", headers=headers, json=sale.body)
        if answer.status_code == 201:
            sale.answered = answer.json()


async def _account(ledger: Ledger, soak: Soak) -> list[Row]:
    """Hold the books against what the tills were told; then every check, once all is sealed."""
    async with connected(ledger.database.url) as connection:
        rows = await connection.fetch(
            """SELECT r.id::text AS id, r.approved_cents FROM ledger.redemption AS r
            INNER JOIN ledger.merchant AS m ON m.id = r.merchant_id WHERE m.siret = ANY($1)""",
            MERCHANTS,
        )
        earned = await connection.fetchval(
            """SELECT -sum(b.balance_cents)::bigint FROM ledger.balance AS b
            INNER JOIN ledger.merchant AS m ON m.account_id = b.account_id WHERE m.siret = ANY($1)""",
            MERCHANTS,
        )
        await seal(ledger)
        unsealed = await sealing_faults(connection)
    booked = {row["id"]: row["approved_cents"] for row in rows}
    told = {sale.answered["id"]: sale.answered["approved_cents"] for sale in soak.sales if sale.answered}
    wrong = sum(booked[sale] != cents for sale, cents in told.items() if sale in booked)
    lost = len(told.keys() - booked.keys()) + len(soak.unanswered)
    sales = Row("sales", soak.kills.total(), len(told), lost, len(booked.keys() - told.keys()))
    violations = len(await run_checks(ledger)) + len(unsealed) + wrong + (earned != sum(told.values()))
    return [sales, soak.office, Row("books in the end", soak.kills.total(), 0, violations=violations)]
