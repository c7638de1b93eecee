"""A programme and its rules, households and decisions, mandates and aid runs, as values.

The rules are kept as canonical JSON (sorted keys, amounts in centimes): equal rules have equal hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Literal
from uuid import UUID

import msgspec

Medium = Literal["paper", "phone"]
MandateState = Literal["in-transit", "confirmed", "taken-back", "cancelled"]
RunState = Literal["pending", "approved", "issued", "rejected"]


class Weights(msgspec.Struct, frozen=True):
    """Consumption units of a household's members; the defaults are INSEE's (the OECD-modified scale)."""

    first_adult: Decimal = Decimal(1)
    other_14_plus: Decimal = Decimal("0.5")
    under_14: Decimal = Decimal("0.3")


class PerConsumptionUnit(msgspec.Struct, frozen=True, tag_field="form", tag="per-consumption-unit"):
    """An amount per consumption unit, rounded down to the centime."""

    base_cents: int
    weights: Weights


class FlatRate(msgspec.Struct, frozen=True, tag_field="form", tag="flat-rate"):
    """A fixed amount, and more for each adult and child; the weights serve the rest to live only."""

    fixed_cents: int
    per_adult_cents: int
    per_child_cents: int
    weights: Weights


Scale = PerConsumptionUnit | FlatRate


class Eligibility(msgspec.Struct, frozen=True):
    """Who is entitled: a rest to live per day and unit strictly below the ceiling, or a derogation."""

    rest_to_live_per_day_ceiling_cents: int
    derogations: frozenset[str]


GRACE_DAYS = 30


class Validity(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long a voucher lasts: so many days after the first, within the calendar year or not. `grace_days`: how
    long a lapsed one is reopened by a refund; the default is left out of the canonical form, as in older versions.
    """

    days: int
    calendar_year: bool
    grace_days: int = GRACE_DAYS


class Basket(msgspec.Struct, frozen=True):
    """What vouchers pay for. `listed`: all categories that a till offers, in the order of the file."""

    eligible: frozenset[str]
    listed: tuple[str, ...]


class Caps(msgspec.Struct, frozen=True):
    """How much a paper card may spend: in one sale, in one day."""

    paper_sale_cents: int
    paper_day_cents: int


IDENTITY_DAYS = 730


