"""The next month: households that are known are decided on again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.database.unit_of_work import Ledger
from ledger.identifiers import new_subject_id
from ledger.people_files import Table, read_table
from ledger.programmes.actions.households import summary_of
from ledger.programmes.actions.programmes import take_turn
from ledger.programmes.model import Profile, Programme, Renewal, case_key
from ledger.programmes.reading import CASE_WAITS, HOUSEHOLD_COLUMNS, UNKNOWN_CASE, read_households
from ledger.programmes.rules import decide
from ledger.programmes.store import households as store


async def renew_decisions(
    ledger: Ledger, programme_code: str, operator: str, path: Path | None = None, *, dry_run: bool = False
) -> Renewal:
    """Decide again by the programme's present rules: on all households as they are on record, or on those of a file,
    whose rows replace what is on record. All or none.

    Nobody gets two decisions for one voucher: who still waits for one is left as they are, and is a fault in a file.
    So the same file may come each month, and repeated at once it changes nothing.
    Refuses `FileUnreadable`, `FileFaulty` (every fault at once), `UnknownOperator`, `UnknownProgramme`.
    """
    table = None if path is None else read_table(path, HOUSEHOLD_COLUMNS)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.AGENT)
        programme, _ = await take_turn(work, programme_code)
        standings = await store.standings(work, programme.id)
        asked = _on_record(standings) if table is None else _in_file(table, programme, standings)
        decided = [_decided(standing, profile, programme) for standing, profile in asked]
        if decided and not dry_run:
            await store.renew(work, programme, decided, [standing.key for standing, _ in asked], who.id)
        done = summary_of(decided)
        waiting = sum(standing.waits for standing in standings)
        return Renewal(done.rows, done.granted, done.refused, done.total_cents, waiting)


Asked = list[tuple[store.Standing, Profile]]


def _on_record(standings: Sequence[store.Standing]) -> Asked:
    return [(standing, standing.profile) for standing in standings if not standing.waits]


def _in_file(table: Table, programme: Programme, standings: Sequence[store.Standing]) -> Asked:
    known = {case_key(standing.profile.case_number): standing for standing in standings}
    asked = []
    for number, profile in read_households(table, programme.rules.eligibility.derogations):
        standing = known.get(case_key(profile.case_number))
        if standing is None or standing.waits:
            kind = UNKNOWN_CASE if standing is None else CASE_WAITS
            table.faults.append(kind.at(number, "dossier", profile.case_number))
        else:
            asked.append((standing, profile))
    table.raise_faults()
    return asked


def _decided(standing: store.Standing, profile: Profile, programme: Programme) -> store.NewHousehold:
    return store.NewHousehold(standing.household_id, new_subject_id(), profile, decide(profile, programme.rules))
