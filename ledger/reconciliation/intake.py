"""How a statement file comes in: read, given its place among what is known, and taken, kept waiting, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    N_,
    Fact,
    FileAlreadyImported,
    NoFileWaiting,
    OpeningDiffers,
    StatementOfOtherMoney,
    StatementOutOfTurn,
)
from ledger.identifiers import new_event_id
from ledger.people_files import Fault, FaultKind
from ledger.reconciliation.closed import require_open
from ledger.reconciliation.formats import Expected, RawStatement, completed, read_mapping, read_raw
from ledger.reconciliation.model import (
    Account,
    Chain,
    FileState,
    Gap,
    Import,
    Placement,
    ReadStatement,
    Statement,
    StatementFile,
    StatementLine,
    Window,
    by_month,
    whole_months,
)
from ledger.reconciliation.rules import beside, gap_of, place
from ledger.reconciliation.store import files, statements
from ledger.texts import format_cents, format_date

DIGEST_CHARACTERS_MIN = 8
STEP = 2**32  # between two places in a month, so that others find room in between

MISSING_NOW = FaultKind(
    "missing-now",
    N_("Record {record} of {day}, {amount}, was imported and is not in this file."),
    N_("Ask the association which of the two files is right."),
)
NEW_AMONG_KNOWN = FaultKind(
    "new-among-known",
    N_("This movement of {day}, {amount}, lies among days that are imported already, and was not there."),
    N_("Ask the association which of the two files is right."),
)


async def import_statement(
    ledger: Ledger,
    path: Path,
    operator: str,
    account: Account = Account.POIS,
    *,
    period: date | None = None,
    opening_cents: int | None = None,
    closing_cents: int | None = None,
    mapping: Path | None = None,
    dry_run: bool = False,
) -> Import:
    """Take a file, whole or not at all; lines that are known are skipped, nothing is matched yet.

    A file that does not join on yet, because one in between is missing, is kept and taken once it does. `period`: any
    day of the month; `opening_cents`, `closing_cents`: typed by the officer; `mapping`: how a CSV is to be read.
    Refuses what `read_statement` refuses, `StatementOfOtherMoney`, `FileAlreadyImported`, `StatementOutOfTurn`,
    `OpeningDiffers`, `MonthCertified` and who may not (`operator_named`).
    """
    raw = read_raw(path, None if mapping is None else read_mapping(mapping))
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        await files.take_turn(work, account)
        chain = await _chain(work, account)
        expected = Expected(period, opening_cents, closing_cents)
        read = completed(raw, replace(expected, last_closing_cents=_opening(chain, raw, closing_cents)))
        if read.currency not in {None, account.currency}:
            raise StatementOfOtherMoney(file=read.file_name, account=account.value, currency=read.currency)
        await _refuse_repeated(work, account, read)
        return await _Intake(work, account, who.id, dry_run).take(chain, read, raw, expected)


async def list_files(ledger: Ledger, account: Account = Account.POIS) -> list[StatementFile]:
    """All files that were given, with what became of each; by their first day."""
    async with ledger.unit_of_work() as work:
        return await files.of_account(work, account)


async def withdraw_file(ledger: Ledger, name: str, operator: str, account: Account = Account.POIS) -> StatementFile:
    """Give up a file that waits, by its name or the beginning of its SHA-256; the same may then be given again.

    Refuses `NoFileWaiting` where none, or more than one, is called so, and who may not (`operator_named`).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        await files.take_turn(work, account)
        waiting = [file for file, _ in await files.pending(work, account)]
        named = [file for file in waiting if file.file_name == name or _is_digest(name, file.sha256)]
        if len(named) != 1:
            raise NoFileWaiting(file=name, known=[file.file_name for file in waiting])
        await files.withdraw(work, named[0].id, who.id)
        return replace(named[0], state=FileState.WITHDRAWN)


def _is_digest(name: str, sha256: bytes) -> bool:
    return len(name) >= DIGEST_CHARACTERS_MIN and sha256.hex().startswith(name.lower())


async def _chain(work: UnitOfWork, account: Account) -> Chain:
    return Chain(tuple(await statements.of_account(work, account)))


def _opening(chain: Chain, raw: RawStatement, closing_cents: int | None) -> int | None:
    """Where the file does not say what it opens with: what its balances mean, else where the last one ended."""
    if not chain.statements:
        return None
    entries, told = raw.readable, raw.closing_cents if closing_cents is None else closing_cents
    if entries and entries[0].balance_cents is not None:
        return entries[0].balance_cents - entries[0].amount_cents
    if told is not None:
        return told - sum(entry.amount_cents for entry in entries)
    return chain.closing_cents


async def _refuse_repeated(work: UnitOfWork, account: Account, read: ReadStatement) -> None:
    first = await files.with_content(work, account, read.sha256)
    if first is not None:
        waits = {"state": first.state.value} if first.state is FileState.PENDING else {}
        raise FileAlreadyImported(
            file=read.file_name,
            first_file=first.file_name,
            imported_on=paris_day(first.imported_at).isoformat(),
            period=first.period,
            **waits,
        )