class Rules(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of the rules of a programme. `identity_days`: how long after the last contact a household may
    stay identified (CNIL 2023-095: two years); the default is left out of the canonical form, as in older versions.
    """

    scale: Scale
    eligibility: Eligibility
    validity: Validity
    basket: Basket
    caps: Caps
    identity_days: int = IDENTITY_DAYS


def rules_to_json(rules: Rules) -> bytes:
    """The canonical form: sorted keys and sets, no blanks."""
    return msgspec.json.encode(rules, order="sorted")


def rules_from_json(content: bytes | str) -> Rules:
    """The rules of `rules_to_json`, however a database has spaced them since."""
    return msgspec.json.decode(content, type=Rules)


def rules_sha256(rules: Rules) -> bytes:
    """The hash that decisions bind and programme versions carry."""
    return sha256(rules_to_json(rules)).digest()


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme in its present version."""

    id: UUID
    code: str
    label: str
    version_id: UUID
    version_number: int
    rules: Rules
    pool_account: int
    returning_account: int


@dataclass(frozen=True, slots=True)
class ProgrammeFile:
    """What a rules file says."""

    code: str
    label: str
    rules: Rules


class Profile(msgspec.Struct, frozen=True):
    """What the CCAS knows of a household, kept encrypted. Amounts are monthly; none: no proof."""

    case_number: str
    adults: int
    children_14_plus: int
    children_under_14: int
    resources_cents: int | None
    charges_cents: int | None
    language: str
    medium: Medium
    derogation: str | None

    @property
    def children(self) -> int:
        return self.children_14_plus + self.children_under_14


def profile_to_json(profile: Profile) -> bytes:
    """The canonical form: what is encrypted, and what a decision binds."""
    return msgspec.json.encode(profile, order="sorted")


def profile_from_json(content: bytes) -> Profile:
    """The profile of `profile_to_json`."""
    return msgspec.json.decode(content, type=Profile)


def case_key(case_number: str) -> bytes:
    """A case number as it is looked up: people write it in either case and with blanks around."""
    return case_number.strip().upper().encode()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of a household. `reason` is one of `below-ceiling`, `above-ceiling`, `derogation`,
    `no-proof`.
    """

    granted: bool
    reason: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Household:
    """A household for the agent: its file, and the decision on record."""

    household_id: UUID
    profile: Profile
    decision: Decision
    decided_at: datetime
    rules_version: int


@dataclass(frozen=True, slots=True)
class HouseholdEntry:
    """A line of the agent's list."""

    household_id: UUID
    case_number: str
    medium: Medium
    language: str
    granted: bool
    amount_cents: int


@dataclass(frozen=True, slots=True)
class HouseholdImport:
    """What an import of households came to; `total_cents` is what was granted."""

    rows: int
    granted: int
    refused: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """What deciding again came to; `total_cents` is what was granted. `waiting`: left as they are, because their last
    decision still waits for its voucher.
    """

    households: int
    granted: int
    refused: int
    total_cents: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What is left on a voucher of a household that wants to leave."""

    serial: str
    account_id: int
    left_cents: int
    state: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """A household that was forgotten; not under which id, which would tie it to the books again.

    `also_in`: other programmes that still know the same case number.
    """

    cards_blocked: int
    vouchers_revoked: int
    given_up_cents: int
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SilentHousehold:
    """A household whose last contact is longer ago than its programme keeps identities."""

    household_id: UUID
    case_number: str
    last_contact_at: datetime


@dataclass(frozen=True, slots=True)
class Retained:
    """A silent household that could not be erased: the code of the refusal, and what is left on its vouchers."""

    household: SilentHousehold
    refusal: str
    left_cents: int | None


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """What came of erasing the silent ones."""

    erased: tuple[SilentHousehold, ...]
    retained: tuple[Retained, ...]


@dataclass(frozen=True, slots=True)
class Mandate:
    """Euros that the CCAS mandated; `confirmed_at`: since when the association has them; `taken_back_at`: when
    that turned out wrong and was reversed.
    """

    id: UUID
    number: str
    programme_code: str
    amount_cents: int
    recorded_at: datetime
    confirmed_at: datetime | None
    taken_back_at: datetime | None
    cancelled_at: datetime | None

    @property
    def state(self) -> MandateState:
        if self.cancelled_at is not None:
            return "cancelled"
        if self.taken_back_at is not None:
            return "taken-back"
        return "in-transit" if self.confirmed_at is None else "confirmed"


@dataclass(frozen=True, slots=True)
class Funds:
    """The money of a programme: `pool_cents` are the Pois not yet issued, `reserved_cents` those of them that
    runs which are prepared or half issued will need, `returning_cents` those on their way back to euros.
    """

    programme_code: str
    mandated_cents: int
    confirmed_cents: int
    pool_cents: int
    reserved_cents: int
    returning_cents: int


@dataclass(frozen=True, slots=True)
class AidRunLine:
    """One decision to be turned into a voucher."""

    decision_id: UUID
    household_id: UUID
    amount_cents: int


@dataclass(frozen=True, slots=True)
class AidRun:
    """Vouchers for every entitled household, prepared by one person and approved by another."""

    id: UUID
    programme_code: str
    number: int
    programme_version_id: UUID
    proposal_id: UUID
    approval_id: UUID | None
    valid_from: date
    valid_until: date
    voucher_count: int
    total_cents: int
    prepared_by: str
    approved_by: str | None
    rejected: bool
    issued_count: int

    @property
    def state(self) -> RunState:
        if self.rejected:
            return "rejected"
        if self.approval_id is None:
            return "pending"
        return "issued" if self.issued_count == self.voucher_count else "approved"


@dataclass(frozen=True, slots=True)
class GrantedLine:
    """One decision of a run with what it was worked out from. `serial`: its voucher's, once issued. `persons` and
    `units` (consumption units) are told as long as the household's file is what the decision was bound to; none once
    it was erased.
    """

    decision_id: UUID
    decided_at: datetime
    household_id: UUID
    rules_version: int
    amount_cents: int
    serial: str | None
    persons: int | None = None
    units: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Liquidation:
    """What a run came to, decision by decision. `rules`: by the versions that its decisions followed."""

    programme: Programme
    run: AidRun
    lines: tuple[GrantedLine, ...]
    rules: dict[int, Rules]
