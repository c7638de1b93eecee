"""What is compared. Amounts are signed centimes in the view of the account's holder: money that comes in is
positive, a sale is negative, on both sides alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from ledger.books.transaction import TransactionKind
from ledger.reconciliation.model.words import CORRECTIONS, PAYOUTS, Account, Category, Rule, Why


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement as the file tells it; `number` counts from 1 at the first movement, `row` is where it stands."""

    number: int
    booked_on: date
    label: str
    amount_cents: int
    balance_cents: int
    their_reference: str | None = None
    row: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A whole file that was read and adds up. `rows` are its data rows, without header and balances."""

    file_name: str
    sha256: bytes
    format: str
    first_day: date
    last_day: date
    opening_cents: int
    closing_cents: int
    lines: tuple[StatementLine, ...] = field(repr=False)
    currency: str | None = None
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was imported; it covers all days from the first to the last. `position`: its place among those
    of its month; `parts`: what a month is made of that came in several.
    """

    id: UUID
    account: Account
    first_day: date
    last_day: date
    file_name: str
    sha256: bytes
    line_count: int
    opening_cents: int
    closing_cents: int
    imported_at: datetime
    position: int = 0
    parts: tuple[Statement, ...] = field(default=(), repr=False)

    @property
    def period(self) -> str:
        return f"{self.first_day:%Y-%m}"

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Of all its parts."""
        return tuple(part.id for part in self.parts) or (self.id,)

    def part_of(self, record: int) -> tuple[UUID, int]:
        """The part that holds a record of the month, and its number there."""
        for part in self.parts:
            if record <= part.line_count:
                return part.id, record
            record -= part.line_count
        return self.id, record


def joined(parts: Sequence[Statement]) -> Statement:
    """The statements of a month as one, in their order; it has the name and the content of the last file."""
    first, last = parts[0], parts[-1]
    return replace(
        last,
        first_day=min(part.first_day for part in parts),
        last_day=max(part.last_day for part in parts),
        line_count=sum(part.line_count for part in parts),
        opening_cents=first.opening_cents,
        imported_at=max(part.imported_at for part in parts),
        parts=tuple(parts),
    )


LineKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an imported statement. `closed_on` is its statement's last day; `match_id` is what holds it;
    `cleared`: open on the day of the report, matched since; `their_reference`: the number that they gave it;
    `lines_before`: how many the parts of its month before its own have.
    """

    statement_id: UUID
    number: int
    booked_on: date
    label: str
    amount_cents: int
    closed_on: date
    match_id: UUID | None = None
    cleared: bool = False
    their_reference: str | None = None
    lines_before: int = 0

    @property
    def key(self) -> LineKey:
        return self.statement_id, self.number

    @property
    def record(self) -> int:
        """Its number within the month, as people are told it."""
        return self.lines_before + self.number


@dataclass(frozen=True, slots=True)
class Unit:
    """What one transaction moves in the accounts compared. `merchant` is a name, `reference` a till ticket (a
    refund has that of its sale), the number of a mandate or the reference of a payout lot.

    `commission_cents`: the part of the amount that a bank moves apart, with the same sign. `remitted`: the reference
    that the association acknowledged it with. `answers`: the break that two people booked it for; `reverses`: the
    transaction that it takes back.
    """

    id: UUID
    kind: TransactionKind
    booked_on: date
    occurred_at: datetime
    amount_cents: int
    reference: str | None = None
    merchant: str | None = None
    match_id: UUID | None = None
    cleared: bool = False
    commission_cents: int = 0
    remitted: str | None = None
    answers: UUID | None = None
    reverses: UUID | None = None

    @property
    def is_payout(self) -> bool:
        """Euros to a merchant: a bank shows the net amounts of a lot in one line, and the commission in another."""
        return self.kind in PAYOUTS

    @property
    def is_correction(self) -> bool:
        """Booked because of a difference, by two people."""
        return self.kind in CORRECTIONS


@dataclass(frozen=True, slots=True)
class Party:
    """A merchant by the name that labels use; `daily`: the association books one total a day."""

    name: str
    daily: bool


Ties = frozenset[LineKey | UUID]


@dataclass(frozen=True, slots=True)
class Books:
    """Both sides of an account as far as they matter. `rejected`: matches that an officer took back; `base_day`: the
    first day of the first statement; `starts_on`: the first day of our own books; `later`: what we booked in the
    first days after the period, as it is now.
    """

    parties: tuple[Party, ...]
    lines: tuple[Line, ...]
    units: tuple[Unit, ...]
    rejected: frozenset[Ties] = frozenset()
    account: Account = Account.POIS
    base_day: date | None = None
    starts_on: date | None = None
    later: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Lines and units of equal sum; one side may be empty where the other comes to nothing. `score` of 100 is
    certain; `reasons` are the codes of what agreed.
    """

    rule: Rule
    score: int
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]
    units: tuple[Unit, ...]

    @property
    def ties(self) -> Ties:
        return frozenset([*(line.key for line in self.lines), *(unit.id for unit in self.units)])

    @property
    def complete_on(self) -> date:
        """The day from which both sides of it are known."""
        return max([*(line.closed_on for line in self.lines), *(unit.booked_on for unit in self.units)])


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. `references`: the tickets concerned, for a copy those of the record that it repeats;
    `near_line` and `near_units`: the nearest candidate on the other side, and `why` it was not taken.
    """

    id: UUID
    category: Category
    lines: tuple[Line, ...]
    units: tuple[Unit, ...]
    references: tuple[str, ...]
    why: Why
    near_line: Line | None = None
    near_unit: Unit | None = None

    @property
    def theirs_cents(self) -> int | None:
        return sum(line.amount_cents for line in self.lines) if self.lines else None

    @property
    def ours_cents(self) -> int | None:
        return sum(unit.amount_cents for unit in self.units) if self.units else None

    @property
    def difference_cents(self) -> int:
        """Ours less theirs, an absent side counting nothing."""
        return (self.ours_cents or 0) - (self.theirs_cents or 0)

    @property
    def booked_on(self) -> date:
        return min([line.booked_on for line in self.lines] + [unit.booked_on for unit in self.units])

    @property
    def cleared(self) -> bool:
        return all(line.cleared for line in self.lines) and all(unit.cleared for unit in self.units)
