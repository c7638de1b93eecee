"""`bonpois card`: what carries the QR code. Secret and PIN are shown once, when a card is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import CARD, CASE, PROGRAMME
from admin_cli.commands.household import medium
from admin_cli.console import Session, command, noun_group
from admin_cli.display import facts, qr_code, table
from ledger.errors import N_, BadUse
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


@command(noun, "enrol", help=N_("Make the code by which one telephone takes over a card, once."), changes=True)
@CARD
@click.option(
    "--url",
    metavar=N_("URL"),
    envvar="BONPOIS_URL",
    help=N_("Where households reach the service, such as https://pois.example.org; gives the link of the letter."),
)
async def enrol(session: Session, number: int, url: str | None) -> None:
    from ledger.wallets.actions import invite_wallet

    address = None if url is None else _checked(url)
    invitation = await invite_wallet(session.ledger, number, session.operator)
    link = invitation.link(address) if address else None
    document = {"number": number, "code": invitation.code, "link": link, "expires_at": invitation.expires_at}
    rows = [(_("Code"), invitation.code), (_("Link"), link), (_("Valid until"), invitation.expires_at)]
    warning = _("Hand it over now: this is shown only once.")
    session.show(document, facts([row for row in rows if row[1]]), qr_code(link or invitation.code), warning)


def _checked(url: str) -> str:
    """The address of the service: encrypted, and nothing behind it."""
    if re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?/?", url):
        return url
    raise BadUse(reason=_("--url is an address such as https://pois.example.org, without a path."))


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
