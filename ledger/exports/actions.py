"""What is done here: write the journal to a file, in a format that somebody else's program reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import BadValue
from ledger.exports import store
from ledger.exports.model import AccountState, Cover, Export, Format, Period, Wanted
from ledger.exports.rules import Chart, Form, form_of, read_chart
from ledger.new_files import new_file, refused_as_unreadable
from ledger.people_files import decode, read_content, refuse_faults

Progress = Callable[[int, int], None]

_SHIPPED = "comptes.toml"
_TRANSACTIONS_PER_STEP = 1_000


async def export_journal(ledger: Ledger, wanted: Wanted, progress: Progress | None = None) -> Export:
    """Write the journal of a period as it stands at one instant; the file is there whole, or not at all.

    With a first day, the balances before it come first. A FEC is of one year, and has what is sealed. Memory is
    bounded whatever the size. `progress` is told how many of how many transactions are written. Refuses `BadValue`,
    `FileThere`, `FileUnreadable`, and `FileFaulty` for the file of account numbers.
    """
    _require_period(wanted.period)
    chart = chart_of(wanted.accounts)
    async with ledger.unit_of_work() as work:
        await work.freeze()
        cover = await store.cover(work, wanted.period)
        if wanted.format is Format.FEC:
            _require_one_year(cover)
        form = form_of(wanted.format, cover, chart)
        path = _path(wanted.output, form.file_name)
        with new_file(path) as file:
            written = _Written(path, file)
            await _write(work, form, written, progress)
    left_out = cover.not_sealed if form.sealed_only else 0
    return Export(path, wanted.format, cover, written.transactions, written.postings, left_out, written.digest.digest())


@dataclass
class _Written:
    """What went into the file so far."""

    path: Path
    file: BinaryIO
    transactions: int = 0
    postings: int = 0
    digest: Any = field(default_factory=sha256)

    def add(self, text: str) -> None:
        content = text.encode()
        self.digest.update(content)
        with refused_as_unreadable(self.path):
            self.file.write(content)


async def _write(work: UnitOfWork, form: Form, written: _Written, progress: Progress | None) -> None:
    cover = form.cover
    total = cover.sealed if form.sealed_only else cover.transactions
    written.add(form.head())
    if form.declares:
        async for account in store.account_states(work, cover.period):
            written.add(form.declaration(account))
    nth = 0
    async for account in _openings(work, form):
        written.add(form.opening(nth, account))
        nth += 1
    async for entry in store.entries(work, cover.period, sealed_only=form.sealed_only):
        written.add(form.entry(entry))
        written.transactions += 1
        written.postings += len(entry.legs)
        if progress is not None and (
            written.transactions % _TRANSACTIONS_PER_STEP == 0 or written.transactions == total
        ):
            progress(written.transactions, total)
    assert written.transactions == total, "one snapshot gave two numbers"
    if form.asserts:
        await _close(work, form, written)


async def _openings(work: UnitOfWork, form: Form) -> AsyncIterator[AccountState]:
    day = form.cover.opening_day
    if day is None:
        return
    found = store.sealed_openings(work, day) if form.sealed_only else store.account_states(work, form.cover.period)
    async for account in found:
        if account.opening_cents:
            yield account


async def _close(work: UnitOfWork, form: Form, written: _Written) -> None:
    nth = 0
    async for account in store.account_states(work, form.cover.period):
        written.add(form.closing(nth, account))
        nth += 1


def _path(output: Path | None, file_name: str) -> Path:
    """Where somebody wants it: a file, a folder for one named by its content, or by default here."""
    if output is None or output.is_dir():
        return (output or Path()) / file_name
    return output


def _require_period(period: Period) -> None:
    if period.first is not None and period.last is not None and period.last < period.first:
        raise BadValue(field="to", value=period.last.isoformat(), least=period.first.isoformat())


def _require_one_year(cover: Cover) -> None:
    """EcritureNum counts from 1 in each year."""
    first, last = cover.first_day, cover.last_day
    if first.year != last.year:
        days = f"{first.isoformat()} – {last.isoformat()}"
        raise BadValue(field="from, to", value=days, reason="one-year", most=f"{first.year}-12-31")


def chart_of(own: Path | None) -> Chart:
    """Numbers, labels and names for the accountant, with what somebody's own file says instead.

    Refuses `FileUnreadable`, and `FileFaulty` with all that is wrong with it.
    """
    shipped = files(__package__).joinpath(_SHIPPED).read_text(encoding="utf-8")
    given = None if own is None else decode(own.name, read_content(own))
    chart, faults = read_chart(shipped, given)
    refuse_faults("" if own is None else own.name, faults)
    assert chart is not None
    return chart
