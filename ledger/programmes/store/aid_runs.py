"""The SQL of aid runs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork
from ledger.programmes.model import AidRun, AidRunLine

_SELECT = """
    SELECT r.id, p.code AS programme_code, r.number, r.programme_version_id, r.proposal_id,
        a.id AS approval_id, r.valid_from, r.valid_until, r.voucher_count, r.total_cents,
        maker.name AS prepared_by, checker.name AS approved_by, j.id IS NOT NULL AS rejected,
        (
            SELECT count(*) FROM ledger.aid_run_line AS l
            INNER JOIN ledger.voucher AS i ON (i.decision_id, i.aid_run_id) = (l.decision_id, l.aid_run_id)
            WHERE l.aid_run_id = r.id
        ) AS issued_count
    FROM ledger.aid_run AS r
    INNER JOIN ledger.programme_version AS v ON v.id = r.programme_version_id
    INNER JOIN ledger.programme AS p ON p.id = v.programme_id
    INNER JOIN ledger.proposal AS o ON o.id = r.proposal_id
    INNER JOIN ledger.operator AS maker ON maker.id = o.prepared_by
    LEFT JOIN ledger.approval AS a ON a.proposal_id = r.proposal_id
    LEFT JOIN ledger.operator AS checker ON checker.id = a.approved_by
    LEFT JOIN ledger.rejection AS j ON j.proposal_id = r.proposal_id
"""
_BY_NUMBER = text(_SELECT + " WHERE p.code = :code AND r.number = :number")
_BY_PROPOSAL = text(_SELECT + " WHERE r.proposal_id = :proposal_id")
_ALL = text(_SELECT + " ORDER BY p.code, r.number")
_LAST_NUMBER = text("""
    SELECT coalesce(max(r.number), 0)
    FROM ledger.aid_run AS r INNER JOIN ledger.programme_version AS v ON v.id = r.programme_version_id
    WHERE v.programme_id = :programme_id
""")
# Granted, of a household still in the programme, and in no run yet, be it pending, approved or issued; a
# rejected run gives its decisions back.
_WAITING = text("""
    SELECT d.id AS decision_id, d.household_id, d.amount_cents
    FROM ledger.decision AS d
    INNER JOIN ledger.household AS h ON h.id = d.household_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = h.id
    WHERE h.programme_id = :programme_id AND d.granted AND d.amount_cents > 0
        AND coalesce(s.state, 'active') = 'active'
        AND NOT EXISTS (
            SELECT FROM ledger.aid_run_line AS l INNER JOIN ledger.aid_run AS r ON r.id = l.aid_run_id
            WHERE l.decision_id = d.id
                AND NOT EXISTS (SELECT FROM ledger.rejection AS j WHERE j.proposal_id = r.proposal_id)
        )
    ORDER BY d.id
""")
# By decision, which is a random id: serial numbers do not tell in which order people were registered.
_LINES = text("""
    SELECT l.decision_id, d.household_id, l.amount_cents
    FROM ledger.aid_run_line AS l INNER JOIN ledger.decision AS d ON d.id = l.decision_id
    WHERE l.aid_run_id = :run_id ORDER BY l.decision_id
""")
_RESERVED = text("""
    SELECT coalesce(sum(l.amount_cents), 0)
    FROM ledger.aid_run AS r
    INNER JOIN ledger.programme_version AS v ON v.id = r.programme_version_id
    INNER JOIN ledger.aid_run_line AS l ON l.aid_run_id = r.id
    WHERE v.programme_id = :programme_id
        AND NOT EXISTS (SELECT FROM ledger.voucher AS i WHERE i.decision_id = l.decision_id)
        AND NOT EXISTS (SELECT FROM ledger.rejection AS j WHERE j.proposal_id = r.proposal_id)
        AND (:pending_too OR EXISTS (SELECT FROM ledger.approval AS a WHERE a.proposal_id = r.proposal_id))
""")
_ADD = text("""
    INSERT INTO ledger.aid_run (
        id, programme_version_id, proposal_id, number, valid_from, valid_until, voucher_count, total_cents
    )
    VALUES (
        :id, :programme_version_id, :proposal_id, :number, :valid_from, :valid_until,
        :voucher_count, :total_cents
    )
""")
_ADD_LINES = text("""
    INSERT INTO ledger.aid_run_line (aid_run_id, decision_id, amount_cents)
    SELECT :run_id, decision_id, amount_cents
    FROM unnest(CAST(:decision_ids AS uuid[]), CAST(:amounts AS bigint[])) AS l (decision_id, amount_cents)
""")


async def run_numbered(work: UnitOfWork, programme_code: str, number: int) -> AidRun | None:
    """One run of a programme."""
    row = (await work.run(_BY_NUMBER, code=programme_code, number=number)).one_or_none()
    return None if row is None else AidRun(**row._asdict())


async def run_proposed(work: UnitOfWork, proposal_id: UUID) -> AidRun | None:
    """The run of a proposal."""
    row = (await work.run(_BY_PROPOSAL, proposal_id=proposal_id)).one_or_none()
    return None if row is None else AidRun(**row._asdict())


async def runs(work: UnitOfWork) -> list[AidRun]:
    """All runs by programme and number."""
    return [AidRun(**row._asdict()) for row in await work.run(_ALL)]


async def last_number(work: UnitOfWork, programme_id: UUID) -> int:
    """The number of the latest run of a programme, 0 before the first."""
    return int((await work.run(_LAST_NUMBER, programme_id=programme_id)).scalar_one())


async def waiting_lines(work: UnitOfWork, programme_id: UUID) -> list[AidRunLine]:
    """Every granted decision that is in no run yet."""
    return [AidRunLine(**row._asdict()) for row in await work.run(_WAITING, programme_id=programme_id)]


async def lines_of(work: UnitOfWork, run_id: UUID) -> list[AidRunLine]:
    """The lines of a run, always in the same order."""
    return [AidRunLine(**row._asdict()) for row in await work.run(_LINES, run_id=run_id)]


async def reserved_cents(work: UnitOfWork, programme_id: UUID, *, pending_too: bool) -> int:
    """What the programme's approved runs will still take from its pool, and its pending ones if asked."""
    result = await work.run(_RESERVED, programme_id=programme_id, pending_too=pending_too)
    return int(result.scalar_one())


async def add_run(work: UnitOfWork, run: AidRun, lines: Sequence[AidRunLine]) -> None:
    """Record a run with its lines."""
    await work.run(
        _ADD,
        id=run.id,
        programme_version_id=run.programme_version_id,
        proposal_id=run.proposal_id,
        number=run.number,
        valid_from=run.valid_from,
        valid_until=run.valid_until,
        voucher_count=run.voucher_count,
        total_cents=run.total_cents,
    )
    await work.run(
        _ADD_LINES,
        run_id=run.id,
        decision_ids=[line.decision_id for line in lines],
        amounts=[line.amount_cents for line in lines],
    )
