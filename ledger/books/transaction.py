"""A transaction: a balanced, immutable set of postings. Debit positive, credit negative, whole centimes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from msgspec import Struct


class TransactionKind(IntEnum):
    """Kinds of transaction; which accounts each may move is data in the database (L14)."""

    MANDATE = 1
    MANDATE_CANCELLED = 2
    FUNDING = 3
    ISSUE = 4
    REDEMPTION = 5
    REFUND = 6
    LAPSE = 7
    REVOCATION = 8
    MERCHANT_PAYMENT = 9
    CONVERSION_REQUEST = 10
    CONVERSION_CANCELLED = 11
    CONVERSION_PAID = 12
    CONVERSION_RETURNED = 13
    COUPONS = 14
    COUPONS_RETURNED = 15
    COUPONS_CONVERTED = 16
    RETURN_REQUESTED = 17
    RETURN_PAID = 18
    RESERVE_LOSS = 19
    RESERVE_MADE_GOOD = 20
    ADJUSTMENT = 21
    REVERSAL = 22

    @property
    def code(self) -> str:
        return self.name.lower().replace("_", "-")


class Posting(Struct, frozen=True):
    """One leg. `expected_version`: where given, the account must not have moved since it was read."""

    account_id: int
    amount_cents: int
    expected_version: int | None = None


class Transaction(Struct, frozen=True):
    """What is handed to the journal; the database adds the booking day, versions, running balances, posted_at."""

    id: UUID
    kind: TransactionKind
    occurred_at: datetime
    postings: tuple[Posting, ...]
    approval_id: UUID | None = None


def transfer(debit: int, credit: int, amount_cents: int) -> tuple[Posting, Posting]:
    """The two postings that move an amount from the credited side's point of view: debit one, credit the other."""
    assert amount_cents > 0
    return Posting(debit, amount_cents), Posting(credit, -amount_cents)


def collect(debits: Iterable[tuple[int, int]], credit: int) -> tuple[Posting, ...]:
    """Several debits against one credit that sums them up."""
    legs = tuple(Posting(account, amount) for account, amount in debits)
    return *legs, Posting(credit, -sum(leg.amount_cents for leg in legs))
