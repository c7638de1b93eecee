"""The rehearsal from beginning to end: set up, play, reconcile, check."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

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
from ledger.reconciliation.model import Account, Report

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
