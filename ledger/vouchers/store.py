"""The SQL of vouchers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Date, Row, Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.vouchers.model import Ended, Ending, Grant, Happening, IssueOrder, Voucher

# Moves the series and locks it until the unit of work ends, so that no number is lost or given twice.
_TAKE_NUMBERS = text("""
    INSERT INTO ledger.voucher_serial AS s (programme_id, year, last_number)
    VALUES (:programme_id, :year, :count)
    ON CONFLICT (programme_id, year) DO UPDATE SET last_number = s.last_number + excluded.last_number
    RETURNING last_number
""")
_ADD = text("""
    INSERT INTO ledger.voucher (
        id, serial, account_id, household_id, programme_version_id, decision_id, aid_run_id,
        face_cents, valid_from, valid_until
    )
    SELECT id, serial, account_id, household_id, :programme_version_id, decision_id, :aid_run_id,
        face_cents, :valid_from, :valid_until
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:serials AS text[]), CAST(:accounts AS bigint[]),
        CAST(:households AS uuid[]), CAST(:decisions AS uuid[]), CAST(:faces AS bigint[])
    ) AS v (id, serial, account_id, household_id, decision_id, face_cents)
""")
_ISSUED = text("""
    SELECT decision_id FROM ledger.voucher
    WHERE aid_run_id = :run_id AND decision_id = ANY(CAST(:decisions AS uuid[]))
""")
_END = """coalesce(
    (SELECT max(r.last_day) FROM ledger.voucher_reopening AS r WHERE r.voucher_id = v.id), v.valid_until
)"""
_VOUCHER = f"""
    SELECT v.id, v.serial, g.code AS programme_code, v.household_id, v.programme_version_id, v.face_cents,
        -b.balance_cents AS balance_cents, v.valid_from, {_END} AS valid_until, coalesce(s.state, 'active') AS state
    FROM ledger.voucher AS v
    INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
    INNER JOIN ledger.programme_version AS pv ON pv.id = v.programme_version_id
    INNER JOIN ledger.programme AS g ON g.id = pv.programme_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = v.id
"""  # noqa: S608 - made of constants
_OF_HOUSEHOLD = text(_VOUCHER + " WHERE v.household_id = :household_id ORDER BY valid_until, v.serial")
_SERIAL = text(_VOUCHER + " WHERE v.serial = :serial")
_HISTORY = text("""
    SELECT k.code AS kind, t.occurred_at, -p.amount_cents AS amount_cents, t.id AS transaction_id, t.posted_at AS nth
    FROM ledger.voucher AS v
    INNER JOIN ledger.posting AS p ON p.account_id = v.account_id
    INNER JOIN ledger.ledger_transaction AS t ON t.id = p.transaction_id
    INNER JOIN ledger.transaction_kind AS k ON k.id = t.kind
    WHERE v.id = :id
    UNION ALL
    SELECT e.kind, e.occurred_at, NULL, NULL, e.recorded_at FROM ledger.event AS e WHERE e.subject_id = :id
    ORDER BY nth
""")
_ACCOUNTS = text("""
    SELECT v.account_id, g.pool_account
    FROM ledger.voucher AS v
    INNER JOIN ledger.programme_version AS pv ON pv.id = v.programme_version_id
    INNER JOIN ledger.programme AS g ON g.id = pv.programme_id
    WHERE v.serial = :serial
""")
_ENDING = """
    SELECT v.id AS voucher_id, v.account_id, g.pool_account
    FROM ledger.voucher AS v
    INNER JOIN ledger.programme_version AS pv ON pv.id = v.programme_version_id
    INNER JOIN ledger.programme AS g ON g.id = pv.programme_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = v.id
    WHERE coalesce(s.state, 'active') = 'active'
"""
_IS_DUE = f" AND v.valid_until < :today AND {_END} < :today"
_IS_OF_RUN = " AND v.aid_run_id = :run_id"
_AMONG = " AND v.id = ANY(CAST(:ids AS uuid[])) ORDER BY v.account_id"
_ALL_DUE = text(_ENDING + _IS_DUE + " ORDER BY g.pool_account, v.account_id")
_STILL_DUE = text(_ENDING + _IS_DUE + _AMONG)
_ACTIVE_OF_RUN = text(_ENDING + _IS_OF_RUN + " ORDER BY v.account_id")
_STILL_ACTIVE_OF_RUN = text(_ENDING + _IS_OF_RUN + _AMONG)
_LEFT_OF_RUN = text("""
    SELECT count(*) AS vouchers, coalesce(-sum(b.balance_cents), 0)::bigint AS returned_cents
    FROM ledger.voucher AS v
    INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = v.id
    WHERE v.aid_run_id = :run_id AND coalesce(s.state, 'active') = 'active'
