"""What can be done with checks: list them, run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ledger.checks import store
from ledger.checks.catalogue import CHECKS
from ledger.checks.catalogue.sealing import FACTS_ARE_SEALED
from ledger.checks.model import Check, Violation
from ledger.database.unit_of_work import Ledger
from ledger.errors import UnknownCheck
from ledger.sealing.actions import Older, audit


def list_checks(names: Sequence[str] | None = None) -> list[Check]:
    """The checks of these names, or all, in their order. Refuses `UnknownCheck`."""
    known = {check.name: check for check in CHECKS}
    for name in names or ():
        if name not in known:
            raise UnknownCheck(check=name, known=list(known))
    return [check for check in CHECKS if not names or check.name in names]


async def run_checks(
    ledger: Ledger,
    names: Sequence[str] | None = None,
    progress: Callable[[Check], None] | None = None,
    older: Older | None = None,
) -> list[Violation]:
    """Everything that breaks an invariant, at most 20 rows a check; an empty list is a good answer.

    `older`: a checkpoint that was kept elsewhere; the books must contain it. Each check sees one instant of the
    books, so tills may go on meanwhile. Refuses `UnknownCheck`.
    """
    found: list[Violation] = []
    for named in list_checks(names):
        check = replace(named, look=partial(audit, older=older)) if named.name == FACTS_ARE_SEALED else named
        async with ledger.unit_of_work() as work:
            await work.freeze()
            await store.take_memory(work)
            found += await store.violations(work, check)
        if progress is not None:
            progress(named)
    return found
