"""What goes onto papers, as values. Secrets live here between drawing and printing, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from ledger.cards.model import IssuedCard


@dataclass(frozen=True, slots=True)
class Contact:
    """Where people turn to: a telephone, the address of the service; either may be unknown."""

    telephone: str | None = None
    url: str | None = None

    @property
    def site(self) -> str:
        """The address as people read and type it."""
        return (self.url or "").removeprefix("https://").rstrip("/")


@dataclass(frozen=True, slots=True)
class CardOrder:
    """Which cards to print, and where. `cases`: those households only; none: all that are entitled."""

    programme_code: str
    folder: Path
    cases: tuple[str, ...] = ()
    contact: Contact = field(default_factory=Contact)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A household that gets a card; `language` is fr, en, es or ar."""

    household_id: UUID
    case_number: str
    language: str


@dataclass(frozen=True, slots=True)
class CardPaper:
    """A card that is about to be printed, and for whom. `code`: with which a telephone enrols, where one does."""

    card: IssuedCard
    recipient: Recipient
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PrintedCards:
    """What a print run came to. `batch`: the instant that names it; `languages`: letters in each."""

    batch: datetime
    folder: str
    files: tuple[str, ...]
    cards: int
    languages: dict[str, int]


@dataclass(frozen=True, slots=True)
class BlockedBatch:
    """A batch of which no card pays any more; `blocked`: those that still did."""

    batch: datetime
    blocked: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """A merchant's sheet and until when the code on it pairs a till."""

    siret: str
    name: str
    file: str
    expires_at: datetime
