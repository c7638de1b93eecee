"""A merchant's month as values. Whole centimes throughout; no household is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Moved:
    """All movements of one kind (a transaction's code) and one direction on an account; what comes in is positive."""

    kind: str
    count: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """An account over a month. Opening and closing are sums of their own, so that the movements prove them."""

    opening_cents: int
    moved: tuple[Moved, ...]
    closing_cents: int

    @property
    def in_cents(self) -> int:
        return sum(one.amount_cents for one in self.moved if one.amount_cents > 0)

    @property
    def out_cents(self) -> int:
        return -sum(one.amount_cents for one in self.moved if one.amount_cents < 0)

    @property
    def proof_cents(self) -> int:
        """Opening + in − out − closing: 0, or something is wrong with the books."""
        return self.opening_cents + self.in_cents - self.out_cents - self.closing_cents


@dataclass(frozen=True, slots=True)
class CategorySales:
    """What was sold of a category of food: in how many sales, for how much."""

    category: str
    count: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What another merchant paid here, and was paid from here, in Pois."""

    siret: str
    name: str
    in_cents: int
    out_cents: int


@dataclass(frozen=True, slots=True)
class PaidConversion:
    """A conversion that was paid in euros, or one that came back (all amounts negative then).

    `reference`: what the transfer carries; of a lot paid by hand, the lot's. `day`: the bank's.
    """

    reference: str
    day: date
    net_cents: int
    commission_cents: int

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.commission_cents


@dataclass(frozen=True, slots=True)
class MonthStatement:
    """`held`: the merchant's Pois; `converting`: those on their way to euros. `is_over`: the month is."""

    siret: str
    name: str
    town: str
    first_day: date
    last_day: date
    is_over: bool
    held: AccountMonth
    converting: AccountMonth
    categories: tuple[CategorySales, ...]
    neighbours: tuple[Neighbour, ...]
    conversions: tuple[PaidConversion, ...]

    @property
    def period(self) -> str:
        return f"{self.first_day:%Y-%m}"

    @property
    def sold_cents(self) -> int:
        return _sum(self.held, "redemption")

    @property
    def proof_cents(self) -> int:
        """What is left unexplained: of both accounts, of the sales by their categories, of what was paid to and by
        other merchants, of the euros by their conversions. 0, or something is wrong with the books.
        """
        paid = -_sum(self.converting, "conversion-paid", "conversion-returned")
        exchanged = _sum(self.held, "merchant-payment")
        differences = (
            self.held.proof_cents,
            self.converting.proof_cents,
            self.sold_cents - sum(one.amount_cents for one in self.categories),
            exchanged - sum(one.in_cents - one.out_cents for one in self.neighbours),
            paid - sum(one.gross_cents for one in self.conversions),
        )
        return sum(map(abs, differences))


def _sum(account: AccountMonth, *kinds: str) -> int:
    return sum(one.amount_cents for one in account.moved if one.kind in kinds)
