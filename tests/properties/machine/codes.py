"""Codes in the model: whether a card or an owner's telephone is believed, and when nobody is asked any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.properties.machine.books import Books

STEP = 30
TRAINING_NUMBERS = 1_000_000_000  # no card of the books has one below
WINDOW, DAY = timedelta(minutes=15), timedelta(hours=24)
LIMITS = {"with-secret": (5, WINDOW), "without": (5, WINDOW), "card-day": (15, DAY), "till": (30, WINDOW),
    "owner": (5, WINDOW), "pairing": (20, WINDOW)}  # fmt: skip

Counter = tuple[Any, ...]


@dataclass(frozen=True)
class Shown:
    """What the holder shows: a telephone's code of a step, a QR with its secret, or the number alone; and a PIN.

    `right_secret`, `right_pin`: whether they are those of the card with this number.
    """

    number: int
    way: str  # phone, qr, number
    step: int = 0
    right_secret: bool = False
    right_pin: bool = False


def step_of(now: datetime) -> int:
    return int(now.timestamp()) // STEP


def paused(books: Books, counters: list[Counter], now: datetime) -> bool:
    """Whether one of these counters is full."""
    return any(books.counted(key, LIMITS[key[0]][1], now) >= LIMITS[key[0]][0] for key in counters)


def count(books: Books, counters: list[Counter], now: datetime) -> None:
    for key in counters:
        books.count_one_more(key, LIMITS[key[0]][1], now)


def card_code(books: Books, shown: Shown, token: str, now: datetime) -> tuple[str | None, list[Counter]]:
    """Why the card is not opened, and the counters of wrong codes that this moves."""
    if shown.number < TRAINING_NUMBERS:
        return "training-card", []
    card, till = books.cards.get(shown.number), ("till", token)
    with_secret, without = ("with-secret", shown.number, token), ("without", shown.number, token)
    day = ("card-day", shown.number)
    ways: dict[str, list[Counter]] = {"qr": [with_secret], "phone": [without], "number": [without, day, till]}
    looked_at = ways[shown.way]
    if paused(books, looked_at, now):
        return "too-many-attempts", []
    if card is None:  # counted as a card's, so that the pause does not tell which numbers there are
        return "code-refused", [without, day, till]
    if card.kind == "phone":
        if shown.way != "phone" or abs(shown.step - step_of(now)) > 1:
            return "code-refused", [without, day, till]
        if shown.step <= card.last_step:
            return "code-already-used", []
    elif shown.way == "phone" or not shown.right_pin or (shown.way == "qr" and not shown.right_secret):
        return "code-refused", [with_secret] if shown.way == "qr" and shown.right_secret else [without, day, till]
    return ("card-blocked", []) if card.blocked else (None, [])
