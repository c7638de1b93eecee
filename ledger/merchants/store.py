"""The SQL of merchants and tills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError

from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import NotPossibleNow
from ledger.merchants.model import Failures, Merchant, NewMerchant, OwnTill, Scope, Till, TillSession
from ledger.subject_keys import SubjectKey

_MERCHANT = """
    SELECT m.id, m.siret, m.name, m.town, m.categories, m.remittance, m.account_id, m.converting_account_id,
        coalesce(s.state, 'approved') AS state
    FROM ledger.merchant AS m LEFT JOIN ledger.subject_state AS s ON s.subject_id = m.id
"""
_BY_SIRET = text(_MERCHANT + " WHERE m.siret = :siret")
_BY_ID = text(_MERCHANT + " WHERE m.id = :id")
_ALL = text(_MERCHANT + " ORDER BY m.name, m.siret")
_KNOWN = text("SELECT siret FROM ledger.merchant WHERE siret = ANY(:sirets)")
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(:turn)")
_ADD = text("""
    INSERT INTO ledger.merchant (
        id, siret, name, town, categories, remittance, account_id, converting_account_id, registered_at
    )
    VALUES (
        :id, :siret, :name, :town, :categories, :remittance, :account_id, :converting_account_id,
        :registered_at
    )
""")
_ADD_KEY = text("INSERT INTO identity.subject_key (subject_id, wrapped_key) VALUES (:merchant_id, :wrapped_key)")
_ADD_BANK = text("INSERT INTO identity.merchant_bank (merchant_id, iban) VALUES (:merchant_id, :iban)")
_INVITE = text("""
    INSERT INTO ledger.pairing (code_hmac, merchant_id, scope, expires_at, invited_by)
    VALUES (:code_hmac, :merchant_id, :scope, :expires_at, :invited_by)
""")
# The unique pairing decides between two tills that try the same code at once.
_PAIR = text("""
    INSERT INTO ledger.till (id, merchant_id, scope, token_sha256, pairing_hmac, paired_at)
    SELECT :till_id, merchant_id, scope, :token_sha256, code_hmac, :now
    FROM ledger.pairing WHERE code_hmac = :code_hmac AND expires_at > :now
    ON CONFLICT (pairing_hmac) DO NOTHING
    RETURNING merchant_id, scope
""")
_START_COUNT = text("""
    INSERT INTO ledger.failure_count (scope, card_id, till_id, failures, since)
    VALUES (:scope, :nil, :place, 0, :now) ON CONFLICT DO NOTHING
""")
_COUNT = text("""
    SELECT failures, since FROM ledger.failure_count
    WHERE scope = :scope AND card_id = :nil AND till_id = :place FOR UPDATE
""")
_SET_COUNT = text("""
    UPDATE ledger.failure_count SET failures = :failures, since = :since
    WHERE scope = :scope AND card_id = :nil AND till_id = :place
""")
_SESSION = text("""
    SELECT t.id AS till_id, t.merchant_id, t.scope
    FROM ledger.till AS t LEFT JOIN ledger.subject_state AS s ON s.subject_id = t.id
    WHERE t.token_sha256 = :token_sha256 AND coalesce(s.state, 'paired') = 'paired'
""")
_TILL = """
    SELECT t.id, m.siret, m.name AS merchant_name, t.scope, t.paired_at, coalesce(s.state, 'paired') AS state
    FROM ledger.till AS t
    INNER JOIN ledger.merchant AS m ON m.id = t.merchant_id
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = t.id
"""
_TILLS = text(_TILL + " ORDER BY m.name, t.paired_at, t.id")
_TILL_BY_ID = text(_TILL + " WHERE t.id = :id")
# Whether a till is in use shows among the shop's last sales; no index of its own burdens each of them for that.
_OWN_TILLS = text("""
    SELECT t.id, t.scope, t.paired_at, coalesce(s.state, 'paired') AS state, l.last_sale_at
    FROM ledger.till AS t
    LEFT JOIN ledger.subject_state AS s ON s.subject_id = t.id
    LEFT JOIN (
        SELECT r.till_id, max(x.occurred_at) AS last_sale_at
        FROM (
            SELECT id, till_id FROM ledger.redemption WHERE merchant_id = :merchant_id
            ORDER BY receipt_year DESC, receipt_number DESC LIMIT :sales
        ) AS r
        INNER JOIN ledger.ledger_transaction AS x ON x.id = r.id
        GROUP BY r.till_id
    ) AS l ON l.till_id = t.id
    WHERE t.merchant_id = :merchant_id
    ORDER BY t.paired_at DESC, t.id
""")
_EVENT = text("""
    INSERT INTO ledger.event (subject, subject_id, kind, occurred_at, operator_id)
    VALUES (:subject, :subject_id, :kind, :now, :operator_id)
