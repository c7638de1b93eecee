"""`bonpois till`: the devices that take cards."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from admin_cli.arguments import SIRET
from admin_cli.console import Session, command, noun_group
from admin_cli.display import facts, qr_code, table
from ledger.errors import N_, BadUse
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.merchants.model import Scope

noun = noun_group("till", help=N_("The tills and how they are paired."))


@command(noun, "invite", help=N_("Make a code that pairs one device, once."), changes=True)
@SIRET
@click.option(
    "--scope",
    type=click.Choice(["till", "merchant"]),
    default="till",
    show_default=True,
    help=N_("What the device may do: sell, or see to the merchant's money."),
)
@click.option(
    "--training",
    is_flag=True,
    help=N_("Only to practise: it takes the training cards, and nothing of it reaches the books."),
)
async def invite(session: Session, siret: str, scope: Scope, *, training: bool) -> None:
    from ledger.merchants.actions import invite_till

    if training:
        if scope != "till":
            raise BadUse(reason=_("A device in training sells; leave --scope out."))
        scope = "training"
    invitation = await invite_till(session.ledger, siret, scope, session.operator)
    people = facts([(_("Code"), invitation.code), (_("Valid until"), invitation.expires_at)])
    session.show(invitation, people, qr_code(invitation.code))


@command(noun, "list", help=N_("List the tills."))
async def list_(session: Session) -> None:
    from ledger.merchants.actions import list_tills

    tills = await list_tills(session.ledger)
    columns = [_("Till"), _("Merchant"), _("Scope"), _("Paired on"), _("State")]
    rows = [(str(till.id), till.merchant_name, till.scope, till.paired_at, state(till.state)) for till in tills]
    session.show(tills, table(columns, rows))


@command(noun, "revoke", help=N_("Let a lost device do nothing any more."), changes=True)
@click.argument("till", type=click.UUID, metavar=N_("TILL"), help=N_("Its id; see `bonpois till list`."))
async def revoke(session: Session, till: UUID) -> None:
    from ledger.merchants.actions import revoke_till

    revoked = await revoke_till(session.ledger, till, session.operator)
    session.show(revoked, _("The till is revoked."))


def state(code: str) -> str:
    """The state of a till, in words."""
    return {"paired": _("paired"), "revoked": _("revoked")}.get(code, code)
