"""What the finance officer does with a statement: import it, match it, take a match back, report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    FileAlreadyImported,
    NoStatement,
    NotMatched,
    OpeningDiffers,
    StatementOfOtherMoney,
    StatementOutOfTurn,
)
from ledger.identifiers import new_event_id
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.model import (
    Account,
    Books,
    Break,
    Identity,
    Match,
    MatchRun,
    ReadStatement,
    Report,
    SalesCompared,
    Statement,
)
from ledger.reconciliation.rules import find_answered, find_breaks, find_matches, prove, side
from ledger.reconciliation.rules.identities import identities
from ledger.reconciliation.store import identities as identity_store
from ledger.reconciliation.store import matches as match_store
from ledger.reconciliation.store import sides, statements


async def import_statement(
    ledger: Ledger,
    path: Path,
    operator: str,
    account: Account = Account.POIS,
    *,
    period: date | None = None,
    opening_cents: int | None = None,
    closing_cents: int | None = None,
    dry_run: bool = False,
) -> Statement:
    """Take a statement of one month, whole or not at all; nothing is matched yet.

    `period`: any day of the month; `opening_cents`, `closing_cents`: typed by the officer. Refuses what
    `read_statement` refuses, `StatementOfOtherMoney`, `FileAlreadyImported`, `StatementOutOfTurn`, `OpeningDiffers`
    and who may not (`operator_named`).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        earlier = await statements.of_account(work, account)
        last = earlier[-1].closing_cents if earlier else None
        read = read_statement(path, Expected(period, opening_cents, closing_cents, last))
        if read.currency not in {None, account.currency}:
            raise StatementOfOtherMoney(file=read.file_name, account=account.value, currency=read.currency)
        await _refuse_repeated(work, account, read)
        _refuse_out_of_turn(read, earlier)
        statement = _as_statement(work, account, read)
        if not dry_run:
            await statements.add(work, statement, read, who.id)
        return statement


async def _refuse_repeated(work: UnitOfWork, account: Account, read: ReadStatement) -> None:
    first = await statements.with_content(work, account, read.sha256)
    if first is not None:
        raise FileAlreadyImported(
            file=read.file_name,
            first_file=first.file_name,
            imported_on=paris_day(first.imported_at).isoformat(),
            period=first.period,
        )


def _refuse_out_of_turn(read: ReadStatement, earlier: list[Statement]) -> None:
    if not earlier:
        return
    last = earlier[-1]
    if read.first_day <= last.last_day:
        raise StatementOutOfTurn(
            file=read.file_name, period=f"{read.first_day:%Y-%m}", last_file=last.file_name, last=last.period
        )
    if read.opening_cents != last.closing_cents:
        raise OpeningDiffers(
            file=read.file_name,
            opening_cents=read.opening_cents,
            last_closing_cents=last.closing_cents,
            last=last.period,
        )


def _as_statement(work: UnitOfWork, account: Account, read: ReadStatement) -> Statement:
    return Statement(
        new_event_id(),
        account,
        read.first_day,
        read.last_day,
        read.file_name,
        read.sha256,
        len(read.lines),
        read.opening_cents,
        read.closing_cents,
        work.now,
        read.left_out,
    )


async def match_statement(
    ledger: Ledger, operator: str, account: Account = Account.POIS, *, period: date | None = None
) -> MatchRun:
    """Match what is free in a month (by default the last), earlier months' rest included, and note the breaks.

    Repeated, it only adds what has become possible. Refuses `NoStatement`, `MatchedMeanwhile`, `UnknownOperator`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        statement, base_day = await _statement_of(work, account, period)
        books = await _books(work, statement, base_day, as_of=False)
        matches = {new_event_id(): match for match in find_matches(books)}
        books = _with_matches(books, matches)
        answered = find_answered(books.units, _breaks_of(books, statement), books.rejected)
        matches |= {new_event_id(): match for match in answered}
        await match_store.add_matches(work, account, matches, who.id)
        breaks = _breaks_of(_with_matches(books, matches), statement)
        await match_store.see_breaks(work, account, breaks)
        return MatchRun(statement, tuple(matches.values()), tuple(breaks))


async def unmatch_line(
    ledger: Ledger, number: int, operator: str, account: Account = Account.POIS, *, period: date | None = None
) -> UUID:
    """Take back the match that holds a record; the matcher will not make the same one again.

    Nothing is deleted. Refuses `NoStatement`, `NotMatched`, `UnknownOperator`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        statement, _ = await _statement_of(work, account, period)
        match_id = await match_store.match_of(work, statement.id, number)
        if match_id is None:
            raise NotMatched(record=number, period=statement.period)
        await match_store.unmatch(work, match_id, who.id)
        return match_id


