"""`bonpois programme`: the rules of the aid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import DRY_RUN, FILE, FILE_METAVAR
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_, UnknownProgramme
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.programmes.model import Programme

noun = noun_group("programme", help=N_("The rules of the aid."))


@command(
    noun,
    "import",
    help=N_("Take over rules from a TOML file; changed rules are a new version."),
    changes=True,
)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("The rules, as in the example programme.toml."))
@DRY_RUN
async def import_(session: Session, *, file: Path, dry_run: bool) -> None:
    from ledger.programmes.actions import import_programme

    programme = await import_programme(session.ledger, file, session.operator, dry_run=dry_run)
    text = _("{code}, version {version}").format(code=programme.code, version=programme.version_number)
    session.show(document(programme), text)


@command(noun, "list", help=N_("List the programmes."))
async def list_(session: Session) -> None:
    from ledger.programmes.actions import list_programmes

    programmes = await list_programmes(session.ledger)
    rows = [(programme.code, programme.label, programme.version_number) for programme in programmes]
    session.show(
        [document(programme) for programme in programmes],
        table([_("Programme"), _("Label"), _("Version")], rows),
    )


@command(noun, "show", help=N_("Show the present rules of a programme."))
@click.argument("programme", metavar=N_("PROGRAMME"), help=N_("Its code."))
async def show(session: Session, programme: str) -> None:
    from ledger.programmes.actions import list_programmes

    every = {found.code: found for found in await list_programmes(session.ledger)}
    if programme not in every:
        raise UnknownProgramme(programme=programme)
    found = every[programme]
    rules = found.rules
    ceiling = rules.eligibility.rest_to_live_per_day_ceiling_cents
    people = facts(
        [
            (_("Programme"), found.code),
            (_("Label"), found.label),
            (_("Version"), found.version_number),
            (_("Rest to live per day below"), amount(ceiling)),
            (_("Derogations"), ", ".join(sorted(rules.eligibility.derogations))),
            (_("Days of validity"), rules.validity.days),
            (_("Within the calendar year"), rules.validity.calendar_year),
            (_("Days of grace after a late refund"), rules.validity.grace_days),
            (_("Categories"), ", ".join(sorted(rules.basket.eligible))),
            (_("Paper card, per sale at most"), amount(rules.caps.paper_sale_cents)),
            (_("Paper card, per day at most"), amount(rules.caps.paper_day_cents)),
            (_("Days of identity after the last contact"), rules.identity_days),
        ]
    )
    session.show(document(found), people)


def document(programme: Programme) -> dict[str, object]:
    """The JSON of a programme, its rules in their canonical form."""
    from ledger.programmes.model import rules_to_json

    return {
        "code": programme.code,
        "label": programme.label,
        "version": programme.version_number,
        "rules": json.loads(rules_to_json(programme.rules)),
    }
