"""What merchants do with their Pois, as values. Whole centimes throughout."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ledger.redemptions.model import RequestKey

ConversionState = Literal["requested", "cancelled", "paid", "returned"]
CouponKind = Literal["coupons", "coupons-returned", "coupons-converted"]
OPEN_STATES: tuple[ConversionState, ...] = ("requested", "returned")


@dataclass(frozen=True, slots=True)
class Asked:
    """What binds an owner's request to its fate (L5), and the code that allows it."""

    bound: RequestKey
    owner_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Pois that a merchant wants in euros. `due_cents`: what is to be paid while it is open; less than was asked
    where the bank sent it back and the association kept its commission. Lot, day, net and commission are those of
    its last payout. `ordered_in`: the lot with which it is on its way to the bank, where there is one.
    """

    id: UUID
    merchant_id: UUID
    siret: str
    merchant_name: str
    account_id: int
    converting_account_id: int
    amount_cents: int
    due_cents: int
    state: ConversionState
    requested_at: datetime
    payout_id: UUID | None
    lot: str | None
    paid_on: date | None
    net_cents: int | None
    commission_cents: int | None
    ordered_in: str | None = None

    @property
    def is_open(self) -> bool:
        """It waits to be paid, for the first time or again."""
        return self.state in OPEN_STATES

    @property
    def is_free(self) -> bool:
        """It is open, and in no lot that the bank may yet carry out: it can be cancelled, or paid otherwise."""
        return self.is_open and self.ordered_in is None


@dataclass(frozen=True, slots=True)
class MerchantPayment:
    """Pois from one merchant to another."""

    id: UUID
    payee_siret: str
    payee_name: str
    amount_cents: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class CouponMovement:
    """Paper Pois handed to a merchant, brought back, or turned into euros (net, commission)."""

    id: UUID
    kind: CouponKind
    siret: str
    amount_cents: int
    commission_cents: int | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One line of a lot: what a merchant is paid for a conversion. Gross is net and commission."""

    row: int
    siret: str
    gross_cents: int
    commission_cents: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class PayoutLot:
    """What the bank carries out in one go, under one reference (a SEPA end-to-end id), on one day."""

    reference: str
    paid_on: date
    lines: tuple[PayoutLine, ...]

    @property
    def gross_cents(self) -> int:
        return sum(line.gross_cents for line in self.lines)

    @property
    def commission_cents(self) -> int:
        return sum(line.commission_cents for line in self.lines)

    @property
    def net_cents(self) -> int:
        return sum(line.net_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class Payment:
    """A line of a lot and the conversion that it pays."""

    lot: PayoutLot
    line: PayoutLine
    conversion: Conversion


@dataclass(frozen=True, slots=True)
class ProposedLot:
    """The treasurer's list with the bank accounts by SIRET; it goes into a file of the treasurer's, nowhere else."""

    lot: PayoutLot
    ibans: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rate:
    """What the association keeps of a conversion, in hundredths of a percent, from a day on."""

    number: int
    basis_points: int
    from_day: date


@dataclass(frozen=True, slots=True)
class MerchantBalance:
    """What a merchant holds, and what of its Pois is on the way to euros; `basis_points` (hundredths of a percent):
    what the association keeps of a conversion that is paid today.
    """

    balance_cents: int
    converting_cents: int
    basis_points: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement of a merchant's account; what comes in is positive. `receipt` and `reference` are those of a sale
    and its refunds; `other_siret` is the other side of a payment; versions rise in the order of the account.
    """

    version: int
    id: UUID
    kind: str
    amount_cents: int
    occurred_at: datetime
    receipt: str | None
    reference: str | None
    other_siret: str | None


@dataclass(frozen=True, slots=True)
class StatementHead:
    """A merchant's account from one local day to another, both included, as it stood at one of its versions: opening
    and lines give the closing, whatever is sold while the pages are read.
    """

    first_day: date
    last_day: date
    opening_cents: int
    closing_cents: int
    version: int


@dataclass(frozen=True, slots=True)
class MerchantStatement:
    """A page of a merchant's statement."""

    head: StatementHead
    lines: tuple[StatementLine, ...]
