"""The owner's one-time code (RFC 6238: SHA-256, 8 digits, 30 s): each movement that leaves a merchant asks for it.

A device that is stolen or shared shows the balance; it moves nothing without whoever holds the secret.
The last three functions are steps of other features' units of work, which hold the merchant's balance locked.
"""

from __future__ import annotations

from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.cards import rules as cards
from ledger.cards.model import FailureCount, FailureKey
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import CodeAlreadyUsed, CodeRefused, NotPossibleNow, OwnerCodeNotSet, Refusal, TooManyAttempts
from ledger.merchants import store_owners as store
from ledger.merchants.actions import merchant_with_siret
from ledger.merchants.model import OwnerCode, TillSession

_USE = "owner-code"


async def enrol_owner(ledger: Ledger, siret: str, operator: str) -> OwnerCode:
    """Make a merchant's secret, to be scanned by its owner now; an earlier one is worth nothing from here on.

    Refuses `UnknownOperator`, `RoleMissing`, `UnknownMerchant`, `NotPossibleNow` (closed).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator)
        merchant = await merchant_with_siret(work, siret)
        if merchant.state == "closed":
            raise NotPossibleNow(siret=merchant.siret, state=merchant.state)
        secret = cards.new_phone_secret()
        sealed = work.keys.encrypt(_USE, secret.encode(), merchant.id.bytes)
        await store.add_secret(work, merchant.id, sealed, who.id)
        return OwnerCode(merchant.siret, merchant.name, secret)


async def check_owner_code(work: UnitOfWork, device: TillSession, code: str) -> int | Refusal:
    """The step of a right code that was not used before; else why not. Pauses come first (L6)."""
    key = _counter(device)
    pause = cards.longest_pause([key], await _counts(work, key), work.now)
    if pause:
        return TooManyAttempts(retry_after_seconds=pause)
    owner = await store.secret_of(work, device.merchant_id)
    if owner is None:
        return OwnerCodeNotSet()
    secret = work.keys.decrypt(_USE, owner.secret, device.merchant_id.bytes).decode()
    found = cards.accepted_step(secret, code, owner.last_step, work.now)
    if isinstance(found, cards.Used):
        return CodeAlreadyUsed(next_code_in_seconds=found.next_code_in_seconds)
    if isinstance(found, cards.Wrong) or found.step is None:
        return CodeRefused()
    return found.step


async def count_wrong_code(work: UnitOfWork, device: TillSession) -> None:
    """Count a wrong code against this device."""
    key = _counter(device)
    counts = await _counts(work, key)
    await store.set_failures(work, key, cards.one_more(key, counts.get(key), work.now))


async def use_owner_step(work: UnitOfWork, device: TillSession, step: int, transaction_id: UUID | None) -> None:
    """Let a step be used up by what it allowed, in the same unit of work: a transaction, or an order without one."""
    await store.use_step(work, device.merchant_id, step, transaction_id)


async def _counts(work: UnitOfWork, key: FailureKey) -> dict[FailureKey, FailureCount]:
    count = await store.failures(work, key)
    return {} if count is None else {key: count}


def _counter(device: TillSession) -> FailureKey:
    return FailureKey(cards.OWNER, device.merchant_id, device.till_id)
