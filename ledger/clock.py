"""The service's clock: the only source of `occurred_at`, validity and one-time codes.

The database's own clock (`posted_at`) is never injectable; this one is, for tests and for rehearsals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tells the time of the service, aware, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands where it was put; for tests."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True)
class RehearsalClock:
    """A clock that several processes share: it stands at the instant written in a file of the home."""

    path: Path

    def now(self) -> datetime:
        return datetime.fromisoformat(self.path.read_text(encoding="ascii"))

    def set(self, instant: datetime) -> None:
        """Move the clock, in one step for whoever reads it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.path.with_suffix(".new")
        beside.write_text(instant.astimezone(UTC).isoformat(), encoding="ascii")
        beside.replace(self.path)
