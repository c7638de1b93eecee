"""The grace of a late refund, in the rules of a programme: optional, and silent where older rules lack it."""

from __future__ import annotations

import pytest

from ledger.people_files import decode
from ledger.programmes.model import GRACE_DAYS, rules_from_json, rules_sha256, rules_to_json
from ledger.programmes.reading import read_programme
from tests.month import PROGRAMME_FILE, october_rules


def with_grace(line: str) -> str:
    return decode("programme.toml", PROGRAMME_FILE.read_bytes()).replace("[validite]", f"[validite]\n{line}")


def test_it_is_a_month_unless_the_programme_says_otherwise() -> None:
    assert october_rules().validity.grace_days == GRACE_DAYS == 30


@pytest.mark.parametrize("days", [0, 7, 366])
def test_a_programme_may_say_otherwise(days: int) -> None:
    file, faults = read_programme(with_grace(f"grace_jours = {days}"))
    assert file is not None, faults
    assert rules_from_json(rules_to_json(file.rules)).validity.grace_days == days


@pytest.mark.parametrize("value", ["-1", "367", "'long'", "true", "1.5"])
def test_what_is_no_number_of_days_is_named(value: str) -> None:
    file, [fault] = read_programme(with_grace(f"grace_jours = {value}"))
    assert file is None
    assert fault.column == "validite.grace_jours"


def test_rules_that_were_stored_before_keep_their_hash() -> None:
    stored = rules_to_json(october_rules())
    assert b"grace" not in stored
    file, _ = read_programme(with_grace("grace_jours = 30"))
    assert file is not None
    assert rules_sha256(file.rules) == rules_sha256(rules_from_json(stored))
