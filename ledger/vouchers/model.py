"""Vouchers and what is needed to issue them, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher now: `balance_cents` is what may still be spent of it; `state`: active, lapsed or revoked.

    `valid_until` is its last day, that of its grace where a refund reopened it.
    """

    id: UUID
    serial: str
    programme_code: str
    household_id: UUID
    programme_version_id: UUID
    face_cents: int
    balance_cents: int
    valid_from: date
    valid_until: date
    state: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that changed a voucher: its balance by a transaction, or its state by an event; else `None`."""

    kind: str
    occurred_at: datetime
    amount_cents: int | None
    transaction_id: UUID | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A voucher that is to end; its rest belongs to the pool."""

    voucher_id: UUID
    account_id: int
    pool_account: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How many vouchers ended, and how much of them went back to the pools."""

    vouchers: int
    returned_cents: int


@dataclass(frozen=True, slots=True)
class Refundable:
    """A voucher that paid for a sale: what it still misses of that, and whether it can take it back.

    `ends_on` is its last day, `grace_days` how long a refund reopens it after that.
    """

    voucher_id: UUID
    account_id: int
    pool_account: int
    state: str
    missing_cents: int
    balance_cents: int
    ends_on: date
    holder_active: bool
    grace_days: int


@dataclass(frozen=True, slots=True)
class Share:
    """What of a refund goes to which account; `reopened_until`: the last day of the grace that it gives."""

    voucher: Refundable
    account_id: int
    amount_cents: int
    reopened_until: date | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What one voucher is issued for."""

    decision_id: UUID
    household_id: UUID
    amount_cents: int


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """A chunk of vouchers of an approved aid run, booked as one transaction."""

    approval_id: UUID
    aid_run_id: UUID
    programme_id: UUID
    programme_code: str
    programme_version_id: UUID
    pool_account: int
    valid_from: date
    valid_until: date
    grants: Sequence[Grant]

    @property
    def transaction_id(self) -> UUID:
        """It follows from run and first decision, each of which is issued once: so the books take no chunk twice."""
        return uuid5(self.aid_run_id, str(self.grants[0].decision_id))

    @property
    def total_cents(self) -> int:
        return sum(grant.amount_cents for grant in self.grants)


def serial(programme_code: str, year: int, number: int) -> str:
    """The number of a voucher in the continuous series of its programme and year: `AA-2026-2026-000001`."""
    return f"{programme_code}-{year}-{number:06d}"
