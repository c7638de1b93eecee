"""A change of IBAN as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

State = Literal["pending", "rejected", "cooling", "withdrawn", "effective"]


@dataclass(frozen=True, slots=True)
class IbanChange:
    """A change of the account that a merchant is paid on. `number` is the proposal's, for people.

    `iban` is kept until it has replaced the present one, or never will; then it is missing here. In an answer
    for a list it is masked.
    """

    proposal_id: UUID
    number: int
    merchant_id: UUID
    siret: str
    merchant_name: str
    iban: str | None = field(repr=False)
    cooling_days: int
    prepared_by: str
    prepared_at: datetime
    decided_by: str | None
    approved_at: datetime | None
    rejected_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None

    @property
    def effective_at(self) -> datetime | None:
        """When it counts, if nobody withdraws it: full days of 24 hours after the approval."""
        return None if self.approved_at is None else self.approved_at + timedelta(days=self.cooling_days)

    def state(self, now: datetime) -> State:
        if self.rejected_at is not None:
            return "rejected"
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.effective_at is None:
            return "pending"
        return "effective" if self.effective_at <= now else "cooling"


@dataclass(frozen=True, slots=True)
class ListedChange:
    """A change with its state now."""

    change: IbanChange
    state: State


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where a merchant is paid now, and the change that waits or cools down, if there is one."""

    siret: str
    merchant_name: str
    iban: str = field(repr=False)
    change: ListedChange | None


@dataclass(frozen=True, slots=True)
class PayableAccount:
    """Where a merchant is paid now, with the HMAC that tells it from another one under the merchant's own key.

    `changes_at`: when an approved change comes to count that is still cooling down.
    """

    iban: str = field(repr=False)
    iban_hmac: bytes = field(repr=False)
    changes_at: datetime | None
