"""`bonpois verify FILE`: try what a file claims, without a database and without us."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import FILE, FILE_METAVAR
from admin_cli.console import Session, command
from admin_cli.display import table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.sealing.rules.proofs import Finding


@command(None, "verify", help=N_("Try what a file of `bonpois export` claims; needs no database."), opens=False)
@click.argument("file", type=FILE, metavar=FILE_METAVAR, help=N_("A checkpoint, a receipt or an approval."))
@click.option(
    "--against", type=FILE, metavar=FILE_METAVAR, help=N_("An older checkpoint that you kept: the books only grew.")
)
async def verify(session: Session, file: Path, against: Path | None) -> int:
    from ledger.sealing.actions import verify as try_all

    findings = try_all(file, against)
    good = all(each.holds for each in findings)
    rows = [(_("holds") if each.holds else _("DOES NOT HOLD"), tried(each), detail(each)) for each in findings]
    verdict = _("Everything holds.") if good else _("Do not trust this file.")
    columns = [_("Result"), _("What was tried"), _("Detail")]
    session.show({"holds": good, "findings": findings}, table(columns, rows), verdict, *_advice(findings))
    return 0 if good else 1


def tried(each: Finding) -> str:
    """What was tried, in words."""
    return {
        "keys": _("The name of the books is that of their first key, and each key was endorsed by the one before"),
        "signature": _("A key of these books signed the checkpoint"),
        "older-signature": _("A key of these books signed the older checkpoint"),
        "same-books": _("Both checkpoints are of the same books"),
        "only-grew": _("Since the older checkpoint the books only grew; nothing in them was changed"),
        "sealed-fact": _("The fact stands in the sealed books, word for word"),
    }.get(each.code, each.code)


def detail(each: Finding) -> str:
    """What a finding is about, in a few words."""
    return ", ".join(_word(value) for value in each.facts.values() if value is not None)


def _word(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)


def _advice(findings: list[Finding]) -> list[str]:
    origins = [each.facts["origin"] for each in findings if each.code == "keys"]
    text = _("Compare the name of the books with the one that you were handed on paper: {origin}")
    return [text.format(origin=origin) for origin in origins]


noun = verify
