"""`bonpois operator`: the people who answer for what is changed."""

from __future__ import annotations

import rich_click as click

from admin_cli.console import Session, command, noun_group
from admin_cli.display import table
from ledger.errors import N_
from ledger.texts import gettext as _

noun = noun_group("operator", help=N_("The people who use these commands."))


@command(noun, "add", help=N_("Register a person; makes the home when there is none yet."), creates=True)
@click.argument("name", metavar=N_("NAME"), help=N_("Small letters, digits, dot and hyphen."))
async def add(session: Session, name: str) -> None:
    from ledger.approvals.actions import add_operator

    operator = await add_operator(session.ledger, name)
    session.show(operator, _("{name} is registered.").format(name=operator.name))


@command(noun, "list", help=N_("List the people registered."))
async def list_(session: Session) -> None:
    from ledger.approvals.actions import list_operators

    operators = await list_operators(session.ledger)
    session.show(operators, table([_("Name")], [[operator.name] for operator in operators]))
