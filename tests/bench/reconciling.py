"""A large month through import, match and report, each as a command of its own: seconds and peak of memory.

By itself, on homes of its own: `python -m tests.bench.reconciling [LINES …]`.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from ledger.approvals.actions import approve, propose
from ledger.books.accounts import AccountKind, account_named, open_accounts
from ledger.books.journal import post
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, running
from ledger.database.engine import EMBEDDED_DATABASE
from ledger.database.unit_of_work import Ledger
from ledger.home import Home
from ledger.identifiers import new_event_id
from ledger.merchants.actions import import_merchants, list_merchants
from ledger.merchants.model import Merchant
from ledger.opening import opened_ledger
from ledger.programmes.actions import confirm_funding, import_programme, record_mandate
from ledger.sealing.actions import seal
from tests.bench import commands
from tests.bench.inputs import write_inputs
from tests.people import enrol, signer
from tests.statement_files import Moved, platform

MAKER, CHECKER, CODE = "maker", "checker", "BENCH-2026"
MANDATED_CENTS = 10**9
CHUNK = 5_000
USUAL_CENTS = (450, 900, 1_250)
FIRST = date(2026, 9, 1)
DAYS = 30


async def measure(folder: Path, counts: Sequence[int]) -> dict[str, dict[str, float]]:
    """For each number of lines: seconds of import, match and report, their sum, and the highest peak in MB."""
    found = {}
    for count in counts:
        home = Home(folder / f"month-{count}")
        async with opened_ledger(home, creates=True) as ledger, running(home) as server:
            file = folder / f"{count}.csv"
            file.write_text(await _month(ledger, server.url(SUPERUSER, EMBEDDED_DATABASE), folder, count), "utf-8")
            found[str(count)] = await _measured(home, file)
    return found


async def _measured(home: Home, file: Path) -> dict[str, float]:
    """The report ends with 1, for the month has differences."""
    steps = {
        "import": await commands.measured(
            home, "--operator", MAKER, "reconcile", "import", str(file), "--closing", "0"
        ),
        "match": await commands.measured(home, "--operator", MAKER, "reconcile", "match"),
        "report": await commands.measured(home, "reconcile", "report", "--json", good=(0, 1)),
    }
    seconds = {name: told["seconds"] for name, told in steps.items()}
    return {
        **seconds,
        "seconds": round(sum(seconds.values()), 1),
        "peak_mb": max(told["peak_mb"] for told in steps.values()),
    }


async def _month(ledger: Ledger, superuser: str, folder: Path, count: int) -> str:
    """Books with so many sales, and the statement that shows all but some of them, half without their ticket."""
    mix = random.Random(count)
    last_month = replace(ledger, clock=FixedClock(datetime(2026, 8, 31, 9, tzinfo=UTC)))
    voucher = await _founded(last_month, folder)
    merchants = [one for one in await list_merchants(ledger) if one.remittance != "daily"]
    sold: list[tuple[date, Merchant, int, str]] = []
    for start in range(0, count, CHUNK):
        chunk = [_sale(mix, merchants, nth) for nth in range(start, min(start + CHUNK, count))]
        await _book(last_month, superuser, voucher, chunk)
        sold += chunk
    await seal(ledger)
    async with connected(superuser) as connection:
        await connection.execute("VACUUM (ANALYZE)")
    sold.sort(key=lambda one: one[0])
    moves = [Moved(FIRST, "Virement CCAS mandat 2026-1", MANDATED_CENTS)]
    for nth, (day, merchant, cents, ticket) in enumerate(sold):
        if nth % 500:
            named = f" ticket {ticket}" if mix.random() < 0.5 else ""
            moves.append(Moved(day, f"Paiement {merchant.name}{named}", -cents))
        if nth % 997 == 0:
            moves.append(Moved(day, "Frais de gestion", -35))
    closing = sum(move.cents for move in moves)
    moves.append(Moved(moves[-1].day, "Frais de clôture", -closing))
    return platform(0, moves)


def _sale(mix: random.Random, merchants: Sequence[Merchant], nth: int) -> tuple[date, Merchant, int, str]:
    cents = mix.choice(USUAL_CENTS) if mix.random() < 0.4 else mix.randint(100, 6_000)
    return FIRST + timedelta(days=mix.randrange(DAYS)), mix.choice(merchants), cents, f"T{nth:06}"


async def _founded(ledger: Ledger, folder: Path) -> int:
    """A funded programme, its merchants, and one voucher that holds everything."""
    write_inputs(folder, 0)
    for name in (MAKER, CHECKER):
        await enrol(ledger, name)
    await import_programme(ledger, folder / "programme.toml", MAKER)
    await import_merchants(ledger, folder / "commercants.csv", MAKER)
    first = replace(ledger, clock=FixedClock(datetime(2026, 9, 1, 9, tzinfo=UTC)))
    await record_mandate(first, CODE, "2026-1", MANDATED_CENTS, MAKER)
    await confirm_funding(first, "2026-1", CHECKER)
    async with first.unit_of_work() as work:
        [voucher] = await open_accounts(work, AccountKind.VOUCHER, ["voucher:BENCH-2026-2026-000001"])
        pool = await account_named(work, f"programme:{CODE}:pool")
        proposal = await propose(work, "aid-run", b"all of it", signer(MAKER))
        approval = await approve(work, proposal, signer(CHECKER))
        legs = transfer(pool, voucher, MANDATED_CENTS)
        await post(work, [Transaction(new_event_id(), TransactionKind.ISSUE, work.now, legs, approval)])
        return voucher


async def _book(ledger: Ledger, superuser: str, voucher: int, chunk: Sequence[tuple[date, Merchant, int, str]]) -> None:
    made = [
        Transaction(
            new_event_id(),
            TransactionKind.REDEMPTION,
            datetime(day.year, day.month, day.day, 10, tzinfo=UTC),
            transfer(voucher, merchant.account_id, cents),
        )
        for day, merchant, cents, _ in chunk
    ]
    async with ledger.unit_of_work() as work:
        await post(work, made)
    async with connected(superuser) as connection:
        await connection.copy_records_to_table(
            "redemption",
            schema_name="ledger",
            columns=[
                *("id", "merchant_id", "till_id", "card_id", "receipt_year", "receipt_number", "reference"),
                *(
                    "categories",
                    "asked_cents",
                    "approved_by_line_cents",
                    "basket_cents",
                    "approved_cents",
                    "occurred_at",
                ),
            ],
            records=[_redemption(one, *told) for one, told in zip(made, chunk, strict=True)],
        )


def _redemption(made: Transaction, _day: date, merchant: Merchant, cents: int, ticket: str) -> tuple[Any, ...]:
    number, nobody = int(ticket[1:]) + 1, UUID(int=0)
    return (
        *(made.id, merchant.id, uuid4(), nobody, 2026, number, ticket),
        *(["fruits-legumes"], [cents], [cents], cents, cents, made.occurred_at),
    )


def main() -> None:
    counts = [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]
    with tempfile.TemporaryDirectory(prefix="bonpois-month-") as folder:
        for count, told in asyncio.run(measure(Path(folder), counts)).items():
            sys.stdout.write(f"{count} lines: {told}\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"this process: {peak} MB\n")


if __name__ == "__main__":
    main()
