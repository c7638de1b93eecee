"""The SQL of wallets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from ledger.cards.model import FailureCount, FailureKey
from ledger.database.unit_of_work import UnitOfWork
from ledger.wallets.model import Known, Wallet

_INVITE = text("""
    INSERT INTO ledger.wallet_invitation (code_hmac, card_id, expires_at, invited_by)
    VALUES (:code_hmac, :card_id, :expires_at, :invited_by)
""")
_IS_ENROLLED = text("SELECT id FROM ledger.wallet WHERE card_id = :card_id")
_WITH_TELEPHONE = text("""
    SELECT DISTINCT c.household_id
    FROM ledger.wallet AS w
    INNER JOIN ledger.card AS c ON c.id = w.card_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
    WHERE c.household_id = ANY(:household_ids) AND coalesce(s.state, 'active') = 'active'
""")
_KNOWN = text("""
    SELECT i.card_id, i.expires_at, w.enrolled_at, w.token_sha256
    FROM ledger.wallet_invitation AS i
    LEFT JOIN ledger.wallet AS w ON w.card_id = i.card_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = i.card_id
    WHERE i.code_hmac = :code_hmac AND coalesce(s.state, 'active') = 'active'
""")
# The unique card decides between two telephones that come at once.
_ADD = text("""
    INSERT INTO ledger.wallet (id, card_id, code_hmac, token_sha256, enrolled_at)
    VALUES (:id, :card_id, :code_hmac, :token_sha256, :now)
    ON CONFLICT DO NOTHING
""")
_BY_TOKEN = text("""
    SELECT w.id, w.card_id, c.number AS card_number, c.household_id, coalesce(s.state, 'active') <> 'active' AS blocked
    FROM ledger.wallet AS w
    INNER JOIN ledger.card AS c ON c.id = w.card_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = c.id
    WHERE w.token_sha256 = :token_sha256
""")
_NUMBER = text("SELECT number FROM ledger.card WHERE id = :card_id")
_START_COUNT = text("""
    INSERT INTO ledger.failure_count (scope, card_id, till_id, failures, since)
    VALUES (:scope, :card_id, :till_id, 0, :now) ON CONFLICT DO NOTHING
""")
_COUNT = text("""
    SELECT failures, since FROM ledger.failure_count
    WHERE scope = :scope AND card_id = :card_id AND till_id = :till_id FOR UPDATE
""")
_SET_COUNT = text("""
    UPDATE ledger.failure_count SET failures = :failures, since = :since
    WHERE scope = :scope AND card_id = :card_id AND till_id = :till_id
""")


async def add_invitation(
    work: UnitOfWork, code_hmac: bytes, *, card_id: UUID, expires_at: datetime, invited_by: UUID
) -> None:
    """Record an enrolment code."""
    await work.run(_INVITE, code_hmac=code_hmac, card_id=card_id, expires_at=expires_at, invited_by=invited_by)


async def is_enrolled(work: UnitOfWork, card_id: UUID) -> bool:
    """Whether a telephone shows this card already."""
    return (await work.run(_IS_ENROLLED, card_id=card_id)).one_or_none() is not None


async def with_telephone(work: UnitOfWork, household_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these households have an enrolled telephone whose card is active."""
    return set((await work.run(_WITH_TELEPHONE, household_ids=list(household_ids))).scalars())


async def known(work: UnitOfWork, code_hmac: bytes) -> Known | None:
    """What became of a code; nothing where there is none, or its card is blocked."""
    row = (await work.run(_KNOWN, code_hmac=code_hmac)).one_or_none()
    return None if row is None else Known(**row._asdict())


async def add_wallet(
    work: UnitOfWork, wallet_id: UUID, *, card_id: UUID, code_hmac: bytes, token_sha256: bytes
) -> bool:
    """Record a telephone; `False` where another one was faster."""
    result = await work.run(
        _ADD, id=wallet_id, card_id=card_id, code_hmac=code_hmac, token_sha256=token_sha256, now=work.now
    )
    return result.rowcount == 1


async def wallet_with(work: UnitOfWork, token_sha256: bytes) -> Wallet | None:
    """The wallet with a token."""
    row = (await work.run(_BY_TOKEN, token_sha256=token_sha256)).one_or_none()
    return None if row is None else Wallet(**row._asdict())


async def number_of(work: UnitOfWork, card_id: UUID) -> int:
    """The printed number of a card."""
    return int((await work.run(_NUMBER, card_id=card_id)).scalar_one())


async def lock_failures(work: UnitOfWork, key: FailureKey) -> FailureCount:
    """A count of wrong codes, locked: attempts are looked at one after the other."""
    await work.run(_START_COUNT, now=work.now, **_columns(key))
    row = (await work.run(_COUNT, **_columns(key))).one()
    return FailureCount(row.failures, row.since)


async def set_failures(work: UnitOfWork, key: FailureKey, count: FailureCount) -> None:
    """Write the count that is locked."""
    await work.run(_SET_COUNT, failures=count.failures, since=count.since, **_columns(key))


def _columns(key: FailureKey) -> dict[str, object]:
    return {"scope": key.scope, "card_id": key.card_id, "till_id": key.till_id}