""")
_EVENTS = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    SELECT 'voucher', id, :kind, :now, :operator_id
    FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS v (id, nth) ORDER BY nth
""").bindparams(bindparam("operator_id", type_=Uuid))
_REOPEN = text("""
    WITH reopened AS (
        INSERT INTO ledger.event (subject, subject_id, kind, occurred_at)
        VALUES ('voucher', :voucher_id, 'reopen', :now) RETURNING id
    )
    INSERT INTO ledger.voucher_reopening (event_id, voucher_id, last_day)
    SELECT id, :voucher_id, :last_day FROM reopened
""").bindparams(bindparam("voucher_id", type_=Uuid), bindparam("last_day", type_=Date))


async def take_numbers(work: UnitOfWork, programme_id: UUID, year: int, count: int) -> int:
    """Take the next numbers of a series and give the first of them."""
    result = await work.run(_TAKE_NUMBERS, programme_id=programme_id, year=year, count=count)
    return int(result.scalar_one()) - count + 1


async def not_issued(work: UnitOfWork, order: IssueOrder) -> list[Grant]:
    """The grants of an order that its run issued no voucher for yet, in their order."""
    decisions = [grant.decision_id for grant in order.grants]
    issued = set((await work.run(_ISSUED, run_id=order.aid_run_id, decisions=decisions)).scalars())
    return [grant for grant in order.grants if grant.decision_id not in issued]


async def add_vouchers(
    work: UnitOfWork,
    order: IssueOrder,
    ids: Sequence[UUID],
    serials: Sequence[str],
    accounts: Sequence[int],
) -> None:
    """Record a chunk of vouchers, side by side with the grants of the order."""
    await work.run(
        _ADD,
        ids=list(ids),
        serials=list(serials),
        accounts=list(accounts),
        households=[grant.household_id for grant in order.grants],
        decisions=[grant.decision_id for grant in order.grants],
        faces=[grant.amount_cents for grant in order.grants],
        programme_version_id=order.programme_version_id,
        aid_run_id=order.aid_run_id,
        valid_from=order.valid_from,
        valid_until=order.valid_until,
    )


async def vouchers_of(work: UnitOfWork, household_id: UUID) -> list[Voucher]:
    """All vouchers of a household, the one that ends first before the others."""
    return [Voucher(**row._asdict()) for row in await work.run(_OF_HOUSEHOLD, household_id=household_id)]


async def voucher_numbered(work: UnitOfWork, serial: str) -> Voucher | None:
    """The voucher of a serial number."""
    row = (await work.run(_SERIAL, serial=serial)).one_or_none()
    return None if row is None else Voucher(**row._asdict())


async def history(work: UnitOfWork, voucher_id: UUID) -> list[Happening]:
    """All that happened to a voucher, in its order."""
    rows = await work.run(_HISTORY, id=voucher_id)
    return [Happening(row.kind, row.occurred_at, row.amount_cents, row.transaction_id) for row in rows]


async def accounts_of(work: UnitOfWork, serial: str) -> tuple[int, int] | None:
    """The account of a voucher, and of the pool that its rest goes back to."""
    row = (await work.run(_ACCOUNTS, serial=serial)).one_or_none()
    return None if row is None else (row.account_id, row.pool_account)


async def due_vouchers(work: UnitOfWork, today: date, among: Sequence[UUID] | None = None) -> list[Ending]:
    """The active vouchers whose last day is before today, pool by pool; among some, in the order of accounts."""
    if among is None:
        return _endings(await work.run(_ALL_DUE, today=today))
    return _endings(await work.run(_STILL_DUE, today=today, ids=list(among)))


async def active_of_run(work: UnitOfWork, run_id: UUID, among: Sequence[UUID] | None = None) -> list[Ending]:
    """The active vouchers of an aid run; or which of some of them are active now. In the order of accounts."""
    if among is None:
        return _endings(await work.run(_ACTIVE_OF_RUN, run_id=run_id))
    return _endings(await work.run(_STILL_ACTIVE_OF_RUN, run_id=run_id, ids=list(among)))


async def left_of_run(work: UnitOfWork, run_id: UUID) -> Ended:
    """How many vouchers of an aid run are active, and how much is left on them."""
    return Ended(**(await work.run(_LEFT_OF_RUN, run_id=run_id)).one()._asdict())


def _endings(rows: Iterable[Row[tuple[object, ...]]]) -> list[Ending]:
    return [Ending(row.voucher_id, row.account_id, row.pool_account) for row in rows]


async def add_events(work: UnitOfWork, kind: str, ids: Sequence[UUID], operator_id: UUID | None) -> None:
    """Record that vouchers changed their state."""
    await work.run(_EVENTS, kind=kind, now=work.now, operator_id=operator_id, ids=list(ids))


async def reopen(work: UnitOfWork, voucher_id: UUID, last_day: date) -> None:
    """Record that a voucher may be spent again, until a day."""
    await work.run(_REOPEN, voucher_id=voucher_id, now=work.now, last_day=last_day)
