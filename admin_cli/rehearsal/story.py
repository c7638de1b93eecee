"""What a rehearsal tells: a short story in figures for people, the same as JSON for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from rich.console import RenderableType
from rich.text import Text

from admin_cli.display import Cell, amount, facts, table
from admin_cli.reconciliation import breaks_table, statement_form
from admin_cli.rehearsal.folder import Month
from admin_cli.rehearsal.player import Difference, Played
from admin_cli.rehearsal.rehearsal import Rehearsed
from admin_cli.rehearsal.service import RunningService
from ledger.errors import N_
from ledger.home import Home
from ledger.reconciliation import document as reconciliation
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


def ending(told: Rehearsed, report_file: Path) -> list[RenderableType]:
    """The month in figures, every difference with the association, the proof, and the verdict."""
    return [
        _at_the_tills(told),
        Text(_("Reconciliation with the association"), style="bold"),
        statement_form(told.report),
        *([breaks_table(told.report)] if told.report.breaks else []),
        *_surprises(told.played),
        *_verdict(told, report_file),
    ]


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


def _surprises(played: Played) -> list[RenderableType]:
    if not played.differences:
        return []
    shown = played.differences[:_DIFFERENCES_SHOWN_MAX]
    title = ngettext(
        "{count} answer was not the expected one; the first is ticket {ticket}",
        "{count} answers were not the expected ones; the first is ticket {ticket}",
        len(played.differences),
    ).format(count=len(played.differences), ticket=shown[0].ticket)
    rows = [(found.ticket, _in_words(found.expected), _in_words(found.answered)) for found in shown]
    return [Text(title, style="bold red"), table([_("Ticket"), _("Expected"), _("Answered")], rows)]


def _in_words(outcome: str) -> str:
    """`partial 850` or `refused insufficient-balance` as people say it."""
    word, _space, rest = outcome.partition(" ")
    return f"{_(_OUTCOMES.get(word, word))} {format_cents(int(rest)) if rest.isdigit() else rest}".rstrip()


def _verdict(told: Rehearsed, report_file: Path) -> list[RenderableType]:
    rows: list[tuple[str, Cell]] = [
        (_("Proof"), amount(told.report.proof.proof_cents)),
        (_("Differences named"), len(told.report.breaks)),
        (_("Invariants broken"), len(told.violations)),
        (_("Report"), str(report_file)),
    ]
    verdict = _("As expected.") if told.as_expected else _("Not as expected.")
    style = "bold green" if told.as_expected else "bold red"
    return [facts(rows), Text(verdict, style=style)]


def write_report(home: Home, told: Rehearsed) -> Path:
    """The reconciliation report beside the rehearsal, as `bonpois reconcile report --json` would print it."""
    path = home.rehearsal_clock.parent / f"reconciliation-{told.report.statement.period}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(reconciliation.document(told.report)), indent=2) + b"\n")
    return path


def document(told: Rehearsed) -> dict[str, Any]:
    """The story for programs."""
    played = told.played
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
        "first_difference": _difference(played.differences[0]) if played.differences else None,
        "differences": [_difference(found) for found in played.differences],
        "violations": told.violations,
        "reconciliation": reconciliation.document(told.report),
    }


def _difference(found: Difference) -> dict[str, str]:
    return {"ticket": found.ticket, "expected": found.expected, "answered": found.answered}
