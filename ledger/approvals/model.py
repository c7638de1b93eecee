"""Operators and what they propose, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

OPERATOR_NAME = re.compile(r"[a-z][a-z0-9.-]{1,30}")


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who uses the terminal and answers for it; a name, not a login of the machine."""

    id: UUID
    name: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is prepared and waits for another person, or was approved already."""

    id: UUID
    content_sha256: bytes
    prepared_by: UUID
    approved: bool
