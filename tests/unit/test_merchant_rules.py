"""Pairing codes, and the throttle of those who guess them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from ledger.keyring import Keyring
from ledger.merchants.model import Failures, Invitation, NewMerchant
from ledger.merchants.rules import code_as_typed, new_code, one_more, pause_seconds, place_of, read_merchants
from ledger.people_files import Row, Table

NOW = datetime(2026, 10, 6, 8, 0, tzinfo=UTC)


def test_a_code_has_no_letter_that_is_misread() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", code) for code in codes)
    assert all(code_as_typed(code) == code.replace("-", "") for code in codes)


@pytest.mark.parametrize("typed", ["10AB0-CDEFG", "ioab0cdefg", " LOAbO cde-fg "])
def test_a_code_is_the_same_however_it_is_typed(typed: str) -> None:
    assert code_as_typed(typed) == "10AB0CDEFG"


def test_the_twentieth_failure_starts_a_pause_until_the_window_ends() -> None:
    failures = Failures(0, NOW)
    for minute in range(10):
        for _ in range(2):
            assert pause_seconds(failures, NOW + timedelta(minutes=minute)) == 0
            failures = one_more(failures, NOW + timedelta(minutes=minute))
    assert failures == Failures(20, NOW)
    assert pause_seconds(failures, NOW + timedelta(minutes=10)) == 301
    assert pause_seconds(failures, NOW + timedelta(minutes=15)) == 0


def test_a_window_that_is_over_starts_again() -> None:
    later = NOW + timedelta(minutes=15)
    assert one_more(Failures(19, NOW), later) == Failures(1, later)


def test_a_clock_set_back_does_not_pause_for_ever() -> None:
    assert pause_seconds(Failures(20, NOW), NOW - timedelta(days=1)) == 0


NAMES = {
    "Épicerie du Pont-Neuf": True,
    "L’Œuf « Ž » n°1 & Cie (bio) !": True,
    "Ελιά": False,  # the database takes Latin letters only
    "Prim<eur>": False,
    "Deux × deux": False,
    "a\tb": False,
    "x" * 80: True,
    "x" * 81: False,
}


@pytest.mark.parametrize(("name", "good"), NAMES.items())
def test_a_name_is_what_the_database_takes(name: str, good: bool) -> None:
    values = {"siret": "62819482100078", "nom": name, "commune": "Poitiers", "categories": "", "remise": "detail"}
    table = Table("x", b"", [Row(2, values | {"iban": "FR7668465632122330792440224"})])
    read_merchants(table)
    assert [fault.column for fault in table.faults] == ([] if good else ["nom"])


def test_a_caller_is_counted_by_its_address_or_its_network() -> None:
    keys = Keyring((bytes(32),))
    callers = {f"192.0.{third}.{last}" for third in range(80) for last in range(250)}
    assert len({place_of(keys, caller) for caller in callers}) == 1024
    assert place_of(keys, "2001:db8::1") == place_of(keys, "2001:db8::ffff:2")
    assert place_of(keys, "2001:db8:0:1::1") != place_of(keys, "2001:db8::1")
    assert place_of(keys, "::ffff:192.0.2.1") == place_of(keys, "192.0.2.1") != place_of(keys, "::ffff:192.0.2.2")
    assert place_of(keys, "") == place_of(keys, "testclient")
    assert place_of(Keyring((bytes(31) + b"1",)), "192.0.2.1") != place_of(keys, "192.0.2.1")


def test_secrets_do_not_show_when_printed() -> None:
    merchant = NewMerchant("62819482100078", "A", "B", (), "detail", "FR7668465632122330792440224")
    assert "FR76" not in repr(merchant)
    assert "ABCDE" not in repr(Invitation("ABCDE-FGHJK", "till", NOW))
