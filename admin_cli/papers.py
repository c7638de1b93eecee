"""How papers are asked for at the keyboard, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_cli.arguments import FILE, FILE_METAVAR
from admin_cli.console import Session
from admin_cli.display import facts
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.public_accounting.model import Paper

OWN_ACCOUNTS = "comptes.toml"

_PDF = click.option("--pdf", type=FILE, metavar=FILE_METAVAR, help=N_("Write it as a PDF, for archives."))
_CSV = click.option("--csv", type=FILE, metavar=FILE_METAVAR, help=N_("Write its figures as a CSV."))
_XLSX = click.option("--xlsx", type=FILE, metavar=FILE_METAVAR, help=N_("Write its tables as a workbook."))
ACCOUNTS = click.option(
    "--accounts",
    type=FILE,
    metavar=FILE_METAVAR,
    help=N_("Account numbers and names of your own (TOML); comptes.toml of the home by default."),
)


def paper_options(action: Callable[..., Any]) -> Callable[..., Any]:
    """Which files are wanted, and whose numbers stand in them."""
    for option in (ACCOUNTS, _XLSX, _CSV, _PDF):
        action = option(action)
    return action


def own_accounts(session: Session, given: Path | None) -> Path | None:
    """The file given, else that of the home, else none: what ships is taken."""
    of_the_home = session.home.path / OWN_ACCOUNTS
    return given or (of_the_home if of_the_home.exists() else None)


def hand_over(session: Session, paper: Paper, pdf: Path | None, csv: Path | None, xlsx: Path | None) -> None:
    """Write the files that are wanted, and show what the paper says."""
    from ledger.public_accounting.actions import write_paper
    from ledger.public_accounting.model import Outputs

    wanted = Outputs(pdf, csv, xlsx)
    write_paper(paper, wanted)
    written = [str(path) for path in wanted.wanted]
    document = {
        "paper": paper.kind.value,
        "title": paper.title,
        "reference": paper.reference,
        **paper.data,
        "closed_at": paper.certified,
        "rehearsal": paper.imprint.rehearsal,
        "files": written,
    }
    rows = [(_("Paper"), f"{paper.title} {paper.reference}"), *paper.facts]
    rows += [(_("File"), path) for path in written]
    told = paper.certified or ""
    hint = "" if written else _("Nothing is written; name a file with --pdf, --csv or --xlsx.")
    session.show(document, facts(rows), *filter(None, (told, hint)))
