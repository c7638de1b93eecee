"""`bonpois card`: what carries the QR code. Secret and PIN are shown once, when a card is made."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from admin_cli.arguments import ADDRESS, CARD, CASE, FILE, INSTANT, PROGRAMME, TELEPHONE
from admin_cli.commands.household import medium
from admin_cli.console import Session, command, noun_group
from admin_cli.display import Cell, facts, qr_code, table
from ledger.calendar import PARIS
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


@command(
    noun, "print", help=N_("Make a programme's paper cards: PDFs of cards, and of letters with PINs."), changes=True
)
@PROGRAMME
@click.argument("folder", type=FILE, metavar=N_("FOLDER"), help=N_("A new folder for the files; only you can read it."))
@click.option("--case", "cases", multiple=True, metavar=N_("CASE"), help=N_("Only this household; may be repeated."))
@TELEPHONE
@ADDRESS
async def print_(
    session: Session, *, programme: str, folder: Path, cases: tuple[str, ...], telephone: str | None, url: str | None
) -> None:
    from ledger.papers.actions import print_cards
    from ledger.papers.model import CardOrder, Contact

    order = CardOrder(programme, folder, cases, Contact(telephone, url))
    with session.progress(_("Cards")) as progress:
        done = await print_cards(session.ledger, order, session.operator, progress)
    languages = ", ".join(f"{language} {count}" for language, count in done.languages.items())
    rows: list[tuple[str, Cell]] = [(_("Cards"), done.cards), (_("Letters"), languages)]
    rows += [(_("Batch"), instant(done.batch)), *((_("File"), str(folder / name)) for name in done.files)]
    advice = _("Print the cards and the letters apart, hand them over, and delete the folder: it holds the codes.")
    session.show(done, facts(rows), advice)


@command(noun, "batches", help=N_("List when paper cards were made, and how many of them work."))
@PROGRAMME
async def batches(session: Session, programme: str) -> None:
    from ledger.papers.actions import card_batches

    found = await card_batches(session.ledger, programme)
    rows = [(instant(batch.issued_at), batch.cards, batch.active_cards) for batch in found]
    session.show(found, table([_("Batch"), _("Cards"), _("Active")], rows))


@command(noun, "block-batch", help=N_("Block all cards of a batch whose papers were lost."), changes=True)
@PROGRAMME
@click.argument("batch", type=INSTANT, metavar=N_("BATCH"), help=N_("Its instant; see `bonpois card batches`."))
async def block_batch(session: Session, programme: str, batch: datetime) -> None:
    from ledger.papers.actions import block_batch

    done = await block_batch(session.ledger, programme, batch, session.operator)
    advice = _("`bonpois card print` makes new ones for the same households.")
    session.show(done, facts([(_("Blocked"), done.blocked)]), advice)


def instant(moment: datetime) -> str:
    """An instant that can be typed again to the microsecond."""
    return moment.astimezone(PARIS).isoformat()


@command(noun, "enrol", help=N_("Make the code by which one telephone takes over a card, once."), changes=True)
@CARD
@ADDRESS
async def enrol(session: Session, number: int, url: str | None) -> None:
    from ledger.wallets.actions import invite_wallet

    invitation = await invite_wallet(session.ledger, number, session.operator)
    link = invitation.link(url) if url else None
    document = {"number": number, "code": invitation.code, "link": link, "expires_at": invitation.expires_at}
    rows = [(_("Code"), invitation.code), (_("Link"), link), (_("Valid until"), invitation.expires_at)]
    warning = _("Hand it over now: this is shown only once.")
    session.show(document, facts([row for row in rows if row[1]]), qr_code(link or invitation.code), warning)


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
