"""Identifiers: of what happened in the order of time, of people without any order."""

from __future__ import annotations

import time
from uuid import RFC_4122

from ledger.identifiers import new_event_id, new_subject_id


def test_an_event_id_is_a_uuid_of_version_7() -> None:
    for _ in range(100):
        drawn = new_event_id()
        assert (drawn.version, drawn.variant) == (7, RFC_4122)


def test_an_event_id_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = new_event_id().int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_later_events_have_greater_ids() -> None:
    first = new_event_id()
    time.sleep(0.003)
    assert first < new_event_id()


def test_ids_of_one_millisecond_differ_in_every_random_part() -> None:
    drawn = [new_event_id().int for _ in range(2000)]
    assert len(set(drawn)) == len(drawn)
    high, low = ({value >> 64 & 0xFFF for value in drawn}, {value & (1 << 62) - 1 for value in drawn})
    assert len(high) > 1000
    assert len(low) == len(drawn)


def test_a_subject_id_says_nothing_about_when() -> None:
    drawn = [new_subject_id() for _ in range(200)]
    assert all((each.version, each.variant) == (4, RFC_4122) for each in drawn)
    assert len(set(drawn)) == len(drawn)
    assert drawn != sorted(drawn)
