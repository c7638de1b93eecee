"""What several papers say in the same way."""

from __future__ import annotations

from datetime import datetime

from ledger.approvals.model import Proposal
from ledger.calendar import paris_day
from ledger.exports.rules import Chart
from ledger.programmes.model import AidRun, PerConsumptionUnit, Programme, Rules
from ledger.public_accounting.model import Place
from ledger.public_accounting.rules.words import euros_in_words
from ledger.texts import NARROW_NO_BREAK_SPACE, format_cents, format_date, language
from ledger.texts import gettext as _

TO_BE_WRITTEN = "…" * 12


def amount(cents: int) -> str:
    """`1 234,50`, of whichever money."""
    return format_cents(cents)


def euros(cents: int) -> str:
    """`1 234,50 €`."""
    return f"{format_cents(cents)}{NARROW_NO_BREAK_SPACE}€"


def closed_at(cents: int) -> str:
    """The sentence that closes a statement, in figures and in words."""
    text = _("This statement is closed at the sum of {words} ({amount}).")
    return text.format(words=euros_in_words(cents), amount=euros(cents))


def slip_closed_at(cents: int) -> str:
    """The same for a bordereau."""
    text = _("This slip is closed at the sum of {words} ({amount}).")
    return text.format(words=euros_in_words(cents), amount=euros(cents))


def programme_named(programme: Programme) -> str:
    return f"{programme.label} ({programme.code})"


def run_reference(run: AidRun) -> str:
    """How papers call a run: `AA-2026/1`."""
    return f"{run.programme_code}/{run.number}"


def rules_said(rules: Rules) -> str:
    """What a version of the rules gives, and to whom."""
    scale = rules.scale
    if isinstance(scale, PerConsumptionUnit):
        weights = scale.weights
        text = _("{base} per consumption unit (first adult {first}, others from 14 on {other}, children {child})")
        said = text.format(
            base=euros(scale.base_cents),
            first=decimal(weights.first_adult),
            other=decimal(weights.other_14_plus),
            child=decimal(weights.under_14),
        )
    else:
        text = _("{fixed} per household, {adult} per adult, {child} per child")
        amounts = (scale.fixed_cents, scale.per_adult_cents, scale.per_child_cents)
        said = text.format(**dict(zip(("fixed", "adult", "child"), map(euros, amounts), strict=True)))
    ceiling = euros(rules.eligibility.rest_to_live_per_day_ceiling_cents)
    text = _("{scale}; rest to live below {ceiling} per day and unit, or derogation")
    return text.format(scale=said, ceiling=ceiling)


def decimal(number: object) -> str:
    """A decimal number as the reader writes it."""
    return str(number).replace(".", "," if language() == "fr" else ".")


def signed_by(proposal: Proposal, chart: Chart) -> list[Place]:
    """Who prepared and who approved, each with his own key."""
    assert proposal.decided_at is not None
    return [
        Place(chart.signatories["instructeur"], proposal.prepared_by_name, _signed_on(proposal.prepared_at)),
        Place(chart.signatories["ordonnateur"], proposal.decided_by_name or "", _signed_on(proposal.decided_at)),
    ]


def _signed_on(instant: datetime) -> str:
    return _("signed electronically on {day}").format(day=format_date(paris_day(instant)))
