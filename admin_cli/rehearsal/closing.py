"""The end of a rehearsed month: the reserve's statement, the bank's fees booked by two people, the certificate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from admin_cli.rehearsal.staff import FINANCE, REVIEWER, Staff
from ledger.adjustments.actions import approve_move, propose_reserve_loss
from ledger.approvals.actions import list_proposals
from ledger.certificates.actions import (
    approve_certificate,
    certificate_of,
    list_certificates,
    propose_certificate,
)
from ledger.certificates.model import Certificate
from ledger.certificates.paper import as_pdf, as_table
from ledger.database.unit_of_work import Ledger
from ledger.errors import FileAlreadyImported, Refusal
from ledger.reconciliation.actions import import_statement, match_statement, reconciliation_report
from ledger.reconciliation.model import Account, Break, Category, Report
from ledger.sealing.actions import prove_certificate, seal, verify
from ledger.sealing.rules import proofs

_KIND = "reserve-loss"
_PROOF, _PAPER, _TABLE = "certificate.json", "certificate.pdf", "certificate.csv"


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


@dataclass(frozen=True, slots=True)
class Certified:
    """The month that two people signed, its files, and whether `verify` trusts them; or why there is none."""

    certificate: Certificate | None
    files: list[Path]
    holds: bool
    refusal: Refusal | None = None


async def certify_month(
    ledger: Ledger, period: date, folder: Path, statements: Sequence[Path], staff: Staff
) -> Certified:
    """Prepared by one, certified by another, and written for a third. A run that goes on keeps what is certified."""
    await seal(ledger)
    try:
        if not any(one.holds and one.period == period for one in await list_certificates(ledger)):
            draft = await propose_certificate(ledger, staff.signer(FINANCE), period)
            await approve_certificate(ledger, draft.proposal_id, staff.signer(REVIEWER))
    except Refusal as refusal:
        return Certified(None, [], holds=True, refusal=refusal)
    await seal(ledger)
    found, content = await certificate_of(ledger, period)
    proof = await prove_certificate(ledger, period)
    written = {_PROOF: proofs.written(proof).encode(), _PAPER: as_pdf(found, content), _TABLE: as_table(found, content)}
    for name, file in written.items():
        (folder / name).write_bytes(file)
    findings = verify(folder / _PROOF, statements=statements)
    return Certified(found, [folder / name for name in written], all(finding.holds for finding in findings))
