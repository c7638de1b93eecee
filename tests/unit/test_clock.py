"""The service's clocks, and the day that the town lives."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ledger.calendar import paris_day
from ledger.clock import FixedClock, RehearsalClock, SystemClock
from tests.conftest import NOW


def test_the_machines_clock_is_aware_and_goes_on() -> None:
    first = SystemClock().now()
    assert first.utcoffset() == timedelta(0)
    assert first <= SystemClock().now()


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(NOW)
    assert clock.now() == clock.now() == NOW
    clock.instant += timedelta(days=1)
    assert clock.now() == NOW + timedelta(days=1)


def test_a_rehearsal_clock_is_shared_by_file(tmp_path: Path) -> None:
    mine, theirs = RehearsalClock(tmp_path / "new" / "clock"), RehearsalClock(tmp_path / "new" / "clock")
    instant = NOW.replace(microsecond=123456)
    mine.set(instant)
    assert theirs.now() == instant
    assert theirs.now().utcoffset() == timedelta(0)


def test_a_rehearsal_clock_says_utc_whatever_it_was_set_to(tmp_path: Path) -> None:
    clock = RehearsalClock(tmp_path / "clock")
    clock.set(NOW.astimezone(timezone(timedelta(hours=2))))
    assert clock.now() == NOW
    assert clock.now().tzinfo == UTC


def test_a_rehearsal_clock_is_never_seen_half_written(tmp_path: Path) -> None:
    clock = RehearsalClock(tmp_path / "clock")
    clock.set(NOW)
    done = threading.Event()

    def move() -> None:
        for nth in range(300):
            clock.set(NOW + timedelta(seconds=nth))
        done.set()

    mover = threading.Thread(target=move)
    mover.start()
    seen = [clock.now()]
    while not done.is_set():
        seen.append(clock.now())
    mover.join()
    assert seen == sorted(seen)
    assert clock.now() == NOW + timedelta(seconds=299)


def test_a_rehearsal_clock_that_was_never_set_does_not_guess(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RehearsalClock(tmp_path / "clock").now()


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 10, 6, 21, 59, 59, tzinfo=UTC), date(2026, 10, 6)),
        (datetime(2026, 10, 6, 22, 0, tzinfo=UTC), date(2026, 10, 7)),  # summer time: two hours ahead
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25)),  # the hour that is lived twice
        (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=9))), date(2026, 12, 31)),
    ],
)
def test_a_day_is_the_one_that_poitiers_lives(instant: datetime, day: date) -> None:
    assert paris_day(instant) == day
