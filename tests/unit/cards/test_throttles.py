"""Wrong codes are counted so that nobody guesses and nobody locks a holder out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from ledger.cards.model import NIL, Credential, FailureCount, FailureKey
from ledger.cards.rules import (
    CARD_DAY,
    LIMITS,
    TILL,
    WITH_SECRET,
    WITHOUT_SECRET,
    Wrong,
    counters_of,
    longest_pause,
    one_more,
    pause_seconds,
    stand_in,
    throttles_of,
)
from ledger.keyring import Keyring
from tests.conftest import NOW

CARD, TILL_1, TILL_2 = UUID(int=1), UUID(int=11), UUID(int=12)
BY_QR = Credential(1234567897, secret="ABCDEFG234", pin="4821")
BY_NUMBER = Credential(1234567897, pin="4821")
BY_PHONE = Credential(1234567897, otp="46119246")

Counts = dict[FailureKey, FailureCount]


def guess(counts: Counts, till: UUID, *, had_secret: bool = False, card: UUID = CARD) -> None:
    for key in counters_of(Wrong(had_secret), card, till):
        counts[key] = one_more(key, counts.get(key), NOW)


def pause(counts: Counts, shown: Credential, till: UUID, card: UUID = CARD) -> int:
    return longest_pause(throttles_of(shown, card, till), counts, NOW)


def test_five_wrong_pins_with_the_card_pause_it_at_this_till_only() -> None:
    counts: Counts = {}
    for _ in range(5):
        assert not pause(counts, BY_QR, TILL_1)
        guess(counts, TILL_1, had_secret=True)
    assert pause(counts, BY_QR, TILL_1)
    assert not pause(counts, BY_QR, TILL_2)
    assert not pause(counts, BY_NUMBER, TILL_1)


def test_five_wrong_pins_with_the_number_pause_the_number_at_this_till_only() -> None:
    counts: Counts = {}
    for _ in range(5):
        assert not pause(counts, BY_NUMBER, TILL_1)
        guess(counts, TILL_1)
    assert pause(counts, BY_NUMBER, TILL_1)
    assert not pause(counts, BY_NUMBER, TILL_2)


def test_fifteen_a_day_over_all_tills_stop_number_and_pin_everywhere() -> None:
    counts: Counts = {}
    for nth in range(15):
        assert not pause(counts, BY_NUMBER, UUID(int=100 + nth))
        guess(counts, UUID(int=100 + nth))
    assert pause(counts, BY_NUMBER, TILL_1)


def test_others_failures_with_the_number_do_not_stop_who_has_the_qr() -> None:
    counts: Counts = {}
    for nth in range(200):
        guess(counts, UUID(int=100 + nth % 20))
    assert not pause(counts, BY_QR, UUID(int=100))
    assert not pause(counts, BY_QR, TILL_1)


def test_others_failures_elsewhere_do_not_stop_the_telephone() -> None:
    counts: Counts = {}
    for nth in range(200):
        guess(counts, UUID(int=100 + nth % 20))
    assert not pause(counts, BY_PHONE, TILL_1)


def test_failures_with_the_qr_do_not_stop_the_number() -> None:
    counts: Counts = {}
    for nth in range(200):
        guess(counts, UUID(int=100 + nth), had_secret=True)
    assert not pause(counts, BY_NUMBER, TILL_1)


def test_five_wrong_telephone_codes_pause_the_telephone_at_this_till() -> None:
    counts: Counts = {}
    for _ in range(5):
        assert not pause(counts, BY_PHONE, TILL_1)
        guess(counts, TILL_1)
    assert pause(counts, BY_PHONE, TILL_1)


def test_nobody_sprays_one_pin_over_many_numbers() -> None:
    counts: Counts = {}
    for nth in range(30):
        sprayed = UUID(int=1000 + nth)
        assert not pause(counts, BY_NUMBER, TILL_1, sprayed)
        guess(counts, TILL_1, card=sprayed)
    fresh = UUID(int=2000)
    assert pause(counts, BY_NUMBER, TILL_1, fresh)
    assert not pause(counts, BY_NUMBER, TILL_2, fresh)
    assert not pause(counts, BY_QR, TILL_1, fresh)


def test_numbers_of_no_card_are_counted_for_one_of_a_thousand_stand_ins() -> None:
    keys = Keyring((bytes(32),))
    stand_ins = {stand_in(keys, number) for number in range(1_000_000_000, 1_000_020_000)}
    assert len(stand_ins) == 1024
    assert NIL not in stand_ins
    assert stand_in(keys, 1234567897) == stand_in(keys, 1234567897)
    elsewhere = Keyring((bytes(31) + b"1",))
    assert [stand_in(keys, number) for number in range(20)] != [stand_in(elsewhere, number) for number in range(20)]


def test_a_wrong_code_moves_the_counters_of_what_was_shown() -> None:
    with_secret = (FailureKey(WITH_SECRET, CARD, TILL_1),)
    without = (
        FailureKey(WITHOUT_SECRET, CARD, TILL_1),
        FailureKey(CARD_DAY, CARD, NIL),
        FailureKey(TILL, NIL, TILL_1),
    )
    assert counters_of(Wrong(had_secret=True), CARD, TILL_1) == with_secret
    assert counters_of(Wrong(had_secret=False), CARD, TILL_1) == without


@pytest.mark.parametrize("scope", LIMITS)
def test_the_pause_ends_with_the_window_that_the_first_failure_opened(scope: str) -> None:
    key, limit = FailureKey(scope, CARD, TILL_1), LIMITS[scope]
    count = FailureCount(limit.failures_max, NOW)
    window_seconds = int(limit.window.total_seconds())
    assert pause_seconds(key, count, NOW) == window_seconds + 1
    assert pause_seconds(key, count, NOW + timedelta(minutes=1)) == window_seconds - 59
    assert pause_seconds(key, count, NOW + limit.window - timedelta(microseconds=1)) == 1
    assert pause_seconds(key, count, NOW + limit.window) == 0


@pytest.mark.parametrize("scope", LIMITS)
def test_whoever_waits_as_long_as_told_is_looked_at_again(scope: str) -> None:
    key, limit = FailureKey(scope, CARD, TILL_1), LIMITS[scope]
    count = FailureCount(limit.failures_max, NOW - timedelta(seconds=1, microseconds=1))
    told = timedelta(seconds=pause_seconds(key, count, NOW))
    assert pause_seconds(key, count, NOW + told) == 0
    assert pause_seconds(key, count, NOW + told - timedelta(seconds=1)) > 0


@pytest.mark.parametrize("scope", LIMITS)
def test_one_failure_fewer_pauses_nothing(scope: str) -> None:
    key, limit = FailureKey(scope, CARD, TILL_1), LIMITS[scope]
    assert pause_seconds(key, FailureCount(limit.failures_max - 1, NOW), NOW) == 0
    assert pause_seconds(key, None, NOW) == 0


def test_a_window_that_is_over_starts_again() -> None:
    key = FailureKey(WITH_SECRET, CARD, TILL_1)
    later = NOW + LIMITS[WITH_SECRET].window
    assert one_more(key, None, NOW) == FailureCount(1, NOW)
    assert one_more(key, FailureCount(0, NOW), later) == FailureCount(1, later)
    assert one_more(key, FailureCount(4, NOW), later - timedelta(microseconds=1)) == FailureCount(5, NOW)
    assert one_more(key, FailureCount(4, NOW), later) == FailureCount(1, later)


def test_a_clock_that_was_put_back_locks_nobody_out_for_long() -> None:
    key = FailureKey(WITH_SECRET, CARD, TILL_1)
    of_the_future = FailureCount(5, NOW + timedelta(days=3))
    assert pause_seconds(key, of_the_future, NOW) == 0
    assert one_more(key, of_the_future, NOW) == FailureCount(1, NOW)


def test_the_longest_pause_counts() -> None:
    by_day, by_till = FailureKey(CARD_DAY, CARD, NIL), FailureKey(WITHOUT_SECRET, CARD, TILL_1)
    counts = {by_day: FailureCount(15, NOW), by_till: FailureCount(5, NOW)}
    assert longest_pause([by_till, by_day], counts, NOW) == 24 * 3600 + 1
    assert longest_pause([by_till], counts, NOW) == 15 * 60 + 1
    assert longest_pause([], counts, NOW) == 0
