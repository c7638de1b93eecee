"""Redemption requests, what is decided of them, and what was read to decide it. Whole centimes throughout.

Values that each sale makes anew are msgspec structs: one costs a fifth of what a frozen dataclass does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from msgspec import Struct

from ledger.books.transaction import Transaction
from ledger.cards.model import CardSecrets, Credential, FailureCount, FailureKey
from ledger.errors import Refusal
from ledger.programmes.model import Rules

Result_co = TypeVar("Result_co", covariant=True)
Fate = Literal["approved", "refused", "abandoned"]
DisputeState = Literal["undisputed", "disputed", "answered"]
VOID = "void"


class Line(Struct, frozen=True):
    """One category total of a basket; never an item."""

    category: str
    amount_cents: int


class RequestKey(Struct, frozen=True):
    """What binds a request to its fate (L5): the till's token, the digest of its Idempotency-Key, the
    HMAC of its canonical form.
    """

    token_sha256: bytes
    key: bytes
    fingerprint: bytes

    def __repr__(self) -> str:
        return f"RequestKey(key={self.key.hex()})"  # a fingerprint may stand for a PIN


@dataclass(frozen=True, slots=True)
class BalanceRequest:
    """A till asks for the holder what is left on a card. It has no key: it changes nothing."""

    bound: RequestKey
    credential: Credential


class RedemptionRequest(Struct, frozen=True):
    """What a till asks; `id` is the one its redemption will have, if there is one."""

    id: UUID
    bound: RequestKey
    credential: Credential
    basket: tuple[Line, ...]
    allow_partial: bool
    reference: str | None
    initiated_at: datetime | None


class Redemption(Struct, frozen=True):
    """A sale paid by vouchers, as its merchant may see it: no household, no card."""

    id: UUID
    merchant_id: UUID
    receipt_year: int
    receipt_number: int
    reference: str | None
    lines: tuple[Line, ...]
    approved_by_line: tuple[int, ...]
    occurred_at: datetime
    refunded_cents: int = 0

    @property
    def approved_cents(self) -> int:
        return sum(self.approved_by_line)

    @property
    def basket_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines)

    @property
    def remainder_cents(self) -> int:
        """What is left to pay by any other means."""
        return self.basket_cents - self.approved_cents

    @property
    def refundable_cents(self) -> int:
        return self.approved_cents - self.refunded_cents

    @property
    def receipt(self) -> str:
        """The number on the receipt, continuous per merchant and year: `2026-000123`."""
        return f"{self.receipt_year}-{self.receipt_number:06d}"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money back onto the vouchers of a sale."""

    id: UUID
    redemption_id: UUID
    amount_cents: int
    occurred_at: datetime
    refundable_cents: int


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What a till asks to be given back of a sale; `amount_cents` is `None` for all that is refundable."""

    bound: RequestKey
    redemption_id: UUID
    amount_cents: int | None
    reason: str

    @property
    def is_void(self) -> bool:
        """The whole sale is to be as if it had not been: only at once, and only if nothing was given back."""
        return self.reason == VOID


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a merchant's redemptions: after a receipt (year, number), within two instants."""

    merchant_id: UUID
    starts: datetime
    ends: datetime
    after: tuple[int, int]
    rows_max: int


@dataclass(frozen=True, slots=True)
class CardBalance:
    """What a card may still spend, and what of it ends when. `at_once_cents`: what its caps allow in one sale now;
    nothing where it has none.
    """

    balance_cents: int
    ends: tuple[tuple[date, int], ...]
    at_once_cents: int | None = None


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A card as its holder's telephone may see it: what is left, and the last step whose code a till took."""

    balance: CardBalance
    last_step: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """A sale as its holder sees it: where, how much, by which card; `state`: undisputed, disputed or answered."""

    id: UUID
    occurred_at: datetime
    shop: str
    town: str
    approved_cents: int
    refunded_cents: int
    card_number: int
    state: DisputeState


@dataclass(frozen=True, slots=True)
class Dispute:
    """A sale that a holder says not to have bought, for whoever looks into it."""

    redemption_id: UUID
    household_id: UUID
    occurred_at: datetime
    shop: str
    siret: str
    receipt: str
    approved_cents: int
    card_number: int
    disputed_at: datetime
    state: DisputeState


