"""What the owner asks for by a device of the shop: each movement with the owner's code, once under its key (L5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from ledger.books import journal
from ledger.books.accounts import account_named
from ledger.books.balances import lock_balances
from ledger.books.transaction import Transaction, TransactionKind, transfer
from ledger.conversions import rules, store
from ledger.conversions.model import Asked, Conversion, CouponMovement, MerchantPayment
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    CodeRefused,
    ConversionNotOpen,
    InternalError,
    InvalidRequest,
    MerchantBalanceTooLow,
    NotFound,
    NotWholePois,
    PayeeNotActive,
    Refusal,
    TooManyAttempts,
)
from ledger.identifiers import new_event_id
from ledger.merchants.actions import merchant_with_siret
from ledger.merchants.model import Merchant, TillSession
from ledger.merchants.owners import check_owner_code, count_wrong_code, use_owner_step
from ledger.redemptions import outcomes
from ledger.redemptions.model import Answered
from ledger.redemptions.rules import Refused

_TRIES = 5

Result = TypeVar("Result")
Balances = Mapping[int, int]


@dataclass(frozen=True)
class _Yes:
    """What is to be booked, and how the fact that goes with it is recorded."""

    transaction: Transaction
    record: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class _Movement(Generic[Result]):
    """One kind of request: the accounts to lock, the decision under the locks, the answer by its id."""

    accounts: Callable[[UnitOfWork], Awaitable[list[int]]]
    decide: Callable[[UnitOfWork, Balances], Awaitable[_Yes | Refusal]]
    find: Callable[[UnitOfWork, UUID], Awaitable[Result]]


async def request_conversion(
    ledger: Ledger, device: TillSession, asked: Asked, amount_cents: int
) -> Answered[Conversion | Refusal]:
    """Set Pois aside to be paid in euros: merchant → converting. Refused as `MerchantBalanceTooLow`."""
    own = device.merchant

    async def decide(work: UnitOfWork, balances: Balances) -> _Yes | Refusal:
        if amount_cents > -balances[own.account_id]:
            return MerchantBalanceTooLow(available_cents=-balances[own.account_id])
        legs = transfer(own.account_id, own.converting_account_id, amount_cents)
        booked = Transaction(new_event_id(), TransactionKind.CONVERSION_REQUEST, work.now, legs)
        return _Yes(booked, lambda: store.add_conversion(work, booked.id, own.id, amount_cents, device.till_id))

    return await _once(ledger, device, asked, _Movement(_own_accounts(own), decide, _conversion))


async def cancel_conversion(
    ledger: Ledger, device: TillSession, asked: Asked, conversion_id: UUID
) -> Answered[Conversion | Refusal]:
    """Take back a conversion that is open. Another merchant's is `NotFound`; one paid is `ConversionNotOpen`."""
    own = device.merchant

    async def decide(work: UnitOfWork, _balances: Balances) -> _Yes | Refusal:
        found = await store.conversion_with(work, conversion_id)
        if found is None or found.merchant_id != own.id:
            raise NotFound
        if not found.is_free:
            return ConversionNotOpen()
        booked = cancellation(work, found)
        return _Yes(
            booked,
            lambda: store.add_cancellation(work, booked.id, found.id, till_id=device.till_id, operator_id=None),
        )

    async def find(work: UnitOfWork, cancellation_id: UUID) -> Conversion:
        return await _conversion(work, await store.cancelled_by(work, cancellation_id))

    return await _once(ledger, device, asked, _Movement(_own_accounts(own), decide, find))


async def pay_merchant(
    ledger: Ledger, device: TillSession, asked: Asked, to_siret: str, amount_cents: int
) -> Answered[MerchantPayment | Refusal]:
    """Pay another merchant in Pois. Refuses `UnknownMerchant`; as values `PayeeNotActive`, `MerchantBalanceTooLow`."""
    own = device.merchant
    if to_siret == own.siret:
        raise InvalidRequest(field="to_siret", fault="own-siret")

    async def accounts(work: UnitOfWork) -> list[int]:
        return [own.account_id, (await merchant_with_siret(work, to_siret)).account_id]

    async def decide(work: UnitOfWork, balances: Balances) -> _Yes | Refusal:
        payee = await merchant_with_siret(work, to_siret)
        if payee.state != "approved":
            return PayeeNotActive()
        if amount_cents > -balances[own.account_id]:
            return MerchantBalanceTooLow(available_cents=-balances[own.account_id])
        legs = transfer(own.account_id, payee.account_id, amount_cents)
        booked = Transaction(new_event_id(), TransactionKind.MERCHANT_PAYMENT, work.now, legs)
        return _Yes(booked, lambda: store.add_payment(work, booked.id, own.id, payee.id, amount_cents, device.till_id))

    return await _once(ledger, device, asked, _Movement(accounts, decide, store.payment_with))


