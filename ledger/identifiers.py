"""Identifiers: time-ordered ones for what happened, random ones for who somebody is."""

from __future__ import annotations

import secrets
import time
from uuid import UUID, uuid4

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62


def new_event_id() -> UUID:
    """A UUID version 7 (RFC 9562 §5.7): milliseconds, then 74 random bits; index-friendly, not guessable."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | _VERSION_7 | (random >> 62) << 64 | _VARIANT | random & (1 << 62) - 1)


def new_subject_id() -> UUID:
    """A UUID version 4: says nothing about when or in which order somebody was registered (L12)."""
    return uuid4()
