"""What stands on each paper, as plain data for its template. Pure.

A card shows a number and a QR symbol, nothing of whose it is or what it is for. The PIN stands on the letter only, in
another file, beside the end of the number: neither the sheet of cards nor the letters are enough to pay with.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha512
from pathlib import Path
from typing import Any

from ledger.calendar import PARIS
from ledger.cards.model import grouped
from ledger.merchants.model import Invitation, Merchant
from ledger.papers.model import CardPaper, Contact
from ledger.qr_symbols import svg
from ledger.texts import format_date
from ledger.texts import gettext as _
from ledger.wallets.model import link

CARDS_PER_FILE = 100
NO_BREAK_SPACE = "\u00a0"
_FOLDER = Path(__file__).parent
CARDS_TEMPLATE, LETTER_TEMPLATE, WELCOME_TEMPLATE = (
    _FOLDER / name for name in ("cards.typ", "letter.typ", "welcome.typ")
)


def card_sheets(papers: Sequence[CardPaper]) -> dict[str, Any]:
    """The data of `cards.typ`: ten cards a sheet, in the order of the letters."""
    return {
        "cards": [_card(paper) for paper in papers],
        "money": _("local currency"),
        "scale": _("Print at 100 %: this line is 50 mm long."),
    }


def letters(papers: Sequence[CardPaper], contact: Contact) -> dict[str, Any]:
    """The data of `letter.typ`: a page for each card, in the language of its household."""
    return {
        "letters": [letter(paper, contact) for paper in papers],
        "fold": _("fold here first: the code stays inside"),
    }


def letter(paper: CardPaper, contact: Contact) -> dict[str, Any]:
    """One letter; with the QR symbol that a telephone scans to become a card, too, where it has a code for that."""
    words = _words()[paper.recipient.language]
    telephone = (contact.telephone or "").replace(" ", NO_BREAK_SPACE)  # else Arabic turns its groups around
    facts = {"telephone": telephone, "site": f"{contact.site}/balance"}
    return {
        "language": paper.recipient.language,
        "reference": paper.recipient.case_number,
        "number": number_end(paper.card.number),
        "pin": paper.card.pin,
        "veil": _digits_of(paper.card.secret),
        "words": {name: text.format_map(facts) for name, text in words.items()},
        "has_telephone": bool(contact.telephone),
        "has_site": bool(contact.site),
        "enrolment": svg(link(contact.url, paper.code)) if paper.code and contact.url else None,
    }


def number_end(number: int) -> str:
    """The end of a card's number, enough to find the card and too little to pay with: `•••• 567 890`."""
    return f"•••• {grouped(number)[5:]}"


def welcome(merchant: Merchant, invitation: Invitation, contact: Contact) -> dict[str, Any]:
    """The data of `welcome.typ`: how a shop begins, and the code that pairs its first till."""
    until = invitation.expires_at.astimezone(PARIS)
    return {
        "name": merchant.name,
        "code": invitation.code,
        "qr": svg(invitation.code),
        "until": _("The code works once, until {time} on {day}.").format(
            time=f"{until:%H:%M}", day=format_date(until.date())
        ),
        "words": _welcome_words(contact),
    }


def _welcome_words(contact: Contact) -> dict[str, str]:
    page = _("Open {page} on a telephone or a tablet, and scan this code, or type it.").format(
        page=f"{contact.site}/till"
    )
    help_ = _("Questions: {telephone}.").format(telephone=contact.telephone) if contact.telephone else ""
    return {
        "alt": _("QR code that pairs a till"),
        "title": _("Welcome: you take Pois"),
        "intro": _("One Pois is one euro. Three steps, and your till takes the cards."),
        "pair": _("1. Pair the till"),
        "pair_how": page,
        "sell": _("2. Sell"),
        "sell_how": _("Scan the card, key in the amounts by category; the customer keys in the code."),
        "rest": _("3. Take the rest"),
        "rest_how": _("The till says what Pois pay and what is left; the rest is paid any other way."),
        "scanned": _("The card does not scan? Type its number."),
        "money": _("Your Pois: turn them into euros, take paper coupons, or pay another shop with them."),
        "help": help_,
    }


def in_parts(papers: Sequence[CardPaper]) -> list[Sequence[CardPaper]]:
    """A hundred cards a file: what a printer's tray takes, and no more to print again when it jams."""
    return [papers[start : start + CARDS_PER_FILE] for start in range(0, len(papers), CARDS_PER_FILE)]


def file_names(stem: str, parts: int) -> list[str]:
    """`cards.pdf`, or `cards-01.pdf`, `cards-02.pdf`… where there are several."""
    if parts == 1:
        return [f"{stem}.pdf"]
    width = len(str(parts))
    return [f"{stem}-{part:0{width}}.pdf" for part in range(1, parts + 1)]


def _digits_of(secret: str) -> str:
    """Digits for the veil over a PIN, of which only who has the card could know which they are."""
    return f"{int.from_bytes(sha512(secret.encode()).digest()):0155d}"


def _card(paper: CardPaper) -> dict[str, str]:
    number = grouped(paper.card.number)
    return {"number": number, "qr": svg(paper.card.uri), "alt": _("QR code of card {number}").format(number=number)}


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((_FOLDER / "letters.toml").read_text(encoding="utf-8"))
