"""`bonpois coupons`: paper Pois at the association's counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import AMOUNT, AMOUNT_METAVAR, SIRET
from admin_cli.console import Session, command, noun_group
from admin_cli.display import Cell, amount, facts
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.conversions.model import CouponMovement

noun = noun_group("coupons", help=N_("Paper Pois: handed out, brought back, turned into euros."))
CENTS = click.argument("cents", type=AMOUNT, metavar=AMOUNT_METAVAR, help=N_("In whole Pois."))


@command(noun, "out", help=N_("Hand coupons to a merchant, out of what it holds."), changes=True)
@SIRET
@CENTS
async def out(session: Session, *, siret: str, cents: int) -> None:
    from ledger.conversions.actions import hand_out_coupons

    show(session, await hand_out_coupons(session.ledger, siret, cents, session.operator))


@command(noun, "back", help=N_("Take coupons back onto a merchant's account."), changes=True)
@SIRET
@CENTS
async def back(session: Session, *, siret: str, cents: int) -> None:
    from ledger.conversions.actions import take_back_coupons

    show(session, await take_back_coupons(session.ledger, siret, cents, session.operator))


@command(noun, "converted", help=N_("Take coupons from a merchant and pay euros for them."), changes=True)
@SIRET
@CENTS
async def converted(session: Session, *, siret: str, cents: int) -> None:
    from ledger.conversions.actions import convert_coupons

    show(session, await convert_coupons(session.ledger, siret, cents, session.operator))


def show(session: Session, movement: CouponMovement) -> None:
    """What was booked."""
    rows: list[tuple[str, Cell]] = [(_("SIRET"), movement.siret), (_("Coupons"), amount(movement.amount_cents))]
    if movement.commission_cents is not None:
        rows.append((_("Commission"), amount(movement.commission_cents)))
        rows.append((_("To be paid in euros"), amount(movement.amount_cents - movement.commission_cents)))
    session.show(movement, facts(rows))
