"""How suggestions and explanations are shown to people: both sides, what agrees, and what does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.table import Table

from admin_cli.display import Cell, amount, facts, table
from ledger.errors import N_
from ledger.reconciliation.model import Criterion, Explanation, Held, Line, Miss, Rule, Suggestion, Unit
from ledger.reconciliation.told import CATEGORIES, REASONS, RULES
from ledger.texts import gettext as _

ID_CHARACTERS = 8
SHOWN_MAX = 6
AGREED = {
    "acknowledged-reference": N_("acknowledged reference"),
    "reference": N_("reference"),
    "merchant": N_("merchant"),
    "amount": N_("amount"),
    "sum": N_("sum"),
    "same-day": N_("same day"),
    "other-day": N_("up to three days apart"),
    "alone-both-sides": N_("alone on both sides"),
    "equal-candidates": N_("equal ones, any may be any"),
    "whole-day": N_("whole day"),
    "part-of-day": N_("part of the day"),
    "several-lines": N_("several lines"),
    "ticket-count": N_("number of tickets"),
    "net": N_("net"),
    "commission": N_("commission"),
    "shared-commission": N_("one commission for several lots"),
    "whole-lot": N_("whole lot"),
    "part-of-lot": N_("part of the lot"),
    "correction": N_("correction"),
    "approved": N_("approved by two people"),
    "reversal": N_("taken back"),
    "ours-only": N_("ours only"),
    "theirs-only": N_("theirs only"),
    "only-sum": N_("the only sum that fits"),
    "one-of-several-sums": N_("one of several sums that fit"),
    "taken-back": N_("unmatched by hand before"),
    "another-reference": N_("but the references differ"),
    "far-apart": N_("but many days apart"),
    "another-merchant": N_("but another merchant"),
    "accepted": N_("accepted by a person"),
}
CRITERIA = {
    Criterion.REFERENCE: N_("reference"),
    Criterion.MERCHANT: N_("merchant"),
    Criterion.AMOUNT: N_("amount"),
    Criterion.DATE: N_("more than three days apart"),
    Criterion.FREE: N_("matched already"),
}


def suggestions_table(found: Sequence[Suggestion]) -> Table:
    """One row per suggestion, the surest first."""
    columns = [_("Id"), _("Rule"), _("Score"), _("Record"), _("Ticket"), _("Amount"), _("Because of")]
    rows: list[Sequence[Cell]] = [
        (
            str(one.id)[:ID_CHARACTERS],
            _(RULES[one.rule]),
            one.score,
            _few(str(line.record) for line in one.lines),
            _few(unit.reference or "-" for unit in one.units),
            amount(sum(line.amount_cents for line in one.match.lines)),
            agreed(one.reasons),
        )
        for one in found
    ]
    return table(columns, rows, title=_("Suggestions"))


def explanation_for_people(one: Explanation) -> list[RenderableType]:
    """A match with both its sides, or a difference with its nearest misses."""
    if one.held is not None:
        return [_match_facts(one.held), sides_table(one.held.lines, one.held.units)]
    lines, units = [one.line] if one.line else [], [one.unit] if one.unit else []
    parts: list[RenderableType] = [sides_table(lines, units)]
    if one.found is not None:
        parts.insert(0, facts([(_("What"), _(CATEGORIES[one.found.category])), (_("Why"), _(REASONS[one.found.why]))]))
    return [*parts, misses_table(one.misses, of_line=one.line is not None)] if one.misses else parts


def _match_facts(held: Held) -> RenderableType:
    back = [(_("Taken back"), held.taken_back_at)] if held.taken_back_at else []
    return facts(
        [
            (_("Match"), str(held.id)),
            (_("Rule"), _(RULES[Rule(held.rule)])),
            (_("Score"), held.score),
            (_("Because of"), agreed(held.reasons)),
            (_("Matched by"), held.matched_by),
            (_("Matched at"), held.matched_at),
            *back,
        ]
    )


def sides_table(lines: Sequence[Line], units: Sequence[Unit]) -> Table:
    """Theirs first, then ours, each with all that tells it from the others."""
    rows: list[Sequence[Cell]] = [
        (_("theirs"), line.booked_on, line.record, line.label, amount(line.amount_cents)) for line in lines
    ]
    rows += [(_("ours"), unit.booked_on, unit.reference, unit.merchant, amount(unit.amount_cents)) for unit in units]
    return table(["", _("Day"), _("Record or ticket"), _("Label or merchant"), _("Amount")], rows)


def misses_table(misses: Sequence[Miss], *, of_line: bool) -> Table:
    """The other side of each, and in what it does not agree."""
    rows: list[Sequence[Cell]] = [(*_other_side(miss, of_line=of_line), failed(miss)) for miss in misses]
    columns = [_("Day"), _("Record or ticket"), _("Label or merchant"), _("Amount"), _("Does not agree")]
    return table(columns, rows, title=_("Nearest misses"))


def _other_side(miss: Miss, *, of_line: bool) -> Sequence[Cell]:
    line, unit = miss.line, miss.unit
    if of_line:
        return unit.booked_on, unit.reference, unit.merchant, amount(unit.amount_cents)
    return line.booked_on, line.record, line.label, amount(line.amount_cents)


def failed(miss: Miss) -> str:
    """In what it does not agree."""
    failed = [_(CRITERIA[one]) for one in miss.failed]
    return ", ".join([*failed, *([_("unmatched by hand before")] if miss.taken_back else [])]) or _("not the only one")


def agreed(reasons: Sequence[str]) -> str:
    """What agrees, in words."""
    return ", ".join(_(AGREED[reason]) if reason in AGREED else reason for reason in reasons)


def _few(texts: Iterable[str]) -> str:
    every = list(texts)
    return ", ".join(every[:SHOWN_MAX] + (["…"] if len(every) > SHOWN_MAX else []))
