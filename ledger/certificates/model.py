"""A certified month, as values; and what both people sign of it, word for word.

What is signed is JSON with the members below, in their order. All amounts are whole centimes, signed in the view of
the account's holder: money that comes in is positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

FORMAT = 1
KIND, REOPENING_KIND = "certificate", "reopening"


class Reason(StrEnum):
    """Why a month is reopened: one of a few words, since the books hold no free text (L12)."""

    STATEMENT_CORRECTED = "statement-corrected"
    WRONG_MATCH = "wrong-match"
    BOOKING_MISSING = "booking-missing"
    AUDIT_FINDING = "audit-finding"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement file, and how many of the month's lines came with it."""

    file: str
    sha256: str
    lines: int


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side's month: what moved in and out are positive."""

    opening_cents: int
    in_cents: int
    out_cents: int
    closing_cents: int


class Before(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the certificate of the month before closed with, on both sides."""

    statement_closing_cents: int
    ledger_closing_cents: int


class Matched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is matched, lines by rule; `sha256`: of the list of all matches, so that none is exchanged."""

    lines: int
    units: int
    cents: int
    by_rule: dict[str, int]
    sha256: str


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a statement: its month, and its number in it."""

    period: str
    record: int
    cents: int


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A break: open at the end of the month. `state` and `age_days` are those of the day of signing."""

    id: str
    category: str
    why: str
    state: str
    age_days: int
    booked_on: str
    lines: list[Record]
    transactions: list[str]
    references: list[str]
    ours_cents: int | None
    theirs_cents: int | None


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is older than our books: a balance, and lines that nothing of ours can answer."""

    balance_cents: int
    lines: list[Record]


class Carried(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The differences of the month before: how many there were, how many of them are gone."""

    from_last: int
    cleared: int


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A + B − C + D − O − E = 0, as in the report."""

    theirs_cents: int
    ours_only_cents: int
    theirs_only_cents: int
    amounts_cents: int
    opening_items_cents: int
    ours_cents: int
    proof_cents: int


class AccountPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account of the month."""

    account: str
    unit: str
    files: list[File]
    lines: int
    statement: Side
    ledger: Side
    before: Before | None
    matched: Matched
    differences: list[Difference]
    opening_items: Opening | None
    carried: Carried
    proof: Proof


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One amount of an identity."""

    name: str
    cents: int


class IdentityPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both sides of an identity at the end of the month; without terms there was nothing to compare."""

    number: int
    name: str
    programme: str | None
    left: list[Term]
    relation: Literal["=", ">="]
    right: list[Term]


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another certificate: which, and the SHA-256 of what was signed of it."""

    period: str
    version: int
    sha256: str


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What both sign. `rules`: SHA-256 of the rules of matching; `checkpoint`: a signed head of the books that has
    sealed every transaction of the month; `supersedes`: the version before, which was reopened.
    """

    format: int
    rehearsal: bool
    period: str
    first_day: str
    last_day: str
    time_zone: str
    version: int
    supersedes: Link | None
    previous: Link | None
    program: str
    rules: str
    prepared_at: str
    checkpoint: str
    accounts: list[AccountPart]
    identities: list[IdentityPart]


@dataclass(frozen=True, slots=True)
class Draft:
    """A certificate that was proposed: the month as its first day, the seal that its text names, and the text."""

    proposal_id: UUID
    number: int
    period: date
    version: int
    seal_number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Reopening:
    """A reopening that was proposed, of which version of which month, and why."""

    proposal_id: UUID
    number: int
    period: date
    version: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Certificate:
    """A month that was certified. `reopened_*` are missing while it holds."""

    proposal_id: UUID
    number: int
    period: date
    version: int
    content_sha256: bytes
    prepared_by: str
    certified_by: str
    certified_at: datetime
    reopened_number: int | None
    reopened_by: str | None
    reopened_reason: Reason | None

    @property
    def holds(self) -> bool:
        return self.reopened_number is None
