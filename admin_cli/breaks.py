"""How the life of a break is shown to people: where it stands, both sides, and all that was done about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.table import Table

from admin_cli.display import Cell, amount, facts, table
from admin_cli.explanations import sides_table
from ledger.errors import N_
from ledger.reconciliation.model import Rule
from ledger.reconciliation.model.breaks import (
    BUCKETS,
    BreakEvent,
    BreakFile,
    Claim,
    Deed,
    Life,
    ReopenReason,
    Resolution,
    Tie,
)
from ledger.reconciliation.told import ACCOUNTS, CATEGORIES, COURSES, RULES, standing, why
from ledger.texts import format_date
from ledger.texts import gettext as _

DEEDS = {
    Deed.ASSIGN: N_("given to"),
    Deed.RELEASE: N_("given to nobody"),
    Deed.COMMENT: N_("comment"),
    Deed.ERASE: N_("comment erased"),
    Deed.WAIT: N_("wait"),
    Deed.REOPEN: N_("reopened"),
}
REOPENED = {
    ReopenReason.MISTAKE: N_("a mistake"),
    ReopenReason.NO_ANSWER: N_("no answer"),
    ReopenReason.NEW_FACTS: N_("new facts"),
    ReopenReason.OTHER: N_("another reason"),
}
DECISIONS = {"pending": N_("waits"), "approved": N_("approved"), "rejected": N_("rejected")}


def file_for_people(file: BreakFile) -> list[RenderableType]:
    """Everything; what never happened is left out."""
    parts: list[RenderableType] = [head(file), sides_table(file.found.lines, file.found.units)]
    parts += [_events_table(file.events)] if file.events else []
    parts += [_resolutions_table(file.resolutions)] if file.resolutions else []
    parts += [_ties_table(file.ties)] if file.ties else []
    return parts


def head(file: BreakFile) -> RenderableType:
    """What it is, how much and how old, and where it stands."""
    found, life = file.found, file.life
    first = life.first_seen_at
    return facts(
        [
            (_("Number"), str(found.id)),
            (_("Account"), _(ACCOUNTS[file.account])),
            (_("Period"), file.period),
            (_("What"), _(CATEGORIES[found.category])),
            (_("Why"), why(found)),
            (_("Value at stake"), amount(life.value_cents)),
            (_("State"), standing(life)),
            (_("Owner"), life.owner or _("nobody")),
            (_("First seen"), first),
            (_("Days"), _aged(life)),
        ]
    )


def claim_for_people(claim: Claim) -> list[RenderableType]:
    """What now waits for another person."""
    text = _("Another person now approves it: `bonpois approval approve {number}`.").format(number=claim.number)
    rows: list[tuple[str, Cell]] = [(_("Number"), claim.number), (_("Amount"), amount(claim.value_cents))]
    return [facts([*rows, (_("Until"), claim.due_on)]), text]


def ageing_table(lives: Iterable[Life]) -> Table:
    """How many are left, and how much, by age."""
    left = [life for life in lives if not life.state.is_done]
    by_bucket = {bucket: [life for life in left if life.bucket == bucket] for bucket in BUCKETS}
    rows: list[Sequence[Cell]] = [
        (bucket, len(group), amount(sum(life.value_cents for life in group)))
        for bucket, group in by_bucket.items()
        if group
    ]
    rows.append((_("Together"), len(left), amount(sum(life.value_cents for life in left))))
    return table([_("Days"), _("Breaks"), _("Value at stake")], rows, title=_("Age of what is left"))


def _aged(life: Life) -> str:
    return (
        _("{days}: it is more than 60 days old").format(days=life.age_days) if life.is_flagged else str(life.age_days)
    )


def _events_table(events: Sequence[BreakEvent]) -> Table:
    rows: list[Sequence[Cell]] = [
        (nth, event.at, event.by, _(DEEDS[event.deed]), _told(event)) for nth, event in enumerate(events, start=1)
    ]
    return table([_("No."), _("On"), _("By"), _("Done"), ""], rows, title=_("History"))


def _told(event: BreakEvent) -> str | None:
    if event.deed is Deed.COMMENT:
        words = event.comment if event.comment is not None else _("(erased)")
        return words if event.intact else _("{words} (ALTERED: not what was sealed)").format(words=words)
    if event.due_on is not None:
        return _("until {day}").format(day=format_date(event.due_on))
    return _(REOPENED[ReopenReason(event.reason)]) if event.reason else event.owner


def _resolutions_table(resolutions: Sequence[Resolution]) -> Table:
    columns = [_("Number"), _("Course"), _("State"), _("Amount"), _("Until"), _("Prepared by"), _("Decided by")]
    rows: list[Sequence[Cell]] = [
        (
            one.number,
            _(COURSES[one.course]),
            _("taken back") if one.reversed_by else _(DECISIONS[one.state]),
            amount(one.value_cents),
            one.due_on,
            one.prepared_by,
            one.decided_by,
        )
        for one in resolutions
    ]
    return table(columns, rows, title=_("Proposals"))


def _ties_table(ties: Sequence[Tie]) -> Table:
    rows: list[Sequence[Cell]] = [
        (_(RULES[Rule(tie.rule)]), tie.matched_by, tie.matched_at, tie.unmatched_by, tie.unmatched_at) for tie in ties
    ]
    columns = [_("Rule"), _("Matched by"), _("Matched at"), _("Taken back by"), _("Taken back")]
    return table(columns, rows, title=_("Matches"))