async def ask_for_coupons(
    ledger: Ledger, device: TillSession, asked: Asked, amount_cents: int
) -> Answered[CouponMovement | Refusal]:
    """Take Pois as paper coupons. Refused as `NotWholePois` or `MerchantBalanceTooLow`."""
    own = device.merchant

    async def accounts(work: UnitOfWork) -> list[int]:
        return [own.account_id, await account_named(work, "coupons:circulating")]

    async def decide(work: UnitOfWork, balances: Balances) -> _Yes | Refusal:
        if not rules.is_whole(amount_cents):
            return NotWholePois()
        if amount_cents > -balances[own.account_id]:
            return MerchantBalanceTooLow(available_cents=-balances[own.account_id])
        legs = transfer(own.account_id, await account_named(work, "coupons:circulating"), amount_cents)
        booked = Transaction(new_event_id(), TransactionKind.COUPONS, work.now, legs)
        return _Yes(booked, lambda: store.add_coupons(work, booked.id, own.id, amount_cents, till_id=device.till_id))

    return await _once(ledger, device, asked, _Movement(accounts, decide, store.coupons_with))


def cancellation(work: UnitOfWork, conversion: Conversion) -> Transaction:
    """The transaction that gives back what is still due of a conversion: converting → merchant."""
    legs = transfer(conversion.converting_account_id, conversion.account_id, conversion.due_cents)
    return Transaction(new_event_id(), TransactionKind.CONVERSION_CANCELLED, work.now, legs)


async def _once(
    ledger: Ledger, device: TillSession, asked: Asked, movement: _Movement[Result]
) -> Answered[Result | Refusal]:
    for _ in range(_TRIES):
        async with ledger.unit_of_work() as work:
            answer = await _try(work, device, asked, movement)
            if answer is not None:
                return answer
    raise InternalError


async def _try(
    work: UnitOfWork, device: TillSession, asked: Asked, movement: _Movement[Result]
) -> Answered[Result | Refusal] | None:
    """One try; `None` where another request settled the key meanwhile.

    Locks come first, all at once and so in the order of the journal: everything is read under them.
    """
    balances = await lock_balances(work, await movement.accounts(work))
    earlier = await outcomes.earlier_answer(work, device.merchant_id, asked.bound)
    if isinstance(earlier, Refused):
        return Answered(earlier.refusal, earlier.repeated)
    if earlier is not None:
        return Answered(await movement.find(work, earlier.result_id), replayed=True)
    step = await check_owner_code(work, device, asked.owner_code)
    decided = step if isinstance(step, Refusal) else await movement.decide(work, balances)
    if isinstance(decided, Refusal):
        return await _refuse(work, device, asked, decided)
    assert isinstance(step, int)
    return await _book(work, device, asked, movement, decided, step)


async def _refuse(
    work: UnitOfWork, device: TillSession, asked: Asked, refusal: Refusal
) -> Answered[Result | Refusal] | None:
    """A refusal is kept under the key; a pause leaves no trace, a wrong code is counted."""
    if isinstance(refusal, TooManyAttempts):
        return Answered(refusal)
    if not await outcomes.keep_refusal(work, device.merchant_id, asked.bound, refusal):
        return None
    if isinstance(refusal, CodeRefused):
        await count_wrong_code(work, device)
    return Answered(refusal)


async def _book(
    work: UnitOfWork, device: TillSession, asked: Asked, movement: _Movement[Result], yes: _Yes, step: int
) -> Answered[Result | Refusal] | None:
    booked = yes.transaction
    if not await outcomes.keep_approval(work, device.merchant_id, asked.bound, booked.id):
        return None
    await journal.post(work, [booked])
    await yes.record()
    await use_owner_step(work, device, step, booked.id)
    return Answered(await movement.find(work, booked.id))


def _own_accounts(own: Merchant) -> Callable[[UnitOfWork], Awaitable[list[int]]]:
    async def accounts(_work: UnitOfWork) -> list[int]:
        return [own.account_id, own.converting_account_id]

    return accounts


async def _conversion(work: UnitOfWork, conversion_id: UUID) -> Conversion:
    found = await store.conversion_with(work, conversion_id)
    assert found is not None
    return found
