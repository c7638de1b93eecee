"""What only a person can decide, with what is needed to decide it: suggestions, and why something is as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.database.unit_of_work import Ledger
from ledger.errors import NothingToExplain, UnknownSuggestion
from ledger.identifiers import new_event_id
from ledger.reconciliation.actions import Compared, compared
from ledger.reconciliation.model import Account, Break, Explanation, Line, Suggestion, Unit
from ledger.reconciliation.rules import find_suggestions
from ledger.reconciliation.rules.misses import misses_of_line, misses_of_unit
from ledger.reconciliation.store import explanations
from ledger.reconciliation.store import matches as match_store

ID_CHARACTERS_MIN = 4


@dataclass(frozen=True)
class Accepted:
    """A suggestion that became a match."""

    match_id: UUID
    suggestion: Suggestion


async def list_suggestions(
    ledger: Ledger, account: Account = Account.POIS, *, period: date | None = None
) -> tuple[Suggestion, ...]:
    """What may belong together in a month, the surest first. Refuses `NoStatement`."""
    async with compared(ledger, account, period) as month:
        return suggestions_within(month)


async def accept_suggestion(
    ledger: Ledger, id_: str, operator: str, account: Account = Account.POIS, *, period: date | None = None
) -> Accepted:
    """Make a suggestion, named by its id or the beginning of it, a match with its rule, score and reasons.

    Of a set of equal ones as many are matched as both sides have. Refuses `NoStatement`, `UnknownSuggestion` (also
    when it is no longer open), `MatchedMeanwhile`, `UnknownOperator`.
    """
    async with compared(ledger, account, period, alone=True) as month:
        who = await operator_named(month.work, operator, Role.FINANCE)
        named = [
            one for one in suggestions_within(month) if len(id_) >= ID_CHARACTERS_MIN and str(one.id).startswith(id_)
        ]
        if len(named) != 1:
            raise UnknownSuggestion(suggestion=id_, period=month.statement.period)
        match_id = new_event_id()
        await match_store.add_matches(month.work, account, {match_id: named[0].match}, who.id)
        return Accepted(match_id, named[0])


async def explain(
    ledger: Ledger, what: str, account: Account = Account.POIS, *, period: date | None = None
) -> list[Explanation]:
    """Why a record (its number), a transaction or a match (their id) or a ticket is matched, or what is nearest to it.

    A ticket may be several: its sale and its refunds. Refuses `NoStatement` and `NothingToExplain`.
    """
    async with compared(ledger, account, period) as month:
        match = await explanations.held(month.work, account, UUID(what)) if _is_uuid(what) else None
        if match is not None:
            return [Explanation(held=match)]
        found = [await _explained(month, account, one) for one in _named(month, what)]
        if not found:
            raise NothingToExplain(what=what, period=month.statement.period)
        return found


def suggestions_within(month: Compared) -> tuple[Suggestion, ...]:
    """What may belong together, as a step of another's unit of work; the surest first."""
    last_day = month.statement.last_day
    return tuple(
        one
        for one in find_suggestions(month.books, month.breaks)
        if all(unit.booked_on <= last_day for unit in one.units)
    )


def _named(month: Compared, what: str) -> list[Line | Unit]:
    """What a person means: a record of the month, one of our transactions, or whatever bears a ticket."""
    if what.isascii() and what.isdigit():
        key = month.statement.part_of(int(what))
        lines = [line for line in month.books.lines if line.key == key]
        if lines:
            return [*lines]
    wanted = what.casefold()
    return [
        unit
        for unit in sorted(month.books.units, key=lambda unit: unit.occurred_at)
        if str(unit.id) == wanted or (unit.reference or "").casefold() == wanted
    ]


async def _explained(month: Compared, account: Account, one: Line | Unit) -> Explanation:
    line, unit = (one, None) if isinstance(one, Line) else (None, one)
    if one.match_id is not None:
        return Explanation(line, unit, await explanations.held(month.work, account, one.match_id))
    misses = misses_of_line(month.books, one.key) if isinstance(one, Line) else misses_of_unit(month.books, one.id)
    return Explanation(line, unit, found=_break_of(month, one), misses=misses)


def _break_of(month: Compared, one: Line | Unit) -> Break | None:
    """None for what is older than our books."""
    return next((found for found in month.breaks if one in found.lines or one in found.units), None)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.casefold()
    except ValueError:
        return False
