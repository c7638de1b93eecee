"""`bonpois break`: what people do about a difference that a reconciliation found, named by the beginning of its id."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from admin_cli.arguments import AMOUNT, DAY, DAY_METAVAR, Whole
from admin_cli.commands.adjust import REASONS, show_proposed
from admin_cli.console import Session, command, noun_group
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.reconciliation.model.breaks import BreakFile

REOPENED = ("mistake", "no-answer", "new-facts", "other")

noun = noun_group("break", help=N_("What is done about a difference; `reconcile breaks` lists them."))
BREAK = click.argument("handle", metavar=N_("BREAK"), help=N_("Its number, or the beginning of it."))
UNTIL = click.option("--until", type=DAY, required=True, metavar=DAY_METAVAR, help=N_("The last day to wait for it."))
_LEG = (click.STRING, AMOUNT)


@command(noun, "show", help=N_("Show a difference with all that was ever done about it."))
@BREAK
async def show(session: Session, handle: str) -> None:
    from admin_cli.breaks import file_for_people
    from ledger.reconciliation.life_document import file_document
    from ledger.reconciliation.resolving import break_file

    file = await break_file(session.ledger, handle)
    session.show(file_document(file), *file_for_people(file))


@command(noun, "assign", help=N_("Give it to somebody to look after, by default to yourself."), changes=True)
@BREAK
@click.option("--to", "owner", metavar=N_("NAME"), help=N_("An operator; see `bonpois operator list`."))
@click.option("--nobody", is_flag=True, help=N_("Nobody looks after it any more."))
async def assign(session: Session, handle: str, *, owner: str | None, nobody: bool) -> None:
    from ledger.reconciliation.resolving import assign_break

    if owner is not None and nobody:
        raise click.UsageError(_("Either --to or --nobody."))
    given = None if nobody else owner or session.operator
    _show(session, await assign_break(session.ledger, handle, given, session.operator))


@command(noun, "comment", help=N_("Say something about it; the words can be erased later."), changes=True)
@BREAK
@click.argument("words", required=False, metavar=N_("WORDS"), help=N_("Left out, they are read from the keyboard."))
async def comment(session: Session, handle: str, words: str | None) -> None:
    from ledger.reconciliation.resolving import comment_break

    _show(session, await comment_break(session.ledger, handle, words or _typed(), session.operator))


@command(noun, "erase-comment", help=N_("Erase the words of a comment for good; its trace stays."), changes=True)
@BREAK
@click.argument("nth", type=Whole(1, 10**6), metavar=N_("NUMBER"), help=N_("Its number in the history."))
async def erase_comment(session: Session, handle: str, nth: int) -> None:
    from ledger.reconciliation import resolving

    _show(session, await resolving.erase_comment(session.ledger, handle, nth, session.operator))


@command(noun, "wait", help=N_("Wait for it to settle by itself; after that day it is open again."), changes=True)
@BREAK
@UNTIL
async def wait(session: Session, handle: str, until: date) -> None:
    from ledger.reconciliation.resolving import wait_for_break

    _show(session, await wait_for_break(session.ledger, handle, until, session.operator))


@command(noun, "reopen", help=N_("End a wait, or a claim that came to nothing."), changes=True)
@BREAK
@click.option("--reason", type=click.Choice(REOPENED), required=True, help=N_("Why; one of a few words."))
async def reopen(session: Session, handle: str, reason: str) -> None:
    from ledger.reconciliation.model.breaks import ReopenReason
    from ledger.reconciliation.resolving import reopen_break

    _show(session, await reopen_break(session.ledger, handle, ReopenReason(reason), session.operator))


@command(noun, "claim", help=N_("Propose that the other side is to correct it, until a day."), changes=True)
@BREAK
@UNTIL
async def claim(session: Session, handle: str, until: date) -> None:
    from admin_cli.breaks import claim_for_people
    from ledger.reconciliation.life_document import claim_document
    from ledger.reconciliation.resolving import propose_claim

    made = await propose_claim(session.ledger, handle, until, await session.signer())
    session.show(claim_document(made), *claim_for_people(made))


@command(noun, "correct", help=N_("Propose to correct our books so that it is settled to the cent."), changes=True)
@BREAK
@click.option("--debit", type=_LEG, multiple=True, metavar=N_("ACCOUNT AMOUNT"), help=N_("An account to debit."))
@click.option("--credit", type=_LEG, multiple=True, metavar=N_("ACCOUNT AMOUNT"), help=N_("An account to credit."))
@click.option("--reverse", type=click.UUID, metavar=N_("TRANSACTION"), help=N_("A transaction to take back."))
@click.option("--reason", type=click.Choice(REASONS), help=N_("Why; one of a few words."))
async def correct(
    session: Session,
    *,
    handle: str,
    debit: Sequence[tuple[str, int]],
    credit: Sequence[tuple[str, int]],
    reverse: UUID | None,
    reason: str | None,
) -> None:
    from ledger.adjustments.model import Leg, Reason
    from ledger.reconciliation.resolving import Correction, propose_correction

    if (debit or credit or reverse) and reason is None:
        raise click.UsageError(_("Say why, with --reason."))
    legs = [*(Leg(name, cents) for name, cents in debit), *(Leg(name, -cents) for name, cents in credit)]
    correction = Correction(Reason(reason) if reason else None, tuple(legs), reverse)
    show_proposed(session, await propose_correction(session.ledger, handle, correction, await session.signer()))


@command(noun, "write-off", help=N_("Propose to give it up: it moves to suspense."), changes=True)
@BREAK
@click.option("--programme", metavar=N_("PROGRAMME"), help=N_("Whose Pois, where there are several."))
async def write_off(session: Session, handle: str, programme: str | None) -> None:
    from ledger.reconciliation.resolving import propose_write_off

    show_proposed(session, await propose_write_off(session.ledger, handle, await session.signer(), programme))


def _show(session: Session, file: BreakFile) -> None:
    """Where it stands now."""
    from admin_cli.breaks import head
    from ledger.reconciliation.life_document import file_document

    session.show(file_document(file), head(file))


def _typed() -> str:
    """So that it stays out of the history of the shell."""
    return str(click.prompt(_("Comment"))) if sys.stdin.isatty() else sys.stdin.read()
