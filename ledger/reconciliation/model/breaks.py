"""The life of a break: who looks after it, what was said, decided and booked, and how old it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from ledger.reconciliation.model.sides import Break, LineKey
from ledger.reconciliation.model.words import Account


class State(StrEnum):
    """Where a break stands. `resolved`: two people booked what settles it; `cleared`: matched since."""

    OPEN = "open"
    WAITING = "waiting"
    PROPOSED = "proposed"
    RESOLVED = "resolved"
    CLEARED = "cleared"

    @property
    def is_done(self) -> bool:
        return self in {State.RESOLVED, State.CLEARED}


class Course(StrEnum):
    """What is done about a break. One person may wait; everything else is proposed by one and approved by another."""

    WAIT = "wait"
    THEY_CORRECT = "they-correct"
    WE_CORRECT = "we-correct"
    WRITE_OFF = "write-off"


class Deed(StrEnum):
    """What one person does about a break."""

    ASSIGN = "assign"
    RELEASE = "release"
    COMMENT = "comment"
    ERASE = "erase"
    WAIT = "wait"
    REOPEN = "reopen"


class ReopenReason(StrEnum):
    """Why a wait or a claim is over: one of a few words, since the books hold no free text (L12)."""

    MISTAKE = "mistake"
    NO_ANSWER = "no-answer"
    NEW_FACTS = "new-facts"
    OTHER = "other"


Bucket = Literal["0-7", "8-30", "31-60", "61-90", ">90"]
BUCKETS: tuple[Bucket, ...] = ("0-7", "8-30", "31-60", "61-90", ">90")
FLAGGED_DAYS = 60  # older than that, it is named before anybody signs the month

Item = tuple[UUID, int]  # a line's statement and number, or a transaction and 0


@dataclass(frozen=True, slots=True)
class BreakEvent:
    """What one person did; `nth` counts by break. `owner`: to whom it was given; `comment` is missing once erased.

    `intact` is false where the words kept are not those that were sealed.
    """

    id: UUID
    break_id: UUID
    nth: int
    deed: Deed
    by: str
    at: datetime
    owner: str | None = None
    due_on: date | None = None
    reason: str | None = None
    erases: int | None = None
    comment: str | None = field(default=None, repr=False)
    intact: bool = True


@dataclass(frozen=True, slots=True)
class Resolution:
    """A proposal about a break, under its number. `transaction_id`: of the move that it books; `takes_back`: a
    transaction that this one reverses; `reversed_by`: the one that took it back.
    """

    break_id: UUID
    number: int
    course: Course
    state: Literal["pending", "approved", "rejected"]
    value_cents: int
    prepared_by: str
    prepared_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    due_on: date | None = None
    transaction_id: UUID | None = None
    takes_back: UUID | None = None
    reversed_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A match that held something of the break, made and perhaps taken back."""

    match_id: UUID
    rule: str
    matched_by: str
    matched_at: datetime
    unmatched_by: str | None = None
    unmatched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of a break besides its two sides, from all runs that saw something of it."""

    first_seen_at: datetime | None = None
    events: tuple[BreakEvent, ...] = ()
    resolutions: tuple[Resolution, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """A break as people work on it. `value_cents`: what is at stake, without sign; `course`: what was decided, or
    is proposed; `overdue`: that it was waited for in vain; `proposal`: the number that decides, or decided.
    """

    state: State
    age_days: int
    value_cents: int
    first_seen_at: datetime | None = None
    owner: str | None = None
    course: Course | None = None
    due_on: date | None = None
    overdue: bool = False
    proposal: int | None = None
    comments: int = 0

    @property
    def bucket(self) -> Bucket:
        bounds = (7, 30, 60, 90)
        return BUCKETS[sum(self.age_days > bound for bound in bounds)]

    @property
    def is_flagged(self) -> bool:
        return self.age_days > FLAGGED_DAYS and not self.state.is_done


@dataclass(frozen=True, slots=True)
class BreakFile:
    """A break with everything that was ever done about it, for whoever opens its file."""

    account: Account
    period: str
    found: Break
    life: Life
    events: tuple[BreakEvent, ...]
    resolutions: tuple[Resolution, ...]
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the other side is to correct, as it was proposed."""

    proposal_id: UUID
    number: int
    break_id: UUID
    value_cents: int
    due_on: date


def items_of(found: Break) -> tuple[Item, ...]:
    """What a break is about."""
    keys: list[LineKey] = [line.key for line in found.lines]
    return (*keys, *((unit.id, 0) for unit in found.units))
