"""Answers about the past. Whole centimes; a balance is signed as in the books, debit positive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why an answer is final, or not yet."""

    SEALED = "sealed"
    NOT_SEALED = "not-sealed"
    MONTH_CERTIFIED = "month-certified"
    MONTH_OPEN = "month-open"


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about: an instant of the books' own clock (`posted_at`), or the end of a day of booking
    (`booked_on`), or, with neither, now.
    """

    at: datetime | None = None
    on: date | None = None

    def __post_init__(self) -> None:
        assert self.at is None or self.on is None, "one of the two"


@dataclass(frozen=True, slots=True)
class Standing:
    """What every answer carries: about when it is, and whether it may still change.

    `at`: by the database's clock, none where a day was asked for. `final`: no later posting can change the answer.
    `final_until`: up to which instant answers are final today; none where nothing is sealed, or by day.
    """

    at: datetime | None
    on: date | None
    final: bool
    final_until: datetime | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Balance(Standing):
    """What an account held. `version` and `posted_at` name the posting that says so (0 and none before the first);
    by day no single posting does.
    """

    account: str
    asset: str
    balance_cents: int
    version: int | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """An account, or all of a kind: the sums of its debits and of its credits, both positive, and what it held."""

    account: str
    asset: str
    debits_cents: int
    credits_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Total:
    """One asset: what was debited and credited, and what the lines held on either side; all positive."""

    asset: str
    debits_cents: int
    credits_cents: int
    debit_balances_cents: int
    credit_balances_cents: int

    @property
    def balances(self) -> bool:
        return self.debits_cents == self.credits_cents and self.debit_balances_cents == self.credit_balances_cents


@dataclass(frozen=True, slots=True)
class TrialBalance(Standing):
    """The accounts that have moved, by kind in the order of the chart. `accounts`: one by one, where asked for."""

    balanced: bool
    totals: tuple[Total, ...]
    kinds: tuple[Line, ...]
    accounts: tuple[Line, ...] | None


@dataclass(frozen=True, slots=True)
class Aid:
    """Where the Pois issued by a programme went (by all of them: no code); each amount positive as a rule.

    `spent_cents`: sales less all their refunds. `returned_cents`: back in the pool before their end, from vouchers
    that were revoked, their late refunds too. `adjusted_cents`: taken off vouchers by two people.
    `difference_cents`: issued less all of these and what is outstanding; 0 where the identity holds.
    """

    programme: str | None
    issued_cents: int
    spent_cents: int
    lapsed_cents: int
    returned_cents: int
    adjusted_cents: int
    outstanding_cents: int
    difference_cents: int
    holds: bool


@dataclass(frozen=True, slots=True)
class AidReport(Standing):
    """Issued = spent + lapsed + returned + outstanding: programme by programme, and in all."""

    holds: bool
    programmes: tuple[Aid, ...]
    total: Aid


@dataclass(frozen=True, slots=True)
class Moved:
    """What transactions of one kind moved on the vouchers of a programme, or on its pool: up to the moment asked
    about, and since. Debit positive.
    """

    programme: str | None
    on_vouchers: bool
    kind: str
    cents: int
    later_cents: int
