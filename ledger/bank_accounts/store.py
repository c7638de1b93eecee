"""The SQL of bank accounts: facts and HMACs in the books, the numbers encrypted in identity."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, text

from ledger.bank_accounts.model import IbanChange
from ledger.database.unit_of_work import UnitOfWork
from ledger.subject_keys import SubjectKey

_TAKE_TURN = text("SELECT pg_advisory_xact_lock(:turn)")
_TURN = int.from_bytes(b"ibans", "big")

_EFFECTIVE = text("""
    SELECT b.merchant_id, coalesce(n.iban, b.iban) AS iban, k.wrapped_key
    FROM identity.merchant_bank AS b
    LEFT JOIN identity.subject_key AS k ON k.subject_id = b.merchant_id
    LEFT JOIN (
        SELECT c.merchant_id, i.iban
        FROM ledger.iban_approved AS c INNER JOIN identity.merchant_iban AS i ON i.proposal_id = c.proposal_id
        WHERE c.effective_at <= :now
    ) AS n ON n.merchant_id = b.merchant_id
    WHERE b.merchant_id = ANY(:ids)
""")
_ADD_KEY = text("INSERT INTO identity.subject_key (subject_id, wrapped_key) VALUES (:merchant_id, :wrapped_key)")
_SET_BANK = text("UPDATE identity.merchant_bank SET iban = :iban WHERE merchant_id = :merchant_id")
_ADD_CHANGE = text("""
    INSERT INTO ledger.iban_change (proposal_id, merchant_id, iban_hmac, cooling_days)
    VALUES (:proposal_id, :merchant_id, :iban_hmac, :cooling_days)
""")
_ADD_IBAN = text("INSERT INTO identity.merchant_iban (proposal_id, iban) VALUES (:proposal_id, :iban)")
_SIGNED = text("""
    SELECT merchant_id, iban_hmac, cooling_days FROM ledger.iban_change WHERE proposal_id = :proposal_id
""")
_WITHDRAW = text("""
    INSERT INTO ledger.iban_withdrawal (proposal_id, withdrawn_by, withdrawn_at)
    VALUES (:proposal_id, :operator_id, :now)
""")
_CHANGE = """
    SELECT c.proposal_id, p.number, c.merchant_id, m.siret, m.name AS merchant_name, i.iban, k.wrapped_key,
        c.cooling_days, maker.name AS prepared_by, p.prepared_at, decider.name AS decided_by, a.approved_at,
        r.rejected_at, other.name AS withdrawn_by, w.withdrawn_at
    FROM ledger.iban_change AS c
    INNER JOIN ledger.merchant AS m ON m.id = c.merchant_id
    INNER JOIN ledger.proposal AS p ON p.id = c.proposal_id
    INNER JOIN ledger.operator AS maker ON maker.id = p.prepared_by
    LEFT JOIN ledger.approval AS a ON a.proposal_id = c.proposal_id
    LEFT JOIN ledger.rejection AS r ON r.proposal_id = c.proposal_id
    LEFT JOIN ledger.operator AS decider ON decider.id = coalesce(a.approved_by, r.rejected_by)
    LEFT JOIN ledger.iban_withdrawal AS w ON w.proposal_id = c.proposal_id
    LEFT JOIN ledger.operator AS other ON other.id = w.withdrawn_by
    LEFT JOIN identity.merchant_iban AS i ON i.proposal_id = c.proposal_id
    LEFT JOIN identity.subject_key AS k ON k.subject_id = c.merchant_id
"""
_BY_PROPOSAL = text(_CHANGE + " WHERE c.proposal_id = :proposal_id")
_OF_MERCHANT = text(_CHANGE + " WHERE c.merchant_id = :merchant_id ORDER BY p.number")
_ALL = text(_CHANGE + " ORDER BY p.number")

# What has cooled down and is not yet in the place of the old one: at most one change for each merchant.
_REPLACE = text("""
    UPDATE identity.merchant_bank AS b SET iban = i.iban
    FROM identity.merchant_iban AS i INNER JOIN ledger.iban_approved AS c ON c.proposal_id = i.proposal_id
    WHERE b.merchant_id = c.merchant_id AND c.effective_at <= :now
