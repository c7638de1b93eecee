"""The reserve at the end of a rehearsed month: its statement, and the bank's fees, booked by two people."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from admin_cli.rehearsal.staff import FINANCE, REVIEWER, Staff
from ledger.adjustments.actions import approve_move, propose_reserve_loss
from ledger.approvals.actions import list_proposals
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report
from ledger.reconciliation.model import Account, Break, Category, Report

_KIND = "reserve-loss"


@dataclass(frozen=True, slots=True)
class ReserveClosed:
    """The report before the fees were booked, and after."""

    before: Report
    after: Report


async def close_reserve(ledger: Ledger, statement: Path | None, staff: Staff) -> ReserveClosed | None:
    """Import and match the bank's statement, then book each fee that is still open as a loss of the reserve."""
    if statement is None:
        return None
    with suppress(FileAlreadyImported):
        await import_statement(ledger, statement, FINANCE, Account.RESERVE)
    await match_statement(ledger, FINANCE, Account.RESERVE)
    before = await reconciliation_report(ledger, Account.RESERVE)
    for fee in before.breaks:
        if fee.category is Category.FEE and not fee.cleared:
            await _book_fee(ledger, fee, staff)
    await match_statement(ledger, FINANCE, Account.RESERVE)
    return ReserveClosed(before, await reconciliation_report(ledger, Account.RESERVE))


async def _book_fee(ledger: Ledger, fee: Break, staff: Staff) -> None:
    """Proposed by one, approved by another. A proposal left by a run that was cut is approved instead of a second."""
    waiting = [proposal.id for proposal in await list_proposals(ledger, pending_only=True) if proposal.kind == _KIND]
    if not waiting:
        move = await propose_reserve_loss(ledger, -(fee.theirs_cents or 0), staff.signer(FINANCE), fee.id)
        waiting = [move.proposal_id]
    await approve_move(ledger, waiting[0], staff.signer(REVIEWER))
