"""What waits for a person in a month, as one looks through it item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger
from ledger.reconciliation.actions import Compared, compared
from ledger.reconciliation.choices import suggestions_within
from ledger.reconciliation.lives import lives_of
from ledger.reconciliation.model import Account, Break, Miss, Statement, Suggestion
from ledger.reconciliation.model.breaks import Life
from ledger.reconciliation.rules.misses import misses_of_line, misses_of_unit


@dataclass(frozen=True, slots=True)
class Waiting:
    """A month's suggestions, the surest first, and the breaks that are neither matched nor settled, with where each
    stands. `misses`: what is nearest to the one that was asked about.
    """

    statement: Statement
    today: date
    suggestions: tuple[Suggestion, ...]
    breaks: tuple[Break, ...]
    lives: Mapping[UUID, Life]
    misses: tuple[Miss, ...] = ()


async def what_waits(
    ledger: Ledger, account: Account = Account.POIS, *, period: date | None = None, near: UUID | None = None
) -> Waiting:
    """All that is left to a person in a month as it stands now; `near`: a break of which the nearest misses are wanted.

    Refuses `NoStatement`.
    """
    async with compared(ledger, account, period) as month:
        lives = await lives_of(month.work, account, month.breaks)
        breaks = tuple(found for found in month.breaks if not (found.cleared or lives[found.id].state.is_done))
        wanted = next((found for found in breaks if found.id == near), None)
        return Waiting(
            month.statement,
            paris_day(month.work.now),
            suggestions_within(month),
            breaks,
            lives,
            _misses(month, wanted) if wanted is not None else (),
        )


def _misses(month: Compared, found: Break) -> tuple[Miss, ...]:
    """Of its first line, or of its first transaction where it has none; without the ones that it is made of."""
    if found.lines:
        near = misses_of_line(month.books, found.lines[0].key)
    else:
        near = misses_of_unit(month.books, found.units[0].id)
    return tuple(miss for miss in near if miss.line not in found.lines or miss.unit not in found.units)
