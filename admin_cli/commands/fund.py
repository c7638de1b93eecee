"""`bonpois fund`: the euros that back the aid, and those that go back or get lost."""

from __future__ import annotations

from uuid import UUID

import rich_click as click

from admin_cli.arguments import AMOUNT, AMOUNT_METAVAR, PROGRAMME
from admin_cli.commands.adjust import BREAK, show_proposed
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

noun = noun_group("fund", help=N_("The euros that back the aid."))
EUROS = click.argument("cents", type=AMOUNT, metavar=AMOUNT_METAVAR, help=N_("In euros: 12500,00."))


@command(noun, "mandate", help=N_("Record euros mandated to the association."), changes=True)
@PROGRAMME
@click.argument("number", metavar=N_("NUMBER"), help=N_("Number of the mandate."))
@EUROS
async def mandate(session: Session, programme: str, number: str, cents: int) -> None:
    from ledger.programmes.actions import record_mandate

    recorded = await record_mandate(session.ledger, programme, number, cents, session.operator)
    people = facts([(_("Mandate"), recorded.number), (_("Amount"), amount(recorded.amount_cents))])
    session.show(recorded, people)


@command(noun, "confirm", help=N_("Confirm that the association has the euros: Pois appear."), changes=True)
@click.argument("number", metavar=N_("NUMBER"), help=N_("Number of the mandate."))
async def confirm(session: Session, number: str) -> None:
    from ledger.programmes.actions import confirm_funding

    confirmed = await confirm_funding(session.ledger, number, session.operator)
    people = facts([(_("Mandate"), confirmed.number), (_("Pois created"), amount(confirmed.amount_cents))])
    session.show(confirmed, people)


@command(noun, "cancel-mandate", help=N_("Cancel a mandate whose euros the association never got."), changes=True)
@click.argument("number", metavar=N_("NUMBER"), help=N_("Number of the mandate."))
async def cancel(session: Session, number: str) -> None:
    from ledger.programmes.actions import cancel_mandate

    cancelled = await cancel_mandate(session.ledger, number, session.operator)
    people = facts([(_("Mandate"), cancelled.number), (_("State"), mandate_state(cancelled.state))])
    session.show(cancelled, people)


@command(noun, "return-request", help=N_("Propose to ask for unspent Pois back in euros."), changes=True)
@PROGRAMME
@EUROS
async def return_request(session: Session, programme: str, cents: int) -> None:
    from ledger.adjustments.actions import propose_return_request

    move = await propose_return_request(session.ledger, programme, cents, await session.signer())
    show_proposed(session, move)


@command(noun, "return-paid", help=N_("Propose to book that unspent aid came back in euros."), changes=True)
@PROGRAMME
@EUROS
async def return_paid(session: Session, programme: str, cents: int) -> None:
    from ledger.adjustments.actions import propose_return_paid

    move = await propose_return_paid(session.ledger, programme, cents, await session.signer())
    show_proposed(session, move)


@command(noun, "reserve-loss", help=N_("Propose to book what left the reserve, such as a bank fee."), changes=True)
@EUROS
@BREAK
async def reserve_loss(session: Session, cents: int, break_id: UUID | None) -> None:
    from ledger.adjustments.actions import propose_reserve_loss

    move = await propose_reserve_loss(session.ledger, cents, await session.signer(), break_id)
    show_proposed(session, move)


@command(noun, "reserve-made-good", help=N_("Propose to book what the association put back."), changes=True)
@EUROS
@BREAK
async def reserve_made_good(session: Session, cents: int, break_id: UUID | None) -> None:
    from ledger.adjustments.actions import propose_reserve_made_good

    move = await propose_reserve_made_good(session.ledger, cents, await session.signer(), break_id)
    show_proposed(session, move)


@command(noun, "status", help=N_("Show what each programme has been given and what is left to issue."))
async def status(session: Session) -> None:
    from ledger.programmes.actions import list_mandates, list_programmes, programme_funds

    codes = [programme.code for programme in await list_programmes(session.ledger)]
    funds = [await programme_funds(session.ledger, code) for code in codes]
    mandates = [found for code in codes for found in await list_mandates(session.ledger, code)]
    of_programmes = table(
        [_("Programme"), _("Mandated"), _("Confirmed"), _("Pool"), _("Reserved"), _("Going back")],
        [
            (
                fund.programme_code,
                amount(fund.mandated_cents),
                amount(fund.confirmed_cents),
                amount(fund.pool_cents),
                amount(fund.reserved_cents),
                amount(fund.returning_cents),
            )
            for fund in funds
        ],
    )
    of_mandates = table(
        [_("Mandate"), _("Programme"), _("Amount"), _("Recorded on"), _("Confirmed on"), _("State")],
        [
            (
                found.number,
                found.programme_code,
                amount(found.amount_cents),
                found.recorded_at,
                found.confirmed_at,
                mandate_state(found.state),
            )
            for found in mandates
        ],
    )
    session.show({"programmes": funds, "mandates": mandates}, of_programmes, of_mandates)


def mandate_state(code: str) -> str:
    """The state of a mandate, in words."""
    words = {
        "in-transit": _("on its way"),
        "confirmed": _("with the association"),
        "taken-back": _("confirmation taken back"),
        "cancelled": _("mandate cancelled"),
    }
    return words.get(code, code)
