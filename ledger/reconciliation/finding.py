"""A break by the number that people type: the beginning of its id, in whichever account and month it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import BreakAmbiguous, NoStatement, UnknownBreak
from ledger.reconciliation.actions import month_as_of
from ledger.reconciliation.lives import lives_of
from ledger.reconciliation.model import Account, Books, Break, Category, Statement, Why
from ledger.reconciliation.model.breaks import Item, Life, items_of
from ledger.reconciliation.rules import find_breaks
from ledger.reconciliation.rules.offset import without_offset
from ledger.reconciliation.store import breaks as break_store
from ledger.reconciliation.store import statements

_HANDLE = re.compile(r"[0-9a-f]{4,32}")


@dataclass(frozen=True, slots=True)
class Located:
    """A break with the account and the month in whose report it stands, and where it stands today."""

    account: Account
    statement: Statement
    found: Break
    life: Life


async def locate(work: UnitOfWork, handle: str) -> Located:
    """The break of today whose id begins so; else one of an earlier month, or one that is matched since.

    Refuses `UnknownBreak` and `BreakAmbiguous`.
    """
    prefix = handle.lower().replace("-", "")
    if not _HANDLE.fullmatch(prefix):
        raise UnknownBreak(difference=handle)
    found = [one for account in Account for one in await _in_last_month(work, account, prefix)]
    if not found:
        found = [one for account in Account for one in await _in_earlier_months(work, account, prefix)]
    if not found:
        raise UnknownBreak(difference=handle)
    if len(found) > 1:
        raise BreakAmbiguous(difference=handle, candidates=[str(one[2].id) for one in found])
    account, statement, located = found[0]
    return Located(account, statement, located, (await lives_of(work, account, [located]))[located.id])


Candidate = tuple[Account, Statement, Break]


async def _in_last_month(work: UnitOfWork, account: Account, prefix: str) -> list[Candidate]:
    try:
        statement, books = await month_as_of(work, account)
    except NoStatement:
        return []
    return [(account, statement, found) for found in _breaks(books, statement) if found.id.hex.startswith(prefix)]


async def _in_earlier_months(work: UnitOfWork, account: Account, prefix: str) -> list[Candidate]:
    """From what was noted: whoever kept the number finds its file again, whatever has become of it."""
    known = [await _in_some_month(work, account, seen) for seen in await break_store.seen_like(work, account, prefix)]
    return [one for one in known if one is not None]


async def _in_some_month(work: UnitOfWork, account: Account, break_id: UUID) -> Candidate | None:
    noted = await break_store.seen_as(work, break_id)
    if noted is None:
        return None
    gone: Candidate | None = None
    for first_day in await _months(work, account):
        statement, books = await month_as_of(work, account, first_day)
        breaks = _breaks(books, statement)
        for found in breaks:
            if found.id == break_id:
                return account, statement, found
        gone = gone or _gone(account, statement, books, break_id, noted, breaks)
    return gone


async def _months(work: UnitOfWork, account: Account) -> list[date]:
    """The latest first."""
    every = await statements.of_account(work, account)
    return sorted({one.first_day.replace(day=1) for one in every}, reverse=True)


def _gone(
    account: Account,
    statement: Statement,
    books: Books,
    break_id: UUID,
    noted: tuple[Category, frozenset[Item]],
    breaks: list[Break],
) -> Candidate | None:
    """A break that is none any more, put together from what it was about; where it has become part of others, these
    are named (`UnknownBreak`).
    """
    category, items = noted
    lines = tuple(replace(line, cleared=True) for line in books.lines if line.key in items)
    units = tuple(replace(unit, cleared=True) for unit in books.units if (unit.id, 0) in items)
    if not lines and not units:
        return None
    now = [found for found in breaks if not items.isdisjoint(items_of(found)) and not found.cleared]
    if now:
        raise UnknownBreak(difference=str(break_id), now=[str(found.id) for found in now])
    references = tuple(dict.fromkeys(unit.reference for unit in units if unit.reference))
    return account, statement, Break(break_id, category, lines, units, references, Why.NOTHING_NEAR)


def _breaks(books: Books, statement: Statement) -> list[Break]:
    return find_breaks(without_offset(books), statement.last_day)
