"""The identities as values: their terms, and what they are proven from. Amounts are positive centimes in their
ordinary direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ledger.books.transaction import TransactionKind
from ledger.reconciliation.model.sides import Break

SALES = frozenset({TransactionKind.REDEMPTION, TransactionKind.REFUND})

Relation = Literal["=", ">="]


@dataclass(frozen=True, slots=True)
class Term:
    """One amount of an identity; `name` is stable, in lower-kebab."""

    name: str
    cents: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Left and right have to be equal, or left at least as much. `programme`: of one only. Without terms there is
    nothing to compare yet.
    """

    number: int
    name: str
    left: tuple[Term, ...]
    right: tuple[Term, ...]
    relation: Relation = "="
    programme: str | None = None
    period: str | None = None

    @property
    def left_cents(self) -> int:
        return sum(term.cents for term in self.left)

    @property
    def right_cents(self) -> int:
        return sum(term.cents for term in self.right)

    @property
    def difference_cents(self) -> int:
        return self.left_cents - self.right_cents

    @property
    def holds(self) -> bool:
        return self.difference_cents == 0 or (self.relation == ">=" and self.difference_cents > 0)


@dataclass(frozen=True, slots=True)
class Sums:
    """The books in short. `moved`: by kind of transaction and kind of account, debit positive, a reversal counted
    with what it takes back; `balances` by kind of account; `documents`: what vouchers, sales and refunds say.
    """

    moved: Mapping[tuple[str, str], int]
    balances: Mapping[str, int]
    face_cents: int
    sold_cents: int
    refunded_cents: int

    def of(self, kind: str, account: str) -> int:
        return self.moved.get((kind, account), 0)

    def balance(self, *accounts: str) -> int:
        return sum(self.balances.get(account, 0) for account in accounts)


@dataclass(frozen=True, slots=True)
class ProgrammeSums:
    """One programme: what its mandates say, what came into its pool, what of its mandates is still under way."""

    code: str
    mandated_cents: int
    credited_cents: int
    in_transit_cents: int


@dataclass(frozen=True, slots=True)
class SalesCompared:
    """Sales less refunds up to the end of a statement: ours, the lines matched with them, and what else these
    matches hold (corrections). The differences are those of the statement.
    """

    period: str
    ours_cents: int
    matched_cents: int
    corrected_cents: int
    breaks: tuple[Break, ...]
