"""`bonpois check`: the books prove themselves."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from admin_cli.arguments import FILE, FILE_METAVAR
from admin_cli.console import Session, command
from admin_cli.display import table
from ledger.errors import N_
from ledger.texts import gettext as _


@command(None, "check", help=N_("Test every invariant of the books; silent when all hold, else 1."))
@click.argument("names", nargs=-1, metavar=N_("[CHECK]..."), help=N_("Only these checks; by default all."))
@click.option(
    "--against", type=FILE, metavar=FILE_METAVAR, help=N_("A checkpoint that was kept elsewhere: the books contain it.")
)
async def check(session: Session, names: tuple[str, ...], against: Path | None) -> int:
    from ledger.checks.actions import run_checks
    from ledger.sealing.actions import read_older_checkpoint

    older = None if against is None else read_older_checkpoint(against)
    violations = await run_checks(session.ledger, names, older=older)
    rows = [
        (found.check, str(found.subject), ", ".join(f"{name}={fact}" for name, fact in found.facts.items()))
        for found in violations
    ]
    people = [table([_("Check"), _("Subject"), _("Facts")], rows)] if rows else []
    session.show(violations, *people)
    return 1 if violations else 0


noun = check
