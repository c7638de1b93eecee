"""Remittances as values. Amounts are whole centimes, positive; a refund is told by its kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.merchants.model import Remittance as Wish


class LineKind(StrEnum):
    """What a line of a remittance stands for."""

    SALE = "sale"
    REFUND = "refund"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Item:
    """A sale or refund that the association has not been told of. `wish`: how its merchant is booked there."""

    id: UUID
    is_sale: bool
    booked_on: date
    occurred_at: datetime
    merchant_id: UUID
    siret: str
    merchant_name: str
    wish: Wish
    receipt_year: int
    receipt_number: int
    reference: str | None
    amount_cents: int

    @property
    def receipt(self) -> str:
        """The number on the receipt; a refund has that of its sale."""
        return f"{self.receipt_year}-{self.receipt_number:06}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a remittance, with what it stands for. `number` counts from 1 in its file."""

    number: int
    kind: LineKind
    items: tuple[Item, ...]

    @property
    def booked_on(self) -> date:
        return self.items[0].booked_on

    @property
    def amount_cents(self) -> int:
        return sum(item.amount_cents for item in self.items)

    @property
    def control_cents(self) -> int:
        """What it adds to what the merchants are owed."""
        return -self.amount_cents if self.kind is LineKind.REFUND else self.amount_cents


@dataclass(frozen=True, slots=True)
class Remittance:
    """What was sent: the days, lines and sales in it, their sum less refunds, and the hash of the file."""

    id: UUID
    number: int
    first_day: date
    last_day: date
    line_count: int
    item_count: int
    control_cents: int
    sha256: bytes
    made_at: datetime
    accepted: int = 0
    refused: int = 0

    @property
    def file_name(self) -> str:
        return f"remise-{self.number:06}-{self.last_day.isoformat()}.csv"


@dataclass(frozen=True, slots=True)
class MadeRemittance:
    """A remittance with the very bytes of its file."""

    remittance: Remittance
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the association says of one line. `code`: why it was refused, in its own code."""

    remittance_number: int
    line_number: int
    accepted: bool
    their_reference: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class LineState:
    """A line that may be answered: whether it was accepted already, and how often it was answered."""

    remittance_id: UUID
    accepted: bool
    answers: int


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an answer of the association came to."""

    rows: int
    accepted: int
    refused: int
