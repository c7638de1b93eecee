"""A lot that the bank is told to carry out, and what it says of it, as values. Whole centimes throughout."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ledger.people_files import Fault

TransferState = Literal[
    "prepared", "approved", "refused", "withdrawn", "exported", "sent", "accepted", "rejected", "paid", "returned"
]
BankEvent = Literal["send", "accept", "reject", "pay", "return"]
LeftOutReason = Literal["no-account", "account-cooling-down", "nothing-after-commission"]


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays the merchants: the holder of the reserve. `number` rises with each change."""

    number: int
    name: str
    iban: str = field(repr=False)
    bic: str | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """What one merchant is to be paid for one conversion. `end_to_end` is its reference, which the bank carries along
    (at most 35 characters) and the merchant sees. `iban_hmac`: of the account that was approved, under the merchant's
    key. `reason`: the bank's own code, where it rejected or sent back (ISO 20022).
    """

    id: UUID
    number: int
    conversion_id: UUID
    merchant_id: UUID
    siret: str
    merchant_name: str
    end_to_end: str
    net_cents: int
    commission_cents: int
    iban_hmac: bytes = field(repr=False)
    state: TransferState = "prepared"
    reason: str | None = None

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.commission_cents


@dataclass(frozen=True, slots=True)
class Export:
    """That the file was written: for which day, at which instant, and the HMAC of all its bytes."""

    execute_on: date
    content_hmac: bytes = field(repr=False)
    exported_at: datetime


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """A lot with its transfers. `reference` is the one of its message at the bank, once and for ever."""

    proposal_id: UUID
    proposal: int
    reference: str
    payer: int
    prepared_by: str
    approved_by: str | None
    export: Export | None
    transfers: tuple[Transfer, ...]

    @property
    def net_cents(self) -> int:
        return sum(one.net_cents for one in self.transfers)

    @property
    def commission_cents(self) -> int:
        return sum(one.commission_cents for one in self.transfers)

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.commission_cents


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An open conversion that is not in the lot, and why. `until`: when its account will have changed."""

    siret: str
    merchant_name: str
    amount_cents: int
    reason: LeftOutReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PreparedLot:
    """A lot that waits for approval, and what had to stay out of it."""

    order: PayoutOrder
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a bank says in a file: of a transfer, or of all that is live in a lot (`whole`).

    `row` and `place` tell where. `cents` is what was booked, missing where the message names no amount.
    """

    row: int
    place: str
    reference: str
    event: BankEvent
    whole: bool = False
    cents: int | None = None
    reason: str | None = None
    told_on: date | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """One entry of an account: what left it (`pay`) or came back (`return`), and of which transfers the bank says that
    it is made. `batches`: what may name a whole lot.
    """

    row: int
    event: BankEvent
    cents: int
    told_on: date
    details: tuple[Said, ...]
    batches: tuple[str, ...]


@dataclass
class BankMessage:
    """What was read of a file. `booked` are the entries of an account, each with the transfers in it."""

    file: str
    message: str
    said: list[Said] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """What a file changes: this happens to this transfer."""

    transfer: Transfer
    lot: str
    event: BankEvent
    reason: str | None
    told_on: date | None


@dataclass(frozen=True, slots=True)
class NotOurs:
    """A transfer in the bank's file that is in none of our lots."""

    row: int
    reference: str
    amount_cents: int | None
    told_on: date | None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a file of the bank came to. `known`: how much of it was known already. `aside`: what came back to a
    merchant that has left, and has to be moved to suspense by two people.
    """

    file: str
    message: str
    done: tuple[Step, ...]
    known: int
    not_ours: tuple[NotOurs, ...]
    aside: tuple[Step, ...] = ()
