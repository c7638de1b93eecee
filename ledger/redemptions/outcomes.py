"""The one fate of a key (L5), as steps of any unit of work that moves money for a merchant."""

from __future__ import annotations

from uuid import UUID

from ledger.database.unit_of_work import UnitOfWork
from ledger.errors import Refusal
from ledger.redemptions import rules, store_refunds
from ledger.redemptions.model import Outcome, RequestKey


async def earlier_answer(work: UnitOfWork, merchant_id: UUID, bound: RequestKey) -> rules.Refused | rules.Repeat | None:
    """What this key was answered before: to the same request the same, to another one a conflict."""
    known = await store_refunds.outcome_of_key(work, merchant_id, bound.key)
    return None if known is None else rules.repeat(known, bound.fingerprint)


async def keep_refusal(work: UnitOfWork, merchant_id: UUID, bound: RequestKey, refusal: Refusal) -> bool:
    """Freeze a refusal under its key; `False` where somebody settled the key meanwhile."""
    frozen = rules.outcome_of(bound, rules.Refused(refusal))
    return await store_refunds.keep_outcome(work, merchant_id, bound.key, frozen)


async def keep_approval(work: UnitOfWork, merchant_id: UUID, bound: RequestKey, result_id: UUID) -> bool:
    """Let a key stand for what is booked under this id; `False` where somebody settled the key meanwhile."""
    approved = Outcome(bound.fingerprint, "approved", result_id=result_id)
    return await store_refunds.keep_outcome(work, merchant_id, bound.key, approved)
