"""`bonpois remittance`: the sales of each day, as the association is told of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_cli.arguments import DAY, DAY_METAVAR, DRY_RUN, FILE, FILE_METAVAR
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.remittances.model import MadeRemittance, Remittance

noun = noun_group("remittance", help=N_("The sales of each day, for the association; of households it says nothing."))

OUTPUT = click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar=N_("FOLDER"),
    help=N_("Where the file goes; here by default."),
)


@command(noun, "make", help=N_("Write the sales and refunds until a day that were not told yet."), changes=True)
@click.argument("day", type=DAY, metavar=DAY_METAVAR, help=N_("The last day in it; it has to be over."))
@OUTPUT
@DRY_RUN
async def make(session: Session, day: date, output: Path, *, dry_run: bool) -> None:
    from ledger.remittances.actions import make_remittance

    made = await make_remittance(session.ledger, day, session.operator, dry_run=dry_run)
    path = None if dry_run else write_file(made, output)
    notes = [_("Checked; nothing is recorded.")] if dry_run else []
    session.show(remittance_document(made.remittance, path), remittance_facts(made.remittance, path), *notes)


@command(noun, "write", help=N_("Write the file of an earlier remittance again, the same to the byte."))
@click.argument("number", type=click.IntRange(1), metavar=N_("NUMBER"), help=N_("Number of the remittance."))
@OUTPUT
async def write(session: Session, number: int, output: Path) -> None:
    from ledger.remittances.actions import rewrite_remittance

    made = await rewrite_remittance(session.ledger, number)
    path = write_file(made, output)
    session.show(remittance_document(made.remittance, path), remittance_facts(made.remittance, path))


@command(noun, "list", help=N_("List what was sent, and how much of it is answered."))
async def list_(session: Session) -> None:
    from ledger.remittances.actions import list_remittances

    found = await list_remittances(session.ledger)
    columns = [_("Number"), _("First day"), _("Last day"), _("Lines"), _("Sum"), _("Accepted"), _("Refused")]
    rows = [
        (one.number, one.first_day, one.last_day, one.line_count, amount(one.control_cents), one.accepted, one.refused)
        for one in found
    ]
    session.show([remittance_document(one) for one in found], table(columns, rows))


@command(noun, "acknowledge", help=N_("Read the association's answer, whole or not at all."), changes=True)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("With the columns ligne;reference;statut;code."))
@DRY_RUN
async def acknowledge(session: Session, file: Path, *, dry_run: bool) -> None:
    from ledger.remittances.actions import read_acknowledgement

    read = await read_acknowledgement(session.ledger, file, session.operator, dry_run=dry_run)
    people = facts([(_("Rows"), read.rows), (_("Accepted"), read.accepted), (_("Refused"), read.refused)])
    notes = [_("Checked; nothing is recorded.")] if dry_run else []
    document = {"rows": read.rows, "accepted": read.accepted, "refused": read.refused, "dry_run": dry_run}
    session.show(document, people, *notes)


def write_file(made: MadeRemittance, folder: Path) -> Path:
    """Put the file where it was asked for. Refuses `FileThere` where another one has its name."""
    from ledger.errors import FileThere, FileUnreadable

    path = folder / made.remittance.file_name
    try:
        with path.open("xb") as file:
            file.write(made.content)
    except FileExistsError:
        if path.read_bytes() != made.content:
            raise FileThere(file=str(path)) from None
    except OSError as error:
        raise FileUnreadable(file=str(path), reason=error.strerror or type(error).__name__) from None
    return path


def remittance_document(remittance: Remittance, path: Path | None = None) -> dict[str, Any]:
    """A remittance as programs read it."""
    return {
        "number": remittance.number,
        "first_day": remittance.first_day.isoformat(),
        "last_day": remittance.last_day.isoformat(),
        "lines": remittance.line_count,
        "items": remittance.item_count,
        "control_cents": remittance.control_cents,
        "sha256": remittance.sha256.hex(),
        "made_at": remittance.made_at.isoformat(),
        "accepted": remittance.accepted,
        "refused": remittance.refused,
        "file": None if path is None else str(path),
    }


def remittance_facts(remittance: Remittance, path: Path | None) -> Any:
    """The same for people."""
    return facts(
        [
            (_("Remittance"), remittance.number),
            (_("First day"), remittance.first_day),
            (_("Last day"), remittance.last_day),
            (_("Lines"), remittance.line_count),
            (_("Sales and refunds"), remittance.item_count),
            (_("Sum"), amount(remittance.control_cents)),
            ("SHA-256", remittance.sha256.hex()),
            (_("File"), None if path is None else str(path)),
        ]
    )
