"""Cards and credentials as values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from stdnum import luhn

CardKind = Literal["paper", "phone"]

NUMBER_DIGITS = 10
NIL = UUID(int=0)  # stands where a counter is about all cards, or all tills
TRAINING_NUMBERS = 1_000_000_000  # below are those that begin with 0, which no card of the books has
_CODE = re.compile(r"BP1/(?P<number>[0-9]{10})(?:/(?:(?P<otp>[0-9]{8})|(?P<secret>[A-Z2-7]{10})))?")
_NUMBER = re.compile(r"[0-9]{10}")


class Credential(Struct, frozen=True):
    """What a till read or a cashier typed. Exactly one of `otp` and `secret`, or neither: number and PIN."""

    number: int
    otp: str | None = None
    secret: str | None = None
    pin: str | None = None

    def __repr__(self) -> str:
        return f"Credential(number={self.number})"

    @property
    def for_training(self) -> bool:
        """A number that begins with 0 is on no card that was ever issued."""
        return self.number < TRAINING_NUMBERS


def parse_credential(text: str, pin: str | None) -> Credential:
    """Read `BP1/<card>/<code>`, `BP1/<card>` or the printed number in groups.

    `ValueError` names the field whose form is wrong: `credential`, or `pin` where a paper card comes without one.
    """
    read = text.strip().upper()
    found = _CODE.fullmatch(read)
    number = found["number"] if found else re.sub(r"[ .-]", "", read)
    if _NUMBER.fullmatch(number) is None or not luhn.is_valid(number):
        raise ValueError("credential")
    otp, secret = (found["otp"], found["secret"]) if found else (None, None)
    if otp is None and pin is None:
        raise ValueError("pin")
    return Credential(int(number), otp, secret, pin)


def grouped(number: int) -> str:
    """The number as it is printed: 123 456 789 0 would be misread, so 1234 567 890."""
    digits = f"{number:0{NUMBER_DIGITS}d}"
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}"


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the books know it: `secret` is encrypted (phone) or a HMAC (paper)."""

    id: UUID
    number: int
    household_id: UUID
    kind: CardKind
    issued_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """What is handed over once and never stored in clear: the secret, and for paper the PIN."""

    id: UUID
    number: int
    kind: CardKind
    secret: str = field(repr=False)
    pin: str | None = field(repr=False)

    @property
    def uri(self) -> str:
        """What the card's QR holds (paper), or what enrols a telephone (an `otpauth` key URI)."""
        if self.kind == "paper":
            return f"BP1/{self.number}/{self.secret}"
        return f"otpauth://totp/Pois:{self.number}?secret={self.secret}&algorithm=SHA256&digits=8&period=30"


@dataclass(frozen=True, slots=True)
class CardBatch:
    """The paper cards that were issued at one instant, which names them, and how many of them are active."""

    issued_at: datetime
    cards: int
    active_cards: int


class CardSecrets(Struct, frozen=True):
    """What verification needs of a card."""

    card_id: UUID
    kind: CardKind
    secret: bytes
    pin_hmac: bytes | None
    last_step: int


class FailureKey(Struct, frozen=True):
    """Which counter: its scope, and the card and till that it is about (nil where it is about all)."""

    scope: str
    card_id: UUID
    till_id: UUID


class FailureCount(Struct, frozen=True):
    """Wrong codes since the start of a window."""

    failures: int
    since: datetime
