"""How answers look: tables and progress bars for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from io import StringIO

import msgspec
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ledger.calendar import PARIS
from ledger.texts import format_cents, format_date
from ledger.texts import gettext as _

PIPE_COLUMNS = 240  # a file or a pipe has no width of its own; nothing may be cut off there

Cell = str | int | bool | date | datetime | Text | None
Advance = Callable[[int, int], None]


def console(*, errors: bool = False) -> Console:
    """A console on what the standard stream is now (tests and shells exchange it)."""
    stream = sys.stderr if errors else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else PIPE_COLUMNS, highlight=False, markup=False)


def print_json(document: object) -> None:
    """Print msgspec structs, dataclasses, ids and times as JSON, its keys in the order given."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str | None = None) -> Table:
    """A table whose cells are shown as the reader writes them; money comes through `amount`."""
    made = Table(*columns, title=title, title_justify="left")
    for row in rows:
        made.add_row(*(_shown(cell) for cell in row))
    return made


def facts(rows: Iterable[tuple[str, Cell]]) -> RenderableType:
    """Names and values, one a line."""
    made = Table.grid(padding=(0, 2))
    for name, value in rows:
        shown = _shown(value)
        shown.justify = "left"  # numbers stand to the right in columns only
        made.add_row(name, shown)
    return made


def amount(cents: int | None) -> Text:
    """Centimes in units, to the right; nothing if there is no amount."""
    return Text("" if cents is None else format_cents(cents), justify="right", no_wrap=True)


@contextmanager
def progress_bar(label: str, *, shown: bool) -> Iterator[Advance]:
    """Give a function `(done, total)`; it draws on a terminal, and is silent everywhere else."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(errors=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _shown(cell: Cell) -> Text:
    if isinstance(cell, Text):
        return cell
    if isinstance(cell, bool):
        return Text(_("yes") if cell else _("no"))
    if isinstance(cell, int):
        return Text(str(cell), justify="right")
    if isinstance(cell, datetime):
        local = cell.astimezone(PARIS)
        return Text(f"{format_date(local.date())} {local:%H:%M}")
    return Text(format_date(cell) if isinstance(cell, date) else cell or "")


def qr_code(text: str) -> Text:
    """A QR code of half-height blocks; it wants a terminal of a fixed-width font."""
    from ledger.qr_symbols import symbol

    drawn = StringIO()
    symbol(text).terminal(drawn, compact=True)
    return Text.from_ansi(drawn.getvalue(), no_wrap=True)
