"""`make bench`: durable redemptions over HTTP beside the database's own TPC-B benchmark, in one run.

A first, honest measure: paper cards with PIN, 1–3 basket lines, one service process with its default configuration.
Prints a table and writes `bench-results/latest.json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from admin_cli.rehearsal.service import RunningService, running_service
from ledger.cards.actions import issue_card
from ledger.checks.actions import run_checks
from ledger.database.connect import connected
from ledger.database.embedded import SUPERUSER, running
from ledger.database.programs import Programs
from ledger.database.unit_of_work import Ledger
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
from tests.bench.inputs import HOUSEHOLDS, MERCHANTS, write_inputs
from tests.people import enrol, signer

TILLS = (1, 8, 64, 256)
SECONDS = 4 if os.environ.get("QUICK") else 15


async def prepare(ledger: Ledger, folder: Path, households: int = HOUSEHOLDS) -> dict[str, Any]:
    """A funded programme, its households with paper cards, merchants with a paired till each."""
    write_inputs(folder, households)
    for name in ("maker", "checker"):
        await enrol(ledger, name)
    programme = await import_programme(ledger, folder / "programme.toml", "maker")
    await import_merchants(ledger, folder / "commercants.csv", "maker")
    await import_households(ledger, programme.code, folder / "menages.csv", "maker")
    await record_mandate(ledger, programme.code, "2026-1", 10**12, "maker")
    await confirm_funding(ledger, "2026-1", "maker")
    run = await prepare_aid_run(ledger, programme.code, signer("maker"))
    await approve_aid_run(ledger, programme.code, run.number, signer("checker"))
    cards = []
    for entry in await list_households(ledger, programme.code):
        card = await issue_card(ledger, entry.household_id, "paper", "maker")
        cards.append((card.number, card.secret, card.pin))
    tokens = []
    for siret in MERCHANTS:
        invitation = await invite_till(ledger, siret, "till", "maker")
        tokens.append((await pair_till(ledger, invitation.code)).token)
    return {"tokens": tokens, "cards": cards}


def load(service: RunningService, prepared: dict[str, Any], tills: int) -> dict[str, Any]:
    """One run of the load generator, as a process of its own."""
    host, port = service.url.removeprefix("http://").split(":")
    task = {**prepared, "host": host, "port": int(port), "tills": tills, "seconds": SECONDS}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"], input=json.dumps(task), capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


async def tpcb(home: Home, clients: int) -> tuple[float, float]:
    """Transactions per second and milliseconds each of pgbench's TPC-B on the same server; it must be durable."""
    async with running(home) as server:
        async with connected(server.url(SUPERUSER, "postgres")) as connection:
            settings = [await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
            assert settings == ["on", "on"], settings
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = 'tpcb'"):
                await connection.execute("CREATE DATABASE tpcb")
                await asyncio.to_thread(_pgbench, server.url(SUPERUSER, "tpcb"), "-i", "-q", "-s", "20")
        run = ("-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(SECONDS))
        told = await asyncio.to_thread(_pgbench, server.url(SUPERUSER, "tpcb"), *run)
    found = re.search(r"latency average = ([\d.]+) ms.*?tps = ([\d.]+)", told, re.DOTALL)
    assert found is not None, told
    return float(found[2]), float(found[1])


def _pgbench(url: str, *arguments: str) -> str:
    program = str(Programs.for_account(None).folder / "pgbench")
    return subprocess.run([program, *arguments, url], capture_output=True, text=True, check=True).stdout


async def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory(prefix="bonpois-bench-") as folder:
        home = Home(Path(folder) / "home")
        async with opened_ledger(home, creates=True) as ledger:
            prepared = await prepare(ledger, Path(folder))
            home.rehearsal_clock.parent.mkdir(exist_ok=True)
            before, latency_ms = (await tpcb(home, 32))[0], (await tpcb(home, 1))[1]
            results: dict[int, dict[str, Any]] = {}
            async with running_service(home) as service:
                for tills in TILLS:
                    results[tills] = await asyncio.to_thread(load, service, prepared, tills)
            rate = max(before, (await tpcb(home, 32))[0])
            violations = await run_checks(ledger)
    report(rate, latency_ms, results)
    if violations:
        sys.exit(f"the books are broken: {violations[:3]}")


def report(tpcb_tps: float, latency_ms: float, results: dict[int, dict[str, Any]]) -> None:
    """The table for people, the file for programs."""
    sys.stdout.write(f"{HOUSEHOLDS} households, {len(MERCHANTS)} merchants, {SECONDS} s each\n")
    sys.stdout.write(f"pgbench TPC-B, 32 clients: {tpcb_tps:.0f}/s; one client: {latency_ms:.2f} ms\n")
    sys.stdout.write("tills  redemptions/s  ratio  p50 ms  p99 ms  generator CPU  answers\n")
    for tills, told in results.items():
        ratio = told["rps"] / tpcb_tps
        figures = f"{told['rps']:13}  {ratio:5.2f}  {told['p50_ms']:6}  {told['p99_ms']:6}"
        sys.stdout.write(f"{tills:5}  {figures}  {told['generator_cpu_share']:13}  {told['statuses']}\n")
    written = {
        "tpcb_tps": tpcb_tps,
        "tpcb_one_client_ms": latency_ms,
        "tills": {str(tills): told for tills, told in results.items()},
        **{f"ratio_{tills}": round(results[tills]["rps"] / tpcb_tps, 2) for tills in results},
    }
    folder = Path("bench-results")
    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
