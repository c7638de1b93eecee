"""`bonpois card`: what carries the QR code. Secret and PIN are shown once, when a card is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import CARD, CASE, PROGRAMME
from admin_cli.commands.household import medium
from admin_cli.console import Session, command, noun_group
from admin_cli.display import facts, qr_code, table
from ledger.errors import N_
from ledger.texts import gettext as _

if TYPE_CHECKING:
    from ledger.cards.model import CardKind, IssuedCard

noun = noun_group("card", help=N_("The cards of households, on paper or on a telephone."))


@command(noun, "issue", help=N_("Make one more card for a household."), changes=True)
@PROGRAMME
@CASE
@click.option("--kind", type=click.Choice(["paper", "phone"]), help=N_("By default what the household asked for."))
async def issue(session: Session, programme: str, case: str, kind: CardKind | None) -> None:
    from ledger.cards.actions import issue_card
    from ledger.programmes.actions import household_profile

    household = await household_profile(session.ledger, programme, case)
    wanted = kind or household.profile.medium
    show_card(session, await issue_card(session.ledger, household.household_id, wanted, session.operator))


@command(noun, "list", help=N_("List the cards of a household."))
@PROGRAMME
@CASE
async def list_(session: Session, programme: str, case: str) -> None:
    from ledger.cards.actions import list_cards
    from ledger.cards.model import grouped
    from ledger.programmes.actions import household_profile

    household = await household_profile(session.ledger, programme, case)
    cards = await list_cards(session.ledger, household.household_id)
    columns = [_("Number"), _("Card"), _("Issued on"), _("State")]
    rows = [(grouped(card.number), medium(card.kind), card.issued_at, state(card.state)) for card in cards]
    session.show(cards, table(columns, rows))


@command(noun, "block", help=N_("Block a lost card at once; the balance stays with the household."), changes=True)
@CARD
async def block(session: Session, number: int) -> None:
    from ledger.cards.actions import block_card

    await block_card(session.ledger, number, session.operator)
    session.show({"number": number, "state": "blocked"}, _("The card is blocked."))


@command(noun, "replace", help=N_("Block a card and make another of its kind."), changes=True)
@CARD
async def replace(session: Session, number: int) -> None:
    from ledger.cards.actions import replace_card

    show_card(session, await replace_card(session.ledger, number, session.operator))


def show_card(session: Session, card: IssuedCard) -> None:
    """Hand the card over: number, PIN and QR code, which nobody can show again."""
    from ledger.cards.model import grouped

    document = {"number": card.number, "kind": card.kind, "pin": card.pin, "qr": card.uri}
    rows = [(_("Number"), grouped(card.number)), (_("Card"), medium(card.kind)), (_("PIN"), card.pin)]
    warning = _("Hand it over now: this is shown only once.")
    session.show(document, facts([row for row in rows if row[1]]), qr_code(card.uri), warning)


def state(code: str) -> str:
    """The state of a card, in words."""
    return {"active": _("active"), "blocked": _("blocked")}.get(code, code)