""")
_FORGET = text("""
    DELETE FROM identity.merchant_iban AS i
    WHERE EXISTS (SELECT FROM ledger.iban_approved AS c WHERE c.proposal_id = i.proposal_id AND c.effective_at <= :now)
        OR EXISTS (SELECT FROM ledger.rejection AS r WHERE r.proposal_id = i.proposal_id)
        OR EXISTS (SELECT FROM ledger.iban_withdrawal AS w WHERE w.proposal_id = i.proposal_id)
""")


async def take_turn(work: UnitOfWork) -> None:
    """Let one change be prepared, approved or withdrawn at a time, until the unit of work ends."""
    await work.run(_TAKE_TURN, turn=_TURN)


async def settle_due(work: UnitOfWork) -> None:
    """Put what has cooled down in the place of the old number, and forget every number that is not needed."""
    await work.run(_REPLACE, now=work.now)
    await work.run(_FORGET, now=work.now)


async def own_key(work: UnitOfWork, merchant_id: UUID) -> SubjectKey:
    """The key of a merchant. One from before merchants had keys gets it now, and its number is encrypted anew."""
    row = (await work.run(_EFFECTIVE, ids=[merchant_id], now=work.now)).one()
    if row.wrapped_key is not None:
        return SubjectKey.unwrap(work.keys, merchant_id, row.wrapped_key)
    key = SubjectKey.new(merchant_id)
    await work.run(_ADD_KEY, merchant_id=merchant_id, wrapped_key=key.wrap(work.keys))
    await work.run(_SET_BANK, merchant_id=merchant_id, iban=key.encrypt(_number(work, row).encode()))
    return key


async def effective_ibans(work: UnitOfWork, merchant_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers that merchants are paid on now; whoever was erased is left out."""
    rows = await work.run(_EFFECTIVE, ids=list(merchant_ids), now=work.now)
    return {row.merchant_id: _number(work, row) for row in rows}


async def add_change(
    work: UnitOfWork, proposal_id: UUID, key: SubjectKey, iban: str, *, iban_hmac: bytes, cooling_days: int
) -> None:
    """Record a change that is proposed; the number goes into identity."""
    await work.run(
        _ADD_CHANGE,
        proposal_id=proposal_id,
        merchant_id=key.subject_id,
        iban_hmac=iban_hmac,
        cooling_days=cooling_days,
    )
    await work.run(_ADD_IBAN, proposal_id=proposal_id, iban=key.encrypt(iban.encode()))


async def signed_facts(work: UnitOfWork, proposal_id: UUID) -> tuple[UUID, bytes, int] | None:
    """What the books say of a change: whose account, the HMAC of its number, the cooling period."""
    row = (await work.run(_SIGNED, proposal_id=proposal_id)).one_or_none()
    return None if row is None else (row.merchant_id, bytes(row.iban_hmac), row.cooling_days)


async def withdraw(work: UnitOfWork, proposal_id: UUID, operator_id: UUID) -> None:
    """Record that a change shall not take place."""
    await work.run(_WITHDRAW, proposal_id=proposal_id, operator_id=operator_id, now=work.now)


async def change_of_proposal(work: UnitOfWork, proposal_id: UUID) -> IbanChange | None:
    """The change that a proposal is about."""
    found = [_change(work, row) for row in await work.run(_BY_PROPOSAL, proposal_id=proposal_id)]
    return found[0] if found else None


async def changes(work: UnitOfWork, merchant_id: UUID | None = None) -> list[IbanChange]:
    """All changes, or those of one merchant, the oldest first."""
    if merchant_id is None:
        return [_change(work, row) for row in await work.run(_ALL)]
    return [_change(work, row) for row in await work.run(_OF_MERCHANT, merchant_id=merchant_id)]


def _number(work: UnitOfWork, row: Row[tuple[object, ...]]) -> str:
    """Under the merchant's own key; by the keyring where it has none yet."""
    if row.wrapped_key is None:
        return work.keys.decrypt("merchant-iban", row.iban, row.merchant_id.bytes).decode()
    return SubjectKey.unwrap(work.keys, row.merchant_id, row.wrapped_key).decrypt(row.iban).decode()


def _change(work: UnitOfWork, row: Row[tuple[object, ...]]) -> IbanChange:
    facts = row._asdict()
    wrapped, sealed = facts.pop("wrapped_key"), facts.pop("iban")
    iban = None
    if wrapped is not None and sealed is not None:
        iban = SubjectKey.unwrap(work.keys, row.merchant_id, wrapped).decrypt(sealed).decode()
    return IbanChange(**facts, iban=iban)
