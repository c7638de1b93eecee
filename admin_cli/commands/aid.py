"""`bonpois aid`: vouchers for every entitled household, prepared by one person and approved by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import PROGRAMME, REASON, Whole
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.programmes.model import AidRun

RUN_MAX = 10**6
RUN = click.argument("number", type=Whole(1, RUN_MAX), metavar=N_("RUN"), help=N_("Number of the run."))

noun = noun_group("aid", help=N_("Aid runs: a voucher for each entitled household."))


@command(noun, "prepare", help=N_("Prepare a run for all who are entitled and wait."), changes=True)
@PROGRAMME
async def prepare(session: Session, programme: str) -> None:
    from ledger.programmes.actions import prepare_aid_run

    run = await prepare_aid_run(session.ledger, programme, await session.signer())
    text = _("Another person approves it with `bonpois aid approve {programme} {number}`.")
    session.show(document(run), _run(run), text.format(programme=run.programme_code, number=run.number))


@command(noun, "approve", help=N_("Approve a run that somebody else prepared; issue its vouchers."), changes=True)
@PROGRAMME
@RUN
async def approve(session: Session, programme: str, number: int) -> None:
    from ledger.programmes.actions import approve_aid_run

    signer = await session.signer()
    with session.progress(_("Vouchers")) as progress:
        run = await approve_aid_run(session.ledger, programme, number, signer, progress=progress)
    session.show(document(run), _run(run))


@command(noun, "reject", help=N_("Reject a run, or take it back; its households wait again."), changes=True)
@PROGRAMME
@RUN
@REASON
async def reject(session: Session, programme: str, number: int, reason: str) -> None:
    from ledger.approvals.actions import reject_proposal
    from ledger.approvals.model import Reason
    from ledger.programmes.actions import aid_run_numbered

    run = await aid_run_numbered(session.ledger, programme, number)
    await reject_proposal(session.ledger, run.proposal_id, await session.signer(), Reason(reason))
    rejected = await aid_run_numbered(session.ledger, programme, number)
    session.show(document(rejected), _run(rejected))


@command(noun, "list", help=N_("List the runs."))
async def list_(session: Session) -> None:
    from ledger.programmes.actions import list_aid_runs

    runs = await list_aid_runs(session.ledger)
    columns = [_("Programme"), _("Run"), _("Vouchers"), _("Total"), _("Valid until"), _("State")]
    columns += [_("Prepared by"), _("Approved by")]
    rows = [
        (
            run.programme_code,
            run.number,
            run.voucher_count,
            amount(run.total_cents),
            run.valid_until,
            state(run.state),
            run.prepared_by,
            run.approved_by,
        )
        for run in runs
    ]
    session.show([document(run) for run in runs], table(columns, rows))


def document(run: AidRun) -> dict[str, object]:
    """The JSON of a run: what people see, with its state."""
    return {
        "id": run.id,
        "programme_code": run.programme_code,
        "number": run.number,
        "state": run.state,
        "valid_from": run.valid_from,
        "valid_until": run.valid_until,
        "voucher_count": run.voucher_count,
        "issued_count": run.issued_count,
        "total_cents": run.total_cents,
        "prepared_by": run.prepared_by,
        "approved_by": run.approved_by,
    }


def _run(run: AidRun) -> RenderableType:
    return facts(
        [
            (_("Programme"), run.programme_code),
            (_("Run"), run.number),
            (_("State"), state(run.state)),
            (_("Vouchers"), run.voucher_count),
            (_("Total"), amount(run.total_cents)),
            (_("Valid from"), run.valid_from),
            (_("Valid until"), run.valid_until),
            (_("Prepared by"), run.prepared_by),
            (_("Approved by"), run.approved_by),
        ]
    )


def state(code: str) -> str:
    """The state of a run, in words."""
    words = {
        "pending": _("waits for approval"),
        "approved": _("approved, not all issued"),
        "issued": _("issued"),
        "rejected": _("rejected"),
    }
    return words.get(code, code)