@dataclass(frozen=True)
class _Intake:
    """One import under way."""

    work: UnitOfWork
    account: Account
    operator_id: UUID
    dry_run: bool

    async def take(self, chain: Chain, read: ReadStatement, raw: RawStatement, expected: Expected) -> Import:
        window = await self._window(chain, read)
        placement = _placed(chain, window, read)
        if placement is None:
            gap = gap_of(chain, window, read)
            if gap is None:
                _refuse(chain, window, read, raw, expected)
            return await self._keep_waiting(read, gap)
        file = self._file(read, _state_of(read, placement))
        await require_open(self.work, file, [one.first_day for one, _ in _statements(chain, file, read, placement)])
        if self.dry_run:
            return Import(file, len(placement.new), placement.known)
        await files.add(self.work, file, self.operator_id)
        await self._settle(chain, file, read, placement)
        return Import(file, len(placement.new), placement.known, also_taken=await self._take_waiting())

    async def _keep_waiting(self, read: ReadStatement, gap: Gap | None) -> Import:
        file = self._file(read, FileState.PENDING)
        await require_open(self.work, file, [read.last_day])
        if not self.dry_run:
            await files.add(self.work, file, self.operator_id)
            await files.keep_pending(self.work, file.id, read.lines)
        return Import(file, 0, gap=gap)

    async def _take_waiting(self) -> tuple[StatementFile, ...]:
        """Whatever joins on now, one after the other, until nothing more does."""
        taken: list[StatementFile] = []
        waiting = await files.pending(self.work, self.account)
        while True:
            for place_, (file, read) in enumerate(waiting):
                chain = await _chain(self.work, self.account)
                placement = _placed(chain, await self._window(chain, read), read)
                if placement is not None:
                    await self._settle(chain, file, read, placement)
                    taken.append(replace(file, state=_state_of(read, placement)))
                    del waiting[place_]
                    break
            else:
                return tuple(taken)

    async def _window(self, chain: Chain, read: ReadStatement) -> Window:
        """What is known on the days of the file."""
        about, every = chain.about(read.first_day, read.last_day), chain.statements
        first = every.index(about[0]) if about else sum(one.last_day < read.first_day for one in every)
        lines = await files.known(self.work, [one.id for one in about])
        cents = (about[0] if about else every[first]).opening_cents if first < len(every) else _end(chain, read)
        return Window(
            cents,
            lines,
            at_start=first == 0,
            at_end=first + len(about) == len(every),
            joints=_joints(chain, first, about),
        )

    async def _settle(self, chain: Chain, file: StatementFile, read: ReadStatement, placement: Placement) -> None:
        """The statements that a file gives, and which of its lines were known."""
        await files.take(self.work, file.id, len(placement.new), placement.known, self.operator_id)
        for statement, lines in _statements(chain, file, read, placement):
            await require_open(self.work, file, [statement.first_day])
            await statements.add(
                self.work,
                statement,
                lines,
                file_id=file.id,
                file_format=read.format,
                operator_id=self.operator_id,
            )

    def _file(self, read: ReadStatement, state: FileState) -> StatementFile:
        return StatementFile(
            new_event_id(),
            self.account,
            read.file_name,
            read.sha256,
            read.format,
            read.first_day,
            read.last_day,
            len(read.lines),
            read.opening_cents,
            read.closing_cents,
            self.work.now,
            state,
            read.left_out,
        )


def _end(chain: Chain, read: ReadStatement) -> int:
    return chain.closing_cents if chain.statements else read.opening_cents


def _joints(chain: Chain, first: int, about: Sequence[Statement]) -> tuple[tuple[int, int], ...]:
    """Between which lines of the window one statement ends and the next one begins; not at the ends of history."""
    found, lines = [], 0
    for place_ in range(first, first + len(about) + 1):
        if 0 < place_ < len(chain.statements):
            found.append((lines, place_))
        lines += about[place_ - first].line_count if place_ < first + len(about) else 0
    return tuple(found)


def _placed(chain: Chain, window: Window, read: ReadStatement) -> Placement | None:
    """Without anything known a file begins the history; one without lines joins on where its balance is ours."""
    if not chain.statements:
        return Placement(after=read.lines)
    if not read.lines and chain.about(read.first_day, read.last_day):
        return Placement() if read.opening_cents in window.balances else None
    return place(window, read)


def _state_of(read: ReadStatement, placement: Placement) -> FileState:
    return FileState.KNOWN if read.lines and not placement.new else FileState.TAKEN


