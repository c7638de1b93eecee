"""The tamper matrix: each column of each table changed by somebody whom nothing stops, and found.

From outside comes nothing but a checkpoint that is older than the end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import pytest

from ledger.checks.catalogue import CHECKS, guards, sealing
from ledger.checks.catalogue.guards import PROJECTIONS
from ledger.checks.store import violations
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import UnitOfWork
from ledger.sealing.actions import audit
from tests.cells import Cell, Column, addition, changes, columns, exchanges, lift_constraints, losses, nothing
from tests.conftest import NOW
from tests.full_world import FullWorld

BOOKS = [check for check in CHECKS if check not in (*guards.CHECKS, *sealing.CHECKS)]
# Who changes one of these changes nothing that anybody relies on.
FORGOTTEN = {"failure_count": "throttles of wrong codes, which are forgotten when their window is over"}
SEALS = frozenset({"cluster", "sealing_key", "seal", "tree_node"})
STRICTLY = SEALS | {"ledger_transaction", "posting", "redemption"}  # those of a leaf of their own form
MARKS = ({"xid": "'1000000000'"}, {"epoch": "NULL"})
LAST_SEAL = "seal.row: taken DESC"  # younger than the checkpoint that is known outside: see test_rewriting.py


@dataclass
class Tampering:
    """Does something to the sealed world, looks whether it is found, and takes it back."""

    full: FullWorld
    database: Database
    tables: dict[str, list[Column]]
    tried: set[tuple[str, str]] = field(default_factory=set)
    undetected: list[str] = field(default_factory=list)
    baseline: set[str] = field(default_factory=set)

    def facts(self) -> dict[str, list[Column]]:
        return {name: table for name, table in self.tables.items() if f"ledger.{name}" not in PROJECTIONS}

    def sealed(self) -> set[str]:
        return {name for name, table in self.tables.items() if {"xid", "epoch"} <= {column.name for column in table}}

    def projections(self) -> dict[str, list[Column]]:
        return {name: table for name, table in self.tables.items() if f"ledger.{name}" in PROJECTIONS}

    async def try_all(self, cells: Iterable[Cell]) -> None:
        """Each by itself; one for which there is no row is not tried."""
        async with self.database.engine.connect() as connection:
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            work = UnitOfWork(connection, NOW, self.full.keys)
            for cell in cells:
                async with connection.begin_nested() as savepoint:
                    if (await connection.exec_driver_sql(cell.statement)).rowcount:
                        await self._look(work, cell)
                    await savepoint.rollback()

    async def _look(self, work: UnitOfWork, cell: Cell) -> None:
        self.tried.add((cell.table, cell.about))
        if not await self.found(work, cell.table):
            self.undetected.append(str(cell))

    async def found(self, work: UnitOfWork, table: str) -> bool:
        """What is sealed is to be found by its seals alone, what is computed from it by the checks of the books."""
        audited = await anext(audit(work, self.full.older), None) is not None
        if table in self.sealed() | SEALS:
            return audited
        return audited or bool(await self.spoken(work) - self.baseline)

    async def spoken(self, work: UnitOfWork) -> set[str]:
        return {str(each) for check in BOOKS for each in await violations(work, check)}


@pytest.fixture(scope="module")
async def tampering(full: FullWorld) -> AsyncIterator[Tampering]:
    async with full.clone() as urls:
        async with connected(urls.owner) as connection:
            tables = await columns(connection)
            await lift_constraints(connection, tables)
        database = Database.at(urls.owner)
        made = Tampering(full, database, tables)
        async with database.engine.connect() as plain:
            made.baseline = await made.spoken(UnitOfWork(plain, NOW, full.keys))
        yield made
        await database.aclose()


@pytest.fixture(autouse=True)
def afresh(tampering: Tampering) -> None:
    tampering.tried, tampering.undetected = set(), []


async def test_the_world_is_whole(tampering: Tampering, full: FullWorld) -> None:
    """A row in every table, and nothing to find before anything was done."""
    async with tampering.database.engine.connect() as connection:
        for table in tampering.tables:
            sql = f'SELECT count(*) FROM ledger."{table}"'
            assert (await connection.exec_driver_sql(sql)).scalar_one(), f"extend tests/full_world.py: {table} is empty"
        work = UnitOfWork(connection, NOW, full.keys)
        assert [each async for each in audit(work, full.older)] == []
    assert tampering.baseline == set()


async def test_nothing_is_found_where_nothing_was_changed(tampering: Tampering) -> None:
    """Else everything below would be found for another reason."""
    await tampering.try_all([nothing(table[0]) for table in tampering.tables.values()])
    assert len(tampering.undetected) == len(tampering.tables)


async def test_every_column_of_every_fact_is_sealed(tampering: Tampering) -> None:
    facts = tampering.facts()
    for name, table in facts.items():
        for column in table:
            await tampering.try_all(changes(column, rows=12 if name == "seal" else 1, strictly=name in STRICTLY))
    assert tampering.undetected == []
    assert tampering.tried == cells_of(facts)
    assert len(tampering.tried) > 480


async def test_every_column_of_what_is_computed_from_facts_is_checked(tampering: Tampering) -> None:
    computed = {name: table for name, table in tampering.projections().items() if name not in FORGOTTEN}
    for table in computed.values():
        for column in table:
            await tampering.try_all(changes(column, rows=2))
    assert tampering.undetected == []
    assert tampering.tried == cells_of(computed)
    assert len(tampering.tried) > 25


async def test_values_exchanged_between_two_rows_are_found(tampering: Tampering) -> None:
    for table in tampering.facts().values():
        for column in table:
            await tampering.try_all(exchanges(column))
    assert tampering.undetected == []
    assert len(tampering.tried) > 100


async def test_rows_taken_away_or_added_are_found(tampering: Tampering) -> None:
    """Added as if they had been there all along; as if of a unit of work yet to come, or of none."""
    for name in tampering.tables.keys() - FORGOTTEN:
        table = tampering.tables[name]
        await tampering.try_all([each for each in losses(name) if str(each) != LAST_SEAL])
        await tampering.try_all([addition(name, table)])
        if name in tampering.sealed():
            await tampering.try_all([addition(name, table, **mark) for mark in MARKS])
    assert tampering.undetected == []
    assert {table for table, _ in tampering.tried} == tampering.tables.keys() - FORGOTTEN


async def test_no_mark_of_a_unit_of_work_hides_a_row_from_sealing(tampering: Tampering) -> None:
    table = tampering.tables["voucher"]
    for xid in ("'0'", "'1000000000'", "'18446744073709551615'", "NULL"):
        for epoch in ("0", "1", "2", "32767", "NULL"):
            await tampering.try_all([addition("voucher", table, xid=xid, epoch=epoch)])
    assert tampering.undetected == []


def cells_of(tables: dict[str, list[Column]]) -> set[tuple[str, str]]:
    return {(column.table, column.name) for table in tables.values() for column in table}
