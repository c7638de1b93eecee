"""The values of a review: what waits, where one is, what is ordered, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from ledger.reconciliation.model import Break, Suggestion
from ledger.reconciliation.model.breaks import Life

ENTER, ESCAPE, ERASE, LEFT, RIGHT = "enter", "escape", "erase", "left", "right"
END_OF_INPUT, INTERRUPT = "end", "interrupt"


class Act(StrEnum):
    """What can be ordered."""

    ACCEPT = "accept"
    ASSIGN = "assign"
    COMMENT = "comment"
    WAIT = "wait"
    CLAIM = "claim"
    CORRECT = "correct"
    WRITE_OFF = "write-off"
    UNDO = "undo"

    @property
    def decides(self) -> bool:
        """After it one goes on to the next."""
        return self not in {Act.ASSIGN, Act.COMMENT, Act.UNDO}


class Mode(StrEnum):
    """What the next key is for."""

    LOOK = "look"
    HELP = "help"
    PROPOSE = "propose"
    REASON = "reason"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Item:
    """A suggestion, or a break with where it stands. `gone`: it was there, and is settled or changed since."""

    id: UUID
    suggestion: Suggestion | None = None
    found: Break | None = None
    life: Life | None = None
    gone: bool = False

    @property
    def worth_cents(self) -> int:
        """What is at stake, without sign; of a break only in its first."""
        if self.suggestion is not None:
            return abs(sum(line.amount_cents for line in self.suggestion.match.lines))
        return abs(self.found.difference_cents) if self.found else 0


@dataclass(frozen=True, slots=True)
class Done:
    """What was carried out, with what is needed to take it back: the record of a match and its month; whoever looked
    after the break before, or until when it waited; a comment; a proposal.
    """

    act: Act
    item_id: UUID
    record: int | None = None
    month: date | None = None
    owner: str | None = None
    due_on: date | None = None
    event_id: UUID | None = None
    proposal_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be carried out; `done`: what an undo takes back."""

    act: Act
    item: Item
    words: str = ""
    day: date | None = None
    done: Done | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk: from where, and what was done there; nothing where one only went on."""

    place: int
    done: Done | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """All that waits, and where one is; past the last one is at the end. `notice`: what is said to the last key, a
    message of the catalogue with its `facts`; `is_refused`: that nothing came of it;
    `is_cut`: ended with Ctrl-C.
    """

    items: tuple[Item, ...]
    today: date
    place: int = 0
    mode: Mode = Mode.LOOK
    asked: Act | None = None
    typed: str = ""
    steps: tuple[Step, ...] = ()
    notice: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False
    is_over: bool = False
    is_cut: bool = False

    @property
    def item(self) -> Item | None:
        return self.items[self.place] if self.place < len(self.items) else None

    @property
    def open_items(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if not item.gone)
