"""The état de rapprochement: one page with the form and its proof, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.exports.rules import Chart
from ledger.public_accounting.model import Imprint, Kind, Paper, Part, Place
from ledger.public_accounting.rules import phrases
from ledger.reconciliation.model import Account, Break, Identity, Report
from ledger.reconciliation.told import ACCOUNTS, CATEGORIES, RULES, identity_title, why_or_state
from ledger.sheets import Column, Sheet, Value
from ledger.sheets import Kind as Holds
from ledger.texts import format_date, ngettext
from ledger.texts import gettext as _

_SIGNS = {"=": "=", ">=": "≥"}
_SIGNS_BEFORE = "+-=± "  # a name that begins with one would be taken for a formula


@dataclass(frozen=True, slots=True)
class Month:
    """A month's report, the breaks that the month before ended with, the identities of the day, and the report as
    programs read it.
    """

    report: Report
    carried: Sequence[Break]
    identities: Sequence[Identity]
    data: Mapping[str, Any]


def reconciliation_paper(month: Month, chart: Chart, imprint: Imprint) -> Paper:
    """Theirs at close, what differs list by list, ours at close, and the proof; certified or not, any month has one."""
    report = month.report
    parts = (
        Part(_("From their balance to ours"), _form(report)),
        Part(_("Movements"), _movements(report), (_openings_said(),)),
        Part(_("Matched"), _matched(report), (_matched_said(report),)),
        Part(_("Carried from the month before"), _carried(month)),
        Part(_("Identities of the books, on the day of this paper"), _identities(month.identities), annexed=True),
        *_annexes(report),
    )
    return Paper(
        Kind.RECONCILIATION,
        _("Statement of reconciliation"),
        f"{report.statement.period} ({_(ACCOUNTS[report.statement.account])})",
        chart.bodies["ccas"],
        _facts(report, chart),
        parts,
        _flat(report),
        _proven(report),
        _places(chart),
        imprint,
        month.data,
        holds=report.is_clean,
    )


def _places(chart: Chart) -> tuple[Place, ...]:
    drawn_up = Place(chart.signatories["responsable"], "", _("drawn up on:"))
    return drawn_up, Place(chart.signatories["verificateur"], "", _("verified on:"))


def _facts(report: Report, chart: Chart) -> tuple[tuple[str, Value], ...]:
    statement = report.statement
    files = statement.parts or (statement,)
    text = _("from {first} to {last}, by day of booking, Paris time")
    days = text.format(first=format_date(statement.first_day), last=format_date(statement.last_day))
    return (
        (_("Between"), f"{chart.bodies['ccas']} – {chart.bodies['association']}"),
        (_("Account"), f"{_(ACCOUNTS[statement.account])} ({_unit(report)})"),
        (_("Period"), days),
        *((_("Statement file"), f"{one.file_name} ({_lines(one.line_count)})\n{one.sha256.hex()}") for one in files),
    )


def _lines(count: int) -> str:
    return ngettext("{count} line", "{count} lines", count).format(count=count)


def _unit(report: Report) -> str:
    return "EUR" if report.statement.account is Account.RESERVE else "Pois"


def _form(report: Report) -> Sheet:
    columns = (Column("", Holds.TEXT, "1fr"), Column(_("Breaks"), Holds.NUMBER), Column(_("Amount"), Holds.AMOUNT))
    *rows, proof = _form_rows(report)
    return Sheet(_("From their balance to ours"), columns, rows, (proof,))


def _form_rows(report: Report) -> Iterator[tuple[str, int | None, int]]:
    """Each row shows what it adds, so that the column can be added up; the last is what is left."""
    proof = report.proof
    ours = sum(not found.lines for found in report.breaks)
    theirs = sum(not found.units for found in report.breaks)
    at_the_bank = report.statement.account is Account.RESERVE
    whose = _("Balance at the bank at close") if at_the_bank else _("Balance of the association at close")
    yield whose, None, proof.theirs_cents
    yield _("+ ours, not at theirs"), ours, proof.ours_only_cents
    yield _("- theirs, not in ours"), theirs, -proof.theirs_only_cents
    yield _("± amounts that differ"), len(report.breaks) - ours - theirs, proof.amounts_cents
    if report.opening_items is not None:
        yield _("- opening items"), len(report.opening_items.lines), -report.opening_items.cents
    yield _("= balance of our ledger at close"), None, proof.ours_cents
    yield _("Proof"), None, proof.proof_cents


def _movements(report: Report) -> Sheet:
    theirs, ours = report.theirs, report.ours
    whose = _("Bank") if report.statement.account is Account.RESERVE else _("Association")
    columns = (
        Column("", Holds.TEXT, "1fr"),
        Column(whose, Holds.AMOUNT),
        Column(_("Our ledger"), Holds.AMOUNT),
        Column(_("Difference"), Holds.AMOUNT),
    )
    *rows, proof = [
        (name, left, right, right - left)
        for name, left, right in (
            (_("Opening"), theirs.opening_cents, ours.opening_cents),
            (_("+ in"), theirs.in_cents, ours.in_cents),
            (_("- out"), -theirs.out_cents, -ours.out_cents),
            (_("= closing"), theirs.closing_cents, ours.closing_cents),
            (_("Proof"), theirs.proof_cents, ours.proof_cents),
        )
    ]
    return Sheet(_("Movements"), columns, rows, (proof,))


def _openings_said() -> str:
    return _("What differs at the opening is carried from earlier months.")


def _matched(report: Report) -> Sheet:
    by_rule = report.matched.by_rule
    columns = (Column(_("Rule"), Holds.TEXT, "1fr"), Column(_("Lines"), Holds.NUMBER))
    rows = [(_(text), by_rule[rule]) for rule, text in RULES.items() if rule in by_rule]
    left = (_("Not matched"), report.statement.line_count - report.matched.lines)
    return Sheet(_("Matched"), columns, [*rows, left], ((_("Lines of the statement"), report.statement.line_count),))


def _matched_said(report: Report) -> str:
    matched = report.matched
    text = _("{lines} of {all} lines are matched with {postings} transactions of ours, {amount} in all.")
    return text.format(
        lines=matched.lines,
        all=report.statement.line_count,
        postings=matched.postings,
        amount=f"{phrases.amount(matched.cents)} {_unit(report)}",
    )


def _carried(month: Month) -> Sheet:
    """What the month before ended with, and what became of it by the end of this one."""
    still = {found.id for found in month.report.breaks}
    left = sum(found.id in still for found in month.carried)
    columns = (Column("", Holds.TEXT, "1fr"), Column(_("Breaks"), Holds.NUMBER))
    rows = [(_("open at the end of the month before"), len(month.carried))]
    rows += [(_("cleared since"), len(month.carried) - left), (_("still open"), left)]
    rows.append((_("new this month"), len(month.report.breaks) - left))
    return Sheet(_("Carried from the month before"), columns, rows)


def _identities(found: Sequence[Identity]) -> Sheet:
    columns = (
        Column("", Holds.TEXT, "1fr"),
        Column(_("Left side"), Holds.AMOUNT),
        Column("", Holds.TEXT),
        Column(_("Right side"), Holds.AMOUNT),
        Column("", Holds.TEXT),
    )
    rows = [
        (identity_title(one), one.left_cents, _SIGNS[one.relation], one.right_cents, _verdict(one)) for one in found
    ]
    return Sheet(_("Identities of the books, on the day of this paper"), columns, rows)


def _verdict(identity: Identity) -> str:
    if not identity.left:
        return _("no statement yet")
    return _("holds") if identity.holds else _("DOES NOT HOLD")


def _annexes(report: Report) -> Iterator[Part]:
    """The three lists that the form counts, where they have anything."""
    lists = (
        (_("List 1: ours, not at theirs"), [found for found in report.breaks if not found.lines]),
        (_("List 2: theirs, not in ours"), [found for found in report.breaks if not found.units]),
        (_("List 3: amounts that differ"), [found for found in report.breaks if found.lines and found.units]),
    )
    for heading, breaks in lists:
        if breaks:
            yield Part(heading, _breaks(heading, breaks, report), annexed=True)


def _breaks(heading: str, breaks: Sequence[Break], report: Report) -> Sheet:
    columns = (
        Column(_("Day"), Holds.DAY),
        Column(_("What"), Holds.TEXT, "48mm"),
        Column(_("Record"), Holds.TEXT),
        Column(_("Ticket"), Holds.TEXT, "16mm"),
        Column(_("Ours"), Holds.AMOUNT),
        Column(_("Theirs"), Holds.AMOUNT),
        Column(_("Days"), Holds.NUMBER),
        Column(_("Why"), Holds.TEXT, "1fr"),
    )
    rows = [_break(found, report) for found in breaks]
    ours, theirs = (sum(getattr(found, side) or 0 for found in breaks) for side in ("ours_cents", "theirs_cents"))
    return Sheet(heading, columns, rows, ((None, _("Total"), None, None, ours, theirs, None, None),))


def _break(found: Break, report: Report) -> tuple[Value, ...]:
    records = ", ".join(str(line.record) for line in found.lines)
    tickets = ", ".join(found.references)
    what = _(CATEGORIES[found.category])
    told = why_or_state(found, report)
    age_days = report.ages_days[found.id]
    return (found.booked_on, what, records, tickets, found.ours_cents, found.theirs_cents, age_days, told)


def _proven(report: Report) -> str:
    cents = report.proof.proof_cents
    text = _("Every difference is named: the proof is {proof}.") if cents == 0 else _("The proof is {proof}, not nil.")
    return text.format(proof=f"{phrases.amount(cents)} {_unit(report)}")


def _flat(report: Report) -> Sheet:
    """The form, then the breaks, in the columns of both."""
    columns = (
        Column(_("Section"), Holds.TEXT),
        Column(_("Day"), Holds.DAY),
        Column(_("What"), Holds.TEXT),
        Column(_("Record"), Holds.TEXT),
        Column(_("Ticket"), Holds.TEXT),
        Column(_("Breaks"), Holds.NUMBER),
        Column(_("Ours"), Holds.AMOUNT),
        Column(_("Theirs"), Holds.AMOUNT),
        Column(_("Days"), Holds.NUMBER),
        Column(_("Why"), Holds.TEXT),
        Column(_("Amount"), Holds.AMOUNT),
    )
    form = [
        (_("Reconciliation"), None, name.lstrip(_SIGNS_BEFORE), None, None, count, None, None, None, None, cents)
        for name, count, cents in _form_rows(report)
    ]
    return Sheet(_("Statement of reconciliation"), columns, [*form, *_flat_breaks(report)])


def _flat_breaks(report: Report) -> Iterator[tuple[Value, ...]]:
    for part in _annexes(report):
        for day, what, record, ticket, ours, theirs, age, reason in part.sheet.rows:
            yield part.heading, day, what, record, ticket, None, ours, theirs, age, reason, None
