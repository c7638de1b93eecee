"""`bonpois verify FILE`: try what a file claims, without a database and without us."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from rich.text import Text

from admin_cli.arguments import FILE, FILE_METAVAR
from admin_cli.console import Session, command
from admin_cli.display import facts, table
from ledger.errors import N_
from ledger.reconciliation.model import Account
from ledger.reconciliation.told import ACCOUNTS
from ledger.texts import format_cents
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.sealing.rules.proofs import Finding


@command(None, "verify", help=N_("Try what a file of `bonpois export` claims; needs no database."), opens=False)
@click.argument(
    "file", type=FILE, metavar=FILE_METAVAR, help=N_("A checkpoint, a receipt, an approval or a certificate.")
)
@click.option(
    "--against", type=FILE, metavar=FILE_METAVAR, help=N_("An older checkpoint that you kept: the books only grew.")
)
@click.option(
    "--statement",
    "statements",
    type=FILE,
    multiple=True,
    metavar=FILE_METAVAR,
    help=N_("A statement file in your hands: the certificate is about this very file."),
)
async def verify(session: Session, file: Path, against: Path | None, statements: tuple[Path, ...]) -> int:
    from ledger.sealing.actions import read_proof
    from ledger.sealing.actions import verify as try_all

    proof, findings = read_proof(file), try_all(file, against, statements)
    if statements and proof.bonpois != "certificate":
        raise click.UsageError(_("Only a certificate names statements."))
    good = all(each.holds for each in findings)
    rows = [(_("holds") if each.holds else _("DOES NOT HOLD"), tried(each), detail(each)) for each in findings]
    verdict = _("Everything holds.") if good else _("Do not trust this file.")
    columns = [_("Result"), _("What was tried"), _("Detail")]
    sealed = [_fact(each) for each in findings if each.code == "sealed-fact" and each.holds]
    short = proof.content is not None and proof.bonpois == "approval"
    shown = [Text(proof.content or "")] if short else sealed if len(sealed) == 1 else []
    document = {"document": proof.bonpois, "holds": good, "findings": findings}
    session.show(document, kind_label(proof.bonpois), table(columns, rows), *shown, verdict, *_advice(findings))
    return 0 if good else 1


def kind_label(code: str) -> str:
    """What kind of file it says it is, in words."""
    words = {
        "checkpoint": _("Checkpoint of the books"),
        "receipt": _("Receipt of a sale"),
        "approval": _("Approval by two people"),
        "certificate": _("Certificate of a month"),
    }
    return words.get(code, code)


def tried(each: Finding) -> str:
    """What was tried, in words."""
    return {
        "keys": _("The name of the books is that of their first key, and each key was endorsed by the one before"),
        "signature": _("A key of these books signed the checkpoint"),
        "older-signature": _("A key of these books signed the older checkpoint"),
        "same-books": _("Both checkpoints are of the same books"),
        "only-grew": _("Since the older checkpoint the books only grew; nothing in them was changed"),
        "no-continuation": _("That the books only grew: this file has no proof of it; ask for one made with --since"),
        "sealed-fact": _("The fact stands in the sealed books, word for word"),
        "prepared": _("Who prepared it signed just this"),
        "approved": _("Who approved it signed just this, and later"),
        "two-people": _("They are two people with two keys"),
        "preparer-entitled": _("Who prepared it had a role for that, given by somebody who might"),
        "approver-entitled": _("Who approved it had a role for that, given by somebody who might"),
        "first-operator": _("Both were appointed by a chain that begins with one and the same person"),
        "content": _("The text in the file is what was signed"),
        "certified-closed": _("The books say that this closed the month"),
        "certified-month": _("It is about one whole month, and was prepared when that was over"),
        "certified-checkpoint": _("The checkpoint that was signed is of these books, which only grew since"),
        "certified-movements": _("Opening, movements and closing add up, on both sides"),
        "certified-opening": _("Both openings are the certified closings of the month before"),
        "certified-lines": _("Each line of the statement is matched or named as a difference"),
        "certified-proof": _("The proof, made again from the lists, is zero"),
        "certified-identities": _("The five identities, added up again, hold"),
        "certified-statement": _("The statement in your hands is the one that was certified"),
    }.get(each.code, each.code)


def detail(each: Finding) -> str:
    """What a finding is about, in a few words."""
    known = {name: _word(value) for name, value in each.facts.items()}
    known["table"] = known.get("fact", "").partition(" ")[0]
    proof_cents = each.facts.get("proof_cents")
    known["amount"] = format_cents(proof_cents) if isinstance(proof_cents, int) else ""
    if "account" in known:
        known["account"] = _(ACCOUNTS[Account(known["account"])])
    words = {
        "keys": _("{origin} (keys: {keys})"),
        "signature": _("{size} facts, sealed at {at}, key {key}"),
        "older-signature": _("{size} facts, sealed at {at}, key {key}"),
        "same-books": "{older_origin}",
        "only-grew": _("from {older_size} facts to {size}"),
        "no-continuation": _("from {older_size} facts to {size}"),
        "sealed-fact": _("fact {position}, {table}"),
        "prepared": _("{operator}, {at}"),
        "approved": _("{operator}, {at}"),
        "preparer-entitled": "{operator}",
        "approver-entitled": "{operator}",
        "first-operator": _("{operator}, key {key}"),
        "certified-closed": _("{period}, version {version}"),
        "certified-month": "{period}",
        "certified-checkpoint": _("from {older_size} facts to {size}"),
        "certified-movements": "{account}",
        "certified-opening": "{account}",
        "certified-lines": _("{account}: {lines} lines"),
        "certified-proof": "{account}: {amount}",
        "certified-identities": "{count}",
        "certified-statement": "{file}",
    }
    return words[each.code].format(**known) if each.code in words and each.facts else ""


def _word(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)


def _fact(each: Finding) -> RenderableType:
    """The sealed row, column by column."""
    name, _space, row = str(each.facts["fact"]).partition(" ")
    columns, end = json.JSONDecoder().raw_decode(row)
    rows = [(column, json.dumps(value).strip('"')) for column, value in columns.items()]
    return facts([(name, ""), *rows, ("", row[end:].strip())])


def _advice(findings: list[Finding]) -> list[str]:
    origins = [each.facts["origin"] for each in findings if each.code == "keys"]
    text = _("Compare the name of the books with the one that you were handed on paper: {origin}")
    return [text.format(origin=origin) for origin in origins]


noun = verify
