"""Why something is matched, or what it lacks to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ledger.reconciliation.model.sides import Break, Line, Unit


class Criterion(StrEnum):
    """What is compared of a line and one of our transactions."""

    REFERENCE = "reference"
    MERCHANT = "merchant"
    AMOUNT = "amount"
    DATE = "date"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Miss:
    """What is nearest to something open, on the other side. `failed`: in what they do not agree; a reference that is
    not told fails nothing.
    """

    line: Line
    unit: Unit
    failed: tuple[Criterion, ...]
    taken_back: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A match as it is recorded, with both sides; who made it, and when."""

    id: UUID
    rule: str
    score: int
    reasons: tuple[str, ...]
    matched_by: str
    matched_at: datetime
    taken_back_at: datetime | None
    lines: tuple[Line, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of one line, one transaction of ours, or one match: what holds it; or which difference it is, and the nearest
    misses.
    """

    line: Line | None = None
    unit: Unit | None = None
    held: Held | None = None
    found: Break | None = None
    misses: tuple[Miss, ...] = ()
