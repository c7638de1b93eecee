"""What a rehearsal tells: a short story in figures for people, the same as JSON for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from rich.console import RenderableType
from rich.text import Text

from admin_cli.certificates import certificate_document
from admin_cli.display import Cell, amount, facts, table
from admin_cli.reconciliation import breaks_table, identities_table, statement_form
from admin_cli.rehearsal.closing import ReserveClosed
from admin_cli.rehearsal.folder import Month
from admin_cli.rehearsal.movements import MovesPlayed
from admin_cli.rehearsal.player import Difference
from admin_cli.rehearsal.rehearsal import Rehearsed
from admin_cli.rehearsal.service import RunningService
from ledger.errors import N_
from ledger.home import Home
from ledger.reconciliation import document as reconciliation
from ledger.reconciliation.model import Report
from ledger.texts import format_cents, ngettext
from ledger.texts import gettext as _

_DIFFERENCES_SHOWN_MAX = 10
_OUTCOMES = {
    "approved": N_("approved"),
    "partial": N_("approved in part"),
    "refused": N_("refused"),
    "refunded": N_("refunded"),
}


def beginning(month: Month, home: Home) -> list[RenderableType]:
    """What will be played, and where."""
    rows: list[tuple[str, Cell]] = [
        (_("Month played"), str(month.folder)),
        (_("Home of the rehearsal"), str(home.path)),
        (_("Purchases to try"), len(month.purchases)),
        (_("Refunds"), len(month.refunds)),
    ]
    return [Text(_("Rehearsal: nobody real, a clock of its own."), style="bold"), facts(rows)]


def service_line(service: RunningService) -> RenderableType:
    """Where the service answers meanwhile."""
    return Text(_("The service answers at {url} (process {pid}).").format(url=service.url, pid=service.pid))


def ending(told: Rehearsed, report_files: list[Path]) -> list[RenderableType]:
    """The month in figures, every difference with the association and the bank, the proofs, and the verdict."""
    return [
        _at_the_tills(told),
        _among_merchants(told.moved),
        Text(_("Reconciliation with the association"), style="bold"),
        statement_form(told.report),
        *([breaks_table(told.report)] if told.report.breaks else []),
        *(_at_the_bank(told.reserve) if told.reserve else []),
        Text(_("The five identities"), style="bold"),
        identities_table(told.identities),
        *_surprises([*told.played.differences, *told.moved.differences]),
        *_verdict(told, report_files),
    ]


def _among_merchants(moved: MovesPlayed) -> RenderableType:
    return facts(
        [
            (_("Paid between merchants"), _with_count(moved.cents["payment"], moved.counts["payment"])),
            (_("Taken in paper coupons"), _with_count(moved.cents["coupons"], moved.counts["coupons"])),
            (_("Conversions asked for"), _with_count(moved.cents["conversion"], moved.counts["conversion"])),
            (_("Conversions paid by the treasurer"), _with_count(moved.paid_gross_cents, moved.paid)),
        ]
    )


def _at_the_bank(reserve: ReserveClosed) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Text(_("Reconciliation of the reserve with the bank"), style="bold"),
        statement_form(reserve.before),
    ]
    if reserve.before.breaks:
        parts.append(breaks_table(reserve.before))
    if any(found.cleared for found in reserve.after.breaks):
        parts.append(Text(_("The fee was booked as a loss of the reserve by two people; its difference is closed.")))
    return parts


def _at_the_tills(told: Rehearsed) -> RenderableType:
    played = told.played
    return facts(
        [
            (_("Issued"), _with_count(told.run.total_cents, told.run.voucher_count)),
            (_("Purchases approved"), _with_count(played.approved_cents, played.approved)),
            (_("Purchases refused"), played.refused),
            (_("Refunds made"), _with_count(played.refunded_cents, played.refunded)),
            (_("Answers repeated from an earlier run"), played.repeated),
            (_("Left on the dedicated account, our books"), amount(told.report.ours.closing_cents)),
            (_("The same, per the association"), amount(told.report.theirs.closing_cents)),
        ]
    )


def _with_count(cents: int, count: int) -> Text:
    return Text(_("{amount} Pois ({count})").format(amount=format_cents(cents), count=count))


def _surprises(differences: list[Difference]) -> list[RenderableType]:
    if not differences:
        return []
    shown = differences[:_DIFFERENCES_SHOWN_MAX]
    title = ngettext(
        "{count} answer was not the expected one; the first is ticket {ticket}",
        "{count} answers were not the expected ones; the first is ticket {ticket}",
        len(differences),
    ).format(count=len(differences), ticket=shown[0].ticket)
    rows = [(found.ticket, _in_words(found.expected), _in_words(found.answered)) for found in shown]
    return [Text(title, style="bold red"), table([_("Ticket"), _("Expected"), _("Answered")], rows)]


def _in_words(outcome: str) -> str:
    """`partial 850` or `refused insufficient-balance` as people say it."""
    word, _space, rest = outcome.partition(" ")
    return f"{_(_OUTCOMES.get(word, word))} {format_cents(int(rest)) if rest.isdigit() else rest}".rstrip()


def _verdict(told: Rehearsed, report_files: list[Path]) -> list[RenderableType]:
    rows: list[tuple[str, Cell]] = [
        (_("Proof"), amount(told.report.proof.proof_cents)),
        (_("Differences named"), len(told.report.breaks)),
        (_("Invariants broken"), len(told.violations)),
        (_("Facts sealed"), told.sealed.leaves),
        (_("Name of the books"), told.sealed.origin),
        *((_("Report"), str(file)) for file in report_files),
        *_certified(told),
        *((_("To verify"), str(file)) for file in told.sealed.files),
    ]
    verdict = _("As expected.") if told.as_expected else _("Not as expected.")
    style = "bold green" if told.as_expected else "bold red"
    return [facts(rows), Text(verdict, style=style)]


def _certified(told: Rehearsed) -> list[tuple[str, Cell]]:
    """By whom the month was certified, and the files of it; or why it was not."""
    certificate, refusal = told.certified.certificate, told.certified.refusal
    if certificate is None:
        return [(_("Month not certified"), _(refusal.title) if refusal else "")]
    text = _("{period}, version {version}, by {maker} and {checker}").format(
        period=f"{certificate.period:%Y-%m}",
        version=certificate.version,
        maker=certificate.prepared_by,
        checker=certificate.certified_by,
    )
    return [(_("Month certified"), text), *((_("Certificate"), str(file)) for file in told.certified.files)]


def write_reports(home: Home, told: Rehearsed) -> list[Path]:
    """The reconciliation reports beside the rehearsal, as `bonpois reconcile report --json` would print them."""
    reports = [told.report, *([told.reserve.after] if told.reserve else [])]
    return [_write(home.rehearsal_clock.parent, report) for report in reports]


def _write(folder: Path, report: Report) -> Path:
    path = folder / f"reconciliation-{report.statement.account.value}-{report.statement.period}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(reconciliation.document(report)), indent=2) + b"\n")
    return path


def document(told: Rehearsed) -> dict[str, Any]:
    """The story for programs."""
    played, differences = told.played, [*told.played.differences, *told.moved.differences]
    return {
        "as_expected": told.as_expected,
        "issued_cents": told.run.total_cents,
        "vouchers": told.run.voucher_count,
        "purchases": len(told.month.purchases),
        "approved": played.approved,
        "approved_cents": played.approved_cents,
        "refused": played.refused,
        "refunds": played.refunded,
        "refunded_cents": played.refunded_cents,
        "repeated": played.repeated,
        "movements": {
            kind: {"count": told.moved.counts[kind], "cents": told.moved.cents[kind]} for kind in told.moved.counts
        },
        "payouts": {
            "count": told.moved.paid,
            "gross_cents": told.moved.paid_gross_cents,
            "commission_cents": told.moved.paid_commission_cents,
        },
        "first_difference": _difference(differences[0]) if differences else None,
        "differences": [_difference(found) for found in differences],
        "violations": told.violations,
        "sealed": {
            "leaves": told.sealed.leaves,
            "origin": told.sealed.origin,
            "holds": told.sealed.holds,
            "files": [str(file) for file in told.sealed.files],
        },
        "certified": {
            "certificate": certificate_document(told.certified.certificate) if told.certified.certificate else None,
            "refused": told.certified.refusal.code if told.certified.refusal else None,
            "holds": told.certified.holds,
            "files": [str(file) for file in told.certified.files],
        },
        "reconciliation": reconciliation.document(told.report),
        "reserve": reconciliation.document(told.reserve.after) if told.reserve else None,
        "identities": reconciliation.identities_document(told.identities),
    }


def _difference(found: Difference) -> dict[str, str]:
    return {"ticket": found.ticket, "expected": found.expected, "answered": found.answered}
