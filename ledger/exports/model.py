"""What an export is made of, as values. Amounts are whole centimes, debit positive, credit negative."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID


class Format(StrEnum):
    """What the file is to be read with."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"
    CSV = "csv"
    FEC = "fec"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of booking, both included; open at an end that is not told."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. `output`: by default a file here, named by its content. `accounts`: numbers and labels
    that differ from those that ship with the package.
    """

    format: Format
    period: Period = Period()
    output: Path | None = None
    accounts: Path | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """What is told of the whole: how many transactions the period has, how many of them are sealed, the first and the
    last day on which it has any, and whether these are the books of a rehearsal. `today`: the day of the export.
    """

    period: Period
    transactions: int
    sealed: int
    first_booked: date | None
    last_booked: date | None
    today: date
    rehearsal: bool

    @property
    def first_day(self) -> date:
        """The first day that the file can speak of, openings apart."""
        return self.period.first or self.first_booked or self.last_day

    @property
    def last_day(self) -> date:
        """The day at whose end the balances stand."""
        return self.period.last or self.last_booked or self.period.first or self.today

    @property
    def opening_day(self) -> date | None:
        """The day at whose end the opening balances stand; none where the file begins with the books."""
        first = self.period.first
        return None if first is None else first - timedelta(days=min(1, first.toordinal() - 1))

    @property
    def not_sealed(self) -> int:
        return self.transactions - self.sealed


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account with its balances before and after the period. `holder`: the merchant whose it is."""

    name: str
    kind: str
    asset: str
    holder: str | None
    opening_cents: int
    closing_cents: int

    @property
    def identifier(self) -> str:
        return identifier_in(self.name)


@dataclass(frozen=True, slots=True)
class Leg:
    """A posting. `match_number` counts the matches from 1 on, where a live one ties this to a statement line."""

    account: str
    account_kind: str
    asset: str
    holder: str | None
    amount_cents: int
    match_number: int | None = None
    matched_at: datetime | None = None

    @property
    def identifier(self) -> str:
        return identifier_in(self.account)


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction with its postings. `number`: its place among the sealed ones of its year, which never changes;
    none while it is not sealed. `receipt`: the number on the merchant's receipt; `reference`: what others call it
    (ticket of the till, mandate, lot of payouts).
    """

    id: UUID
    kind: str
    occurred_at: datetime
    booked_on: date
    posted_at: datetime
    number: int | None
    sealed_at: datetime | None
    receipt: str | None
    reference: str | None
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A file that was written."""

    file: Path
    format: Format
    cover: Cover
    transactions: int
    postings: int
    left_out: int
    sha256: bytes


def identifier_in(account: str) -> str:
    """Which one of its kind an account is: the voucher's serial, the merchant's SIRET, the programme's code; empty for
    an account that exists once.
    """
    parts = account.split(":")
    return parts[1] if parts[0] in {"voucher", "merchant", "programme"} else ""
