"""A programme and its rules: import, list."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.books.accounts import AccountKind, open_accounts
from ledger.books.balances import lock_balances
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import N_, UnknownProgramme
from ledger.identifiers import new_subject_id
from ledger.people_files import FaultKind, decode, read_content, refuse_faults
from ledger.programmes.model import Programme, ProgrammeFile, rules_sha256
from ledger.programmes.reading import read_programme
from ledger.programmes.store import programmes as store

_OTHER_LABEL = FaultKind(
    "other-label",
    N_("This programme is recorded as “{label}”."),
    N_("Write the recorded name, or take a new code."),
)


async def import_programme(ledger: Ledger, path: Path, operator: str, *, dry_run: bool = False) -> Programme:
    """Take the rules of a programme from a TOML file.

    A new code makes a programme, changed rules make a new version, the present rules change nothing.
    `dry_run` gives the same answer and keeps nothing.
    Refuses `FileUnreadable`, `UnknownOperator` and `FileFaulty`, which names every fault by its key.
    """
    file, faults = read_programme(decode(path.name, read_content(path)))
    refuse_faults(path.name, faults)
    assert file is not None
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.FINANCE, Role.APPROVER)
        await store.take_import_turn(work)
        present = await store.programme_coded(work, file.code)
        if present is None:
            await _add_programme(work, file, who.id)
        elif present.label != file.label:
            refuse_faults(path.name, [_OTHER_LABEL.at(None, "libelle", file.label, label=present.label)])
        else:
            await _change_rules(work, present, file, who.id)
        programme = await programme_coded(work, file.code)
        if dry_run:
            await work.connection.rollback()
        return programme


async def list_programmes(ledger: Ledger) -> list[Programme]:
    """All programmes in their present version, by code."""
    async with ledger.unit_of_work() as work:
        return await store.programmes(work)


async def programme_coded(work: UnitOfWork, code: str) -> Programme:
    """A programme in its present version; a step of other use cases. Refuses `UnknownProgramme`."""
    found = await store.programme_coded(work, code)
    if found is None:
        raise UnknownProgramme(programme=code)
    return found


async def take_turn(work: UnitOfWork, code: str) -> tuple[Programme, int]:
    """A programme, and the Pois in its pool in centimes, while no other use case decides about it.

    Everything that a decision rests on is to be read after this. Refuses `UnknownProgramme`.
    """
    pool_account = (await programme_coded(work, code)).pool_account
    balances = await lock_balances(work, [pool_account])
    return await programme_coded(work, code), -balances[pool_account]


async def _add_programme(work: UnitOfWork, file: ProgrammeFile, added_by: UUID) -> None:
    [pool] = await open_accounts(work, AccountKind.PROGRAMME_POOL, [f"programme:{file.code}:pool"])
    [returning] = await open_accounts(work, AccountKind.PROGRAMME_RETURNING, [f"programme:{file.code}:returning"])
    programme_id = new_subject_id()
    await store.add_programme(work, programme_id, file, pool, returning)
    await store.add_version(work, programme_id, 1, file, added_by)


async def _change_rules(work: UnitOfWork, present: Programme, file: ProgrammeFile, added_by: UUID) -> None:
    if rules_sha256(present.rules) != rules_sha256(file.rules):
        number = present.version_number + 1
        await store.add_version(work, present.id, number, file, added_by)
