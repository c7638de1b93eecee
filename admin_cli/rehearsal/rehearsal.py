"""The rehearsal from beginning to end: set up, play, reconcile, check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from uuid import UUID

from admin_cli.display import Advance
from admin_cli.rehearsal.closing import Certified, ReserveClosed, certify_month, close_reserve
from admin_cli.rehearsal.folder import Month, Purchase, RefundOfTicket
from admin_cli.rehearsal.movements import (
    Movement,
    MovesPlayed,
    Payouts,
    enrol_movers,
    movers,
    play_movement,
    read_movements,
)
from admin_cli.rehearsal.player import Played, Player, in_order, new_client
from admin_cli.rehearsal.sealing import Sealed, keep_beginning, prove_month
from admin_cli.rehearsal.service import RunningService, running_service
from admin_cli.rehearsal.setting_up import set_up
from admin_cli.rehearsal.staff import AGENT, FINANCE, TREASURER, Staff
from admin_cli.rehearsal.wallets import Wallets
from ledger.checks.actions import run_checks
from ledger.checks.model import Violation
from ledger.clock import RehearsalClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported
from ledger.home import Home
from ledger.opening import is_rehearsal, mark_rehearsal, opened_ledger
from ledger.programmes.model import AidRun
from ledger.reconciliation.actions import (
    import_statement,
    match_statement,
    prove_identities,
    reconciliation_report,
)
from ledger.reconciliation.model import Identity, Report
from ledger.sealing.actions import read_older_checkpoint

Progress = Callable[[str], AbstractContextManager[Advance]]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it. `reserve`: where the folder has a statement of the reserve."""

    month: Month
    run: AidRun
    played: Played
    moved: MovesPlayed
    report: Report
    reserve: ReserveClosed | None
    identities: list[Identity]
    certified: Certified
    sealed: Sealed
    violations: list[Violation]

    @property
    def as_expected(self) -> bool:
        """Every answer was the expected one, every proof is zero, every invariant holds. Open breaks are no fault."""
        reserve_is_proven = self.reserve is None or self.reserve.after.proof.proof_cents == 0
        return (
            not (self.played.differences or self.moved.differences or self.violations)
            and self.report.proof.proof_cents == 0
            and reserve_is_proven
            and all(identity.holds for identity in self.identities)
            and self.sealed.holds
            and self.certified.holds
        )


async def rehearse(home: Home, month: Month, progress: Progress, told: Callable[[RunningService], None]) -> Rehearsed:
    """Play a month on a home of its own, or go on where an earlier run of the same home was cut.

    Refuses a home that is in use for real (`RehearsalOnly`); `ServiceGone` where the service stops meanwhile.
    """
    movements = read_movements(month.folder)
    clock = await _rehearsal_clock(home, month)
    wallets = Wallets.open(home.rehearsal_clock.parent / "handed-out.json")
    staff = Staff(home.rehearsal_clock.parent / "operators")
    async with opened_ledger(home) as ledger:
        with progress("set-up") as advance:
            run = await set_up(ledger, clock, month, staff, wallets, advance)
            beginning = await keep_beginning(ledger, home.rehearsal_clock.parent)
        async with running_service(home) as service, new_client() as client:
            told(service)
            player = Player(client, service, clock, wallets)
            for siret in month.sirets:
                await player.pair(ledger, siret, AGENT)
            await enrol_movers(ledger, player, movers(movements), AGENT)
            with progress("purchases") as advance:
                moved = await _play(ledger, player, month, movements, advance)
        clock.set(month.closes_at)
        report = await _reconcile(ledger, month)
        reserve = await close_reserve(ledger, month.reserve_statement, staff)
        identities = await prove_identities(ledger)
        certified = await certify_month(ledger, month.first_day, home.rehearsal_clock.parent, month.statements, staff)
        first_sale = next((UUID(sale) for sale in player.sales.values()), None)
        sealed = await prove_month(ledger, beginning, first_sale)
        violations = await run_checks(ledger, older=read_older_checkpoint(beginning))
        return Rehearsed(month, run, player.played, moved, report, reserve, identities, certified, sealed, violations)


async def _rehearsal_clock(home: Home, month: Month) -> RehearsalClock:
    """Mark empty books as a rehearsal before the foreign clock is set; books in use are refused."""
    async with opened_ledger(home, creates=True) as ledger:
        if not await is_rehearsal(ledger.database):
            await mark_rehearsal(ledger.database)
    clock = RehearsalClock(home.rehearsal_clock)
    clock.set(month.starts_at)
    return clock


async def _play(
    ledger: Ledger, player: Player, month: Month, movements: Sequence[Movement | Payouts], advance: Advance
) -> MovesPlayed:
    """Everything in the order of time."""
    moved = MovesPlayed()
    events = sorted([*in_order(month), *movements], key=lambda event: event.at)
    for place, event in enumerate(events, start=1):
        player.clock.set(event.at)
        match event:
            case Purchase():
                await player.buy(event)
            case RefundOfTicket():
                await player.refund(event)
            case _:
                await play_movement(ledger, player, event, TREASURER, moved)
        advance(place, len(events))
    return moved


async def _reconcile(ledger: Ledger, month: Month) -> Report:
    with suppress(FileAlreadyImported):
        await import_statement(ledger, month.statement, FINANCE)
    await match_statement(ledger, FINANCE)
    return await reconciliation_report(ledger)