@dataclass(frozen=True, slots=True)
class Movements:
    """How many movements of a kind, and what they come to."""

    count: int = 0
    cents: int = 0

    def __add__(self, other: Movements) -> Movements:
        return Movements(self.count + other.count, self.cents + other.cents)


@dataclass(frozen=True, slots=True)
class Totals:
    """What was sold, given back and voided; a void counts among the voids only."""

    sales: Movements = Movements()
    refunds: Movements = Movements()
    voids: Movements = Movements()

    @property
    def net_cents(self) -> int:
        return self.sales.cents - self.refunds.cents - self.voids.cents

    def __add__(self, other: Totals) -> Totals:
        return Totals(self.sales + other.sales, self.refunds + other.refunds, self.voids + other.voids)


@dataclass(frozen=True, slots=True)
class DayTotals:
    """A local day of a merchant, by the till that made the movement; a refund's need not be that of the sale."""

    day: date
    by_till: Mapping[UUID, Totals]

    def of(self, till_id: UUID) -> Totals:
        """What one till did."""
        return self.by_till.get(till_id, Totals())

    @property
    def whole(self) -> Totals:
        """What all tills of the merchant did."""
        return sum(self.by_till.values(), Totals())


@dataclass(frozen=True, slots=True)
class Settled:
    """The fate of a key, with what belongs to it: the redemption or refund approved, or the refusal given.

    Approved with neither: another device of the shop moved its money under this key.
    """

    fate: Fate
    redemption: Redemption | None = None
    refund: Refund | None = None
    refusal: Refusal | None = None


class Outcome(Struct, frozen=True):
    """The one fate of a key: an approved result, a refusal with its number and facts, or abandoned."""

    fingerprint: bytes | None
    fate: Fate
    result_id: UUID | None = None
    refusal: int | None = None
    facts: Mapping[str, int] | None = None


class Answered(Struct, Generic[Result_co], frozen=True):
    """An answer, and whether it repeats an earlier one."""

    result: Result_co
    replayed: bool = False


class Till(Struct, frozen=True):
    """A paired device and its merchant, as a redemption needs them."""

    id: UUID
    scope: str
    active: bool
    merchant_id: UUID
    merchant_account: int
    merchant_active: bool


class Spending(Struct, frozen=True):
    """What a card spent on its last day of use."""

    day: date
    spent_cents: int


class VoucherBalance(Struct):
    """A voucher that is valid on the day: what is left as the batch has used it since, the version of its account as
    it was read, the rules it follows.
    """

    account_id: int
    balance_cents: int
    version: int
    programme_version_id: UUID
    valid_until: date


class NewSpending(Struct, frozen=True):
    """What a card has spent today after this sale; `before_cents` must still be so when it is written."""

    card_id: UUID
    day: date
    before_cents: int
    after_cents: int


class Approved(Struct, frozen=True):
    """A redemption that is decided and waits to be written."""

    redemption: Redemption
    transaction: Transaction
    till_id: UUID
    card_id: UUID
    step: int | None
    spending: NewSpending | None


class CardState(Struct):
    """A card as it was read, and as the batch has used it since."""

    secrets: CardSecrets
    household_id: UUID
    blocked: bool
    spending: Spending | None


@dataclass
class Known:
    """What never changes, kept once it was read: paired devices by the digest of their token, rules by version."""

    tills: dict[bytes, Till] = field(default_factory=dict)
    rules: dict[UUID, Rules] = field(default_factory=dict)


@dataclass
class State:
    """What was read for a batch. Deciding one request changes it for the next."""

    tills: dict[bytes, Till] = field(default_factory=dict)
    cards: dict[int, CardState] = field(default_factory=dict)
    vouchers: dict[UUID, dict[int, VoucherBalance]] = field(default_factory=dict)
    outcomes: dict[tuple[UUID, bytes], Outcome] = field(default_factory=dict)
    failures: dict[FailureKey, FailureCount] = field(default_factory=dict)
    rules: dict[UUID, Rules] = field(default_factory=dict)
