"""What is compared, as values. Amounts are signed centimes in the view of the account's holder: money that comes
in is positive, a sale is negative, on both sides alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.books.transaction import TransactionKind


class Account(StrEnum):
    """What a statement is about, as in `ledger.reconciled_account`."""

    POIS = "pois"
    RESERVE = "reserve"


class Rule(StrEnum):
    """Why a match was made; in the order in which they are tried."""

    REFERENCE = "reference"
    DAY_TOTAL = "day-total"
    AMOUNT_DATE_MERCHANT = "amount-date-merchant"
    EQUAL_SET = "equal-set"


class Category(StrEnum):
    """What kind of difference a break is."""

    TIMING_OURS_FIRST = "timing-ours-first"
    MISSING_AT_ASSOCIATION = "missing-at-association"
    MISSING_IN_LEDGER = "missing-in-ledger"
    AMOUNT_DIFFERS = "amount-differs"
    DUPLICATE_THEIRS = "duplicate-theirs"
    FEE = "fee"


class Why(StrEnum):
    """Why the nearest candidate of a break was not taken."""

    REFERENCE_AMOUNT = "reference-with-another-amount"
    REFERENCE_MATCHED = "reference-matched-already"
    REFERENCE_ELSEWHERE = "reference-of-another-merchant"
    REFERENCE_UNKNOWN = "reference-unknown"
    TOTAL_AMOUNT = "day-total-with-another-amount"
    ALONE_AMOUNT = "alone-that-day-with-another-amount"
    COPY = "copy-of-another-record"
    NO_MERCHANT = "no-merchant"
    ANOTHER_REFERENCE = "equal-but-another-reference"
    BY_HAND = "equal-but-unmatched-by-hand"
    EQUAL_MATCHED = "equal-ones-matched-already"
    SEVERAL = "several-equal-candidates"
    TOO_FAR = "equal-amount-on-another-day"
    OTHER_AMOUNTS = "other-amounts-that-day"
    NOTHING_NEAR = "nothing-comparable"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement as the file tells it; `number` counts from 1 at the first movement."""

    number: int
    booked_on: date
    label: str
    amount_cents: int
    balance_cents: int
    their_reference: str | None = None


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


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was imported; it covers all days from the first to the last."""

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

    @property
    def period(self) -> str:
        return f"{self.first_day:%Y-%m}"


LineKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an imported statement. `closed_on` is its statement's last day; `match_id` is what holds it;
    `cleared`: open on the day of the report, matched since.
    """

    statement_id: UUID
    number: int
    booked_on: date
    label: str
    amount_cents: int
    closed_on: date
    match_id: UUID | None = None
    cleared: bool = False

    @property
    def key(self) -> LineKey:
        return self.statement_id, self.number


@dataclass(frozen=True, slots=True)
class Unit:
    """What one transaction moves in the accounts compared. `merchant` is a name, `reference` a till ticket (a
    refund has that of its sale) or the number of a mandate.
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


@dataclass(frozen=True, slots=True)
class Party:
    """A merchant by the name that labels use; `daily`: the association books one total a day."""

    name: str
    daily: bool


Ties = frozenset[LineKey | UUID]


@dataclass(frozen=True, slots=True)
class Books:
    """Both sides of an account as far as they matter. `rejected`: matches that an officer took back."""

    parties: tuple[Party, ...]
    lines: tuple[Line, ...]
    units: tuple[Unit, ...]
    rejected: frozenset[Ties] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """Lines and units of equal sum. `score` of 100 is certain; `reasons` are the codes of what agreed."""

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


@dataclass(frozen=True, slots=True)
class Side:
    """Opening and closing of one side, and what moved in between; `moved_in` and `moved_out` are positive."""

    opening_cents: int
    in_cents: int
    out_cents: int
    closing_cents: int

    @property
    def proof_cents(self) -> int:
        return self.opening_cents + self.in_cents - self.out_cents - self.closing_cents


@dataclass(frozen=True, slots=True)
class Matched:
    """How much of a statement is matched: lines, our units (`postings`), the sum of the lines' amounts without
    sign, lines by rule.
    """

    lines: int
    postings: int
    cents: int
    by_rule: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Proof:
    """A + B − C + D − E = 0.

    A: theirs at close; B: ours not at theirs; C: theirs not in ours; D: ours less theirs where amounts differ;
    E: ours at close. All signed in the view of the account's holder.
    """

    theirs_cents: int
    ours_only_cents: int
    theirs_only_cents: int
    amounts_cents: int
    ours_cents: int

    @property
    def proof_cents(self) -> int:
        explained = self.theirs_cents + self.ours_only_cents - self.theirs_only_cents + self.amounts_cents
        return explained - self.ours_cents


@dataclass(frozen=True, slots=True)
class Report:
    """What an account's reconciliation says at the end of a period."""

    statement: Statement
    theirs: Side
    ours: Side
    matched: Matched
    breaks: tuple[Break, ...]
    ages_days: Mapping[UUID, int]
    proof: Proof

    @property
    def is_clean(self) -> bool:
        return self.proof.proof_cents == 0 and all(found.cleared for found in self.breaks)


@dataclass(frozen=True, slots=True)
class MatchRun:
    """What one run of the matcher did."""

    statement: Statement
    matches: tuple[Match, ...]
    breaks: tuple[Break, ...]
