"""The papers of an aid run: the état liquidatif for the accountant, the bordereau for the association."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from ledger.approvals.model import Proposal
from ledger.calendar import paris_day
from ledger.exports.rules import Chart
from ledger.programmes.model import GrantedLine, Liquidation
from ledger.public_accounting.model import Imprint, Kind, Paper, Part, Place
from ledger.public_accounting.rules import phrases
from ledger.sheets import Column, Sheet, Value
from ledger.sheets import Kind as Holds
from ledger.texts import format_date, ngettext
from ledger.texts import gettext as _


def liquidation_paper(found: Liquidation, proposal: Proposal, chart: Chart, imprint: Imprint) -> Paper:
    """What each household was granted and by which rule, under its pseudonym; closed in figures and in words.

    Source: CGCT D1617-19 and its annex I (individual decisions or a list of names approved by the authority). No name
    and no case number: who handles admissions to aid is bound by secrecy (CASF L133-5), readers of this paper may not.
    """
    run = found.run
    sheet = _lines(found)
    return Paper(
        Kind.LIQUIDATION,
        _("Statement of aid granted"),
        phrases.run_reference(run),
        chart.bodies["ccas"],
        _liquidation_facts(found, proposal, chart),
        (Part("", sheet, _unknown_sizes(found.lines)),),
        replace(sheet, totals=()),
        phrases.closed_at(run.total_cents),
        (*phrases.signed_by(proposal, chart), Place(chart.signatories["comptable"])),
        imprint,
        {**_run_data(found, proposal), "lines": [_line_data(line) for line in found.lines]},
        flipped=True,
    )


def slip_paper(found: Liquidation, proposal: Proposal, chart: Chart, imprint: Imprint) -> Paper:
    """What the association is to stand behind: which batch, how many vouchers, which sum. No household is in it."""
    run = found.run
    sheet = _face_values(found.lines)
    serials = [line.serial for line in found.lines if line.serial]
    facts: tuple[tuple[str, Value], ...] = (
        (_("To"), chart.bodies["association"]),
        *_run_facts(found, proposal),
        (_("Vouchers"), len(serials)),
        (_("Serial numbers"), f"{min(serials)} – {max(serials)}"),
        (_("Control sum"), phrases.euros(run.total_cents)),
    )
    received = Place(chart.signatories["association"], "", _("received on:"))
    return Paper(
        Kind.SLIP,
        _("Slip of vouchers issued"),
        phrases.run_reference(run),
        chart.bodies["ccas"],
        facts,
        (Part(_("By face value"), sheet),),
        replace(sheet, totals=()),
        phrases.slip_closed_at(run.total_cents),
        (phrases.signed_by(proposal, chart)[1], received),
        imprint,
        {**_run_data(found, proposal), "first_serial": min(serials), "last_serial": max(serials)},
    )


def _liquidation_facts(found: Liquidation, proposal: Proposal, chart: Chart) -> tuple[tuple[str, Value], ...]:
    account = chart.imputation(found.programme.code)
    imputation = f"{account.number} {account.label}" if account else phrases.TO_BE_WRITTEN
    days = [paris_day(line.decided_at) for line in found.lines]
    decided = _("{count}, from {first} to {last}").format(
        count=len(days), first=format_date(min(days)), last=format_date(max(days))
    )
    scales = [
        (_("Rules, version {number}").format(number=nth), phrases.rules_said(r)) for nth, r in found.rules.items()
    ]
    paid = _("{association}; each household receives as many Pois (1 Pois = 1 euro)")
    return (
        *_run_facts(found, proposal),
        (_("Individual decisions"), decided),
        *scales,
        (_("Budget account"), imputation),
        (_("To be paid to"), paid.format(association=chart.bodies["association"])),
    )


def _run_facts(found: Liquidation, proposal: Proposal) -> list[tuple[str, Value]]:
    run = found.run
    valid = _("from {first} to {last}").format(first=format_date(run.valid_from), last=format_date(run.valid_until))
    return [
        (_("Programme"), phrases.programme_named(found.programme)),
        (_("Run"), phrases.run_reference(run)),
        (_("Vouchers valid"), valid),
        (_("What was signed (SHA-256)"), proposal.content_sha256.hex()),
    ]


def _lines(found: Liquidation) -> Sheet:
    columns = (
        Column(_("No."), Holds.NUMBER),
        Column(_("Decision"), Holds.CODE),
        Column(_("Decided on"), Holds.DAY),
        Column(_("Beneficiary (pseudonym)"), Holds.CODE),
        Column(_("Persons"), Holds.NUMBER),
        Column(_("Units"), Holds.NUMBER),
        Column(_("Rules"), Holds.TEXT),
        Column(_("Voucher"), Holds.CODE, "1fr"),
        Column(_("Amount (EUR)"), Holds.AMOUNT),
    )
    rows = [_row(nth, line) for nth, line in enumerate(found.lines, start=1)]
    total = (None, _("Total"), None, None, None, None, None, None, found.run.total_cents)
    return Sheet(_("Statement of aid granted"), columns, rows, (total,))


def _row(nth: int, line: GrantedLine) -> tuple[Value, ...]:
    units = None if line.units is None else phrases.decimal(line.units)
    return (
        nth,
        str(line.decision_id),
        paris_day(line.decided_at),
        str(line.household_id),
        line.persons,
        units,
        f"v{line.rules_version}",
        line.serial,
        line.amount_cents,
    )


def _unknown_sizes(lines: tuple[GrantedLine, ...]) -> tuple[str, ...]:
    count = sum(line.persons is None for line in lines)
    text = ngettext(
        "The file of {count} household was erased or changed since: its size cannot be told any more.",
        "The files of {count} households were erased or changed since: their size cannot be told any more.",
        count,
    )
    return (text.format(count=count),) if count else ()


def _face_values(lines: tuple[GrantedLine, ...]) -> Sheet:
    counts = Counter(line.amount_cents for line in lines)
    columns = (
        Column(_("Face value (Pois)"), Holds.AMOUNT, "1fr"),
        Column(_("Vouchers"), Holds.NUMBER, "1fr"),
        Column(_("Amount (EUR)"), Holds.AMOUNT, "1fr"),
    )
    rows = [(cents, counts[cents], cents * counts[cents]) for cents in sorted(counts)]
    totals = ((None, counts.total(), sum(cents * count for cents, count in counts.items())),)
    return Sheet(_("By face value"), columns, rows, totals)


def _run_data(found: Liquidation, proposal: Proposal) -> dict[str, Any]:
    run = found.run
    return {
        "programme_code": run.programme_code,
        "number": run.number,
        "run_id": str(run.id),
        "valid_from": run.valid_from,
        "valid_until": run.valid_until,
        "voucher_count": run.voucher_count,
        "total_cents": run.total_cents,
        "content_sha256": proposal.content_sha256.hex(),
        "prepared_by": proposal.prepared_by_name,
        "prepared_at": proposal.prepared_at,
        "approved_by": proposal.decided_by_name,
        "approved_at": proposal.decided_at,
    }


def _line_data(line: GrantedLine) -> dict[str, Any]:
    return {
        "decision_id": str(line.decision_id),
        "decided_at": line.decided_at,
        "household_id": str(line.household_id),
        "persons": line.persons,
        "consumption_units": None if line.units is None else str(line.units),
        "rules_version": line.rules_version,
        "serial": line.serial,
        "amount_cents": line.amount_cents,
    }
