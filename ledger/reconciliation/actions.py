"""What the finance officer does with a statement: import it (`intake`), match it, take a match back, report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import NoStatement, NotMatched
from ledger.identifiers import new_event_id
from ledger.reconciliation.formats import CsvMapping, RawStatement, guess, read_mapping, read_raw
from ledger.reconciliation.intake import import_statement, list_files, withdraw_file
from ledger.reconciliation.lives import lives_of, note_breaks
from ledger.reconciliation.model import (
    Account,
    Books,
    Break,
    Identity,
    Match,
    MatchRun,
    OpeningItems,
    Report,
    SalesCompared,
    Statement,
    joined,
)
from ledger.reconciliation.rules import (
    find_answered,
    find_breaks,
    find_matches,
    find_suggestions,
    opening_items,
    prove,
    side,
)
from ledger.reconciliation.rules.identities import identities
from ledger.reconciliation.rules.offset import without_offset
from ledger.reconciliation.store import files, sides, statements
from ledger.reconciliation.store import identities as identity_store
from ledger.reconciliation.store import matches as match_store

__all__ = [
    "Compared",
    "compared",
    "identities_within",
    "import_statement",
    "list_files",
    "list_statements",
    "match_statement",
    "month_as_of",
    "propose_mapping",
    "prove_identities",
    "reconciliation_report",
    "report_within",
    "statements_within",
    "unmatch_line",
    "withdraw_file",
]


@dataclass(frozen=True)
class Compared:
    """A month of an account as it stands now, and its differences."""

    work: UnitOfWork
    statement: Statement
    books: Books
    breaks: tuple[Break, ...]


async def match_statement(
    ledger: Ledger, operator: str, account: Account = Account.POIS, *, period: date | None = None
) -> MatchRun:
    """Match what is free in a month (by default the last), earlier months' rest included, and note the breaks.

    Repeated, it only adds what has become possible. Refuses `NoStatement`, `MatchedMeanwhile`, `UnknownOperator`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        await files.take_turn(work, account)
        statement, base_day = await _statement_of(work, account, period)
        books = await _books(work, statement, base_day, as_of=False)
        closed = await match_store.certified_until(work)
        matches = {new_event_id(): match for match in find_matches(books) if match.complete_on > closed}
        books = _with_matches(books, matches)
        answered = find_answered(books.units, _breaks_of(books, statement), books.rejected)
        matches |= {new_event_id(): match for match in answered if match.complete_on > closed}
        await match_store.add_matches(work, account, matches, who.id)
        breaks = _breaks_of(_with_matches(books, matches), statement)
        await note_breaks(work, account, breaks)
        return MatchRun(statement, tuple(matches.values()), tuple(breaks))


async def unmatch_line(
    ledger: Ledger, number: int, operator: str, account: Account = Account.POIS, *, period: date | None = None
) -> UUID:
    """Take back the match that holds a record, and note the breaks; the matcher will not make the same one again.

    Nothing is deleted. Refuses `NoStatement`, `NotMatched`, `MonthCertified`, `UnknownOperator`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE)
        await files.take_turn(work, account)
        statement, base_day = await _statement_of(work, account, period)
        match_id = await match_store.match_of(work, *statement.part_of(number))
        if match_id is None:
            raise NotMatched(record=number, period=statement.period)
        await match_store.unmatch(work, match_id, who.id, statement.period)
        books = await _books(work, statement, base_day, as_of=False)
        await note_breaks(work, account, _breaks_of(books, statement))
        return match_id


async def reconciliation_report(
    ledger: Ledger, account: Account = Account.POIS, *, period: date | None = None
) -> Report:
    """The reconciliation as it stood on the last day of a month (by default the last). Refuses `NoStatement`."""
    async with ledger.unit_of_work() as work:
        return await report_within(work, account, period)


async def report_within(work: UnitOfWork, account: Account, period: date | None) -> Report:
    """The same, as a step of another's unit of work."""
    statement, base_day = await _statement_of(work, account, period)
    books = await _books(work, statement, base_day, as_of=True)
    breaks = find_breaks(without_offset(books), statement.last_day)
    lives = await lives_of(work, account, breaks)
    opening = await sides.booked_before_cents(work, account, statement.first_day)
    closing = await sides.booked_before_cents(work, account, statement.last_day + timedelta(days=1))
    ours = [unit.amount_cents for unit in books.units if unit.booked_on >= statement.first_day]
    theirs = [line.amount_cents for line in books.lines if line.statement_id in statement.ids]
    carried = await _opening_items(work, account, books)
    return Report(
        statement=statement,
        theirs=side(statement.opening_cents, statement.closing_cents, theirs),
        ours=side(opening, closing, ours),
        matched=await match_store.matched(work, statement),
        breaks=tuple(breaks),
        ages_days={id_: life.age_days for id_, life in lives.items()},
        proof=prove(statement.closing_cents, closing, breaks, carried),
        opening_items=carried,
        lives=lives,
        suggestions=tuple(find_suggestions(books, breaks)),
    )


