"""How a reconciliation is shown to people: the statement form first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from admin_cli.display import Cell, amount, facts, table
from ledger.reconciliation.model import Account, Break, Identity, Report, Statement
from ledger.reconciliation.model.breaks import Life, State
from ledger.reconciliation.told import ACCOUNTS, CATEGORIES, RULES, TERMS, identity_title, standing, why
from ledger.texts import format_date
from ledger.texts import gettext as _

_SIGNS = {"=": "=", ">=": "≥"}
REFERENCES_SHOWN_MAX = 6
ID_CHARACTERS = 8


def statement_facts(statement: Statement) -> RenderableType:
    """The statement that a report is about, with the files that it came in."""
    files = statement.parts or (statement,)
    return facts(
        [
            (_("Account"), _(ACCOUNTS[statement.account])),
            (_("Period"), statement.period),
            *(row for file in files for row in ((_("File"), file.file_name), ("SHA-256", file.sha256.hex()))),
            (_("Lines"), statement.line_count),
            (_("Opening"), amount(statement.opening_cents)),
            (_("Closing"), amount(statement.closing_cents)),
        ]
    )


def report_for_people(report: Report) -> list[RenderableType]:
    """The whole report, for a screen or for paper."""
    parts: list[RenderableType] = [statement_facts(report.statement), statement_form(report), both_sides(report)]
    parts += [matched_summary(report), matched_by_rule(report)]
    if report.breaks:
        parts.append(breaks_table(report))
    return parts


def statement_form(report: Report) -> Table:
    """A theirs, + ours only, − theirs only, ± amounts = E ours; the proof is what is left: 0,00.

    Each row shows what it adds, so that the column can be added up.
    """
    proof = report.proof
    ours = [found for found in report.breaks if not found.lines]
    theirs = [found for found in report.breaks if not found.units]
    differing = len(report.breaks) - len(ours) - len(theirs)
    at_the_bank = report.statement.account is Account.RESERVE
    whose = _("Balance at the bank at close") if at_the_bank else _("Balance of the association at close")
    rows: list[Sequence[Cell]] = [
        (whose, None, amount(proof.theirs_cents)),
        (_("+ ours, not at theirs"), len(ours), amount(proof.ours_only_cents)),
        (_("- theirs, not in ours"), len(theirs), amount(-proof.theirs_only_cents)),
        (_("± amounts that differ"), differing, amount(proof.amounts_cents)),
        *_opening_row(report),
        (_("= balance of our ledger at close"), None, amount(proof.ours_cents)),
        (_("Proof"), None, amount(proof.proof_cents)),
    ]
    return table(["", _("Breaks"), _("Amount")], rows, title=_("Reconciliation"))


def _opening_row(report: Report) -> list[Sequence[Cell]]:
    """Only where there is something older than our books."""
    carried = report.opening_items
    return [] if carried is None else [(_("- opening items"), len(carried.lines), amount(-carried.cents))]


def both_sides(report: Report) -> Table:
    """Opening and movements of each side; what differs at the opening is carried from earlier months."""
    theirs, ours = report.theirs, report.ours
    rows: list[Sequence[Cell]] = [
        (name, amount(left), amount(right), amount(right - left))
        for name, left, right in (
            (_("Opening"), theirs.opening_cents, ours.opening_cents),
            (_("+ in"), theirs.in_cents, ours.in_cents),
            (_("- out"), theirs.out_cents, ours.out_cents),
            (_("= closing"), theirs.closing_cents, ours.closing_cents),
            (_("Proof"), theirs.proof_cents, ours.proof_cents),
        )
    ]
    return table(["", _("Association"), _("Our ledger"), _("Difference")], rows, title=_("Movements"))


def matched_summary(report: Report) -> str:
    matched = report.matched
    text = _("Matched: {lines} of {all} lines, {postings} transactions of ours, {amount}")
    return text.format(
        lines=matched.lines,
        all=report.statement.line_count,
        postings=matched.postings,
        amount=amount(matched.cents).plain,
    )


def matched_by_rule(report: Report) -> Table:
    by_rule = report.matched.by_rule
    rows: list[Sequence[Cell]] = [(_(text), by_rule[rule]) for rule, text in RULES.items() if rule in by_rule]
    return table([_("Rule"), _("Lines")], rows)


def breaks_table(report: Report, shown: Sequence[Break] | None = None) -> Table:
    """One row per break, to be read at 80 columns too: its number and day, which record and tickets, both amounts, its
    age; what it is, why nothing nearer was taken, and what is done about it.
    """
    columns = [
        *(f"{_('Number')}\n{_('Day')}", f"{_('Record')}\n{_('Ticket')}"),
        *(_("Ours"), _("Theirs"), _("Days"), _("What, why, and what is done")),
    ]
    rows: list[Sequence[Cell]] = [
        (
            Text(f"{found.id.hex[:ID_CHARACTERS]}\n{format_date(found.booked_on)}", no_wrap=True),
            _lines([", ".join(str(line.record) for line in found.lines), ", ".join(_shortened(found.references))]),
            amount(found.ours_cents),
            amount(found.theirs_cents),
            report.ages_days[found.id],
            _lines([f"{_(CATEGORIES[found.category])} · {why(found)}", _done(report.lives[found.id])]),
        )
        for found in (report.breaks if shown is None else shown)
    ]
    return table(columns, rows, title=_("Breaks"))


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(text for text in texts if text)


def _done(life: Life) -> str:
    """Nothing, where nobody did anything yet."""
    state = "" if life.state in {State.OPEN, State.CLEARED} and not life.overdue else standing(life)
    return f"{state} ({life.owner})" if state and life.owner else state or life.owner or ""


def identities_table(identities: Sequence[Identity]) -> Table:
    """All of them in a line each."""
    rows = [
        (identity_title(one), amount(one.left_cents), _SIGNS[one.relation], amount(one.right_cents), _verdict(one))
        for one in identities
    ]
    return table(["", _("Left side"), "", _("Right side"), ""], rows)


def identity_table(identity: Identity) -> Table:
    """Both sides of an identity with their terms, and the difference."""
    rows: list[Sequence[Cell]] = [
        *((_(TERMS[term.name]), amount(term.cents), None) for term in identity.left),
        *((_(TERMS[term.name]), None, amount(term.cents)) for term in identity.right),
    ]
    rows.append((_("Sum"), amount(identity.left_cents), amount(identity.right_cents)))
    rows.append((_("Difference"), amount(identity.difference_cents), _verdict(identity)))
    columns = ["", _("Left side"), f"{_SIGNS[identity.relation]} {_('Right side')}"]
    return table(columns, rows, title=identity_title(identity))


def _verdict(identity: Identity) -> str:
    if not identity.left:
        return _("no statement yet")
    return _("holds") if identity.holds else _("DOES NOT HOLD")


def _shortened(references: Sequence[str]) -> Iterator[str]:
    yield from references[:REFERENCES_SHOWN_MAX]
    if len(references) > REFERENCES_SHOWN_MAX:
        yield "…"
