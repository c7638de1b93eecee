"""Vouchers and what is needed to issue them, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher now: `balance_cents` is what may still be spent of it; `state`: active, lapsed or revoked."""

    id: UUID
    serial: str
    household_id: UUID
    programme_version_id: UUID
    face_cents: int
    balance_cents: int
    valid_from: date
    valid_until: date
    state: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What one voucher is issued for."""

    decision_id: UUID
    household_id: UUID
    amount_cents: int


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """A chunk of vouchers of an approved aid run, booked as one transaction with this id."""

    transaction_id: UUID
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
    def total_cents(self) -> int:
        return sum(grant.amount_cents for grant in self.grants)


def serial(programme_code: str, year: int, number: int) -> str:
    """The number of a voucher in the continuous series of its programme and year: `AA-2026-2026-000001`."""
    return f"{programme_code}-{year}-{number:06d}"
