"""`bonpois export`: the books in the formats of other programs."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rich_click as click

from admin_cli.arguments import DAY, DAY_METAVAR, FILE, FILE_METAVAR, Whole
from admin_cli.commands.approval import NUMBER_MAX
from admin_cli.commands.reconcile import Month
from admin_cli.console import Session, command, noun_group
from admin_cli.display import facts
from admin_cli.papers import own_accounts
from ledger.errors import N_
from ledger.texts import gettext as _
from ledger.texts import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from ledger.exports.model import Export
    from ledger.sealing.rules.proofs import Proof

VERSION_MAX = 1_000
FORMATS = ("hledger", "beancount", "csv", "fec")

noun = noun_group("export", help=N_("The books for other programs, and proofs for other people."))


@command(noun, "journal", help=N_("Write the journal to a file for another program."))
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help=N_("What it is to be read with."))
@click.option(
    "--from", "first", type=DAY, metavar=DAY_METAVAR, help=N_("The first day in it; the balances before it come first.")
)
@click.option("--to", "last", type=DAY, metavar=DAY_METAVAR, help=N_("The last day in it."))
@click.option(
    "--output", type=FILE, metavar=FILE_METAVAR, help=N_("The new file, or its folder; here under its days by default.")
)
@click.option(
    "--accounts", type=FILE, metavar=FILE_METAVAR, help=N_("Account numbers and labels of your own for the FEC (TOML).")
)
async def journal(
    session: Session, form: str, first: date | None, last: date | None, output: Path | None, accounts: Path | None
) -> None:
    from ledger.exports.actions import export_journal
    from ledger.exports.model import Format, Period, Wanted

    wanted = Wanted(Format(form), Period(first, last), output, own_accounts(session, accounts))
    with session.progress(_("Transactions")) as progress:
        written = await export_journal(session.ledger, wanted, progress)
    session.show(document(written), people(written), *notes(written))


def document(written: Export) -> dict[str, Any]:
    """The file for programs."""
    period = written.cover.period
    return {
        "file": str(written.file),
        "format": written.format.value,
        "from": period.first,
        "to": period.last,
        "transactions": written.transactions,
        "postings": written.postings,
        "left_out": written.left_out,
        "rehearsal": written.cover.rehearsal,
        "sha256": written.sha256.hex(),
    }


def people(written: Export) -> RenderableType:
    """The same for people."""
    return facts(
        [
            (_("File"), str(written.file)),
            (_("First day"), written.cover.first_day),
            (_("Last day"), written.cover.last_day),
            (_("Transactions"), written.transactions),
            (_("Postings"), written.postings),
            ("SHA-256", written.sha256.hex()),
        ]
    )


def notes(written: Export) -> list[str]:
    """What people should know before they hand it on."""
    told = []
    if written.left_out:
        text = ngettext(
            "One transaction is not sealed yet and is not in the file; run `bonpois seal`, then export again.",
            "{count} transactions are not sealed yet and are not in the file; run `bonpois seal`, then export again.",
            written.left_out,
        )
        told.append(text.format(count=written.left_out))
    if written.cover.rehearsal:
        told.append(_("These are the books of a rehearsal; the file says so."))
    return told


def _output(name: str) -> Callable[[Any], Any]:
    text = N_("The new file.")
    return click.option("--output", type=FILE, metavar=FILE_METAVAR, default=name, show_default=True, help=text)


def _since() -> Callable[[Any], Any]:
    text = N_("An older checkpoint: prove that the books only grew since.")
    return click.option("--since", type=FILE, metavar=FILE_METAVAR, help=text)


@command(noun, "checkpoint", help=N_("Write the signed head of the books, for somebody who keeps it elsewhere."))
@_since()
@_output("checkpoint.json")
async def checkpoint(session: Session, since: Path | None, output: Path) -> None:
    from ledger.sealing.actions import prove_checkpoint

    older_size = await _sealed(session, since)
    hand_over(session, output, await prove_checkpoint(session.ledger, older_size))


@command(noun, "receipt", help=N_("Write a file that proves that a sale stands in the sealed books."))
@click.argument("sale", type=click.UUID, metavar=N_("NUMBER"), help=N_("The number of the sale in the books."))
@_since()
@_output("receipt.json")
async def receipt(session: Session, sale: UUID, since: Path | None, output: Path) -> None:
    from ledger.sealing.actions import prove_sale

    older_size = await _sealed(session, since)
    hand_over(session, output, await prove_sale(session.ledger, sale, older_size=older_size))


@command(noun, "approval", help=N_("Write a file that proves who prepared and who approved what."))
@click.argument(
    "number", type=Whole(1, NUMBER_MAX), metavar=N_("NUMBER"), help=N_("See `bonpois approval list --all`.")
)
@_since()
@_output("approval.json")
async def approval(session: Session, number: int, since: Path | None, output: Path) -> None:
    from ledger.approvals.actions import proposal_numbered
    from ledger.sealing.actions import prove_approval

    older_size = await _sealed(session, since)
    found = await proposal_numbered(session.ledger, number)
    hand_over(session, output, await prove_approval(session.ledger, found.id, older_size))


@command(noun, "certificate", help=N_("Write a certified month as a file that proves itself, as PDF and as CSV."))
@click.argument(
    "period", type=Month(), metavar=N_("MONTH"), help=N_("As 2026-10; see `bonpois reconcile certificates`.")
)
@click.option("--version", type=Whole(1, VERSION_MAX), metavar=N_("NUMBER"), help=N_("An earlier version of it."))
@click.option("--pdf", type=FILE, metavar=FILE_METAVAR, help=N_("The new PDF to read, print and file."))
@click.option("--csv", type=FILE, metavar=FILE_METAVAR, help=N_("The new CSV with all its lists."))
@_since()
@_output("certificate.json")
async def certificate(
    session: Session,
    *,
    period: date,
    version: int | None,
    pdf: Path | None,
    csv: Path | None,
    since: Path | None,
    output: Path,
) -> None:
    from ledger.certificates.actions import certificate_of
    from ledger.certificates.paper import as_pdf, as_table
    from ledger.new_files import new_file, refused_as_unreadable
    from ledger.sealing.actions import prove_certificate

    older_size = await _sealed(session, since)
    proof = await prove_certificate(session.ledger, period, version, older_size)
    found = await certificate_of(session.ledger, period, version)
    for path, write in ((pdf, as_pdf), (csv, as_table)):
        if path is not None:
            with new_file(path) as file, refused_as_unreadable(path):
                file.write(write(*found))
    hand_over(session, output, proof)


async def _sealed(session: Session, since: Path | None) -> int | None:
    """Seal what waits, so that it can be proven; the size of an older checkpoint, where one is given."""
    from ledger.sealing.actions import read_older_checkpoint, seal

    older_size = None if since is None else read_older_checkpoint(since).checkpoint.size
    await seal(session.ledger)
    return older_size


def hand_over(session: Session, output: Path, proof: Proof) -> None:
    """Write a proof for somebody else, and say how it is verified. Refuses `FileThere`, `FileUnreadable`."""
    from ledger.new_files import new_file, refused_as_unreadable
    from ledger.sealing.rules.proofs import written

    with new_file(output) as file, refused_as_unreadable(output):
        file.write(written(proof).encode())
    told = _("{file} is written. Anybody can try it with: bonpois verify {file}").format(file=output)
    session.show({"file": str(output), "document": proof.bonpois}, told)
