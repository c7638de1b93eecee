"""How an import is shown to people: what was new, what was skipped and why, what a file waits for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table

from admin_cli.display import amount, facts, table
from ledger.errors import N_
from ledger.reconciliation.formats import CsvMapping, RawStatement, written
from ledger.reconciliation.model import FileState, Gap, Import, Pair, StatementFile
from ledger.reconciliation.told import ACCOUNTS
from ledger.texts import format_date
from ledger.texts import gettext as _

STATES = {
    FileState.TAKEN: N_("taken"),
    FileState.PENDING: N_("waits for the file in between"),
    FileState.KNOWN: N_("all known already"),
    FileState.WITHDRAWN: N_("withdrawn"),
}
SAMPLE_LINES = 10


def import_for_people(made: Import) -> list[RenderableType]:
    """The file, what of it was new, what was skipped, and what came of other files."""
    parts: list[RenderableType] = [_file_facts(made)]
    if made.skipped:
        parts.append(_skipped(made.skipped))
    if made.gap is not None:
        parts.append(_waiting(made.gap))
    also = _("{file}, which had waited, is taken too.")
    parts += [also.format(file=file.file_name) for file in made.also_taken]
    return parts


def _file_facts(made: Import) -> RenderableType:
    file = made.file
    return facts(
        [
            (_("Account"), _(ACCOUNTS[file.account])),
            (_("Period"), file.period),
            (_("File"), file.file_name),
            ("SHA-256", file.sha256.hex()),
            (_("State"), _(STATES[file.state])),
            (_("Lines"), file.line_count),
            *([(_("New lines"), made.new_count)] if made.skipped else []),
            (_("Opening"), amount(file.opening_cents)),
            (_("Closing"), amount(file.closing_cents)),
            *([(_("Left out, not booked yet"), file.left_out)] if file.left_out else []),
        ]
    )


def _skipped(pairs: Sequence[Pair]) -> Table:
    rows = [
        (
            line.row,
            format_date(line.booked_on),
            line.label,
            amount(line.amount_cents),
            _("record {record} of {period}, from {file}").format(
                record=known.record, period=f"{known.booked_on:%Y-%m}", file=known.file_name
            ),
        )
        for line, known in pairs
    ]
    columns = [_("Row"), _("Day"), _("Label"), _("Amount"), _("Known already")]
    return table(columns, rows, title=_("Skipped"))


def _waiting(gap: Gap) -> str:
    text = (
        _("It closes with {told}, and what is known begins with {known}: the file in between is missing.")
        if gap.is_earlier
        else _("It opens with {told}, and what is known ends with {known}: the file in between is missing.")
    )
    told, known = amount(gap.told_cents).plain, amount(gap.known_cents).plain
    return text.format(told=told, known=known) + " " + _("It is kept, and taken as soon as that one is imported.")


def files_table(files: Sequence[StatementFile]) -> Table:
    """All files that were given."""
    rows = [
        (
            file.period,
            file.file_name,
            file.line_count,
            amount(file.opening_cents),
            amount(file.closing_cents),
            _(STATES[file.state]),
        )
        for file in files
    ]
    columns = [_("Period"), _("File"), _("Lines"), _("Opening"), _("Closing"), _("State")]
    return table(columns, rows)


def proposal_for_people(mapping: CsvMapping, raw: RawStatement) -> list[RenderableType]:
    """The mapping to keep, and how its first lines read."""
    rows = [
        (entry.row, format_date(entry.booked_on), entry.label, amount(entry.amount_cents))
        for entry in raw.readable[:SAMPLE_LINES]
    ]
    return [written(mapping), table([_("Row"), _("Day"), _("Label"), _("Amount")], rows)]
