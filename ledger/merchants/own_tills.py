"""What an owner does about the shop's own devices: see them, invite a till, revoke one; the last two with a code.

No key binds these requests: nothing of money moves. An invitation whose answer was lost is worth nothing after a
quarter of an hour, and the list tells whether a till was revoked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from ledger.books.balances import lock_balances
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import CodeRefused, MerchantNotActive, NotFound, NotPossibleNow, Refusal, TillDisconnected
from ledger.merchants import rules, store, store_owners
from ledger.merchants.actions import code_hmac, merchant_with_siret
from ledger.merchants.model import Invitation, OwnTill, Scope, TillSession
from ledger.merchants.owners import check_owner_code, count_wrong_code, use_owner_step

Result = TypeVar("Result")
_Order = Callable[[UnitOfWork, int], Awaitable[Result]]

INVITED: Scope = "till"  # a device that sees to the money is the association's to invite


async def own_tills(ledger: Ledger, device: TillSession) -> list[OwnTill]:
    """The devices of the shop that asks, the newest first, those revoked among them."""
    async with ledger.unit_of_work() as work:
        return await store.tills_of(work, device.merchant_id)


async def invite_own_till(ledger: Ledger, device: TillSession, owner_code: str) -> Invitation:
    """Make a pairing code for one more till of the shop, good once and for 15 minutes.

    Refuses `MerchantNotActive`, and what an owner's code can be refused with (`check_owner_code`).
    """

    async def invite(work: UnitOfWork, step: int) -> Invitation:
        code, expires_at = rules.new_code(), work.now + rules.CODE_LIFE
        hmac = code_hmac(work, code)
        await store.add_pairing(
            work, hmac, merchant_id=device.merchant_id, scope=INVITED, expires_at=expires_at, invited_by=None
        )
        await store_owners.add_order(work, device, step, pairing_hmac=hmac, till_id=None)
        return Invitation(code, INVITED, expires_at)

    return await _ordered(ledger, device, owner_code, invite)


async def revoke_own_till(ledger: Ledger, device: TillSession, till_id: UUID, owner_code: str) -> OwnTill:
    """Retire a device of the shop for good; it may be the one that asks.

    Refuses `NotFound` (also another shop's), `TillDisconnected`, and as `invite_own_till` does. A till that is not
    there, or not connected, uses up no code.
    """

    async def revoke(work: UnitOfWork, step: int) -> OwnTill:
        if (await _own(work, device, till_id)).state != "paired":
            raise TillDisconnected
        try:
            await store.add_event(work, "till", till_id, "revoke", None)
        except NotPossibleNow:  # an operator was faster
            raise TillDisconnected from None
        await store_owners.add_order(work, device, step, pairing_hmac=None, till_id=till_id)
        return await _own(work, device, till_id)

    return await _ordered(ledger, device, owner_code, revoke)


async def _ordered(ledger: Ledger, device: TillSession, code: str, order: _Order[Result]) -> Result:
    """An order with the owner's consent; the count of wrong codes is committed although the request is refused.

    The balances are locked as by a movement: an owner's codes are looked at one after the other.
    """
    async with ledger.unit_of_work() as work:
        await lock_balances(work, [device.merchant.account_id, device.merchant.converting_account_id])
        outcome = await _consented(work, device, code, order)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def _consented(work: UnitOfWork, device: TillSession, code: str, order: _Order[Result]) -> Result | Refusal:
    if (await merchant_with_siret(work, device.merchant.siret)).state != "approved":
        return MerchantNotActive()
    step = await check_owner_code(work, device, code)
    if isinstance(step, CodeRefused):
        await count_wrong_code(work, device)
    if isinstance(step, Refusal):
        return step
    await use_owner_step(work, device, step, None)
    return await order(work, step)


async def _own(work: UnitOfWork, device: TillSession, till_id: UUID) -> OwnTill:
    found = [till for till in await store.tills_of(work, device.merchant_id) if till.id == till_id]
    if not found:
        raise NotFound
    return found[0]