""")
SALES_LOOKED_AT = 2_000
_IMPORT_TURN = int.from_bytes(b"merchant", "big")
_NO_SUCH_TRANSITION = "BPX02"
_STATE_MOVED = "BPX01"

_PAIRING = {"scope": "pairing", "nil": UUID(int=0)}


async def take_turn(work: UnitOfWork) -> None:
    """Let one import of merchants run at a time, until the unit of work ends."""
    await work.run(_TAKE_TURN, turn=_IMPORT_TURN)


async def merchant_with(work: UnitOfWork, siret: str) -> Merchant | None:
    """The merchant with a SIRET."""
    row = (await work.run(_BY_SIRET, siret=siret)).one_or_none()
    return None if row is None else _merchant(row)


async def merchants(work: UnitOfWork) -> list[Merchant]:
    """All merchants by name."""
    return [_merchant(row) for row in await work.run(_ALL)]


async def known_sirets(work: UnitOfWork, sirets: Sequence[str]) -> set[str]:
    """Which of these are registered."""
    return set((await work.run(_KNOWN, sirets=list(sirets))).scalars())


async def add_merchants(
    work: UnitOfWork,
    ids: Sequence[UUID],
    new: Sequence[NewMerchant],
    accounts: Sequence[int],
    converting: Sequence[int],
) -> None:
    """Record merchants with their accounts; the IBAN is encrypted, apart, under a key of the merchant's own."""
    rows = [
        {
            "id": merchant_id,
            "siret": merchant.siret,
            "name": merchant.name,
            "town": merchant.town,
            "categories": list(merchant.categories),
            "remittance": merchant.remittance,
            "account_id": account,
            "converting_account_id": converting_account,
            "registered_at": work.now,
        }
        for merchant_id, merchant, account, converting_account in zip(ids, new, accounts, converting, strict=True)
    ]
    await work.run_many(_ADD, rows)
    keys = [SubjectKey.new(merchant_id) for merchant_id in ids]
    await work.run_many(_ADD_KEY, [{"merchant_id": key.subject_id, "wrapped_key": key.wrap(work.keys)} for key in keys])
    banks = [
        {"merchant_id": key.subject_id, "iban": key.encrypt(merchant.iban.encode())}
        for key, merchant in zip(keys, new, strict=True)
    ]
    await work.run_many(_ADD_BANK, banks)


async def add_pairing(
    work: UnitOfWork,
    code_hmac: bytes,
    *,
    merchant_id: UUID,
    scope: Scope,
    expires_at: datetime,
    invited_by: UUID | None,
) -> None:
    """Record an invitation; by nobody of ours where the owner ordered it."""
    await work.run(
        _INVITE,
        code_hmac=code_hmac,
        merchant_id=merchant_id,
        scope=scope,
        expires_at=expires_at,
        invited_by=invited_by,
    )


async def add_till(
    work: UnitOfWork, till_id: UUID, code_hmac: bytes, token_sha256: bytes
) -> tuple[Merchant, Scope] | None:
    """Turn an invitation into a till; nothing where there is none, it is over, or it was used."""
    result = await work.run(_PAIR, till_id=till_id, code_hmac=code_hmac, token_sha256=token_sha256, now=work.now)
    row = result.one_or_none()
    if row is None:
        return None
    return _merchant((await work.run(_BY_ID, id=row.merchant_id)).one()), row.scope


async def lock_failures(work: UnitOfWork, place: UUID) -> Failures:
    """The count of a caller's wrong pairing codes, locked: its attempts are looked at one after the other."""
    await work.run(_START_COUNT, now=work.now, place=place, **_PAIRING)
    row = (await work.run(_COUNT, place=place, **_PAIRING)).one()
    return Failures(row.failures, row.since)


async def set_failures(work: UnitOfWork, place: UUID, failures: Failures) -> None:
    """Write the count that is locked."""
    await work.run(_SET_COUNT, failures=failures.count, since=failures.since, place=place, **_PAIRING)


async def session_of(work: UnitOfWork, token_sha256: bytes) -> TillSession | None:
    """The till with a token, unless it was revoked."""
    row = (await work.run(_SESSION, token_sha256=token_sha256)).one_or_none()
    if row is None:
        return None
    merchant = _merchant((await work.run(_BY_ID, id=row.merchant_id)).one())
    return TillSession(row.till_id, row.merchant_id, row.scope, merchant)


async def tills(work: UnitOfWork) -> list[Till]:
    """All tills by merchant."""
    return [Till(**row._asdict()) for row in await work.run(_TILLS)]


async def till_with(work: UnitOfWork, till_id: UUID) -> Till | None:
    """The till with an id."""
    row = (await work.run(_TILL_BY_ID, id=till_id)).one_or_none()
    return None if row is None else Till(**row._asdict())


async def tills_of(work: UnitOfWork, merchant_id: UUID) -> list[OwnTill]:
    """The devices of a merchant, the newest first."""
    rows = await work.run(_OWN_TILLS, merchant_id=merchant_id, sales=SALES_LOOKED_AT)
    return [OwnTill(**row._asdict()) for row in rows]


async def add_event(work: UnitOfWork, subject: str, subject_id: UUID, kind: str, operator_id: UUID | None) -> None:
    """Record a change of state. Refuses `NotPossibleNow` where the present state knows no such event."""
    try:
        await work.run(
            _EVENT,
            subject=subject,
            subject_id=subject_id,
            kind=kind,
            now=work.now,
            operator_id=operator_id,
        )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in {_NO_SUCH_TRANSITION, _STATE_MOVED}:
            raise NotPossibleNow(event=kind) from None
        raise


def _merchant(row: Row[tuple[object, ...]]) -> Merchant:
    return Merchant(**{**row._asdict(), "categories": tuple(row.categories)})
