"""Households of a programme: import with a decision each, look up, list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import UnknownHousehold
from ledger.identifiers import new_subject_id
from ledger.imported_files import record_file, refuse_repeated
from ledger.people_files import Table, read_table
from ledger.programmes.actions.programmes import programme_coded, take_turn
from ledger.programmes.model import Household, HouseholdEntry, HouseholdImport, Profile, Programme
from ledger.programmes.reading import HOUSEHOLD_COLUMNS, KNOWN_CASE, read_households
from ledger.programmes.rules import decide
from ledger.programmes.store import households as store

Progress = Callable[[int, int], None]

_CHUNK_HOUSEHOLDS = 5_000
_KIND = "households"


async def import_households(
    ledger: Ledger,
    programme_code: str,
    path: Path,
    operator: str,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> HouseholdImport:
    """Take households from a CSV file, all or none, each with a decision by the programme's present rules.

    `progress` is told how many of how many are done. Refuses `FileUnreadable`, `FileFaulty` (every fault at
    once), `FileAlreadyImported`, `UnknownOperator`, `UnknownProgramme`.
    """
    table = read_table(path, HOUSEHOLD_COLUMNS)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.AGENT)
        programme, _ = await take_turn(work, programme_code)
        purpose = programme.id.bytes
        await refuse_repeated(work, _KIND, purpose, table.file, table.content)
        profiles = await _checked(work, programme, table)
        decided = [_decided(profile, programme) for profile in profiles]
        if not dry_run:
            for start in range(0, len(decided), _CHUNK_HOUSEHOLDS):
                chunk = decided[start : start + _CHUNK_HOUSEHOLDS]
                await store.add_households(work, programme, chunk, who.id)
                if progress is not None:
                    progress(start + len(chunk), len(decided))
            await record_file(work, _KIND, purpose, table.content, row_count=len(decided), operator_id=who.id)
        return summary_of(decided)


async def household_profile(ledger: Ledger, programme_code: str, case_number: str) -> Household:
    """The file of a household and the decision on record. Refuses `UnknownProgramme`, `UnknownHousehold`."""
    async with ledger.unit_of_work() as work:
        programme = await programme_coded(work, programme_code)
        found = await store.household_of_case(work, programme.code, case_number)
        if found is None:
            raise UnknownHousehold(case_number=case_number)
        return found


async def list_households(ledger: Ledger, programme_code: str) -> list[HouseholdEntry]:
    """All households of a programme, by case number; for the agent's eyes. Refuses `UnknownProgramme`."""
    async with ledger.unit_of_work() as work:
        programme = await programme_coded(work, programme_code)
        return [_entry(household) for household in await store.households(work, programme.id)]


async def _checked(work: UnitOfWork, programme: Programme, table: Table) -> list[Profile]:
    """The profiles of a file without any fault, and all of them new to the programme."""
    numbered = read_households(table, programme.rules.eligibility.derogations)
    indexes = [store.case_index(work.keys, programme.code, profile.case_number) for _, profile in numbered]
    known = await store.known_indexes(work, indexes)
    for (number, profile), index in zip(numbered, indexes, strict=True):
        if index in known:
            table.faults.append(KNOWN_CASE.at(number, "dossier", profile.case_number))
    table.raise_faults()
    return [profile for _, profile in numbered]


def _decided(profile: Profile, programme: Programme) -> store.NewHousehold:
    return store.NewHousehold(new_subject_id(), new_subject_id(), profile, decide(profile, programme.rules))


def summary_of(decided: Sequence[store.NewHousehold]) -> HouseholdImport:
    """What a round of decisions came to; renewals tell the same."""
    counts = Counter(household.decision.granted for household in decided)
    total_cents = sum(household.decision.amount_cents for household in decided)
    return HouseholdImport(len(decided), counts[True], counts[False], total_cents)


def _entry(household: Household) -> HouseholdEntry:
    profile, decision = household.profile, household.decision
    return HouseholdEntry(
        household.household_id,
        profile.case_number,
        profile.medium,
        profile.language,
        decision.granted,
        decision.amount_cents,
    )
