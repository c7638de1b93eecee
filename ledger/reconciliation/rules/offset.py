"""What two people brought to nothing on our own side: it is no difference any more, and needs no line of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from ledger.reconciliation.model import Account, Books, Unit
from ledger.reconciliation.rules.breaks import break_id


def without_offset(books: Books) -> Books:
    """Without free units of ours that come to nothing together: a transaction and the corrections that name its
    break, or corrections of one break that take each other back.

    Should a line of theirs turn up for the transaction after all, the two match, and the correction is left over.
    """
    answers = [unit for unit in books.units if unit.answers is not None and unit.match_id is None]
    if not answers:
        return books
    gone = set(_offset(books.account, answers, books.units))
    return replace(books, units=tuple(unit for unit in books.units if unit.id not in gone))


def _offset(account: Account, answers: Iterable[Unit], units: Iterable[Unit]) -> Iterable[UUID]:
    by_break: defaultdict[UUID, list[Unit]] = defaultdict(list)
    for unit in answers:
        if unit.answers is not None:
            by_break[unit.answers].append(unit)
    alone = {break_id(account, (), (unit,)): unit for unit in units if unit.match_id is None and unit.answers is None}
    for answered, corrections in by_break.items():
        group = [alone[answered], *corrections] if answered in alone else corrections
        together = next((one for one in (group, corrections) if sum(unit.amount_cents for unit in one) == 0), [])
        yield from (unit.id for unit in together)
