"""The état de consommation: where the Pois issued by each programme went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from ledger.calendar import PARIS
from ledger.exports.rules import Chart
from ledger.public_accounting.model import Imprint, Kind, Paper, Part, Place
from ledger.public_accounting.rules import phrases
from ledger.public_accounting.rules.words import euros_in_words
from ledger.reports.model import Aid, AidReport, Reason
from ledger.sheets import Column, Sheet, Value
from ledger.sheets import Kind as Holds
from ledger.texts import format_date
from ledger.texts import gettext as _


def consumption_paper(found: AidReport, chart: Chart, imprint: Imprint) -> Paper:
    """Issued = spent + lapsed + returned + adjusted + outstanding, programme by programme, and whether it holds."""
    sheet = _sheet(found)
    left_cents = max(found.total.outstanding_cents, 0)
    text = _("What households may still spend is closed at the sum of {words} ({amount}).")
    return Paper(
        Kind.CONSUMPTION,
        _("Statement of aid spent, by programme"),
        _("as of {moment}").format(moment=_moment(found)),
        chart.bodies["ccas"],
        _facts(found),
        (Part("", sheet, (_explained(),)),),
        replace(sheet, totals=()),
        text.format(words=euros_in_words(left_cents), amount=phrases.euros(left_cents)),
        (Place(chart.signatories["responsable"]), Place(chart.signatories["comptable"])),
        imprint,
        asdict(found),
        flipped=True,
        holds=found.holds,
    )


def _facts(found: AidReport) -> tuple[tuple[str, Value], ...]:
    verdict = _("holds") if found.holds else _("DOES NOT HOLD")
    standing = {
        Reason.SEALED: _("definitive: nothing can be posted any more up to then"),
        Reason.NOT_SEALED: _("provisional: not sealed yet"),
        Reason.MONTH_CERTIFIED: _("definitive: the month is certified"),
        Reason.MONTH_OPEN: _("provisional: the month is not certified yet"),
    }[found.reason]
    identity = _("Issued = spent + lapsed + returned + adjusted + outstanding")
    return ((_("As of"), _moment(found)), (_("Standing"), standing), (identity, verdict))


def _moment(found: AidReport) -> str:
    if found.at is None:
        assert found.on is not None
        return format_date(found.on)
    local = found.at.astimezone(PARIS)
    return f"{format_date(local.date())} {local:%H:%M:%S}"


def _explained() -> str:
    return _(
        "In Pois, 1 Pois = 1 euro. Spent: sales less refunds. Lapsed and returned: back in the pool of the programme. "
        "Adjusted: by two people."
    )


def _sheet(found: AidReport) -> Sheet:
    terms = [_("Issued"), _("Spent"), _("Lapsed"), _("Returned"), _("Adjusted"), _("Outstanding"), _("Difference")]
    columns: Sequence[Column] = (
        Column(_("Programme"), Holds.TEXT, "1fr"),
        *(Column(term, Holds.AMOUNT) for term in terms),
    )
    rows = [_row(part.programme or "-", part) for part in found.programmes]
    return Sheet(_("Statement of aid spent, by programme"), columns, rows, (_row(_("Total"), found.total),))


def _row(name: str, part: Aid) -> tuple[Value, ...]:
    amounts = (part.issued_cents, part.spent_cents, part.lapsed_cents, part.returned_cents, part.adjusted_cents)
    return (name, *amounts, part.outstanding_cents, part.difference_cents)
