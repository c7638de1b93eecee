"""What the rules of a programme say: who is entitled, to how much, until when. Pure and exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from ledger.programmes.model import (
    AidRun,
    AidRunLine,
    Decision,
    GrantedLine,
    PerConsumptionUnit,
    Profile,
    Rules,
    Weights,
)

DAYS_PER_MONTH = 30


def consumption_units(profile: Profile, weights: Weights) -> Decimal:
    """The size of a household in consumption units: 1 for the first adult, less for each other member."""
    others = profile.adults - 1 + profile.children_14_plus
    return weights.first_adult + others * weights.other_14_plus + profile.children_under_14 * weights.under_14


def allowance_cents(profile: Profile, rules: Rules) -> int:
    """What the scale gives to a household, rounded down to the centime."""
    scale = rules.scale
    if isinstance(scale, PerConsumptionUnit):
        exact = scale.base_cents * consumption_units(profile, scale.weights)
        return int(exact.to_integral_value(rounding=ROUND_FLOOR))
    adults, children = profile.adults, profile.children
    return scale.fixed_cents + adults * scale.per_adult_cents + children * scale.per_child_cents


def rest_to_live_per_day(profile: Profile, rules: Rules) -> Fraction | None:
    """(resources - charges) / consumption units / 30, exact centimes; none where a proof is missing."""
    if profile.resources_cents is None or profile.charges_cents is None:
        return None
    units = Fraction(consumption_units(profile, rules.scale.weights))
    return Fraction(profile.resources_cents - profile.charges_cents) / units / DAYS_PER_MONTH


def decide(profile: Profile, rules: Rules) -> Decision:
    """Whether a household is entitled, why, and to how much.

    With proof of resources and charges, the rest to live decides: strictly below the ceiling, also when it is
    negative. Without, a derogation of the programme does.
    """
    rest = rest_to_live_per_day(profile, rules)
    if rest is None:
        granted = profile.derogation in rules.eligibility.derogations
        reason = "derogation" if granted else "no-proof"
    else:
        granted = rest < rules.eligibility.rest_to_live_per_day_ceiling_cents
        reason = "below-ceiling" if granted else "above-ceiling"
    return Decision(granted, reason, allowance_cents(profile, rules) if granted else 0)


def last_day_of_validity(first_day: date, rules: Rules) -> date:
    """The last day on which a voucher may be spent, itself included."""
    last = first_day + timedelta(days=rules.validity.days)
    end_of_year = date(first_day.year, 12, 31)
    return min(last, end_of_year) if rules.validity.calendar_year else last


def sized(line: GrantedLine, profile: Profile | None, rules: Mapping[int, Rules]) -> GrantedLine:
    """A line with the size of its household, where its file is still what the decision was taken on."""
    if profile is None:
        return line
    units = consumption_units(profile, rules[line.rules_version].scale.weights)
    return replace(line, persons=profile.adults + profile.children, units=units)


def run_content(run: AidRun, lines: Sequence[AidRunLine]) -> bytes:
    """Everything that an approval of a run approves: runs that differ have different contents."""
    head = [
        f"aid-run {run.id} {run.programme_code} {run.number}",
        f"rules {run.programme_version_id}",
        f"valid {run.valid_from} {run.valid_until}",
        f"vouchers {run.voucher_count} {run.total_cents}",
    ]
    body = sorted(f"{line.decision_id} {line.household_id} {line.amount_cents}" for line in lines)
    return "\n".join([*head, *body, ""]).encode()
