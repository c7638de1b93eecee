"""What `bonpois approval` does for each kind of proposal: the one place where a kind meets its use cases.

A kind that is not here can be seen and rejected, but not approved.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.errors import N_

if TYPE_CHECKING:
    from ledger.approvals.model import Signer
    from ledger.database.unit_of_work import Ledger

Approve = Callable[["Ledger", UUID, "Signer"], Awaitable[object]]
Show = Callable[["Ledger", UUID], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`approve` carries out what was proposed; `show` tells what that is. Both give the document for --json."""

    label: str
    approve: Approve
    show: Show


async def _approve_aid_run(ledger: Ledger, proposal_id: UUID, signer: Signer) -> object:
    from admin_cli.commands.aid import document
    from ledger.programmes.actions import aid_run_proposed, approve_aid_run

    run = await aid_run_proposed(ledger, proposal_id)
    return document(await approve_aid_run(ledger, run.programme_code, run.number, signer))


async def _show_aid_run(ledger: Ledger, proposal_id: UUID) -> object:
    from admin_cli.commands.aid import document
    from ledger.programmes.actions import aid_run_proposed

    return document(await aid_run_proposed(ledger, proposal_id))


async def _approve_iban(ledger: Ledger, proposal_id: UUID, signer: Signer) -> object:
    from admin_cli.commands.iban import document
    from ledger.bank_accounts.actions import approve_iban

    return document(await approve_iban(ledger, proposal_id, signer))


async def _show_iban(ledger: Ledger, proposal_id: UUID) -> object:
    """In full, so that it can be compared with the bank's paper."""
    from admin_cli.commands.iban import document
    from ledger.bank_accounts.actions import proposed_iban

    return document(await proposed_iban(ledger, proposal_id), in_full=True)


async def _approve_lot(ledger: Ledger, proposal_id: UUID, signer: Signer) -> object:
    from admin_cli.payouts import document
    from ledger.payouts.actions import approve_lot

    return document(await approve_lot(ledger, proposal_id, signer))


async def _show_lot(ledger: Ledger, proposal_id: UUID) -> object:
    from admin_cli.payouts import document
    from ledger.payouts.actions import lot_proposed

    return document(await lot_proposed(ledger, proposal_id))


async def _approve_move(ledger: Ledger, proposal_id: UUID, signer: Signer) -> object:
    from admin_cli.commands.adjust import document
    from ledger.adjustments.actions import approve_move

    return document(await approve_move(ledger, proposal_id, signer))


async def _show_move(ledger: Ledger, proposal_id: UUID) -> object:
    from admin_cli.commands.adjust import document
    from ledger.adjustments.actions import show_move

    return document(await show_move(ledger, proposal_id))


async def _approve_certificate(ledger: Ledger, proposal_id: UUID, signer: Signer) -> object:
    from admin_cli.certificates import draft_document
    from ledger.certificates.actions import approve_certificate

    return draft_document(await approve_certificate(ledger, proposal_id, signer))


async def _show_certificate(ledger: Ledger, proposal_id: UUID) -> object:
    """All of it, so that it is read before it is signed."""
    from admin_cli.certificates import content_document
    from ledger.certificates.actions import show_certificate

    return content_document(await show_certificate(ledger, proposal_id))


async def _approve_reopening(ledger: Ledger, proposal_id: UUID, signer: Signer) -> object:
    from admin_cli.certificates import reopening_document
    from ledger.certificates.actions import approve_reopening

    return reopening_document(await approve_reopening(ledger, proposal_id, signer))


async def _show_reopening(ledger: Ledger, proposal_id: UUID) -> object:
    from admin_cli.certificates import reopening_document
    from ledger.certificates.actions import show_reopening

    return reopening_document(await show_reopening(ledger, proposal_id))


async def _approve_claim(ledger: Ledger, proposal_id: UUID, signer: Signer) -> object:
    from ledger.reconciliation.life_document import claim_document
    from ledger.reconciliation.resolving import approve_claim

    return claim_document(await approve_claim(ledger, proposal_id, signer))


async def _show_claim(ledger: Ledger, proposal_id: UUID) -> object:
    from ledger.reconciliation.life_document import claim_document
    from ledger.reconciliation.resolving import show_claim

    return claim_document(await show_claim(ledger, proposal_id))


# One line for each kind of `ledger.approvals.rules.DUTIES`.
KINDS: dict[str, Kind] = {
    "aid-run": Kind(N_("aid run"), _approve_aid_run, _show_aid_run),
    "certificate": Kind(N_("certificate of a month"), _approve_certificate, _show_certificate),
    "reopening": Kind(N_("reopening of a month"), _approve_reopening, _show_reopening),
    "iban-change": Kind(N_("change of IBAN"), _approve_iban, _show_iban),
    "payout-lot": Kind(N_("lot of payouts"), _approve_lot, _show_lot),
    "adjustment": Kind(N_("adjustment"), _approve_move, _show_move),
    "reversal": Kind(N_("reversal"), _approve_move, _show_move),
    "return-requested": Kind(N_("return of unspent aid"), _approve_move, _show_move),
    "return-paid": Kind(N_("unspent aid paid back"), _approve_move, _show_move),
    "reserve-loss": Kind(N_("loss of the reserve"), _approve_move, _show_move),
    "reserve-made-good": Kind(N_("loss of the reserve made good"), _approve_move, _show_move),
    "break-claim": Kind(N_("correction asked of the other side"), _approve_claim, _show_claim),
}
