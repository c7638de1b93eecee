"""What a reader of one format gives, before it is known to add up; and what can be wrong with a row."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from ledger.errors import N_
from ledger.people_files import Fault, FaultKind

LABEL_CHARACTERS_MAX = 200

NOT_A_DAY = FaultKind("not-a-day", N_("This is not a day."), N_("Write it as 06/10/2026."))
OUTSIDE_PERIOD = FaultKind(
    "outside-period",
    N_("Record {record} is not in {period}."),
    N_("Export one month at a time, or name the month with --period."),
)
NOT_A_SUM = FaultKind("not-an-amount", N_("This is not an amount."), N_("Write 12,50 or -12,50."))
TWO_SUMS = FaultKind(
    "two-amounts",
    N_("Record {record} has a debit and a credit."),
    N_("Keep the one that moves the balance."),
)
NO_SUM = FaultKind("no-amount", N_("Record {record} has no amount."), N_("Export the statement again."))
WRONG_TOTAL = FaultKind(
    "wrong-total",
    N_("The statement comes to {found} instead of this."),
    N_("Rows are missing or repeated: export the statement again."),
)
BALANCE_BROKEN = FaultKind(
    "balance-broken",
    N_("The balance after record {record} should be {expected}."),
    N_("A row before it is missing, repeated or changed: export the statement again."),
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the officer typed and what is known already. `last_closing_cents`: where the last statement ended."""

    period: date | None = None
    opening_cents: int | None = None
    closing_cents: int | None = None
    last_closing_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement: the row of the file where it starts, and the balance after it if the file tells it."""

    row: int
    booked_on: date
    label: str
    amount_cents: int
    balance_cents: int | None = None
    their_reference: str | None = None


@dataclass
class RawStatement:
    """A file as one reader understood it. `entries` has None for a movement with a fault; `left_out`: how many
    were not booked yet; `currency`: where the file tells one; `covers`: the days that it says it is about.
    """

    format: str
    file: str
    content: bytes = field(repr=False)
    entries: list[Entry | None] = field(default_factory=list, repr=False)
    faults: list[Fault] = field(default_factory=list)
    opened_on: date | None = None
    opening_cents: int | None = None
    closing_cents: int | None = None
    date_column: str = "date"
    balance_column: str = ""
    currency: str | None = None
    left_out: int = 0
    covers: tuple[date, date] | None = None

    @property
    def readable(self) -> Sequence[Entry]:
        return [entry for entry in self.entries if entry is not None]


def clean_label(text: str) -> str:
    """A label on one line, without control characters, at most 200 characters."""
    spaced = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    return re.sub(" +", " ", spaced).strip()[:LABEL_CHARACTERS_MAX].rstrip()


def parse_day(text: str) -> date:
    """A day as French people or ISO 8601 write it; `ValueError` if it is none."""
    french = re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", text)
    if french:
        return date(int(french[3]), int(french[2]), int(french[1]))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text)
    raise ValueError(text)


def two_digit_year(text: str) -> int:
    """A year of a file of today: nothing here is older than the year 2000."""
    return 2000 + int(text)


def rows_of(text: str) -> list[str]:
    """The rows of a file; other separators that Unicode knows stand inside labels."""
    return re.split(r"\r\n|\r|\n", text)


def parse_instant(text: str) -> datetime:
    """An ISO 8601 time, with or without offset; `ValueError` if it is none."""
    return datetime.fromisoformat(text)


def month_of(day: date) -> tuple[date, date]:
    """First and last day of the month of a day."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
