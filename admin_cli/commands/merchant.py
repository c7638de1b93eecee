"""`bonpois merchant`: who takes Pois."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import rich_click as click

from admin_cli.arguments import ADDRESS, DRY_RUN, FILE, FILE_METAVAR, SIRET, TELEPHONE
from admin_cli.commands.reconcile import Month
from admin_cli.console import Session, command, noun_group
from admin_cli.display import facts, qr_code, table
from ledger.errors import N_
from ledger.texts import gettext as _
from ledger.texts import ngettext

noun = noun_group("merchant", help=N_("The merchants who take Pois."))


@command(noun, "import", help=N_("Register merchants from a CSV file."), changes=True)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("One merchant a row."))
@DRY_RUN
async def import_(session: Session, *, file: Path, dry_run: bool) -> None:
    from ledger.merchants.actions import import_merchants

    done = await import_merchants(session.ledger, file, session.operator, dry_run=dry_run)
    session.show(done, ngettext("{count} merchant", "{count} merchants", done.rows).format(count=done.rows))


@command(noun, "list", help=N_("List the merchants."))
async def list_(session: Session) -> None:
    from ledger.merchants.actions import list_merchants

    merchants = await list_merchants(session.ledger)
    columns = [_("SIRET"), _("Name"), _("Town"), _("Remittance"), _("State")]
    rows = [
        (merchant.siret, merchant.name, merchant.town, remittance(merchant.remittance), state(merchant.state))
        for merchant in merchants
    ]
    session.show(merchants, table(columns, rows))


@command(noun, "suspend", help=N_("Let a merchant take no Pois until further notice."), changes=True)
@SIRET
async def suspend(session: Session, siret: str) -> None:
    from ledger.merchants.actions import suspend_merchant

    merchant = await suspend_merchant(session.ledger, siret, session.operator)
    session.show(merchant, facts([(_("Name"), merchant.name), (_("State"), state(merchant.state))]))


@command(noun, "approve", help=N_("Let a suspended merchant take Pois again."), changes=True)
@SIRET
async def approve(session: Session, siret: str) -> None:
    from ledger.merchants.actions import approve_merchant

    merchant = await approve_merchant(session.ledger, siret, session.operator)
    session.show(merchant, facts([(_("Name"), merchant.name), (_("State"), state(merchant.state))]))


@command(noun, "owner-code", help=N_("Set up the code that lets a merchant's money move."), changes=True)
@SIRET
async def owner_code(session: Session, siret: str) -> None:
    from ledger.merchants.owners import enrol_owner

    owner = await enrol_owner(session.ledger, siret, session.operator)
    warning = _("Let the owner scan it now: this is shown only once, and an earlier one is worth nothing any more.")
    document = {"siret": owner.siret, "name": owner.name, "uri": owner.uri}
    session.show(document, facts([(_("Name"), owner.name)]), qr_code(owner.uri), warning)


@command(noun, "welcome", help=N_("Print the sheet by which a merchant begins, with a pairing code."), changes=True)
@SIRET
@click.option("--output", type=FILE, metavar=FILE_METAVAR, help=N_("The new file; here under the SIRET by default."))
@TELEPHONE
@ADDRESS
async def welcome(session: Session, *, siret: str, output: Path | None, telephone: str | None, url: str | None) -> None:
    from ledger.papers.actions import print_welcome
    from ledger.papers.model import Contact

    file = output or Path(_("welcome-{siret}.pdf").format(siret=siret))
    done = await print_welcome(session.ledger, siret, session.operator, file, Contact(telephone, url))
    people = facts([(_("Name"), done.name), (_("File"), done.file), (_("Code valid until"), done.expires_at)])
    session.show(done, people)


@command(noun, "close", help=N_("Let a merchant leave for good; refused while anything is open."), changes=True)
@SIRET
async def close(session: Session, siret: str) -> None:
    from ledger.conversions.actions import close_merchant

    merchant = await close_merchant(session.ledger, siret, session.operator)
    session.show(merchant, facts([(_("Name"), merchant.name), (_("State"), state(merchant.state))]))


@command(noun, "statement", help=N_("A merchant's month: what came in, what went out, what was paid in euros."))
@SIRET
@click.option("--period", type=Month(), metavar=N_("MONTH"), help=N_("As 2026-10; by default the last that is over."))
@click.option("--csv", "csv_file", type=FILE, metavar=FILE_METAVAR, help=N_("Write it there as a table, too."))
@click.option("--pdf", "pdf_file", type=FILE, metavar=FILE_METAVAR, help=N_("Write it there as a paper, too."))
async def statement(
    session: Session, *, siret: str, period: date | None, csv_file: Path | None, pdf_file: Path | None
) -> None:
    from admin_cli.merchant_statement import document, people, write_csv, write_pdf
    from ledger.merchant_statements.actions import month_statement
    from ledger.sealing.actions import last_seal

    found = await month_statement(session.ledger, siret, period)
    seal = await last_seal(session.ledger)
    note = None if seal is None else seal.note
    if csv_file is not None:
        await write_csv(session.ledger, csv_file, found)
    if pdf_file is not None:
        await write_pdf(session.ledger, pdf_file, found, note)
    session.show(document(found, note), *people(found, note))


def remittance(code: str) -> str:
    """How the association books the sales, in words."""
    return {"detail": _("one by one"), "daily": _("one total a day")}.get(code, code)


def state(code: str) -> str:
    """The state of a merchant, in words."""
    return {"approved": _("approved"), "suspended": _("suspended"), "closed": _("closed")}.get(code, code)
