"""How a reconciliation is shown to people: the statement form first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table

from admin_cli.display import Cell, amount, facts, table
from ledger.errors import N_
from ledger.reconciliation.model import Account, Break, Category, Identity, Report, Rule, Statement, Why
from ledger.texts import gettext as _

ACCOUNTS = {
    Account.POIS: N_("dedicated account in Pois"),
    Account.RESERVE: N_("reserve in euros"),
}
RULES = {
    Rule.REMITTANCE: N_("acknowledged remittance"),
    Rule.PAYOUT_LOT: N_("payout lot with its commission"),
    Rule.REFERENCE: N_("reference"),
    Rule.DAY_TOTAL: N_("total of the day"),
    Rule.AMOUNT_DATE_MERCHANT: N_("amount, date and merchant"),
    Rule.EQUAL_SET: N_("equal ones as a set"),
    Rule.REVERSAL_PAIR: N_("taken back on the same side"),
    Rule.CORRECTION: N_("correction approved by two people"),
    Rule.SUBSET_SUM: N_("sum of several"),
    Rule.ALIKE: N_("equal but for one thing"),
}
CATEGORIES = {
    Category.TIMING_OURS_FIRST: N_("ours first, theirs will follow"),
    Category.TIMING_THEIRS_FIRST: N_("theirs first, ours follows"),
    Category.MISSING_AT_ASSOCIATION: N_("missing at the association"),
    Category.MISSING_IN_LEDGER: N_("missing in our ledger"),
    Category.AMOUNT_DIFFERS: N_("amount differs"),
    Category.DUPLICATE_THEIRS: N_("booked twice by the association"),
    Category.DUPLICATE_OURS: N_("twice in our ledger"),
    Category.WRONG_MERCHANT: N_("put to another merchant"),
    Category.REVERSAL_NOT_MIRRORED: N_("taken back on one side only"),
    Category.FEE: N_("fee"),
    Category.UNKNOWN: N_("unknown"),
}
REASONS = {
    Why.REMITTANCE_AMOUNT: N_("acknowledged by the association, another amount"),
    Why.LOT_AMOUNT: N_("same payout lot, another amount"),
    Why.REFERENCE_AMOUNT: N_("same reference, another amount"),
    Why.REFERENCE_MATCHED: N_("its reference is matched already"),
    Why.REFERENCE_ELSEWHERE: N_("its reference belongs to another merchant"),
    Why.REFERENCE_UNKNOWN: N_("its reference is not known"),
    Why.TOTAL_AMOUNT: N_("the total of the day has another amount"),
    Why.ALONE_AMOUNT: N_("alone on both sides that day, another amount"),
    Why.COPY: N_("repeats a record that is accounted for"),
    Why.COPY_OURS: N_("the same ticket is there once more"),
    Why.BOOKED_LATER: N_("booked by us just after the end"),
    Why.REVERSED: N_("the other side did not take it back"),
    Why.NAMES_NOTHING: N_("names nothing that we know"),
    Why.NO_MERCHANT: N_("names no merchant"),
    Why.ANOTHER_REFERENCE: N_("equal, but the references differ"),
    Why.BY_HAND: N_("equal, but unmatched by hand"),
    Why.SEVERAL: N_("several equal ones, none certain"),
    Why.EQUAL_MATCHED: N_("the equal ones are matched already"),
    Why.TOO_FAR: N_("an equal one, but too many days apart"),
    Why.OTHER_AMOUNTS: N_("only other amounts that day"),
    Why.NOTHING_NEAR: N_("nothing comparable"),
}
_SIGNS = {"=": "=", ">=": "≥"}
IDENTITIES = {
    1: N_("1. Euros mandated = Pois credited ± in transit"),
    2: N_("2. Issued = spent + lapsed + revoked or returned + outstanding"),
    3: N_("3. Our redemptions = their credits to merchants, every difference named"),
    4: N_("4. Reserve covers the Pois in circulation"),
    5: N_("5. Conversions gross = net + commission"),
}
TERMS = {
    "mandated": N_("mandated"),
    "pois-credited": N_("Pois credited"),
    "in-transit": N_("in transit"),
    "adjusted": N_("adjusted by two people"),
    "issued": N_("Pois issued"),
    "spent": N_("spent, refunds taken off"),
    "lapsed": N_("lapsed"),
    "revoked": N_("Pois revoked"),
    "returned-by-refunds": N_("returned by refunds of revoked vouchers"),
    "outstanding": N_("outstanding"),
    "merchant-credits": N_("their credits to merchants"),
    "ours-only": N_("ours, not at theirs"),
    "theirs-only": N_("theirs, not in ours"),
    "amounts-differ": N_("amounts that differ"),
    "corrected": N_("corrected by two people"),
    "redemptions": N_("our redemptions, refunds taken off"),
    "guarantee-fund": N_("guarantee fund"),
    "owed-to-reserve": N_("owed to the reserve by the association"),
    "suspense": N_("in suspense"),
    "digital": N_("digital Pois"),
    "paper": N_("paper Pois"),
    "gross": N_("gross"),
    "net": N_("net"),
    "commission": N_("commission"),
}
REFERENCES_SHOWN_MAX = 6


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


def breaks_table(report: Report) -> Table:
    """One row per break: what, which record and tickets, both amounts, and why nothing nearer was taken."""
    columns = [_("Day"), _("What"), _("Record"), _("Ticket"), _("Ours"), _("Theirs"), _("Days"), _("Why")]
    rows: list[Sequence[Cell]] = [
        (
            found.booked_on,
            _(CATEGORIES[found.category]),
            ", ".join(str(line.record) for line in found.lines),
            ", ".join(_shortened(found.references)),
            amount(found.ours_cents),
            amount(found.theirs_cents),
            report.ages_days[found.id],
            _why(found),
        )
        for found in report.breaks
    ]
    return table(columns, rows, title=_("Breaks"))


def identity_title(identity: Identity) -> str:
    """What has to be equal, and of which programme or month."""
    title = _(IDENTITIES[identity.number])
    scope = identity.programme or identity.period
    return f"{title} ({scope})" if scope else title


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


def _why(found: Break) -> str:
    """Why the nearest candidate was not taken, and which one it is; or that it was matched since."""
    if found.cleared:
        return _("matched in a later month")
    near: list[str] = [str(found.near_line.record)] if found.near_line else []
    near += [found.near_unit.reference] if found.near_unit and found.near_unit.reference else []
    reason = _(REASONS[found.why])
    return f"{reason} ({', '.join(near)})" if near else reason
