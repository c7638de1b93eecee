"""Vouchers by the hundred thousand: seconds for issue, lapse and revocation, and what our process needs.

By itself, on a home of its own: `python -m tests.bench.bulk [COUNT]`.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ledger.checks.actions import run_checks
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.home import Home
from ledger.opening import opened_ledger
from ledger.programmes.actions import (
    approve_aid_run,
    confirm_funding,
    import_households,
    import_programme,
    prepare_aid_run,
    record_mandate,
    revoke_aid_run,
)
from ledger.vouchers.actions import lapse_vouchers
from tests.bench.inputs import write_inputs
from tests.people import enrol, signer

VOUCHERS = 100_000
MAKER, CHECKER = "bulk-maker", "bulk-checker"
LAPSING, REVOKED = "BULK-LAPSING", "BULK-REVOKED"
_FACE_CENTS = 50_000_00


async def measure(ledger: Ledger, folder: Path, count: int) -> dict[str, float]:
    """Issue, let lapse and revoke so many vouchers; seconds of each step, vouchers per second, peak in MB.

    It writes its input files into `folder` and makes two people and two programmes of its own. One run is issued
    under the clock of last week and is over by now, so that no other voucher lapses with it.
    """
    for name in (MAKER, CHECKER):
        await enrol(ledger, name)
    last_week = replace(ledger, clock=FixedClock(ledger.clock.now() - timedelta(days=7)))
    write_inputs(folder, count)
    seconds = {
        "import": await _timed(_registered(ledger, folder, LAPSING, count)),
        "prepare": await _timed(prepare_aid_run(last_week, LAPSING, signer(MAKER))),
        "issue": await _timed(approve_aid_run(last_week, LAPSING, 1, signer(CHECKER))),
        "lapse": await _timed(lapse_vouchers(ledger, MAKER)),
    }
    await _registered(ledger, folder, REVOKED, count)
    await prepare_aid_run(ledger, REVOKED, signer(MAKER))
    await approve_aid_run(ledger, REVOKED, 1, signer(CHECKER))
    seconds["revoke"] = await _timed(revoke_aid_run(ledger, REVOKED, 1, CHECKER))
    return _figures(count, seconds)


async def _registered(ledger: Ledger, folder: Path, code: str, count: int) -> None:
    """A funded programme with so many entitled households."""
    rules = (folder / "programme.toml").read_text(encoding="utf-8")
    file = folder / f"{code}.toml"
    file.write_text(rules.replace("BENCH-2026", code).replace("jours = 62", "jours = 1"), encoding="utf-8")
    await import_programme(ledger, file, MAKER)
    await record_mandate(ledger, code, code, count * _FACE_CENTS, MAKER)
    await confirm_funding(ledger, code, MAKER)
    await import_households(ledger, code, folder / "menages.csv", MAKER)


async def _timed(step: Awaitable[object]) -> float:
    started = time.perf_counter()
    await step
    return time.perf_counter() - started


def _figures(count: int, seconds: dict[str, float]) -> dict[str, float]:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    took = {f"{step}_s": round(each, 1) for step, each in seconds.items()}
    rates = {f"{step}_per_s": round(count / each) for step, each in seconds.items()}
    return {"vouchers": count, **took, **rates, "peak_mb": peak_mb}


async def main(count: int) -> None:
    """Measure on a durable home of its own, print, check the books."""
    with tempfile.TemporaryDirectory(prefix="bonpois-bulk-") as folder:
        async with opened_ledger(Home(Path(folder) / "home"), creates=True) as ledger:
            figures = await measure(ledger, Path(folder), count)
            violations = await run_checks(ledger)
    sys.stdout.write("".join(f"{name:14} {value}\n" for name, value in figures.items()))
    if violations:
        sys.exit(f"the books are broken: {violations[:3]}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else VOUCHERS))
