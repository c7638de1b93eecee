"""Lots of payouts at the terminal: prepared, approved, written for the bank, and read back from it.

They belong to `bonpois conversion`; `commands/conversion.py` has its other verbs.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_cli.arguments import DAY, DAY_METAVAR, DRY_RUN, FILE, FILE_METAVAR
from admin_cli.console import Session, command, noun_group
from admin_cli.display import Cell, amount, facts, table
from ledger.errors import N_
from ledger.payouts.rules.words import state_label
from ledger.texts import gettext as _
from ledger.texts import ngettext

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.payouts.model import LeftOut, NotOurs, PayoutOrder, ReadBack, Step

noun = noun_group("conversion", help=N_("Pois that merchants want in euros, and what is paid for them."))

_LOT = click.argument("lot", metavar=N_("LOT"), help=N_("Its reference; see `bonpois conversion lots`."))


@command(noun, "payer", help=N_("Show or record the account that pays; its IBAN is asked for."), changes=True)
@click.argument("name", required=False, metavar=N_("NAME"), help=N_("Of the holder, as the bank knows it."))
@click.option("--bic", metavar="BIC", help=N_("Of the bank, where it wants one in the file."))
async def payer(session: Session, *, name: str | None, bic: str | None) -> None:
    from ledger.bank_accounts.rules import masked
    from ledger.payouts.actions import present_payer, set_payer

    if name is None:
        found = await present_payer(session.ledger)
    else:
        iban = click.prompt(_("IBAN, from the bank's own paper"), err=True)
        found = await set_payer(session.ledger, name, iban, session.operator, bic=bic)
    told = {"number": found.number, "name": found.name, "iban": masked(found.iban), "bic": found.bic}
    rows = [(_("Name"), found.name), (_("IBAN"), masked(found.iban)), ("BIC", found.bic)]
    session.show(told, facts([row for row in rows if row[1]]))


@command(
    noun, "prepare-lot", help=N_("Put all open conversions into a lot for another person to approve."), changes=True
)
@click.option("--reference", metavar=N_("LOT"), help=N_("At the bank; by default LOT-, year and month."))
async def prepare_lot(session: Session, *, reference: str | None) -> None:
    from ledger.payouts.actions import prepare_lot

    made = await prepare_lot(session.ledger, await session.signer(), reference=reference)
    told = {**document(made.order), "left_out": [left_out_document(one) for one in made.left_out]}
    text = _("Another person approves it with `bonpois approval approve {number}`.")
    session.show(told, *people(made.order), *left_out(made.left_out), text.format(number=made.order.proposal))


@command(noun, "lots", help=N_("List the lots prepared, or show what became of one."))
@click.argument("lot", required=False, metavar=N_("LOT"), help=N_("Its reference; all of them by default."))
async def lots(session: Session, *, lot: str | None) -> None:
    from ledger.payouts.actions import list_lots

    found = await list_lots(session.ledger, lot)
    if lot is not None:
        session.show(document(found[0]), *people(found[0]))
        return
    columns = [_("Lot"), _("Proposal"), _("Transfers"), _("Gross"), _("Commission"), _("Net"), _("State")]
    sums = [(one.gross_cents, one.commission_cents, one.net_cents) for one in found]
    rows: list[tuple[Cell, ...]] = [
        (one.reference, one.proposal, len(one.transfers), *map(amount, cents), _states(one))
        for one, cents in zip(found, sums, strict=True)
    ]
    session.show([document(one) for one in found], table(columns, rows))


@command(
    noun, "export-lot", help=N_("Write an approved lot for the bank, as pain.001; once and for ever."), changes=True
)
@_LOT
@click.argument("output", type=FILE, metavar=FILE_METAVAR, help=N_("A new file, for you alone."))
@click.option("--date", "day", type=DAY, metavar=DAY_METAVAR, help=N_("Day of the transfers; today by default."))
async def export_lot(session: Session, *, lot: str, output: Path, day: date | None) -> None:
    from ledger.payouts.actions import export_lot

    done = await export_lot(session.ledger, lot, output, session.operator, execute_on=day)
    note = _("Written to {file}, with bank accounts in it: keep the file to yourself.").format(file=output)
    again = [_("The same message as the first time: the bank takes it once only.")] if done.again else []
    session.show({**document(done.order), "again": done.again}, *people(done.order), note, *again)


@command(noun, "withdraw-lot", help=N_("Give up a lot; its conversions are open again."), changes=True)
@_LOT
@click.option("--never-sent", is_flag=True, help=N_("Its file was written, and the bank surely never got it."))
async def withdraw_lot(session: Session, *, lot: str, never_sent: bool) -> None:
    from ledger.payouts.actions import withdraw_lot

    found = await withdraw_lot(session.ledger, lot, session.operator, never_sent=never_sent)
    session.show(document(found), *people(found))


@command(noun, "read-back", help=N_("Read what the bank answers: pain.002, camt.053 or camt.054."), changes=True)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("As the bank gave it; reading it twice is no harm."))
@click.option("--commission-kept", is_flag=True, help=N_("Of what comes back, only the net is due again."))
@DRY_RUN
async def read_back(session: Session, *, file: Path, commission_kept: bool, dry_run: bool) -> None:
    from ledger.payouts.actions import read_back

    found = await read_back(session.ledger, file, session.operator, dry_run=dry_run, commission_kept=commission_kept)
    notes = [_("Checked; nothing is recorded.")] if dry_run else []
    session.show({**read_back_document(found), "dry_run": dry_run}, *read_back_people(found), *notes)


def _event(code: str) -> str:
    outcomes = {"send": "sent", "accept": "accepted", "reject": "rejected", "pay": "paid", "return": "returned"}
    return state_label(outcomes.get(code, code))


def _states(order: PayoutOrder) -> str:
    codes = [one.state for one in order.transfers]
    return ", ".join(f"{codes.count(code)} {state_label(code)}" for code in dict.fromkeys(codes))


def document(order: PayoutOrder) -> dict[str, Any]:
    """A lot for programs, without bank accounts."""
    return {
        "lot": order.reference,
        "proposal": order.proposal,
        "prepared_by": order.prepared_by,
        "approved_by": order.approved_by,
        "execute_on": order.export and order.export.execute_on,
        "exported_at": order.export and order.export.exported_at,
        "gross_cents": order.gross_cents,
        "commission_cents": order.commission_cents,
        "net_cents": order.net_cents,
        "transfers": [
            {
                "end_to_end": one.end_to_end,
                "conversion": str(one.conversion_id),
                "siret": one.siret,
                "merchant_name": one.merchant_name,
                "gross_cents": one.gross_cents,
                "commission_cents": one.commission_cents,
                "net_cents": one.net_cents,
                "state": one.state,
                "reason": one.reason,
            }
            for one in order.transfers
        ],
    }


def people(order: PayoutOrder) -> list[RenderableType]:
    """A lot for people: who answers for it, and each transfer."""
    head: list[tuple[str, Cell]] = [
        (_("Lot"), order.reference),
        (_("Proposal"), order.proposal),
        (_("Prepared by"), order.prepared_by),
        (_("Approved by"), order.approved_by or ""),
        (_("Day"), None if order.export is None else order.export.execute_on),
    ]
    columns = [_("Transfer"), _("Merchant"), _("Gross"), _("Commission"), _("Net"), _("State"), _("Reason")]
    rows = [
        (
            one.end_to_end,
            one.merchant_name,
            amount(one.gross_cents),
            amount(one.commission_cents),
            amount(one.net_cents),
            state_label(one.state),
            one.reason,
        )
        for one in order.transfers
    ]
    sums = map(amount, (order.gross_cents, order.commission_cents, order.net_cents))
    return [facts([row for row in head if row[1]]), table(columns, [*rows, (_("Total"), "", *sums, "", "")])]


def left_out_document(one: LeftOut) -> dict[str, Any]:
    """What stays out of a lot, for programs."""
    return {"siret": one.siret, "amount_cents": one.amount_cents, "reason": one.reason, "until": one.until}


def left_out(found: tuple[LeftOut, ...]) -> list[RenderableType]:
    """What stays out of a lot and why, for people."""
    reasons = {
        "no-account": _("no bank account"),
        "account-cooling-down": _("the bank account is about to change"),
        "nothing-after-commission": _("nothing is left after the commission"),
    }
    columns = [_("Left out"), _("Amount"), _("Reason"), _("Until")]
    rows = [(one.merchant_name, amount(one.amount_cents), reasons[one.reason], one.until) for one in found]
    return [table(columns, rows)] if found else []


def read_back_document(found: ReadBack) -> dict[str, Any]:
    """What a file of the bank came to, for programs."""
    return {
        "file": found.file,
        "message": found.message,
        "done": [_step_document(step) for step in found.done],
        "known": found.known,
        "not_ours": [_not_ours_document(one) for one in found.not_ours],
        "aside": [_step_document(step) for step in found.aside],
    }


def _step_document(step: Step) -> dict[str, Any]:
    one = step.transfer
    return {
        "end_to_end": one.end_to_end,
        "lot": step.lot,
        "siret": one.siret,
        "event": step.event,
        "net_cents": one.net_cents,
        "reason": step.reason,
        "told_on": step.told_on,
    }


def _not_ours_document(one: NotOurs) -> dict[str, Any]:
    return {"row": one.row, "reference": one.reference, "amount_cents": one.amount_cents, "told_on": one.told_on}


def read_back_people(found: ReadBack) -> list[RenderableType]:
    """The same for people: what happened, what is to be done by hand, what is none of ours."""
    columns = [_("Transfer"), _("Merchant"), _("Net"), _("State"), _("Reason"), _("Day")]
    rows = [_step_row(step) for step in found.done]
    parts: list[RenderableType] = [table(columns, rows)] if rows else []
    if found.known:
        text = ngettext("{count} answer was known already.", "{count} answers were known already.", found.known)
        parts.append(text.format(count=found.known))
    if found.aside:
        title = _("Came back to merchants that have left: move it to suspense with `bonpois adjust`.")
        parts.append(table(columns, [_step_row(step) for step in found.aside], title=title))
    if found.not_ours:
        names = [_("Row"), _("Reference"), _("Amount"), _("Day")]
        others = [(one.row, one.reference, amount(one.amount_cents), one.told_on) for one in found.not_ours]
        parts.append(table(names, others, title=_("In no lot of ours:")))
    return parts or [_("Nothing in it is about a lot of ours.")]


def _step_row(step: Step) -> tuple[Any, ...]:
    one = step.transfer
    return (one.end_to_end, one.merchant_name, amount(one.net_cents), _event(step.event), step.reason, step.told_on)
