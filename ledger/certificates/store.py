"""The SQL of certified months."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, text
from sqlalchemy.exc import DBAPIError

from ledger.certificates.model import Certificate, Draft, Reason, Reopening
from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import MonthNotSealed

_TAKE_TURN = text("SELECT ledger.take_reconciling_turn(true)")
_CERTIFIED_UNTIL = text("SELECT ledger.certified_until()")
_REHEARSAL = text("SELECT EXISTS (SELECT FROM ledger.rehearsal)")
_LAST_SEAL = text("SELECT number, note FROM ledger.seal ORDER BY number DESC LIMIT 1")
_SEAL = text("SELECT number, note FROM ledger.seal WHERE number = :number")
_IS_SEALED = text("SELECT ledger.is_sealed_until(:last_day, :number)")
_WAITING = text("""
    SELECT f.file_name FROM ledger.statement_file AS f
    WHERE f.account = :account AND f.first_day <= :last_day
        AND NOT EXISTS (SELECT FROM ledger.file_taking AS t WHERE t.file_id = f.id)
        AND NOT EXISTS (SELECT FROM ledger.file_withdrawal AS w WHERE w.file_id = f.id)
    ORDER BY f.first_day, f.id LIMIT 1
""")
_MATCHES = text("""
    SELECT sha256(convert_to(coalesce(string_agg(x.line, chr(10) ORDER BY x.line COLLATE "C"), ''), 'UTF8'))
    FROM (
        SELECT concat_ws(' ', m.id, m.rule, 'line', l.statement_id, l.number) AS line
        FROM ledger.match AS m INNER JOIN ledger.live_match_line AS l ON l.match_id = m.id
        WHERE m.account = :account AND m.complete_on BETWEEN :first_day AND :last_day
        UNION ALL
        SELECT concat_ws(' ', m.id, m.rule, 'unit', u.transaction_id)
        FROM ledger.match AS m INNER JOIN ledger.live_match_unit AS u ON u.match_id = m.id
        WHERE m.account = :account AND m.complete_on BETWEEN :first_day AND :last_day
    ) AS x
""")

# What each month of the books moved in each account, in the view of its holder.
_MOVED_BY_MONTH = text("""
    SELECT k.account, date_trunc('month', t.booked_on::timestamp)::date AS period,
        sum(r.sign * p.amount_cents)::bigint AS cents
    FROM ledger.posting AS p
    INNER JOIN ledger.account AS a ON a.id = p.account_id
    INNER JOIN ledger.reconciled_account_kind AS k ON k.kind = a.kind
    INNER JOIN ledger.reconciled_account AS r ON r.code = k.account
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    GROUP BY k.account, period ORDER BY k.account, period
""")
_FILES_BY_MONTH = text("""
    SELECT p.account, p.month AS period, array_agg(encode(s.sha256, 'hex') ORDER BY p.position) AS files,
        sum(s.line_count)::integer AS lines,
        (array_agg(s.closing_cents ORDER BY p.position DESC))[1] AS closing_cents
    FROM ledger.statement_part AS p INNER JOIN ledger.statement AS s ON s.id = p.id
    GROUP BY p.account, p.month
""")

_ADD_DRAFT = text("""
    INSERT INTO ledger.proposed_certificate (proposal_id, period, version, seal_number, content)
    VALUES (:proposal_id, :period, :version, :seal_number, :content)
""").bindparams(bindparam("proposal_id", type_=Uuid))
_DRAFT = text("""
    SELECT d.proposal_id, p.number, d.period, d.version, d.seal_number, d.content
    FROM ledger.proposed_certificate AS d INNER JOIN ledger.proposal AS p ON p.id = d.proposal_id
    WHERE d.proposal_id = :proposal_id
""")
_ADD = text("""
    INSERT INTO ledger.certificate (proposal_id, period, version)
    SELECT proposal_id, period, version FROM ledger.proposed_certificate WHERE proposal_id = :proposal_id
""")
_ADD_PROPOSED_REOPENING = text("""
    INSERT INTO ledger.proposed_reopening (proposal_id, period, version, reason)
    VALUES (:proposal_id, :period, :version, :reason)
""").bindparams(bindparam("proposal_id", type_=Uuid))
_PROPOSED_REOPENING = text("""
    SELECT r.proposal_id, p.number, r.period, r.version, r.reason
    FROM ledger.proposed_reopening AS r INNER JOIN ledger.proposal AS p ON p.id = r.proposal_id
    WHERE r.proposal_id = :proposal_id
""")
_ADD_REOPENING = text("""
    INSERT INTO ledger.reopening (proposal_id, period, version)
    SELECT proposal_id, period, version FROM ledger.proposed_reopening WHERE proposal_id = :proposal_id
