"""The parts of the benchmark, one after the other, on books that grow older from part to part."""

from __future__ import annotations

import os
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from admin_cli.rehearsal.service import running_service
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, Server, running
from ledger.database.engine import EMBEDDED_DATABASE
from ledger.database.unit_of_work import Ledger
from ledger.home import Home
from ledger.opening import opened_ledger
from ledger.sealing.actions import seal
from tests.bench import bulk, commands, months, reconciling, scanning
from tests.bench.growing import count_books, grow
from tests.bench.measuring import Measuring, load_generator
from tests.bench.overload import overload
from tests.bench.tills import Mix
from tests.bench.town import Town, found_town, settle
from tests.bench.tpcb import fill, require_durable, tpcb

TILLS = (1, 8, 64, 256)
BUSY_TILLS = (64, 256)
GROWTH_TILLS = 64
MIXED = Mix(refunds=0.05, balances=0.15)
_FIRST_HOUSEHOLDS, _FIRST_PHONES = 4_000, 5  # 10 000 vouchers, hence as many postings; enough telephones for a run


@dataclass(frozen=True)
class Sizes:
    """How much of everything. `growth`: postings at which the tills are measured again; `checked`: transactions at
    which `check` is; `clients_seconds`: of each pgbench run; `pictures`: of each QR symbol, size and way to spoil them;
    `months`: random ones that are reconciled; `lines`: of the statements that are timed.
    """

    households: int
    seconds: float
    warm_up: float
    scale: int
    clients_seconds: int
    checked: tuple[int, int]
    growth: tuple[int, ...]
    bulk: int
    rush_seconds: float
    pictures: int
    months: int
    lines: tuple[int, int]


WHOLE = Sizes(
    50_000, 15, 3, 50, 30, (100_000, 1_000_000), (1_000_000, 5_000_000), 100_000, 20, 500, 500, (10_000, 100_000)
)
QUICK = Sizes(10_000, 4, 1, 10, 5, (5_000, 50_000), (), 10_000, 5, 50, 100, (1_000, 10_000))


@dataclass
class Bench:
    """What the parts share, and what they found."""

    sizes: Sizes
    folder: Path
    home: Home
    server: Server
    ledger: Ledger
    measuring: Measuring
    town: Town
    results: dict[str, Any] = field(default_factory=dict)

    async def rest(self) -> None:
        """After a lot of work at once: sealed, vacuumed and on disk, as it would be by itself within minutes."""
        await seal(self.ledger)
        async with connected(self.server.url(SUPERUSER, EMBEDDED_DATABASE)) as connection:
            await connection.execute("VACUUM (ANALYZE)")
            await connection.execute("CHECKPOINT")

    async def tills(self, name: str, count: int, *, busy: bool = False, mix: Mix | None = None) -> dict[str, Any]:
        """One measurement, told as soon as it is made."""
        told = await self.measuring.run(self.town, count, busy=busy, mix=mix)
        _, told["postings"] = await count_books(self.ledger)
        say(f"{name}, {count} tills: {told['rps']}/s, p50 {told['p50_ms']} ms, p99 {told['p99_ms']} ms")
        return told

    async def check(self, after: str) -> dict[str, float]:
        """`bonpois check`, as a process of its own. Whatever it finds ends the benchmark."""
        transactions, postings = await count_books(self.ledger)
        told = {"transactions": transactions, "postings": postings, **await commands.measured(self.home, "check")}
        self.results.setdefault("checks", {})[after] = told
        say(f"check after {after}: {told['seconds']} s, {told['peak_mb']} MB, {transactions} transactions, good")
        return told

    async def yardstick(self, name: str) -> float:
        """TPC-B with 32 clients, once more: machines are not always equally fast."""
        rate, _ = await tpcb(self.server, 32, self.sizes.clients_seconds)
        self.results.setdefault("tpcb", {})[name] = rate
        say(f"pgbench TPC-B, 32 clients, {name}: {rate}/s")
        return rate


async def run(folder: Path, sizes: Sizes) -> dict[str, Any]:
    """Everything, on a new home in a folder; what was measured, by part."""
    began = time.monotonic()
    home = Home(folder / "home")
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(opened_ledger(home, creates=True))
        server = await stack.enter_async_context(running(home))
        town = await found_town(ledger, folder)
        service = await stack.enter_async_context(running_service(home))
        generator = await stack.enter_async_context(load_generator(folder))
        measuring = Measuring(home, folder, service, generator, sizes.seconds, sizes.warm_up)
        bench = Bench(sizes, folder, home, server, ledger, measuring, town)
        for part in _PARTS:
            await part(bench)
    bench.results["seconds"] = round(time.monotonic() - began)
    return bench.results


