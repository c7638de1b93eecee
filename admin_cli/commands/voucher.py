"""`bonpois voucher`: what households may still spend, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import CASE, DRY_RUN, PROGRAMME
from admin_cli.commands.aid import RUN
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from rich.console import RenderableType

    from ledger.vouchers.model import Ended, Happening, Voucher

noun = noun_group("voucher", help=N_("Vouchers: what is left, and how they end."))


def _serial() -> Callable[[Any], Any]:
    return click.argument("serial", metavar=N_("VOUCHER"), help=N_("Number of the voucher: AA-2026-2026-000001."))


@command(noun, "list", help=N_("List the vouchers of a household."))
@PROGRAMME
@CASE
async def list_(session: Session, programme: str, case: str) -> None:
    from ledger.programmes.actions import household_profile
    from ledger.vouchers.actions import list_vouchers

    household = await household_profile(session.ledger, programme, case)
    found = await list_vouchers(session.ledger, household.household_id)
    columns = [_("Voucher"), _("Issued for"), _("Left"), _("Valid until"), _("State")]
    rows = [
        (each.serial, amount(each.face_cents), amount(each.balance_cents), each.valid_until, voucher_state(each.state))
        for each in found
    ]
    session.show([document(each) for each in found], table(columns, rows))


@command(noun, "show", help=N_("Show a voucher and all that happened to it."))
@_serial()
async def show(session: Session, serial: str) -> None:
    from ledger.vouchers.actions import show_voucher

    found, history = await show_voucher(session.ledger, serial)
    columns = [_("On"), _("Event"), _("Amount")]
    rows = [(each.occurred_at, happening(each), amount(each.amount_cents)) for each in history]
    session.show({**document(found), "history": history}, _voucher(found), table(columns, rows))


@command(noun, "lapse", help=N_("End all vouchers whose last day is over; the rest returns to the pool."), changes=True)
async def lapse(session: Session) -> None:
    from ledger.vouchers.actions import lapse_vouchers

    with session.progress(_("Vouchers")) as progress:
        run = await lapse_vouchers(session.ledger, session.operator, progress)
    notes = [] if run.vouchers else [_("No voucher is due: nothing was done.")]
    session.show(run, _ended(run), *notes)


@command(noun, "revoke", help=N_("Revoke a voucher for good; the rest returns to the pool."), changes=True)
@_serial()
async def revoke(session: Session, serial: str) -> None:
    from ledger.vouchers.actions import revoke as revoke_one

    revoked = await revoke_one(session.ledger, serial, session.operator)
    session.show(document(revoked), _voucher(revoked))


@command(noun, "revoke-run", help=N_("Revoke all vouchers of a run; the rest returns to the pool."), changes=True)
@PROGRAMME
@RUN
@DRY_RUN
async def revoke_run(session: Session, *, programme: str, number: int, dry_run: bool) -> None:
    from ledger.programmes.actions import revocable_in_aid_run, revoke_aid_run

    if dry_run:
        ended = await revocable_in_aid_run(session.ledger, programme, number, session.operator)
        notes = [_("Checked; nothing is recorded.")]
    else:
        with session.progress(_("Vouchers")) as progress:
            ended = await revoke_aid_run(session.ledger, programme, number, session.operator, progress)
        notes = [] if ended.vouchers else [_("No voucher of this run is valid any more: nothing was done.")]
    made = {"programme_code": programme, "run": number, "vouchers": ended.vouchers}
    made |= {"returned_cents": ended.returned_cents, "dry_run": dry_run}
    session.show(made, _ended(ended), *notes)


def document(voucher: Voucher) -> dict[str, object]:
    """The JSON of a voucher. Whose it is stays in the books."""
    return {
        "serial": voucher.serial,
        "programme_code": voucher.programme_code,
        "state": voucher.state,
        "face_cents": voucher.face_cents,
        "balance_cents": voucher.balance_cents,
        "valid_from": voucher.valid_from,
        "valid_until": voucher.valid_until,
    }


def voucher_state(code: str) -> str:
    """The state of a voucher, in words."""
    return {"active": _("valid"), "lapsed": _("it lapsed"), "revoked": _("it was revoked")}.get(code, code)


def happening(each: Happening) -> str:
    """What happened to a voucher, in words."""
    words = {
        "issue": _("given out"),
        "redemption": _("purchase"),
        "refund": _("refund"),
        "lapse": _("it lapsed"),
        "revocation": _("it was revoked"),
        "revoke": _("it was revoked"),
        "reopen": _("reopened for a grace"),
        "adjustment": _("adjustment"),
        "reversal": _("reversal"),
    }
    return words.get(each.kind, each.kind)


def _ended(ended: Ended) -> RenderableType:
    return facts([(_("Vouchers"), ended.vouchers), (_("Returned to the pool"), amount(ended.returned_cents))])


def _voucher(voucher: Voucher) -> RenderableType:
    return facts(
        [
            (_("Voucher"), voucher.serial),
            (_("State"), voucher_state(voucher.state)),
            (_("Issued for"), amount(voucher.face_cents)),
            (_("Left"), amount(voucher.balance_cents)),
            (_("Valid from"), voucher.valid_from),
            (_("Valid until"), voucher.valid_until),
        ]
    )
