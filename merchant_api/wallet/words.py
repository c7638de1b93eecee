"""What the wallet says, by the names that its script knows. Never a name of anybody, never a word of aid.

In French, English, Spanish and Arabic. English stands here, French in the product's catalogue, the others in catalogues
of the wallet's own.
"""

from __future__ import annotations

from functools import cache

from ledger.errors import N_
from ledger.texts import LANGUAGES, gettext, in_language, read_catalogue
from merchant_api.category_labels import LABELS

# Each with its name in itself.
SPOKEN = {"fr": "Français", "en": "English", "es": "Español", "ar": "العربية"}
DIRECTIONS = {"ar": "rtl"}
DOMAIN = "wallet"

_CATEGORY = "category."
_WORDS = {
    "title": N_("Pois"),
    "no_script": N_("This page needs JavaScript. Allow it in the browser's settings, then load the page again."),
    "cancel": N_("Cancel"),
    "close": N_("Close"),
    "again": N_("Try again"),
    "pay": N_("Pay"),
    "purchases": N_("Purchases"),
    "shops": N_("Shops"),
    "cards": N_("Cards"),
    "cards_title": N_("Cards and questions"),
    "left": N_("Left to spend"),
    "pois": N_("{amount} Pois"),
    "until_all": N_("To be spent by {day}"),
    "until": N_("{amount} by {day}"),
    "nothing_left": N_("Nothing is left at the moment."),
    "show_code": N_("Show this code at the till."),
    "code": N_("Code to pay with"),
    "next_code": N_("New code in {time}"),
    "code_used": N_("Code used"),
    "code_used_about": N_("The till took it. For another purchase, wait for the next code."),
    "offline": N_("No network: the code works all the same."),
    "as_of": N_("What was left on {time}"),
    "enrol": N_("Set up this telephone"),
    "enrol_about": N_(
        "It will show the code that pays in the shops. Do it on your own telephone only: whoever holds it can pay."
    ),
    "enrol_now": N_("Set up"),
    "enrol_replaces": N_("The card that this telephone shows now will no longer be on it."),
    "enrol_refused": N_("This code does not work"),
    "enrol_refused_about": N_("Each one works once, for 30 days. Ask the service that sent your letter for another."),
    "enrol_lost": N_("Nothing arrived"),
    "enrol_lost_about": N_("Check the network, then try again: the code is still good."),
    "no_keeping": N_("This browser cannot keep the card"),
    "no_keeping_about": N_("Leave private browsing, or open the link with another browser."),
    "no_card": N_("No card on this telephone"),
    "no_card_about": N_("Open the link in your letter, or type its code here."),
    "letter_code": N_("Code of the letter"),
    "letter_code_hint": N_("Fifteen characters, such as 7K3QZ-90ABC-DEFGH"),
    "go_on": N_("Continue"),
    "paper_balance": N_("See what is left on a paper card"),
    "blocked": N_("This card is blocked"),
    "blocked_about": N_(
        "It pays no more. What is left stays yours: ask the service that sent your letter for a new card."
    ),
    "unknown": N_("This telephone is no longer known"),
    "unknown_about": N_("What is left stays yours: ask the service that sent your letter for a new code."),
    "no_purchases": N_("No purchase yet."),
    "older": N_("Older purchases"),
    "given_back": N_("{amount} given back"),
    "with_card": N_("Card ending in {ending}"),
    "not_mine": N_("I did not buy this"),
    "not_mine_about": N_(
        "Somebody will look into it. Until then nothing changes: to be safe, also block the card ending in {ending}."
    ),
    "not_mine_now": N_("Report it"),
    "disputed": N_("Reported: it is being looked into"),
    "answered": N_("Looked into"),
    "need_network": N_("This needs a network. Your code works without one."),
    "search": N_("Search by shop or town"),
    "no_shops": N_("No shop found."),
    "this_phone": N_("This telephone"),
    "paper_card": N_("Paper card"),
    "ending": N_("ending in {ending}"),
    "is_blocked": N_("Blocked"),
    "block": N_("Block"),
    "block_ask": N_("Block this card?"),
    "block_paper": N_(
        "It pays no more, at once and for good. What is left stays yours, and this telephone goes on paying."
    ),
    "block_phone": N_(
        "This telephone shows no code any more, at once and for good. What is left stays yours, and your paper "
        "card goes on paying."
    ),
    "block_now": N_("Block for good"),
    "block_done": N_("The card is blocked."),
    "pin_change": N_("Change its PIN"),
    "pin_about": N_("Four digits that only you know; not a birthday."),
    "pin_new": N_("New PIN"),
    "pin_repeat": N_("The same once more"),
    "pin_four": N_("A PIN has four digits."),
    "pin_differs": N_("The two are not the same."),
    "pin_simple": N_("Too easy to guess: take four other digits."),
    "pin_save": N_("Change"),
    "pin_done": N_("The new PIN counts from now on."),
    "lost": N_("Telephone lost?"),
    "lost_about": N_(
        "Open {address} on any other telephone: the number and the PIN of your paper card block the lost one. Or "
        "call the service that sent your letter."
    ),
    "new_phone": N_("New telephone?"),
    "new_phone_about": N_("The code does not move to another one. Ask for a new card: what is left stays yours."),
    "second": N_("A second person?"),
    "second_about": N_("Whoever shops with you or for you can have a card too. Ask the service that sent your letter."),
    "seen": N_("What does the shop see?"),
    "seen_about": N_("The amount that is paid. Never your name."),
    "language": N_("Language"),
    "guest": N_("Paper card"),
    "guest_about": N_("The number and the PIN of your card show what is left."),
    "card_number": N_("Number of the card"),
    "card_number_hint": N_("Ten digits, printed on the card"),
    "card_number_wrong": N_("A card number has ten digits."),
    "pin": N_("Secret code"),
    "guest_now": N_("See what is left"),
    "guest_refused": N_("Number and secret code do not go together."),
    "at_once": N_("At most {amount} in one purchase now"),
    "guest_block": N_("Block a lost telephone"),
    "guest_block_about": N_(
        "Every telephone that pays from the same money stops paying, at once and for good. This paper card goes "
        "on, and what is left stays yours."
    ),
    "guest_block_done": N_("Telephones blocked: {count}"),
    "guest_block_none": N_("There was no telephone to block."),
    "paused": N_("Too many attempts. Try again in {time}."),
    "failed": N_("It did not work. Try again later."),
    "number": N_("Number {number}"),
}
WORDS = _WORDS | {f"{_CATEGORY}{code}": label for code, label in LABELS.items()}


@cache
def words_in(code: str) -> dict[str, str]:
    """All words in one of the languages spoken."""
    if code in LANGUAGES:
        with in_language(code):
            return {name: gettext(word) for name, word in WORDS.items()}
    found = {message.id: str(message.string) for message in read_catalogue(code, DOMAIN)}
    return {name: found[word] for name, word in WORDS.items()}