def _refuse(chain: Chain, window: Window, read: ReadStatement, raw: RawStatement, expected: Expected) -> NoReturn:
    """Say why a file fits nowhere: by its rows where it can be told, else by its balances."""
    last = chain.statements[-1]
    if read.first_day > last.last_day:
        completed(raw, replace(expected, last_closing_cents=last.closing_cents))  # says it by row, if it can
        raise OpeningDiffers(
            file=read.file_name,
            opening_cents=read.opening_cents,
            last_closing_cents=last.closing_cents,
            last=last.period,
        )
    about = chain.about(read.first_day, read.last_day) or (last,)
    faults = list(_disagreements(window, read))
    told: dict[str, Fact] = {"opening_cents": read.opening_cents, "closing_cents": read.closing_cents}
    raise StatementOutOfTurn(
        file=read.file_name,
        period=f"{read.first_day:%Y-%m}",
        last_file=about[-1].file_name,
        last=about[-1].period,
        **({"faults": [fault.facts() for fault in faults]} if faults else told),
    )


def _disagreements(window: Window, read: ReadStatement) -> Iterator[Fault]:
    missing, added = beside(window, read)
    for known in missing:
        day, amount = format_date(known.booked_on), format_cents(known.amount_cents)
        yield MISSING_NOW.at(None, "", known.label, record=known.record, day=day, amount=amount)
    for line in added:
        day, amount = format_date(line.booked_on), format_cents(line.amount_cents)
        yield NEW_AMONG_KNOWN.at(line.row, "", line.label, day=day, amount=amount)


def _statements(
    chain: Chain, file: StatementFile, read: ReadStatement, placement: Placement
) -> Iterator[tuple[Statement, list[StatementLine]]]:
    """What a file adds to each month, in front of what is known and behind it."""
    behind = by_month(placement.after)
    in_front = by_month(placement.before)
    _add_quiet_months(chain, read, behind, in_front)
    cents = chain.closing_cents if chain.statements else read.opening_cents
    for month in sorted(behind):
        statement, lines = _part(file, read, month, behind[month], cents, _next(chain, month, STEP))
        cents = statement.closing_cents
        yield statement, lines
    yield from _between(chain, file, read, placement)
    cents = chain.opening_cents if chain.statements else 0
    for month in sorted(in_front, reverse=True):
        cents -= sum(line.amount_cents for line in in_front[month])
        yield _part(file, read, month, in_front[month], cents, _next(chain, month, -STEP))


def _add_quiet_months(
    chain: Chain,
    read: ReadStatement,
    behind: dict[date, list[StatementLine]],
    in_front: dict[date, list[StatementLine]],
) -> None:
    """Months that the file is about from their first day to their last, and where nothing moved, are told too."""
    quiet = whole_months(read.first_day, read.last_day)
    if not read.lines and not chain.about(read.first_day, read.last_day):
        quiet.append(read.last_day.replace(day=1))
    known = [one.last_day.replace(day=1) for one in chain.statements]
    for month in quiet:
        if not known or month > max(known) or (month == max(known) and not read.lines and month not in in_front):
            behind.setdefault(month, [])
        elif month < min(known):
            in_front.setdefault(month, [])


def _between(
    chain: Chain, file: StatementFile, read: ReadStatement, placement: Placement
) -> Iterator[tuple[Statement, list[StatementLine]]]:
    """What belongs between two statements, which moves no balance beyond them."""
    months = by_month(placement.between)
    cents = chain.statements[placement.joint - 1].closing_cents if months else 0
    for month in sorted(months):
        around = [one.position for one in chain.statements[placement.joint - 1 : placement.joint] if _is_of(one, month)]
        behind = [one.position for one in chain.statements[placement.joint : placement.joint + 1] if _is_of(one, month)]
        position = (around[0] + behind[0]) // 2 if around and behind else _beside(around, behind)
        statement, lines = _part(file, read, month, months[month], cents, position)
        cents = statement.closing_cents
        yield statement, lines


def _beside(before: Sequence[int], after: Sequence[int]) -> int:
    return before[0] + STEP if before else after[0] - STEP if after else 0


def _is_of(statement: Statement, month: date) -> bool:
    return statement.last_day.replace(day=1) == month


def _next(chain: Chain, month: date, step: int) -> int:
    """The place in a month behind, or in front of, what it has already."""
    taken = [one.position for one in chain.statements if _is_of(one, month)]
    return 0 if not taken else (max(taken) if step > 0 else min(taken)) + step


def _part(
    file: StatementFile,
    read: ReadStatement,
    month: date,
    lines: Sequence[StatementLine],
    opening_cents: int,
    position: int,
) -> tuple[Statement, list[StatementLine]]:
    """What falls into one month, numbered from 1, from its own opening to its own closing."""
    numbered, balance = [], opening_cents
    for number, line in enumerate(lines, start=1):
        balance += line.amount_cents
        numbered.append(replace(line, number=number, balance_cents=balance))
    last_day = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    statement = Statement(
        new_event_id(),
        file.account,
        max(month, read.first_day),
        min(last_day, read.last_day),
        file.file_name,
        file.sha256,
        len(lines),
        opening_cents,
        balance,
        file.imported_at,
        position,
    )
    return statement, numbered