async def month_as_of(work: UnitOfWork, account: Account, period: date | None = None) -> tuple[Statement, Books]:
    """A month (by default the last) and both sides as they stood on its last day; a step of other use cases.

    Refuses `NoStatement`.
    """
    statement, base_day = await _statement_of(work, account, period)
    return statement, await _books(work, statement, base_day, as_of=True)


async def prove_identities(ledger: Ledger) -> list[Identity]:
    """The five identities, at one instant of the books; the sales as of the last statement of the dedicated account."""
    async with ledger.unit_of_work() as work:
        await work.freeze()
        return await identities_within(work, None, date.max)


async def identities_within(work: UnitOfWork, period: date | None, last_day: date) -> list[Identity]:
    """The same, as a step of another's unit of work: at the end of a day of booking, the sales as of that month's
    statement.
    """
    sales = await _sales_compared(work, period) if await statements.of_account(work, Account.POIS) else None
    sums, programmes = await identity_store.sums(work, last_day), await identity_store.programmes(work, last_day)
    return identities(sums, programmes, sales)


async def statements_within(work: UnitOfWork) -> dict[Account, list[Statement]]:
    """All statements of each account that has any, oldest first, as a step of another's unit of work."""
    found = {account: await statements.of_account(work, account) for account in Account}
    return {account: every for account, every in found.items() if every}


async def _sales_compared(work: UnitOfWork, period: date | None) -> SalesCompared:
    statement, base_day = await _statement_of(work, Account.POIS, period)
    books = await _books(work, statement, base_day, as_of=True)
    cents = await identity_store.sales_cents(work, base_day, statement.last_day)
    return SalesCompared(statement.period, *cents, tuple(find_breaks(books, statement.last_day)))


@asynccontextmanager
async def compared(
    ledger: Ledger, account: Account, period: date | None, *, alone: bool = False
) -> AsyncIterator[Compared]:
    """A month as it stands now, in one unit of work; `alone`: nobody else imports, matches or books a correction of a
    difference until its end. Refuses `NoStatement`.
    """
    async with ledger.unit_of_work() as work:
        if alone:
            await files.take_turn(work, account)
        statement, base_day = await _statement_of(work, account, period)
        books = await _books(work, statement, base_day, as_of=False)
        yield Compared(work, statement, books, tuple(_breaks_of(books, statement)))


async def list_statements(ledger: Ledger, account: Account = Account.POIS) -> list[Statement]:
    """All statements imported, oldest first; of a month that came in several files each."""
    async with ledger.unit_of_work() as work:
        return await statements.of_account(work, account)


def propose_mapping(path: Path, mapping: Path | None = None) -> tuple[CsvMapping, RawStatement]:
    """How a CSV is most likely to be read, or the mapping that is given, and what comes of it; nothing is recorded.

    Refuses `FileUnreadable`, `FileFaulty` and `StatementFormatUnknown`.
    """
    proposed = guess(path) if mapping is None else read_mapping(mapping)
    return proposed, read_raw(path, proposed)


async def _statement_of(work: UnitOfWork, account: Account, period: date | None) -> tuple[Statement, date]:
    """The statement of a month, or the last one; and the day on which the first one begins."""
    every = await statements.of_account(work, account)
    months: dict[str, list[Statement]] = {}
    for one in every:
        months.setdefault(one.period, []).append(one)
    wanted = f"{period:%Y-%m}" if period else next(reversed(months), "")
    if wanted not in months:
        raise NoStatement(account=account.value, period=wanted or None)
    parts = months[wanted]
    return parts[0] if len(parts) == 1 else joined(parts), every[0].first_day


async def _opening_items(work: UnitOfWork, account: Account, books: Books) -> OpeningItems | None:
    every = await statements.of_account(work, account)
    ours = await sides.booked_before_cents(work, account, every[0].first_day)
    return opening_items(books, every[0].opening_cents, ours)


async def _books(work: UnitOfWork, statement: Statement, base_day: date, *, as_of: bool) -> Books:
    return Books(
        await sides.parties(work),
        await sides.lines(work, statement, as_of=as_of),
        await sides.units(work, statement, base_day, as_of=as_of),
        await sides.rejected(work, statement.account),
        statement.account,
        base_day,
        await sides.starts_on(work, statement.account),
        await sides.later(work, statement),
    )


def _breaks_of(books: Books, statement: Statement) -> list[Break]:
    """The differences on the last day; corrections that were booked later are none."""
    units = tuple(unit for unit in books.units if unit.booked_on <= statement.last_day)
    return find_breaks(without_offset(replace(books, units=units)), statement.last_day)


def _with_matches(books: Books, matches: dict[UUID, Match]) -> Books:
    """The same books after the matches were made."""
    lines = {line.key: id_ for id_, match in matches.items() for line in match.lines}
    units = {unit.id: id_ for id_, match in matches.items() for unit in match.units}
    return replace(
        books,
        lines=tuple(replace(line, match_id=lines.get(line.key, line.match_id)) for line in books.lines),
        units=tuple(replace(unit, match_id=units.get(unit.id, unit.match_id)) for unit in books.units),
    )
