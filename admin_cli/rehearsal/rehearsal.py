"""The rehearsal from beginning to end: set up, play, reconcile, check."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from admin_cli.display import Advance
from admin_cli.rehearsal.folder import Month
from admin_cli.rehearsal.player import Played, Player, new_client
from admin_cli.rehearsal.service import RunningService, running_service
from admin_cli.rehearsal.setting_up import AGENT, FINANCE, set_up
from admin_cli.rehearsal.wallets import Wallets
from ledger.checks.actions import run_checks
from ledger.checks.model import Violation
from ledger.clock import RehearsalClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported
from ledger.home import Home
from ledger.opening import is_rehearsal, mark_rehearsal, opened_ledger
from ledger.programmes.model import AidRun
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report
from ledger.reconciliation.model import Report

Progress = Callable[[str], AbstractContextManager[Advance]]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it."""

    month: Month
    run: AidRun
    played: Played
    report: Report
    violations: list[Violation]

    @property
    def as_expected(self) -> bool:
        """Every answer was the expected one, the proof is zero, every invariant holds. Open breaks are no fault."""
        return not self.played.differences and self.report.proof.proof_cents == 0 and not self.violations


async def rehearse(home: Home, month: Month, progress: Progress, told: Callable[[RunningService], None]) -> Rehearsed:
    """Play a month on a home of its own, or go on where an earlier run of the same home was cut.

    Refuses a home that is in use for real (`RehearsalOnly`); `ServiceGone` where the service stops meanwhile.
    """
    clock = await _rehearsal_clock(home, month)
    wallets = Wallets.open(home.rehearsal_clock.parent / "handed-out.json")
    async with opened_ledger(home) as ledger:
        with progress("set-up") as advance:
            run = await set_up(ledger, clock, month, wallets, advance)
        async with running_service(home) as service, new_client() as client:
            told(service)
            player = Player(client, service, clock, wallets)
            for siret in month.sirets:
                await player.pair(ledger, siret, AGENT)
            with progress("purchases") as advance:
                played = await player.play(month, advance)
        report = await _reconcile(ledger, clock, month)
        return Rehearsed(month, run, played, report, await run_checks(ledger))


async def _rehearsal_clock(home: Home, month: Month) -> RehearsalClock:
    """Mark empty books as a rehearsal before the foreign clock is set; books in use are refused."""
    async with opened_ledger(home, creates=True) as ledger:
        if not await is_rehearsal(ledger.database):
            await mark_rehearsal(ledger.database)
    clock = RehearsalClock(home.rehearsal_clock)
    clock.set(month.starts_at)
    return clock


async def _reconcile(ledger: Ledger, clock: RehearsalClock, month: Month) -> Report:
    clock.set(month.closes_at)
    with suppress(FileAlreadyImported):
        await import_statement(ledger, month.statement, FINANCE)
    await match_statement(ledger, FINANCE)
    return await reconciliation_report(ledger)
