"""Forgetting households: one who asks for it, or all who have been silent for as long as their programme says.

What identified a household and its key are destroyed; the books stay as they are, under a random id that leads
to nobody any more (L12).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Operator, Role
from ledger.books.balances import lock_balances
from ledger.cards.actions import block_cards_of
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import HouseholdHasMoney, NotPossibleNow, Refusal, UnknownHousehold
from ledger.programmes.actions.programmes import programme_coded
from ledger.programmes.model import Erasure, Holding, Programme, Retained, RetentionRun, SilentHousehold
from ledger.programmes.store import erasures as store
from ledger.programmes.store import households
from ledger.programmes.store.programmes import programmes
from ledger.vouchers.actions import revoke_voucher

Progress = Callable[[int, int], None]

_MAY_ERASE = (Role.AGENT, Role.APPROVER, Role.FINANCE)
_MAY_GIVE_UP = (Role.APPROVER, Role.FINANCE)  # who may revoke a voucher


async def erase_household(
    ledger: Ledger, programme_code: str, case_number: str, operator: str, *, give_up: bool = False
) -> Erasure:
    """Destroy what identifies a household and the key of it, block its cards and close it, for good.

    `give_up`: what is left on its vouchers goes back to the pool. The same case number may be registered again,
    and is then somebody new. Refuses as `operator_named` does, `UnknownProgramme`, `UnknownHousehold`,
    `HouseholdHasMoney` (unless it is given up), `NotPossibleNow` (a run would still issue it a voucher).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *(_MAY_GIVE_UP if give_up else _MAY_ERASE))
        programme = await programme_coded(work, programme_code)
        found = await households.household_of_case(work, programme.code, case_number)
        if found is None:
            raise UnknownHousehold(case_number=case_number)
        done = await _erase(work, programme, found.household_id, who, give_up=give_up)
        also_in = [
            other.code
            for other in await programmes(work)
            if await households.household_of_case(work, other.code, case_number) is not None
        ]
        return Erasure(*done, tuple(also_in))


async def silent_households(ledger: Ledger, programme_code: str) -> list[SilentHousehold]:
    """The households whose last contact is longer ago than their programme keeps identities, longest first.

    Refuses `UnknownProgramme`.
    """
    async with ledger.unit_of_work() as work:
        programme = await programme_coded(work, programme_code)
        return await store.silent_households(work, programme.id, _since(work, programme))


async def erase_silent_households(
    ledger: Ledger, programme_code: str, operator: str, progress: Progress | None = None
) -> RetentionRun:
    """Erase the silent households, each in a unit of work of its own, so that it can be cut and repeated.

    Whoever holds money or came back meanwhile stays. `progress` is told how many of how many were looked at.
    Refuses as `operator_named` does, and `UnknownProgramme`.
    """
    async with ledger.unit_of_work() as work:
        await operator_named(work, operator, *_MAY_ERASE)
    silent = await silent_households(ledger, programme_code)
    erased: list[SilentHousehold] = []
    retained: list[Retained] = []
    for place, household in enumerate(silent, start=1):
        try:
            async with ledger.unit_of_work() as work:
                await _erase_silent(work, programme_code, household, operator)
            erased.append(household)
        except (HouseholdHasMoney, NotPossibleNow) as refusal:
            retained.append(_retained(household, refusal))
        if progress is not None:
            progress(place, len(silent))
    return RetentionRun(tuple(erased), tuple(retained))


async def _erase_silent(work: UnitOfWork, programme_code: str, household: SilentHousehold, operator: str) -> None:
    who = await operator_named(work, operator, *_MAY_ERASE)
    programme = await programme_coded(work, programme_code)
    if not await store.lock_identity(work, household.household_id):
        return  # somebody else erased it meanwhile
    if await store.last_contact_at(work, household.household_id) >= _since(work, programme):
        raise NotPossibleNow(state="contact")
    await _erase(work, programme, household.household_id, who, give_up=False)


async def _erase(
    work: UnitOfWork, programme: Programme, household_id: UUID, who: Operator, *, give_up: bool
) -> tuple[int, int, int]:
    """How many cards were blocked, how many vouchers revoked, and how much was given up."""
    if not await store.lock_identity(work, household_id):
        raise UnknownHousehold(household_id=str(household_id))
    held = await _locked_holdings(work, programme, household_id)
    left_cents = sum(voucher.left_cents for voucher in held)
    if left_cents and not give_up:
        raise HouseholdHasMoney(left_cents=left_cents, vouchers=[each.serial for each in held if each.left_cents])
    if runs := await store.open_runs(work, household_id):
        raise NotPossibleNow(state="in-a-run", run=runs[0])
    active = [voucher for voucher in held if voucher.state == "active"]
    for voucher in active:
        await revoke_voucher(work, voucher.serial, who)
    blocked = await block_cards_of(work, household_id, who.id)
    await store.forget(work, household_id, who.id)
    return blocked, len(active), left_cents


async def _locked_holdings(work: UnitOfWork, programme: Programme, household_id: UUID) -> list[Holding]:
    """The vouchers of a household while nobody sells, refunds or issues; all locks at once, in their order."""
    seen = await store.holdings(work, household_id)
    await lock_balances(work, [*(voucher.account_id for voucher in seen), programme.pool_account])
    held = await store.holdings(work, household_id)
    if len(held) != len(seen):
        raise NotPossibleNow(state="in-a-run")  # one more was issued this very moment
    return held


def _retained(household: SilentHousehold, refusal: Refusal) -> Retained:
    left = refusal.facts.get("left_cents")
    return Retained(household, refusal.code, left if isinstance(left, int) else None)


def _since(work: UnitOfWork, programme: Programme) -> datetime:
    return work.now - timedelta(days=programme.rules.identity_days)
