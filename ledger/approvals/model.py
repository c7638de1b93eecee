"""Operators, what they may do, and what they propose, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

OPERATOR_NAME = re.compile(r"[a-z][a-z0-9.-]{1,30}")


class Role(StrEnum):
    """What somebody may do; a person may have several. The auditor only reads."""

    AGENT = "agent"
    APPROVER = "approver"
    FINANCE = "finance"
    REVIEWER = "reviewer"
    TREASURER = "treasurer"
    AUDITOR = "auditor"


class Reason(StrEnum):
    """Why a proposal was rejected: one of a few words, since the books hold no free text."""

    MISTAKE = "mistake"
    NOT_JUSTIFIED = "not-justified"
    OUTDATED = "outdated"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so much prepared within so many days, counted back from now."""

    cents: int
    days: int


@dataclass(frozen=True, slots=True)
class Signer:
    """An operator with the key unlocked; it lives as long as one command."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    @property
    def public_key(self) -> bytes:
        """Its public half, 32 bytes (RFC 8032)."""
        return self.private_key.public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who uses the terminal and answers for it; a name, not a login of the machine.

    `public_key` is missing, and `roles` are empty, for who was recorded before operators had keys.
    """

    id: UUID
    name: str
    added_at: datetime
    state: Literal["active", "suspended"]
    roles: tuple[Role, ...]
    public_key: bytes | None
    limit: Limit | None
    appointments: int

    def has_one_of(self, roles: tuple[Role, ...]) -> bool:
        return not set(roles).isdisjoint(self.roles)


@dataclass(frozen=True, slots=True)
class Appointment:
    """What an operator may do from now on, as another one signs it. `number` counts from 1 for each operator."""

    operator_id: UUID
    operator_name: str
    number: int
    roles: tuple[Role, ...]
    public_key: bytes
    limit: Limit | None
    appointed_by: UUID


State = Literal["pending", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Matter:
    """What all signatures about a proposal are about: this proposal, of this content, for so much money."""

    proposal_id: UUID
    kind: str
    content_sha256: bytes
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one prepared for another to approve; `number` is the short handle for people.

    `signature` is missing where it was prepared before operators had keys.
    """

    id: UUID
    number: int
    kind: str
    content_sha256: bytes
    amount_cents: int
    state: State
    prepared_by: UUID
    prepared_by_name: str
    prepared_at: datetime
    signed_with: bytes | None
    signature: bytes | None
    approval_id: UUID | None
    decided_by_name: str | None
    decided_at: datetime | None
    reason: Reason | None

    @property
    def matter(self) -> Matter:
        return Matter(self.id, self.kind, self.content_sha256, self.amount_cents)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A command that was to change something: who, which, when, and how it ended (`ok`, `failed`, `E…`)."""

    operator: str | None
    command: str
    outcome: str
    occurred_at: datetime


def roles_text(roles: tuple[Role, ...]) -> str:
    """Roles as the books keep them: each once, always in the same order."""
    return " ".join(role for role in Role if role in roles)


def roles_of(text: str) -> tuple[Role, ...]:
    """Roles as the books keep them, read back."""
    return tuple(Role(word) for word in text.split())
