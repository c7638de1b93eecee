"""Moves as they are proposed, and the accounts that they would move. Whole centimes; debit positive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ledger.books.transaction import TransactionKind

# The kinds that are booked posting by posting as another person approved them.
KINDS = (
    TransactionKind.RETURN_REQUESTED,
    TransactionKind.RETURN_PAID,
    TransactionKind.RESERVE_LOSS,
    TransactionKind.RESERVE_MADE_GOOD,
    TransactionKind.ADJUSTMENT,
    TransactionKind.REVERSAL,
)
PROPOSAL_KINDS = frozenset(kind.code for kind in KINDS)


class Reason(StrEnum):
    """Why: one of a few codes, since the books hold no free text (L12)."""

    UNSPENT_AID = "unspent-aid"
    BANK_FEE = "bank-fee"
    MADE_GOOD = "made-good"
    WRONG_ACCOUNT = "wrong-account"
    WRONG_AMOUNT = "wrong-amount"
    BOOKED_TWICE = "booked-twice"
    NEVER_HAPPENED = "never-happened"
    NOT_BOOKED = "not-booked"
    UNEXPLAINED = "unexplained"
    WRITTEN_OFF = "written-off"


@dataclass(frozen=True, slots=True)
class Leg:
    """A posting by the name of its account."""

    account: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be moved, why, and what it answers: a transaction taken back, a difference of a reconciliation."""

    kind: TransactionKind
    reason: Reason
    legs: tuple[Leg, ...]
    reverses_id: UUID | None = None
    break_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A draft that was proposed under a number; `transaction_id`: under which it is, or would be, in the books."""

    proposal_id: UUID
    number: int
    transaction_id: UUID
    draft: Draft


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the rules look at it: `side` +1 debit, -1 credit, 0 either; `backing` as in L8; `state` of
    the voucher or merchant whose it is, where that is no longer the first one.
    """

    id: int
    name: str
    kind: int
    asset: str
    side: int
    backing: int
    balance_cents: int
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """A transaction that is in the books: its kind, its postings, and what took it back, if anything did."""

    id: UUID
    kind: TransactionKind
    legs: tuple[Leg, ...]
    reversed_by: UUID | None
