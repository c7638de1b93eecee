"""What a till can do beside selling: refund, settle the fate of a lost answer, look up, ask a balance."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from ledger.books import journal
from ledger.books.balances import lock_balances
from ledger.books.transaction import Posting, Transaction, TransactionKind
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    CATALOGUE,
    InternalError,
    NotFound,
    Refusal,
    Unavailable,
)
from ledger.identifiers import new_event_id
from ledger.merchants.model import TillSession
from ledger.redemptions import outcomes, rules, store, store_refunds
from ledger.redemptions.model import (
    Answered,
    BalanceRequest,
    CardBalance,
    DayTotals,
    Known,
    Outcome,
    Page,
    Redemption,
    Refund,
    RefundRequest,
    Settled,
)
from ledger.vouchers.actions import reopen_voucher
from ledger.vouchers.rules import give_back

_TRIES = 5
_RETRY_AFTER_SECONDS = 2


async def find_redemption(ledger: Ledger, till: TillSession, redemption_id: UUID) -> Redemption:
    """A redemption of the till's merchant; `NotFound` for any other."""
    async with ledger.unit_of_work() as work:
        return await _own(work, till, redemption_id)


async def list_redemptions(ledger: Ledger, page: Page) -> list[Redemption]:
    """A page of a merchant's redemptions."""
    async with ledger.unit_of_work() as work:
        return await store_refunds.own_redemptions(work, page)


async def day_totals(ledger: Ledger, till: TillSession, day: date) -> DayTotals:
    """A local day of the till's merchant: what each till sold, gave back and voided, for the count of its drawer."""
    async with ledger.unit_of_work() as work:
        return DayTotals(day, await store_refunds.totals_by_till(work, till.merchant_id, day))


async def refund(ledger: Ledger, till: TillSession, asked: RefundRequest) -> Answered[Refund | Refusal]:
    """Give back a sale, whole or in part, onto the vouchers that paid it, the last one first; one that lapsed is
    reopened for its programme's grace, and the share of one that was revoked goes to the pool.

    Never more than was taken; refused as `RefundTooLarge` or `MerchantBalanceTooLow`, a void also as `VoidTooLate` or
    `AlreadyRefunded`, and frozen under the key.
    """
    for _ in range(_TRIES):
        async with ledger.unit_of_work() as work:
            answer = await _refund(work, till, asked)
            if answer is not None:
                return answer
    raise InternalError


async def abandon(ledger: Ledger, till: TillSession, key: bytes) -> Settled:
    """Settle the fate of a request whose answer was lost. An unseen key is closed for ever, so that a late
    request cannot debit after the cashier took cash.
    """
    async with ledger.unit_of_work() as work:
        if await store_refunds.keep_outcome(work, till.merchant_id, key, Outcome(None, "abandoned")):
            return Settled("abandoned")
        outcome = await store_refunds.outcome_of_key(work, till.merchant_id, key)
        assert outcome is not None
        if outcome.refusal is not None:
            return Settled("refused", refusal=CATALOGUE[outcome.refusal](**(outcome.facts or {})))
        if outcome.result_id is None:
            return Settled("abandoned")
        sale = await store_refunds.own_redemption(work, till.merchant_id, outcome.result_id)
        if sale is not None:
            return Settled("approved", redemption=sale)
        return Settled("approved", refund=await store_refunds.find_refund(work, outcome.result_id))


async def card_balance(ledger: Ledger, request: BalanceRequest) -> CardBalance | Refusal:
    """What the holder of a card may still spend. Wrong codes count as at a sale; a right one stays unused."""
    for _ in range(_TRIES):
        try:
            answer = await _try_card_balance(ledger, request)
        except Exception as error:
            if not store.is_disconnect(error):
                raise
            return Unavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)
        if answer is not None:
            return answer
    return InternalError()


async def _try_card_balance(ledger: Ledger, request: BalanceRequest) -> CardBalance | Refusal | None:
    """`None` where another request moved a count of wrong codes meanwhile."""
    now = ledger.clock.now()
    pool = await ledger.database.pool()
    async with pool.acquire() as connection:
        state = await store.load(connection, [request], now, Known(), ledger.keys)
        till = rules.identify_till(request.bound, state)
        if isinstance(till, rules.Refused):
            return till.refusal
        access = rules.open_card(request.credential, state, till, now, ledger.keys)
        if isinstance(access, rules.Access):
            return rules.balance_of(access, state, now)
        before = dict(state.failures)
        rules.count_wrong(access, state, now)
        changes = store.Changes((), (), before, state.failures, now)
        written = changes.empty or await store.try_write(connection, changes)
        return access.refusal if written else None


async def _own(work: UnitOfWork, till: TillSession, redemption_id: UUID) -> Redemption:
    redemption = await store_refunds.own_redemption(work, till.merchant_id, redemption_id)
    if redemption is None:
        raise NotFound
    return redemption


async def _refund(work: UnitOfWork, till: TillSession, asked: RefundRequest) -> Answered[Refund | Refusal] | None:
    """One try; `None` where another request settled the key meanwhile.

    Locks come first, all at once and so in the order of the journal: what is refundable is read under them.
    """
    account, bound = till.merchant.account_id, asked.bound
    touched = await store_refunds.accounts_of_sale(work, till.merchant_id, asked.redemption_id)
    balance_cents = -(await lock_balances(work, [account, *touched]))[account]
    earlier = await outcomes.earlier_answer(work, till.merchant_id, bound)
    if earlier is not None:
        return await _repeat(work, earlier)
    redemption = await _own(work, till, asked.redemption_id)
    amount = redemption.refundable_cents if asked.amount_cents is None else asked.amount_cents
    refusal = rules.why_not_given_back(redemption, asked, amount, balance_cents, work.now)
    if refusal is not None:
        return Answered(refusal) if await outcomes.keep_refusal(work, till.merchant_id, bound, refusal) else None
    made = Refund(new_event_id(), redemption.id, amount, work.now, redemption.refundable_cents - amount)
    if not await outcomes.keep_approval(work, till.merchant_id, bound, made.id):
        return None
    await _give_back(work, till, made)
    await store_refunds.add_refund(work, made, till.till_id, asked.reason)
    return Answered(made)


async def _give_back(work: UnitOfWork, till: TillSession, made: Refund) -> None:
    """Merchant → the same vouchers, in reverse order of taking; what a voucher no longer takes goes to the pool."""
    taken = await store_refunds.taken_from_vouchers(work, made.redemption_id)
    given: dict[int, int] = {}
    for share in give_back(taken, made.amount_cents, paris_day(work.now)):
        if share.reopened_until is not None:
            await reopen_voucher(work, share.voucher, share.reopened_until)
        given[share.account_id] = given.get(share.account_id, 0) + share.amount_cents
    assert sum(given.values()) == made.amount_cents
    postings = (Posting(account, -cents) for account, cents in given.items())
    legs = (Posting(till.merchant.account_id, made.amount_cents), *postings)
    await journal.post(work, [Transaction(made.id, TransactionKind.REFUND, made.occurred_at, legs)])


async def _repeat(work: UnitOfWork, again: rules.Refused | rules.Repeat) -> Answered[Refund | Refusal]:
    if isinstance(again, rules.Refused):
        return Answered(again.refusal, again.repeated)
    made = await store_refunds.find_refund(work, again.result_id)
    assert made is not None
    return Answered(made, replayed=True)
