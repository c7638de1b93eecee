"""Who is entitled, to how much, until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.programmes.model import (
    AidRun,
    AidRunLine,
    Decision,
    FlatRate,
    PerConsumptionUnit,
    Rules,
    Validity,
    Weights,
    rules_from_json,
    rules_sha256,
    rules_to_json,
)
from ledger.programmes.rules import (
    allowance_cents,
    consumption_units,
    decide,
    last_day_of_validity,
    rest_to_live_per_day,
    run_content,
)
from tests.month import october_rules, profile

OCTOBER = october_rules()
FLAT = msgspec.structs.replace(OCTOBER, scale=FlatRate(75_00, 50_00, 20_00, Weights()))


def with_base(cents: int) -> Rules:
    return msgspec.structs.replace(OCTOBER, scale=PerConsumptionUnit(cents, Weights()))


@pytest.mark.parametrize(
    ("members", "units", "cents"),
    [
        ((1, 0, 0), "1.0", 100_00),
        ((1, 1, 1), "1.8", 180_00),
        ((2, 1, 1), "2.3", 230_00),  # 2.3 x 100.00 is 229.99… in binary floating point
        ((1, 0, 7), "3.1", 310_00),
        ((3, 2, 3), "3.9", 390_00),
    ],
)
def test_the_allowance_is_exact(members: tuple[int, int, int], units: str, cents: int) -> None:
    household = profile(*members)
    assert consumption_units(household, Weights()) == Decimal(units)
    assert allowance_cents(household, OCTOBER) == cents


@pytest.mark.parametrize(("base_cents", "cents"), [(99_99, 229_97), (1, 2), (33_33, 76_65)])
def test_the_allowance_is_rounded_down_to_the_centime(base_cents: int, cents: int) -> None:
    assert allowance_cents(profile(2, 1, 1), with_base(base_cents)) == cents


def test_a_flat_rate_counts_adults_and_children() -> None:
    assert allowance_cents(profile(1), FLAT) == 125_00
    assert allowance_cents(profile(2, 1, 2), FLAT) == 75_00 + 2 * 50_00 + 3 * 20_00


def test_the_rest_to_live_is_per_day_and_unit() -> None:
    household = profile(2, 0, 0, resources_cents=900_00, charges_cents=450_00)
    assert rest_to_live_per_day(household, OCTOBER) == Fraction(450_00) / Fraction(3, 2) / 30 == 10_00
    assert rest_to_live_per_day(profile(resources_cents=None), OCTOBER) is None
    assert rest_to_live_per_day(profile(charges_cents=None), OCTOBER) is None


@pytest.mark.parametrize(
    ("resources_cents", "charges_cents", "granted"),
    [
        (700_00, 400_00, False),  # exactly 10.00 a day: the ceiling itself is too much
        (699_99, 400_00, True),
        (700_01, 400_00, False),
        (100_00, 400_00, True),  # what is negative is below the ceiling
        (0, 0, True),
    ],
)
def test_the_ceiling_is_strict(resources_cents: int, charges_cents: int, granted: bool) -> None:
    household = profile(resources_cents=resources_cents, charges_cents=charges_cents)
    expected = Decision(granted, "below-ceiling" if granted else "above-ceiling", 100_00 if granted else 0)
    assert decide(household, OCTOBER) == expected


def test_a_ceiling_is_not_lost_in_a_division() -> None:
    seven_units = profile(13, resources_cents=2_100_00, charges_cents=0)  # 300.00 / 30 a unit, exactly
    assert not decide(seven_units, OCTOBER).granted
    just_below = msgspec.structs.replace(seven_units, resources_cents=2_099_99)
    assert decide(just_below, OCTOBER).granted


@pytest.mark.parametrize(("resources_cents", "charges_cents"), [(None, None), (None, 100_00), (5_000_00, None)])
@pytest.mark.parametrize(
    ("derogation", "decision"),
    [
        ("urgence", Decision(granted=True, reason="derogation", amount_cents=100_00)),
        (None, Decision(granted=False, reason="no-proof", amount_cents=0)),
        ("amitie", Decision(granted=False, reason="no-proof", amount_cents=0)),
    ],
)
def test_without_proof_the_derogation_decides(
    resources_cents: int | None, charges_cents: int | None, derogation: str | None, decision: Decision
) -> None:
    household = profile(resources_cents=resources_cents, charges_cents=charges_cents, derogation=derogation)
    assert decide(household, OCTOBER) == decision


def test_with_proof_a_derogation_does_not_help() -> None:
    assert not decide(profile(resources_cents=5_000_00, derogation="urgence"), OCTOBER).granted


@pytest.mark.parametrize(
    ("first", "calendar_year", "last"),
    [
        (date(2026, 10, 4), True, date(2026, 12, 5)),
        (date(2026, 10, 30), True, date(2026, 12, 31)),
        (date(2026, 10, 31), True, date(2026, 12, 31)),  # and not the 1st of January
        (date(2026, 12, 31), True, date(2026, 12, 31)),
        (date(2026, 12, 31), False, date(2027, 3, 3)),
        (date(2027, 12, 31), False, date(2028, 3, 2)),  # a leap year
    ],
)
def test_the_last_day_of_validity(first: date, calendar_year: bool, last: date) -> None:
    rules = msgspec.structs.replace(OCTOBER, validity=Validity(62, calendar_year))
    assert last_day_of_validity(first, rules) == last


members = st.tuples(st.integers(1, 10), st.integers(0, 10), st.integers(0, 10))
money = st.none() | st.integers(0, 10**7)


@given(members, money, money, st.sampled_from([None, "urgence"]), st.integers(1, 10**6), st.booleans())
def test_a_decision_grants_the_allowance_or_nothing(
    sizes: tuple[int, int, int],
    resources: int | None,
    charges: int | None,
    derogation: str | None,
    base_cents: int,
    flat: bool,
) -> None:
    household = profile(*sizes, resources_cents=resources, charges_cents=charges, derogation=derogation)
    rules = FLAT if flat else with_base(base_cents)
    decision = decide(household, rules)
    assert decision.amount_cents == (allowance_cents(household, rules) if decision.granted else 0)
    assert not decision.granted or decision.amount_cents > 0
    assert decision == decide(household, rules)


@given(members, st.integers(0, 2), st.integers(1, 10**6))
def test_one_more_person_never_gets_less(sizes: tuple[int, int, int], which: int, base_cents: int) -> None:
    more = [size + (place == which) for place, size in enumerate(sizes)]
    for rules in (with_base(base_cents), FLAT):
        assert allowance_cents(profile(*more), rules) >= allowance_cents(profile(*sizes), rules)


@given(members, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_resources_never_help(sizes: tuple[int, int, int], resources: int, charges: int, more: int) -> None:
    poorer = profile(*sizes, resources_cents=resources, charges_cents=charges)
    richer = profile(*sizes, resources_cents=resources + more, charges_cents=charges)
    assert decide(poorer, OCTOBER).granted or not decide(richer, OCTOBER).granted


@pytest.mark.parametrize("rules", [OCTOBER, FLAT])
def test_rules_are_read_back_as_they_were(rules: Rules) -> None:
    spaced = msgspec.json.format(rules_to_json(rules), indent=2)
    assert rules_from_json(spaced) == rules
    assert rules_to_json(rules_from_json(spaced)) == rules_to_json(rules)
    assert rules_sha256(rules_from_json(spaced)) == rules_sha256(rules)


def test_the_canonical_form_does_not_depend_on_the_order_of_sets() -> None:
    backwards = frozenset(sorted(OCTOBER.basket.eligible, reverse=True))
    same = msgspec.structs.replace(OCTOBER, basket=msgspec.structs.replace(OCTOBER.basket, eligible=backwards))
    assert rules_to_json(same) == rules_to_json(OCTOBER)


RUN = AidRun(
    id=UUID(int=1),
    programme_code="AA-2026",
    number=1,
    programme_version_id=UUID(int=2),
    proposal_id=UUID(int=3),
    approval_id=None,
    valid_from=date(2026, 10, 4),
    valid_until=date(2026, 12, 5),
    voucher_count=2,
    total_cents=3,
    prepared_by="lea",
    approved_by=None,
    rejected=False,
    issued_count=0,
)
LINES = [AidRunLine(UUID(int=4), UUID(int=5), 1), AidRunLine(UUID(int=6), UUID(int=7), 2)]


def test_the_content_of_a_run_does_not_depend_on_the_order_of_its_lines_or_on_its_progress() -> None:
    content = run_content(RUN, LINES)
    assert run_content(RUN, LINES[::-1]) == content
    assert run_content(replace(RUN, proposal_id=UUID(int=9), issued_count=1), LINES) == content


@pytest.mark.parametrize(
    "other",
    [
        replace(RUN, id=UUID(int=9)),
        replace(RUN, number=2),
        replace(RUN, valid_until=date(2026, 12, 6)),
        replace(RUN, programme_version_id=UUID(int=9)),
        replace(RUN, total_cents=4),
    ],
)
def test_any_other_run_has_another_content(other: AidRun) -> None:
    assert run_content(other, LINES) != run_content(RUN, LINES)


def test_any_other_line_makes_another_content() -> None:
    assert run_content(RUN, [LINES[0], replace(LINES[1], amount_cents=3)]) != run_content(RUN, LINES)
    assert run_content(RUN, LINES[:1]) != run_content(RUN, LINES)
