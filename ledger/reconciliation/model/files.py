"""Files as they come in: what is known of an account already, and where a file has its place in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ledger.reconciliation.model.sides import Statement, StatementLine
from ledger.reconciliation.model.words import Account


class FileState(StrEnum):
    """What became of a file. `known`: all that it tells was there already."""

    TAKEN = "taken"
    PENDING = "pending"
    KNOWN = "known"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Known:
    """A line that is imported already; `record` counts within its month, `file_name` is where it came from first."""

    statement_id: UUID
    number: int
    record: int
    booked_on: date
    label: str
    amount_cents: int
    balance_cents: int
    their_reference: str | None
    format: str
    file_name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The statements of an account, one after the other without a gap; oldest first."""

    statements: tuple[Statement, ...]

    @property
    def opening_cents(self) -> int:
        return self.statements[0].opening_cents

    @property
    def closing_cents(self) -> int:
        return self.statements[-1].closing_cents

    def about(self, first_day: date, last_day: date) -> tuple[Statement, ...]:
        """Those that share a day with a period: they follow each other."""
        shared = [
            place
            for place, one in enumerate(self.statements)
            if one.first_day <= last_day and one.last_day >= first_day
        ]
        return self.statements[shared[0] : shared[-1] + 1] if shared else ()


@dataclass(frozen=True, slots=True)
class Window:
    """Known lines that follow each other, as far as a file may tell them again. `at_start`, `at_end`: nothing is
    known before, or after, them. `joints`: before which line a statement of its own could stand between two others,
    and how many statements come before it.
    """

    opening_cents: int
    lines: tuple[Known, ...] = field(repr=False)
    at_start: bool
    at_end: bool
    joints: tuple[tuple[int, int], ...] = ()

    @property
    def balances(self) -> list[int]:
        """Before each line, and after the last."""
        return [self.opening_cents, *(line.balance_cents for line in self.lines)]


Pair = tuple[StatementLine, Known]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the lines of a file belong: new ones before and after what is known, and those that are known.
    `between`: new ones that come to nothing and belong behind that many statements (`joint`).
    """

    before: tuple[StatementLine, ...] = ()
    after: tuple[StatementLine, ...] = ()
    known: tuple[Pair, ...] = ()
    between: tuple[StatementLine, ...] = ()
    joint: int = 0

    @property
    def new(self) -> tuple[StatementLine, ...]:
        return self.before + self.between + self.after


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a file waits: it opens (or, an earlier one, closes) with another balance than the one known there."""

    known_cents: int
    told_cents: int
    is_earlier: bool = False


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file that was given; `statements` are those that were made of it, which `pending` has none."""

    id: UUID
    account: Account
    file_name: str
    sha256: bytes
    format: str
    first_day: date
    last_day: date
    line_count: int
    opening_cents: int
    closing_cents: int
    imported_at: datetime
    state: FileState
    left_out: int = 0

    @property
    def period(self) -> str:
        """The month, or the first and the last."""
        months = dict.fromkeys((f"{self.first_day:%Y-%m}", f"{self.last_day:%Y-%m}"))
        return "/".join(months)


@dataclass(frozen=True, slots=True)
class Import:
    """What came of an import. `new_count`: lines that nobody knew; `skipped`: the others, with what they repeat;
    `gap`: what a pending file waits for; `also_taken`: files that had waited for this one.
    """

    file: StatementFile
    new_count: int
    skipped: tuple[Pair, ...] = ()
    gap: Gap | None = None
    also_taken: tuple[StatementFile, ...] = ()

    @property
    def period(self) -> str:
        return self.file.period

    @property
    def line_count(self) -> int:
        return self.file.line_count


def by_month(lines: Sequence[StatementLine]) -> dict[date, list[StatementLine]]:
    """Lines by the first day of their month, in the order in which the months come."""
    months: dict[date, list[StatementLine]] = {}
    for line in lines:
        months.setdefault(line.booked_on.replace(day=1), []).append(line)
    return months


def whole_months(first_day: date, last_day: date) -> list[date]:
    """The first days of the months that lie in a period from their first day to their last."""
    months, month = [], first_day if first_day.day == 1 else _next_month(first_day)
    while _next_month(month) - timedelta(days=1) <= last_day:
        months.append(month)
        month = _next_month(month)
    return months


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
