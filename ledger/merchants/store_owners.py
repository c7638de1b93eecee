"""The SQL of owners' codes: the secret, the steps used, the count of wrong ones."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from ledger.cards.model import FailureCount, FailureKey
from ledger.database.unit_of_work import UnitOfWork
from ledger.merchants.model import OwnerSecret, TillSession

_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:merchant, 0))")
_ADD = text("""
    INSERT INTO ledger.owner_secret (merchant_id, number, secret, enrolled_by, enrolled_at)
    SELECT :merchant_id, coalesce(max(number), 0) + 1, :secret, :enrolled_by, :now
    FROM ledger.owner_secret WHERE merchant_id = :merchant_id
""")
_SECRET = text("""
    SELECT s.secret, coalesce(
        (SELECT max(u.step) FROM ledger.owner_step AS u WHERE u.merchant_id = s.merchant_id), 0
    ) AS last_step
    FROM ledger.owner_secret AS s WHERE s.merchant_id = :merchant_id ORDER BY s.number DESC LIMIT 1
""")
_USE_STEP = text("""
    INSERT INTO ledger.owner_step (merchant_id, step, transaction_id) VALUES (:merchant_id, :step, :transaction_id)
""")
_ORDER = text("""
    INSERT INTO ledger.owner_order (merchant_id, step, device_id, pairing_hmac, till_id, ordered_at)
    VALUES (:merchant_id, :step, :device_id, :pairing_hmac, :till_id, :now)
""")
_COUNT = text("""
    SELECT failures, since FROM ledger.failure_count
    WHERE scope = :scope AND card_id = :card_id AND till_id = :till_id
""")
_SET_COUNT = text("""
    INSERT INTO ledger.failure_count (scope, card_id, till_id, failures, since)
    VALUES (:scope, :card_id, :till_id, :failures, :since)
    ON CONFLICT (card_id, till_id, scope) DO UPDATE SET failures = excluded.failures, since = excluded.since
""")


async def add_secret(work: UnitOfWork, merchant_id: UUID, secret: bytes, enrolled_by: UUID) -> None:
    """Record a new secret, which takes the place of the one before; one enrolment of a merchant at a time."""
    await work.run(_TAKE_TURN, merchant=f"owner {merchant_id}")
    await work.run(_ADD, merchant_id=merchant_id, secret=secret, enrolled_by=enrolled_by, now=work.now)


async def secret_of(work: UnitOfWork, merchant_id: UUID) -> OwnerSecret | None:
    """The secret that counts, still encrypted, and the last step accepted."""
    row = (await work.run(_SECRET, merchant_id=merchant_id)).one_or_none()
    return None if row is None else OwnerSecret(**row._asdict())


async def add_order(
    work: UnitOfWork, device: TillSession, step: int, *, pairing_hmac: bytes | None, till_id: UUID | None
) -> None:
    """Record what the owner ordered about the shop's devices: a till invited, or one revoked."""
    await work.run(
        _ORDER,
        merchant_id=device.merchant_id,
        step=step,
        device_id=device.till_id,
        pairing_hmac=pairing_hmac,
        till_id=till_id,
        now=work.now,
    )


async def use_step(work: UnitOfWork, merchant_id: UUID, step: int, transaction_id: UUID | None) -> None:
    """Let a step count as used; a step that was used before breaks the unit of work."""
    await work.run(_USE_STEP, merchant_id=merchant_id, step=step, transaction_id=transaction_id)


async def failures(work: UnitOfWork, key: FailureKey) -> FailureCount | None:
    """How many wrong codes were counted here."""
    row = (await work.run(_COUNT, **_columns(key))).one_or_none()
    return None if row is None else FailureCount(row.failures, row.since)


async def set_failures(work: UnitOfWork, key: FailureKey, count: FailureCount) -> None:
    """Write the count."""
    await work.run(_SET_COUNT, failures=count.failures, since=count.since, **_columns(key))


def _columns(key: FailureKey) -> dict[str, object]:
    return {"scope": key.scope, "card_id": key.card_id, "till_id": key.till_id}
