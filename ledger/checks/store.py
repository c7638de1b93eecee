"""Runs the queries of checks."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import text

from ledger.checks.model import Check, Culprit, Violation
from ledger.database.unit_of_work import UnitOfWork

_MORE_MEMORY = text("SELECT set_config('work_mem', '32MB', true)")  # of each sort and hash table
VIOLATIONS_MAX = 20  # of one check: enough to see what happened, and bounded whatever happened


async def take_memory(work: UnitOfWork) -> None:
    """Let the server's steps use more memory than a till's need, until the unit of work ends; still bounded."""
    await work.run(_MORE_MEMORY)


async def violations(work: UnitOfWork, check: Check) -> list[Violation]:
    """The first rows that break an invariant."""
    if check.look is not None:
        return [Violation(check.name, str(subject), facts) async for subject, facts in _first(check.look(work))]
    # Materialized, so that the planner expects to read to the end: with a bare LIMIT it looks for the first culprits
    # by a million index look-ups, though there are none.
    query = f"WITH found AS MATERIALIZED ({check.statement}) SELECT * FROM found LIMIT {VIOLATIONS_MAX}"  # noqa: S608
    rows = await work.run(text(query), **check.values)
    names = list(rows.keys())[1:]
    return [Violation(check.name, str(row[0]), dict(zip(names, row[1:], strict=True))) for row in rows]


async def _first(culprits: AsyncIterator[Culprit]) -> AsyncIterator[Culprit]:
    left = VIOLATIONS_MAX
    async for culprit in culprits:
        yield culprit
        left -= 1
        if not left:
            return