async def reconciliation_report(
    ledger: Ledger, account: Account = Account.POIS, *, period: date | None = None
) -> Report:
    """The reconciliation as it stood on the last day of a month (by default the last). Refuses `NoStatement`."""
    async with ledger.unit_of_work() as work:
        statement, base_day = await _statement_of(work, account, period)
        books = await _books(work, statement, base_day, as_of=True)
        breaks = find_breaks(books, statement.last_day)
        opening = await sides.booked_before_cents(work, account, statement.first_day)
        closing = await sides.booked_before_cents(work, account, statement.last_day + timedelta(days=1))
        ours = [unit.amount_cents for unit in books.units if unit.booked_on >= statement.first_day]
        theirs = [line.amount_cents for line in books.lines if line.statement_id == statement.id]
        return Report(
            statement=statement,
            theirs=side(statement.opening_cents, statement.closing_cents, theirs),
            ours=side(opening, closing, ours),
            matched=await match_store.matched(work, statement),
            breaks=tuple(breaks),
            ages_days=await _ages(work, account, breaks),
            proof=prove(statement.closing_cents, closing, breaks),
        )


async def prove_identities(ledger: Ledger) -> list[Identity]:
    """The five identities, at one instant of the books; the sales as of the last statement of the dedicated account."""
    async with ledger.unit_of_work() as work:
        await work.freeze()
        sales = await _sales_compared(work) if await statements.of_account(work, Account.POIS) else None
        return identities(await identity_store.sums(work), await identity_store.programmes(work), sales)


async def _sales_compared(work: UnitOfWork) -> SalesCompared:
    statement, base_day = await _statement_of(work, Account.POIS, None)
    books = await _books(work, statement, base_day, as_of=True)
    cents = await identity_store.sales_cents(work, base_day, statement.last_day)
    return SalesCompared(statement.period, *cents, tuple(_breaks_of(books, statement)))


async def list_statements(ledger: Ledger, account: Account = Account.POIS) -> list[Statement]:
    """All statements imported, oldest first."""
    async with ledger.unit_of_work() as work:
        return await statements.of_account(work, account)


async def _statement_of(work: UnitOfWork, account: Account, period: date | None) -> tuple[Statement, date]:
    """The statement of a month, or the last one; and the day on which the first one begins."""
    every = await statements.of_account(work, account)
    named = [found for found in every if period is None or found.first_day <= period <= found.last_day]
    if not named:
        raise NoStatement(account=account.value, period=f"{period:%Y-%m}" if period else None)
    return named[-1], every[0].first_day


async def _books(work: UnitOfWork, statement: Statement, base_day: date, *, as_of: bool) -> Books:
    return Books(
        await sides.parties(work),
        await sides.lines(work, statement, as_of=as_of),
        await sides.units(work, statement, base_day, as_of=as_of),
        await sides.rejected(work, statement.account),
        statement.account,
    )


def _breaks_of(books: Books, statement: Statement) -> list[Break]:
    """The differences on the last day; corrections that were booked later are none."""
    units = tuple(unit for unit in books.units if unit.booked_on <= statement.last_day)
    return find_breaks(replace(books, units=units), statement.last_day)


def _with_matches(books: Books, matches: dict[UUID, Match]) -> Books:
    """The same books after the matches were made."""
    lines = {line.key: id_ for id_, match in matches.items() for line in match.lines}
    units = {unit.id: id_ for id_, match in matches.items() for unit in match.units}
    return replace(
        books,
        lines=tuple(replace(line, match_id=lines.get(line.key, line.match_id)) for line in books.lines),
        units=tuple(replace(unit, match_id=units.get(unit.id, unit.match_id)) for unit in books.units),
    )


async def _ages(work: UnitOfWork, account: Account, breaks: list[Break]) -> dict[UUID, int]:
    """Days since each break was seen first; 0 for one that no run of the matcher has noted."""
    seen = await match_store.first_seen(work, account, breaks)
    today = paris_day(work.now)
    return {found.id: max((today - paris_day(seen.get(found.id, work.now))).days, 0) for found in breaks}
