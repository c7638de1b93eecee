"""`bonpois iban`: where a merchant is paid. The number is typed, never put on a command line, and masked in lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import SIRET, Whole
from admin_cli.console import Session, command, noun_group
from admin_cli.display import Cell, facts, table
from ledger.bank_accounts.rules import COOLING_DAYS, COOLING_DAYS_MAX, grouped, masked
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ledger.bank_accounts.model import ListedChange

noun = noun_group("iban", help=N_("The bank accounts of merchants: changed by two people, after a few days."))


@command(noun, "propose", help=N_("Prepare another IBAN, which is asked for on standard input."), changes=True)
@SIRET
@click.option(
    "--cooling-days",
    type=Whole(COOLING_DAYS, COOLING_DAYS_MAX),
    default=COOLING_DAYS,
    metavar=N_("DAYS"),
    help=N_("Days between the approval and the first payment on it; 3 at least."),
)
async def propose(session: Session, *, siret: str, cooling_days: int) -> None:
    from ledger.bank_accounts.actions import propose_iban

    iban = click.prompt(_("IBAN, from the bank's own paper"), err=True)
    signer = await session.signer()
    found = await propose_iban(session.ledger, siret, iban, signer, cooling_days=cooling_days)
    text = _("Another person approves it with `bonpois approval approve {number}`.")
    session.show(document(found), change_facts(found), text.format(number=found.change.number))


@command(noun, "withdraw", help=N_("Stop a change that is approved but does not count yet."), changes=True)
@SIRET
async def withdraw(session: Session, siret: str) -> None:
    from ledger.bank_accounts.actions import withdraw_iban

    found = await withdraw_iban(session.ledger, siret, session.operator)
    session.show(document(found), change_facts(found))


@command(noun, "show", help=N_("Show where a merchant is paid now, and what is to change."))
@SIRET
async def show(session: Session, siret: str) -> None:
    from ledger.bank_accounts.actions import bank_account

    account = await bank_account(session.ledger, siret)
    change = account.change
    rows = [(_("Merchant"), account.merchant_name), (_("IBAN"), grouped(account.iban))]
    people = [facts(rows), *([change_facts(change, in_full=True)] if change else [])]
    waiting = None if change is None else document(change, in_full=True)
    names = {"siret": account.siret, "merchant_name": account.merchant_name}
    session.show({**names, "iban": account.iban, "change": waiting}, *people)


@command(noun, "list", help=N_("List the changes, with who answers for each."))
async def list_(session: Session) -> None:
    from ledger.bank_accounts.actions import list_iban_changes

    found = await list_iban_changes(session.ledger)
    columns = [_("Proposal"), _("Merchant"), _("New IBAN"), _("State"), _("Prepared by"), _("Decided by"), _("From")]
    rows = [_row(listed) for listed in found]
    session.show([document(listed) for listed in found], table(columns, rows))


def document(listed: ListedChange, *, in_full: bool = False) -> dict[str, object]:
    """The JSON of a change, its number masked unless it is to be compared."""
    change = listed.change
    return {
        "proposal": change.number,
        "siret": change.siret,
        "merchant_name": change.merchant_name,
        "iban": change.iban if change.iban is None or in_full else masked(change.iban),
        "state": listed.state,
        "cooling_days": change.cooling_days,
        "prepared_by": change.prepared_by,
        "prepared_at": change.prepared_at,
        "decided_by": change.decided_by,
        "approved_at": change.approved_at,
        "rejected_at": change.rejected_at,
        "effective_at": change.effective_at,
        "withdrawn_by": change.withdrawn_by,
        "withdrawn_at": change.withdrawn_at,
    }


def change_facts(listed: ListedChange, *, in_full: bool = False) -> RenderableType:
    """A change for people; in full for whoever compares it with the bank's paper."""
    change = listed.change
    number = "" if change.iban is None else grouped(change.iban) if in_full else masked(change.iban)
    rows: list[tuple[str, Cell]] = [
        (_("Proposal"), change.number),
        (_("Merchant"), change.merchant_name),
        (_("New IBAN"), number),
        (_("State"), state(listed.state)),
        (_("Days of cooling"), change.cooling_days),
        (_("Prepared by"), change.prepared_by),
        (_("Decided by"), change.decided_by),
        (_("From"), change.effective_at),
        (_("Withdrawn by"), change.withdrawn_by),
    ]
    return facts([row for row in rows if row[1]])


def state(code: str) -> str:
    """The state of a change, in words."""
    words = {
        "pending": _("waits for approval"),
        "rejected": _("rejected"),
        "cooling": _("approved, cooling down"),
        "withdrawn": _("withdrawn"),
        "effective": _("effective"),
    }
    return words.get(code, code)


def _row(listed: ListedChange) -> list[Cell]:
    change = listed.change
    shown = "" if change.iban is None else masked(change.iban)
    names: list[Cell] = [change.prepared_by, change.decided_by or ""]
    return [change.number, change.merchant_name, shown, state(listed.state), *names, change.effective_at]
