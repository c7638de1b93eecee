"""`bonpois adjust`: corrections that one person proposes and another approves with `bonpois approval approve`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from admin_cli.arguments import AMOUNT
from admin_cli.console import Session, command, noun_group
from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.adjustments.model import Move

REASONS = (
    *("unspent-aid", "bank-fee", "made-good", "wrong-account", "wrong-amount"),
    *("booked-twice", "never-happened", "not-booked", "unexplained", "written-off"),
)

noun = noun_group("adjust", help=N_("Corrections of the books that two people answer for."))
BREAK = click.option(
    "--break", "break_id", type=click.UUID, metavar=N_("BREAK"), help=N_("The difference of a report that it answers.")
)
REASON = click.option("--reason", type=click.Choice(REASONS), required=True, help=N_("Why; one of a few words."))
_LEG = (click.STRING, AMOUNT)


@command(noun, "propose", help=N_("Propose to move money between accounts and suspense."), changes=True)
@click.option("--debit", type=_LEG, multiple=True, metavar=N_("ACCOUNT AMOUNT"), help=N_("An account to debit."))
@click.option("--credit", type=_LEG, multiple=True, metavar=N_("ACCOUNT AMOUNT"), help=N_("An account to credit."))
@REASON
@BREAK
async def propose(
    session: Session,
    *,
    debit: Sequence[tuple[str, int]],
    credit: Sequence[tuple[str, int]],
    reason: str,
    break_id: UUID | None,
) -> None:
    from ledger.adjustments.actions import propose_adjustment
    from ledger.adjustments.model import Leg, Reason

    legs = [*(Leg(name, cents) for name, cents in debit), *(Leg(name, -cents) for name, cents in credit)]
    move = await propose_adjustment(session.ledger, legs, Reason(reason), await session.signer(), break_id)
    show_proposed(session, move)


@command(noun, "reverse", help=N_("Propose to take back a transaction, by its exact mirror."), changes=True)
@click.argument("transaction", type=click.UUID, metavar=N_("TRANSACTION"), help=N_("Number of the transaction."))
@REASON
@BREAK
async def reverse(session: Session, transaction: UUID, reason: str, break_id: UUID | None) -> None:
    from ledger.adjustments.actions import propose_reversal
    from ledger.adjustments.model import Reason

    move = await propose_reversal(session.ledger, transaction, Reason(reason), await session.signer(), break_id)
    show_proposed(session, move)


def show_proposed(session: Session, move: Move) -> None:
    """What now waits for another person."""
    head = facts([(_("Number"), move.number), (_("Reason"), reason_words(move.draft.reason))])
    text = _("Another person now approves it: `bonpois approval approve {number}`.").format(number=move.number)
    rows = [(leg.account, *debit_and_credit(leg.amount_cents)) for leg in move.draft.legs]
    legs = table([_("Account"), _("Debit"), _("Credit")], [(name, amount(dr), amount(cr)) for name, dr, cr in rows])
    session.show(document(move), head, legs, text)


def debit_and_credit(cents: int) -> tuple[int | None, int | None]:
    """A posting in the two columns of a journal."""
    return (cents, None) if cents > 0 else (None, -cents)


def document(move: Move) -> dict[str, object]:
    """The JSON of a move."""
    return {
        "number": move.number,
        "kind": move.draft.kind.code,
        "reason": move.draft.reason.value,
        "transaction_id": move.transaction_id,
        "reverses_id": move.draft.reverses_id,
        "break_id": move.draft.break_id,
        "postings": [{"account": leg.account, "amount_cents": leg.amount_cents} for leg in move.draft.legs],
    }


def reason_words(code: str) -> str:
    """Why something is moved, in words."""
    words = {
        "unspent-aid": _("aid that was not spent"),
        "bank-fee": _("fee of the bank"),
        "made-good": _("made good by the association"),
        "wrong-account": _("wrong account"),
        "wrong-amount": _("wrong amount"),
        "booked-twice": _("booked twice"),
        "never-happened": _("it never happened"),
        "not-booked": _("it was not booked"),
        "unexplained": _("not explained yet"),
        "written-off": _("written off"),
    }
    return words.get(code, code)
