"""The SQL of vouchers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from ledger.database.unit_of_work import UnitOfWork
from ledger.vouchers.model import IssueOrder, Voucher

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
_IS_BOOKED = text("SELECT EXISTS (SELECT FROM ledger.ledger_transaction WHERE id = :id)")
_OF_HOUSEHOLD = text("""
    SELECT v.id, v.serial, v.household_id, v.programme_version_id, v.face_cents,
        -b.balance_cents AS balance_cents, v.valid_from, v.valid_until, coalesce(s.state, 'active') AS state
    FROM ledger.voucher AS v
    INNER JOIN ledger.balance AS b ON b.account_id = v.account_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = v.id
    WHERE v.household_id = :household_id ORDER BY v.valid_until, v.serial
""")


async def take_numbers(work: UnitOfWork, programme_id: UUID, year: int, count: int) -> int:
    """Take the next numbers of a series and give the first of them."""
    result = await work.run(_TAKE_NUMBERS, programme_id=programme_id, year=year, count=count)
    return int(result.scalar_one()) - count + 1


async def is_booked(work: UnitOfWork, transaction_id: UUID) -> bool:
    """Whether the books have this transaction already."""
    return bool((await work.run(_IS_BOOKED, id=transaction_id)).scalar_one())


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
