"""Days as the town lives them: periods, validity and day totals go by the local day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def paris_day(instant: datetime) -> date:
    """The local day of an instant."""
    return instant.astimezone(PARIS).date()


def paris_instant(local: datetime) -> datetime:
    """The instant at which clocks in Paris show this (a time without offset).

    Refuses (`ValueError`) an hour that comes twice, or never, on a day when the clocks change.
    """
    first, second = (local.replace(tzinfo=PARIS, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first != second:
        raise ValueError(local)
    return first
