"""What an aid run came to, for the papers of public accounting."""

from __future__ import annotations

from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import NotPossibleNow, UnknownRun
from ledger.programmes.actions.programmes import programme_coded
from ledger.programmes.model import Liquidation
from ledger.programmes.rules import sized
from ledger.programmes.store import aid_runs, liquidations


async def liquidation(work: UnitOfWork, programme_code: str, number: int) -> Liquidation:
    """An approved run, decision by decision.

    Refuses `UnknownProgramme`, `UnknownRun`, and `NotPossibleNow` for a run that nobody approved: it is owed nothing.
    """
    programme = await programme_coded(work, programme_code)
    run = await aid_runs.run_numbered(work, programme_code, number)
    if run is None:
        raise UnknownRun(programme=programme_code, run=number)
    if run.approval_id is None:
        instead = "bonpois aid approve" if run.state == "pending" else None
        raise NotPossibleNow(run=number, state=run.state, instead=instead)
    rules = await liquidations.rules_of_run(work, run.id)
    granted = await liquidations.granted_lines(work, run.id)
    return Liquidation(programme, run, tuple(sized(line, profile, rules) for line, profile in granted), rules)