async def _yardstick(bench: Bench) -> None:
    settings = await require_durable(bench.ledger)
    bench.results |= {"settings": settings, "processors": os.cpu_count(), "sizes": vars(bench.sizes)}
    await fill(bench.server, bench.sizes.scale)
    _, bench.results["tpcb_one_client_ms"] = await tpcb(bench.server, 1, max(5, bench.sizes.clients_seconds // 3))
    await bench.yardstick("before")


async def _young(bench: Bench) -> None:
    """The tills on books of ten thousand postings."""
    await settle(bench.ledger, bench.folder, bench.town, _FIRST_HOUSEHOLDS, _FIRST_PHONES)
    _, postings = await count_books(bench.ledger)
    await bench.rest()
    told = await bench.tills(f"books of {postings} postings", GROWTH_TILLS)
    bench.results["growth"] = {"10000": told | {"postings": postings, "tpcb_tps": bench.results["tpcb"]["before"]}}
    await bench.check("young")


async def _town(bench: Bench) -> None:
    """All households; then as many sales as the smaller `check` is measured at, and the first size of books."""
    await settle(bench.ledger, bench.folder, bench.town, bench.sizes.households - _FIRST_HOUSEHOLDS, phones_each=1)
    await grow(bench.ledger, bench.town, transactions=bench.sizes.checked[0])
    bench.results["check"] = {str(bench.sizes.checked[0]): await bench.check("smaller")}
    if bench.sizes.growth:
        await grow(bench.ledger, bench.town, postings=bench.sizes.growth[0])


async def _tills(bench: Bench) -> None:
    await bench.rest()
    bench.results["tills"] = {str(count): await bench.tills("even", count) for count in TILLS}
    if bench.sizes.growth:
        told = bench.results["tills"][str(GROWTH_TILLS)]
        bench.results["growth"][str(bench.sizes.growth[0])] = told
    await bench.check("tills")


async def _busy(bench: Bench) -> None:
    """Half of the tills are one merchant's."""
    bench.results["busy"] = {
        str(count): await bench.tills("one busy merchant", count, busy=True) for count in BUSY_TILLS
    }
    await bench.check("busy")


async def _overload(bench: Bench) -> None:
    """Ten times too many."""
    told = await overload(bench.ledger, bench.measuring, bench.town, bench.sizes.rush_seconds)
    bench.results["overload"] = told
    rush, after = told["rush"], told["after"]
    say(
        f"ten times too many: {rush['booked_rps']} sales/s, longest wait {rush['longest_ms']} ms, lost {told['lost']}; "
        f"after it {after['rps']}/s, p99 {after['p99_ms']} ms"
    )
    await bench.check("overload")


async def _mixed(bench: Bench) -> None:
    bench.results["mixed"] = await bench.tills("with refunds and balances", GROWTH_TILLS, mix=MIXED)
    await bench.check("mixed")


async def _bulk(bench: Bench) -> None:
    folder = bench.folder / "bulk"
    folder.mkdir()
    bench.results["bulk"] = await bulk.measure(bench.ledger, folder, bench.sizes.bulk)
    say(f"bulk: {bench.results['bulk']}")
    await bench.check("bulk")


async def _checks(bench: Bench) -> None:
    """`check` again at ten times the transactions, or as many as the tills have made meanwhile."""
    await grow(bench.ledger, bench.town, transactions=bench.sizes.checked[1])
    bench.results["check"][str(bench.sizes.checked[1])] = await bench.check("larger")


async def _old(bench: Bench) -> None:
    """The tills on old books."""
    for postings in bench.sizes.growth[1:]:
        await grow(bench.ledger, bench.town, postings=postings)
        await bench.rest()
        rate = await bench.yardstick(f"at {postings} postings")
        told = await bench.tills(f"books of {postings} postings", GROWTH_TILLS)
        bench.results["growth"][str(postings)] = told | {"tpcb_tps": rate}
        await bench.check("old")


async def _last_yardstick(bench: Bench) -> None:
    await bench.yardstick("after")


async def _scanning(bench: Bench) -> None:
    """Not the books, but the card: how often its QR symbol is read."""
    bench.results["scanning"] = scanning.study(bench.sizes.pictures)


async def _months(bench: Bench) -> None:
    """How well differences are told, and how long large statements take, on homes of their own."""
    bench.results["quality"] = [vars(row) for row in months.quality(bench.sizes.months)]
    folder = bench.folder / "months"
    folder.mkdir()
    bench.results["reconciling"] = await reconciling.measure(folder, bench.sizes.lines)
    say(f"reconciling: {bench.results['reconciling']}")


_PARTS = (
    *(_yardstick, _young, _town, _tills, _busy, _overload, _mixed, _bulk, _checks, _old, _last_yardstick),
    *(_months, _scanning),
)


def say(line: str) -> None:
    """What was found so far, for whoever waits."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