""")
_CERTIFICATES = text("""
    SELECT c.proposal_id, p.number, c.period, c.version, p.content_sha256, maker.name AS prepared_by,
        checker.name AS certified_by, a.approved_at AS certified_at, rp.number AS reopened_number,
        reopener.name AS reopened_by, why.reason AS reopened_reason
    FROM ledger.certificate AS c
    INNER JOIN ledger.proposal AS p ON p.id = c.proposal_id
    INNER JOIN ledger.approval AS a ON a.proposal_id = c.proposal_id
    INNER JOIN ledger.operator AS maker ON maker.id = p.prepared_by
    INNER JOIN ledger.operator AS checker ON checker.id = a.approved_by
    LEFT JOIN ledger.reopening AS r ON r.period = c.period AND r.version = c.version
    LEFT JOIN ledger.proposed_reopening AS why ON why.proposal_id = r.proposal_id
    LEFT JOIN ledger.proposal AS rp ON rp.id = r.proposal_id
    LEFT JOIN ledger.approval AS ra ON ra.proposal_id = r.proposal_id
    LEFT JOIN ledger.operator AS reopener ON reopener.id = ra.approved_by
    ORDER BY c.period, c.version
""")


async def take_turn(work: UnitOfWork) -> None:
    """Nobody imports or matches until this unit of work ends."""
    await work.run(_TAKE_TURN)


async def certified_until(work: UnitOfWork) -> date | None:
    """The last day of the last certified month."""
    found: date | None = (await work.run(_CERTIFIED_UNTIL)).scalar_one()
    return found


async def is_rehearsal(work: UnitOfWork) -> bool:
    return bool((await work.run(_REHEARSAL)).scalar_one())


async def seal(work: UnitOfWork, number: int | None = None) -> tuple[int, str] | None:
    """A seal's number and signed note: of the last one, or of this number."""
    asked = work.run(_LAST_SEAL) if number is None else work.run(_SEAL, number=number)
    row = (await asked).one_or_none()
    return None if row is None else (row.number, row.note)


async def is_sealed_until(work: UnitOfWork, last_day: date, seal_number: int) -> bool:
    """Whether a seal covers every transaction that is booked up to a day."""
    return bool((await work.run(_IS_SEALED, last_day=last_day, number=seal_number)).scalar_one())


async def file_waiting(work: UnitOfWork, account: str, last_day: date) -> str | None:
    """A file that waits and tells of days up to this one."""
    row = (await work.run(_WAITING, account=account, last_day=last_day)).one_or_none()
    return None if row is None else row.file_name


async def matches_sha256(work: UnitOfWork, account: str, first_day: date, last_day: date) -> bytes:
    """A digest of all matches that were complete within these days."""
    values = {"account": account, "first_day": first_day, "last_day": last_day}
    return bytes((await work.run(_MATCHES, **values)).scalar_one())


async def moved_by_month(work: UnitOfWork) -> dict[str, list[tuple[date, int]]]:
    """What moved in each account, month by month in their order."""
    found: dict[str, list[tuple[date, int]]] = {}
    for row in await work.run(_MOVED_BY_MONTH):
        found.setdefault(row.account, []).append((row.period, row.cents))
    return found


async def files_by_month(work: UnitOfWork) -> dict[tuple[str, date], tuple[list[str], int, int]]:
    """The digests of an account's files of a month, its lines and its closing."""
    rows = await work.run(_FILES_BY_MONTH)
    return {(row.account, row.period): (row.files, row.lines, row.closing_cents) for row in rows}


async def add_draft(
    work: UnitOfWork, proposal_id: UUID, period: date, version: int, seal_number: int, content: bytes
) -> None:
    """What was proposed, word for word."""
    await work.run(
        _ADD_DRAFT,
        proposal_id=proposal_id,
        period=period,
        version=version,
        seal_number=seal_number,
        content=content.decode(),
    )


async def draft(work: UnitOfWork, proposal_id: UUID) -> Draft | None:
    row = (await work.run(_DRAFT, proposal_id=proposal_id)).one_or_none()
    return None if row is None else Draft(**row._asdict() | {"content": row.content.encode()})


async def certify(work: UnitOfWork, proposal_id: UUID) -> None:
    """Close the month of a proposal that is approved.

    Refuses `MonthNotSealed` where something was booked in it that its checkpoint does not cover.
    """
    with _refusing_what_came_late():
        await work.run(_ADD, proposal_id=proposal_id)


async def add_proposed_reopening(work: UnitOfWork, proposal_id: UUID, certificate: Certificate, reason: Reason) -> None:
    await work.run(
        _ADD_PROPOSED_REOPENING,
        proposal_id=proposal_id,
        period=certificate.period,
        version=certificate.version,
        reason=reason.value,
    )


async def proposed_reopening(work: UnitOfWork, proposal_id: UUID) -> Reopening | None:
    row = (await work.run(_PROPOSED_REOPENING, proposal_id=proposal_id)).one_or_none()
    return None if row is None else Reopening(**row._asdict() | {"reason": Reason(row.reason)})


async def reopen(work: UnitOfWork, proposal_id: UUID) -> None:
    """Reopen the month of a proposal that is approved."""
    await work.run(_ADD_REOPENING, proposal_id=proposal_id)


async def certificates(work: UnitOfWork) -> list[Certificate]:
    """All that were ever signed, by month and version."""
    return [_certificate(row) for row in await work.run(_CERTIFICATES)]


def _certificate(row: Row[Any]) -> Certificate:
    values = row._asdict()
    reason = values["reopened_reason"] and Reason(values["reopened_reason"])
    return Certificate(**values | {"content_sha256": bytes(row.content_sha256), "reopened_reason": reason})


@contextmanager
def _refusing_what_came_late() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "BPL11":
            raise MonthNotSealed from error
        raise
