"""Days as the town lives them: periods, validity and day totals go by the local day."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def paris_day(instant: datetime) -> date:
    """The local day of an instant."""
    return instant.astimezone(PARIS).date()
