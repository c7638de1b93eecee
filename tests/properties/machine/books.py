"""What the model knows: balances per account and all that decides about the next answer.

Written from the design, in plain Python; it imports nothing of the product, so that no mistake is made twice.
Debit positive, credit negative, whole centimes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

MANDATED, RETURNED, IN_TRANSIT = "ccas:mandated", "ccas:returned", "association:in-transit"
FUND, OWES = "association:guarantee-fund", "association:owes-reserve"
PAID_OUT, COMMISSION, ISSUED = "association:paid-out", "association:commission", "association:issued"
CIRCULATING, SUSPENSE_EUR, SUSPENSE_POIS = "coupons:circulating", "suspense:EUR", "suspense:POIS"

# Of each kind of account: its asset, its normal side (+1 debit, -1 credit, 0 either), what it counts for in L8.
CHART = {
    MANDATED: ("EUR", -1, 0), RETURNED: ("EUR", 1, 0), IN_TRANSIT: ("EUR", 1, 0), FUND: ("EUR", 1, 1),
    OWES: ("EUR", 1, 1), PAID_OUT: ("EUR", 1, 0), COMMISSION: ("EUR", 1, 0), SUSPENSE_EUR: ("EUR", 0, 1),
    ISSUED: ("POIS", 1, -1), "pool": ("POIS", -1, 0), "returning": ("POIS", -1, 0), "voucher": ("POIS", -1, 0),
    "merchant": ("POIS", -1, 0), "converting": ("POIS", -1, 0), CIRCULATING: ("POIS", -1, 0),
    SUSPENSE_POIS: ("POIS", 0, -1),
}  # fmt: skip

Leg = tuple[str, int]


class Differs(AssertionError):  # noqa: N818 - it says what happened
    """The product answered, or booked, something else than the model expects."""


def kind_of(account: str) -> str:
    """The kind of an account, by its name."""
    head, _, rest = account.partition(":")
    if head == "programme":
        return rest.rpartition(":")[2]
    if head == "merchant":
        return "converting" if rest.endswith(":converting") else "merchant"
    return "voucher" if head == "voucher" else account


def day_of(now: datetime) -> date:
    """The day in Poitiers."""
    return now.astimezone(ZoneInfo("Europe/Paris")).date()


@dataclass(frozen=True)
class Person:
    roles: frozenset[str]
    active: bool = True
    limit: tuple[int, int] | None = None  # cents within days


@dataclass(frozen=True)
class Rules:
    """One version of the programme: what it pays for, how long, how much a paper card may spend."""

    eligible: frozenset[str]
    days: int
    grace_days: int
    sale_cap: int
    day_cap: int


@dataclass
class Household:
    case: str
    active: bool = True
    waiting: list[int] = field(default_factory=list)  # granted, and in no run


@dataclass
class Voucher:
    serial: str
    household: UUID
    rules: Rules
    valid_from: date
    valid_until: date
    state: str = "active"
    reopened_until: date | None = None

    @property
    def account(self) -> str:
        return f"voucher:{self.serial}"

    @property
    def last_day(self) -> date:
        return self.reopened_until or self.valid_until


@dataclass
class Card:
    number: int
    household: UUID
    kind: str
    secret: str = field(repr=False)
    pin: str | None = field(repr=False)
    blocked: bool = False
    last_step: int = 0
    spent: tuple[date, int] | None = None


@dataclass
class Till:
    token: str = field(repr=False)
    siret: str
    scope: str
    id: UUID
    revoked: bool = False


@dataclass
class Shop:
    siret: str
    owner_secret: str | None = field(repr=False)
    state: str = "approved"
    owner_step: int = 0

    @property
    def account(self) -> str:
        return f"merchant:{self.siret}"

    @property
    def converting(self) -> str:
        return f"merchant:{self.siret}:converting"


@dataclass
class Sale:
    id: UUID
    siret: str
    taken: list[tuple[str, int]]  # vouchers in the order of taking
    approved: int
    at: datetime
    refunded: int = 0


@dataclass(frozen=True)
class Fate:
    """What became of a key; without a fingerprint it was given up."""

    fingerprint: bytes | None
    code: str | None = None
    result: Any = None


@dataclass
class Mandate:
    number: str
    cents: int
    state: str = "in-transit"
    funding: UUID | None = None


@dataclass
class Proposal:
    id: UUID
    kind: str
    by: str
    cents: int
    at: datetime
    legs: tuple[Leg, ...] = ()
    reverses: UUID | None = None
    transaction: UUID | None = None
    state: str = "pending"


@dataclass
class Run:
    number: int
    proposal: UUID
    rules: Rules
    valid_from: date
    valid_until: date
    lines: list[tuple[UUID, int]]
    issued_at: datetime | None = None

    @property
    def issued(self) -> bool:
        return self.issued_at is not None

    @property
    def total(self) -> int:
        return sum(cents for _, cents in self.lines)


@dataclass
class Booked:
    """A transaction that somebody might want to take back."""

    kind: str
    legs: tuple[Leg, ...]
    reversed: bool = False


@dataclass
class Conversion:
    id: UUID
    siret: str
    due: int
    state: str = "requested"
    lot: str | None = None
    net: int = 0
    commission: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in {"requested", "returned"}


@dataclass
class Books:
    """The model ledger."""

    code: str
    people: dict[str, Person]
    rules: Rules
    tills: dict[str, Till] = field(default_factory=dict)
    shops: dict[str, Shop] = field(default_factory=dict)
    cents: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    households: dict[UUID, Household] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    cards: dict[int, Card] = field(default_factory=dict)
    sales: dict[UUID, Sale] = field(default_factory=dict)
    fates: dict[tuple[str, bytes], Fate] = field(default_factory=dict)
    mandates: dict[str, Mandate] = field(default_factory=dict)
    proposals: dict[UUID, Proposal] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    booked: dict[UUID, Booked] = field(default_factory=dict)
    conversions: dict[UUID, Conversion] = field(default_factory=dict)
    lots: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    rates: list[tuple[date, int]] = field(default_factory=lambda: [(date.min, 200)])
    failures: dict[tuple[Any, ...], tuple[int, datetime]] = field(default_factory=dict)

    @property
    def pool(self) -> str:
        return f"programme:{self.code}:pool"

    @property
    def returning(self) -> str:
        return f"programme:{self.code}:returning"

    def held(self, account: str) -> int:
        """What is on an account, seen from its normal side."""
        return CHART[kind_of(account)][1] * self.cents[account]

    def move(self, kind: str, *legs: Leg, transaction: UUID | None = None) -> None:
        """Book; a mistake of the model itself is found here."""
        for asset in ("EUR", "POIS"):
            assert sum(cents for account, cents in legs if CHART[kind_of(account)][0] == asset) == 0, (kind, legs)
        assert sum(CHART[kind_of(account)][2] * cents for account, cents in legs) == 0, (kind, legs)
        for account, cents in legs:
            self.cents[account] += cents
            if self.held(account) < 0:
                raise Differs(f"{kind} takes {account} across zero")
        self.kinds[kind] += 1
        if transaction is not None:
            self.booked[transaction] = Booked(kind, legs)

    def transfer(self, kind: str, debit: str, credit: str, cents: int, transaction: UUID | None = None) -> None:
        self.move(kind, (debit, cents), (credit, -cents), transaction=transaction)

    def bars(self, name: str, *roles: str) -> str | None:
        """Why somebody may not do what these roles may; without any, what everybody but an auditor may."""
        person = self.people.get(name)
        if person is None:
            return "unknown-operator"
        if not person.active:
            return "operator-suspended"
        allowed = set(roles) or {"agent", "approver", "finance", "reviewer", "treasurer"}
        return None if person.roles & allowed else "role-missing"

    def counted(self, key: tuple[Any, ...], window: timedelta, now: datetime) -> int:
        """How many wrong codes are counted at this moment."""
        count, since = self.failures.get(key, (0, now))
        return count if timedelta(0) <= now - since < window else 0

    def count_one_more(self, key: tuple[Any, ...], window: timedelta, now: datetime) -> None:
        count = self.counted(key, window, now)
        self.failures[key] = (count + 1, self.failures[key][1] if count else now)
