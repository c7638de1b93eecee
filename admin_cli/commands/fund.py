"""`bonpois fund`: the euros that back the aid."""

from __future__ import annotations

import rich_click as click

from admin_cli.arguments import AMOUNT, AMOUNT_METAVAR, PROGRAMME
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

noun = noun_group("fund", help=N_("The euros that back the aid."))


@command(noun, "mandate", help=N_("Record euros mandated to the association."), changes=True)
@PROGRAMME
@click.argument("number", metavar=N_("NUMBER"), help=N_("Number of the mandate."))
@click.argument("cents", type=AMOUNT, metavar=AMOUNT_METAVAR, help=N_("In euros: 12500,00."))
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


@command(noun, "status", help=N_("Show what each programme has been given and what is left to issue."))
async def status(session: Session) -> None:
    from ledger.programmes.actions import list_mandates, list_programmes, programme_funds

    codes = [programme.code for programme in await list_programmes(session.ledger)]
    funds = [await programme_funds(session.ledger, code) for code in codes]
    mandates = [found for code in codes for found in await list_mandates(session.ledger, code)]
    of_programmes = table(
        [_("Programme"), _("Mandated"), _("Confirmed"), _("Pool"), _("Reserved")],
        [
            (
                fund.programme_code,
                amount(fund.mandated_cents),
                amount(fund.confirmed_cents),
                amount(fund.pool_cents),
                amount(fund.reserved_cents),
            )
            for fund in funds
        ],
    )
    of_mandates = table(
        [_("Mandate"), _("Programme"), _("Amount"), _("Recorded on"), _("Confirmed on")],
        [
            (
                found.number,
                found.programme_code,
                amount(found.amount_cents),
                found.recorded_at,
                found.confirmed_at,
            )
            for found in mandates
        ],
    )
    session.show({"programmes": funds, "mandates": mandates}, of_programmes, of_mandates)
