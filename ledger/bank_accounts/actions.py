"""Where a merchant is paid: prepared by one, approved by another, and effective only after a cooling period.

Between the approval and the first payment the merchant can be asked, and anybody can still withdraw the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ledger.approvals.actions import approve, operator_named, propose, require_content
from ledger.approvals.model import Signer
from ledger.bank_accounts import rules, store
from ledger.bank_accounts.model import BankAccount, IbanChange, ListedChange, PayableAccount
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import AlreadyExists, ContentDiffers, NotPossibleNow, UnknownProposal
from ledger.keyring import same
from ledger.merchants.actions import merchant_with_siret
from ledger.subject_keys import SubjectKey

_OPEN = ("pending", "cooling")


async def propose_iban(
    ledger: Ledger, siret: str, iban: str, signer: Signer, *, cooling_days: int = rules.COOLING_DAYS
) -> ListedChange:
    """Prepare that a merchant is paid elsewhere; the number is encrypted at once.

    Refuses `BadValue` (check digits, cooling period), `UnknownMerchant`, `AlreadyExists` (the present one),
    `NotPossibleNow` (another change is open), and as `propose` does.
    """
    number = rules.iban_as_typed(iban)
    rules.require_cooling(cooling_days)
    async with ledger.unit_of_work() as work:
        merchant = await merchant_with_siret(work, siret)
        await _take_turn(work)
        await _require_nothing_open(work, merchant.id)
        if await effective_iban(work, merchant.id) == number:
            raise AlreadyExists(siret=merchant.siret)
        key = await store.own_key(work, merchant.id)
        iban_hmac = _hmac(key, number)
        content = rules.change_content(merchant.id, iban_hmac, cooling_days)
        proposal_id = await propose(work, rules.KIND, content, signer)
        await store.add_change(work, proposal_id, key, number, iban_hmac=iban_hmac, cooling_days=cooling_days)
        return _listed(work, await _change(work, proposal_id))


async def approve_iban(ledger: Ledger, proposal_id: UUID, signer: Signer) -> ListedChange:
    """Approve a change that another person prepared; the cooling period begins.

    Refuses `UnknownProposal`, `ContentDiffers`, and as `approve` does.
    """
    async with ledger.unit_of_work() as work:
        await _take_turn(work)
        signed = await store.signed_facts(work, proposal_id)
        if signed is None:
            raise UnknownProposal(proposal=str(proposal_id))
        await require_content(work, proposal_id, rules.change_content(*signed))
        await _require_number(work, await _change(work, proposal_id), iban_hmac=signed[1])
        await approve(work, proposal_id, signer)
        return _listed(work, await _change(work, proposal_id))


async def withdraw_iban(ledger: Ledger, siret: str, operator: str) -> ListedChange:
    """Stop a change that is approved but does not count yet; one person is enough to be careful.

    Refuses `UnknownOperator`, `UnknownMerchant`, `NotPossibleNow` (nothing cools down; what is not approved yet
    is rejected).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator)
        merchant = await merchant_with_siret(work, siret)
        await _take_turn(work)
        cooling = [found for found in await _listed_of(work, merchant.id) if found.state == "cooling"]
        if not cooling:
            raise NotPossibleNow(siret=merchant.siret, state="nothing-cooling")
        proposal_id = cooling[0].change.proposal_id
        await store.withdraw(work, proposal_id, who.id)
        await store.settle_due(work)
        return _listed(work, await _change(work, proposal_id))


async def bank_account(ledger: Ledger, siret: str) -> BankAccount:
    """Where a merchant is paid now, and what is to change, in full: for whoever pays or compares with the paper.

    Refuses `UnknownMerchant`.
    """
    async with ledger.unit_of_work() as work:
        merchant = await merchant_with_siret(work, siret)
        waiting = [found for found in await _listed_of(work, merchant.id) if found.state in _OPEN]
        iban = await effective_iban(work, merchant.id)
        return BankAccount(merchant.siret, merchant.name, iban, waiting[0] if waiting else None)


async def proposed_iban(ledger: Ledger, proposal_id: UUID) -> ListedChange:
    """A change, for whoever is to approve it. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        return _listed(work, await _change(work, proposal_id))


async def list_iban_changes(ledger: Ledger) -> list[ListedChange]:
    """All changes, the oldest first, their numbers not masked: a door masks what it shows."""
    async with ledger.unit_of_work() as work:
        return [_listed(work, change) for change in await store.changes(work)]


async def effective_iban(work: UnitOfWork, merchant_id: UUID) -> str:
    """The account that a merchant is paid on at this moment; a step of other use cases."""
    return (await store.effective_ibans(work, [merchant_id]))[merchant_id]


async def effective_ibans(work: UnitOfWork, merchant_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The same for many merchants at once."""
    return await store.effective_ibans(work, merchant_ids)


async def payable_accounts(work: UnitOfWork, merchant_ids: Sequence[UUID]) -> dict[UUID, PayableAccount]:
    """The accounts that merchants are paid on at this moment, and whether one is about to change; whoever was erased
    is left out. A step of other use cases.
    """
    ibans = await store.effective_ibans(work, merchant_ids)
    cooling = {
        found.change.merchant_id: found.change.effective_at
        for found in [_listed(work, change) for change in await store.changes(work)]
        if found.state == "cooling"
    }
    keys = {merchant_id: await store.own_key(work, merchant_id) for merchant_id in ibans}
    return {
        merchant_id: PayableAccount(iban, _hmac(keys[merchant_id], iban), cooling.get(merchant_id))
        for merchant_id, iban in ibans.items()
    }


async def iban_change_content(work: UnitOfWork, proposal_id: UUID) -> bytes | None:
    """What a proposal of a change says, made again from the books of today; none where there is no such change."""
    signed = await store.signed_facts(work, proposal_id)
    return None if signed is None else rules.change_content(*signed)


async def _take_turn(work: UnitOfWork) -> None:
    await store.take_turn(work)
    await store.settle_due(work)


async def _require_nothing_open(work: UnitOfWork, merchant_id: UUID) -> None:
    for found in await _listed_of(work, merchant_id):
        if found.state in _OPEN:
            raise NotPossibleNow(siret=found.change.siret, state=found.state, proposal=found.change.number)


async def _require_number(work: UnitOfWork, change: IbanChange, *, iban_hmac: bytes) -> None:
    """Refuse (`ContentDiffers`) where the number in identity is not the one that was signed."""
    if change.iban is None:
        return  # rejected or withdrawn: it is no longer pending, which is said next
    key = await store.own_key(work, change.merchant_id)
    if not same(_hmac(key, change.iban), iban_hmac):
        raise ContentDiffers(proposal=change.number)


def _hmac(key: SubjectKey, iban: str) -> bytes:
    return key.hmac(rules.KIND.encode(), iban.encode())


async def _change(work: UnitOfWork, proposal_id: UUID) -> IbanChange:
    found = await store.change_of_proposal(work, proposal_id)
    if found is None:
        raise UnknownProposal(proposal=str(proposal_id))
    return found


async def _listed_of(work: UnitOfWork, merchant_id: UUID) -> list[ListedChange]:
    return [_listed(work, change) for change in await store.changes(work, merchant_id)]


def _listed(work: UnitOfWork, change: IbanChange) -> ListedChange:
    return ListedChange(change, change.state(work.now))
