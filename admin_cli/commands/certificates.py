"""`bonpois reconcile certify`, `reopen`, `certificates`: a month is closed by two people, and opened again by two."""

from __future__ import annotations

from datetime import date

import rich_click as click

from admin_cli.commands.reconcile import Month, noun
from admin_cli.console import Session, command
from admin_cli.display import Cell, facts
from ledger.errors import N_
from ledger.texts import gettext as _

__all__ = ["noun"]

REASONS = ("statement-corrected", "wrong-match", "booking-missing", "audit-finding")


@command(noun, "certify", help=N_("Prepare a month, both accounts, for another person to certify."), changes=True)
@click.option("--period", type=Month(), metavar=N_("MONTH"), help=N_("As 2026-10; by default the next one in turn."))
async def certify(session: Session, period: date | None) -> None:
    from admin_cli.certificates import draft_document, draft_for_people
    from ledger.certificates.actions import propose_certificate
    from ledger.sealing.actions import seal

    await seal(session.ledger)
    draft = await propose_certificate(session.ledger, await session.signer(), period)
    session.show(draft_document(draft), *draft_for_people(draft))


@command(noun, "reopen", help=N_("Propose to open the last certified month again."), changes=True)
@click.argument("period", type=Month(), metavar=N_("MONTH"), help=N_("As 2026-10."))
@click.option("--reason", type=click.Choice(REASONS), required=True, help=N_("Why; one of a few words."))
async def reopen(session: Session, period: date, reason: str) -> None:
    from admin_cli.certificates import REASONS as WORDS
    from admin_cli.certificates import reopening_document
    from ledger.certificates.actions import propose_reopening
    from ledger.certificates.model import Reason

    wanted = await propose_reopening(session.ledger, period, Reason(reason), await session.signer())
    text = _("Another person now approves it: `bonpois approval approve {number}`.").format(number=wanted.number)
    rows: list[tuple[str, Cell]] = [
        (_("Number"), wanted.number),
        (_("Period"), f"{period:%Y-%m}"),
        (_("Version"), wanted.version),
    ]
    rows.append((_("Reason"), _(WORDS[wanted.reason])))
    session.show(reopening_document(wanted), facts(rows), text)


@command(noun, "certificates", help=N_("List the certified months, each version of them."))
async def certificates(session: Session) -> None:
    from admin_cli.certificates import certificate_document, certificates_table
    from ledger.certificates.actions import list_certificates

    found = await list_certificates(session.ledger)
    session.show([certificate_document(one) for one in found], certificates_table(found))
