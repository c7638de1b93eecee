"""What can be done with vouchers: issue a chunk of them (a step of an aid run), list, let lapse, revoke."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Operator, Role
from ledger.books.accounts import AccountKind, open_accounts
from ledger.books.balances import lock_balances
from ledger.books.journal import post
from ledger.books.transaction import Posting, Transaction, TransactionKind, collect
from ledger.calendar import paris_day
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import NotPossibleNow, PoolTooLow, UnknownVoucher
from ledger.identifiers import new_event_id, new_subject_id
from ledger.vouchers import store
from ledger.vouchers.model import Ended, Ending, Happening, IssueOrder, Refundable, Voucher, serial

Progress = Callable[[int, int], None]

_CHUNK_VOUCHERS = 5_000
_MAY_REVOKE = (Role.APPROVER, Role.FINANCE)


@dataclass(frozen=True, slots=True)
class _Ends:
    """A kind of end for many: `find` tells who they are, and of some of them, who they still are."""

    kind: TransactionKind
    operator: str
    roles: tuple[Role, ...]
    find: Callable[[UnitOfWork, Sequence[UUID] | None], Awaitable[list[Ending]]]


async def issue_chunk(work: UnitOfWork, order: IssueOrder) -> bool:
    """Issue the vouchers of one chunk in one transaction: the pool is debited once, each voucher credited.

    What the run issued before is left out, however it was cut into chunks then; `False` where that is all of it.
    So a run that was cut can be started again. Refuses `PoolTooLow`.
    """
    balances = await lock_balances(work, [order.pool_account])
    order = replace(order, grants=await store.not_issued(work, order))
    if not order.grants:
        return False
    available_cents = -balances[order.pool_account]
    if available_cents < order.total_cents:
        raise PoolTooLow(available_cents=available_cents, needed_cents=order.total_cents)
    year = order.valid_from.year
    first = await store.take_numbers(work, order.programme_id, year, len(order.grants))
    serials = [serial(order.programme_code, year, first + nth) for nth in range(len(order.grants))]
    accounts = await open_accounts(work, AccountKind.VOUCHER, [f"voucher:{number}" for number in serials])
    await post(work, [_issue(work, order, accounts)])
    await store.add_vouchers(work, order, [new_subject_id() for _ in serials], serials, accounts)
    return True


async def list_vouchers(ledger: Ledger, household_id: UUID) -> list[Voucher]:
    """The vouchers of a household with their balances, the one that ends first before the others."""
    async with ledger.unit_of_work() as work:
        return await store.vouchers_of(work, household_id)


async def show_voucher(ledger: Ledger, serial_number: str) -> tuple[Voucher, list[Happening]]:
    """A voucher, and all that happened to it. Refuses `UnknownVoucher`."""
    async with ledger.unit_of_work() as work:
        found = await _voucher(work, serial_number)
        return found, await store.history(work, found.id)


async def lapse_vouchers(ledger: Ledger, operator: str, progress: Progress | None = None) -> Ended:
    """Let every voucher lapse whose last day is over; what is left on them goes back to the pools.

    Each chunk of vouchers of one pool is a unit of work, so that the run can be cut and started again, and two
    at once do no harm. `progress` is told how many of how many were looked at. Refuses `UnknownOperator`.
    """
    today = paris_day(ledger.clock.now())
    ends = _Ends(TransactionKind.LAPSE, operator, (), lambda work, among: store.due_vouchers(work, today, among))
    return await _end_all(ledger, ends, progress)


async def revoke_of_run(ledger: Ledger, run_id: UUID, operator: str, progress: Progress | None = None) -> Ended:
    """Revoke every voucher of an aid run that is still active, in chunks as `lapse_vouchers` does.

    Refuses `UnknownOperator`, `RoleMissing`.
    """
    kind = TransactionKind.REVOCATION
    ends = _Ends(kind, operator, _MAY_REVOKE, lambda work, among: store.active_of_run(work, run_id, among))
    return await _end_all(ledger, ends, progress)


async def revocable_of_run(ledger: Ledger, run_id: UUID, operator: str) -> Ended:
    """What `revoke_of_run` would come to now; nothing is revoked. Refuses as it does."""
    async with ledger.unit_of_work() as work:
        await operator_named(work, operator, *_MAY_REVOKE)
        return await store.left_of_run(work, run_id)


async def revoke(ledger: Ledger, serial_number: str, operator: str) -> Voucher:
    """Revoke a voucher: what is left on it goes back to the pool, and it can never be spent or refunded again.

    Refuses `UnknownOperator`, `RoleMissing`, `UnknownVoucher`, `NotPossibleNow` (it lapsed or was revoked).
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, *_MAY_REVOKE)
        return await revoke_voucher(work, serial_number, who)


async def revoke_voucher(work: UnitOfWork, serial_number: str, who: Operator) -> Voucher:
    """The same as a step of another use case."""
    accounts = await store.accounts_of(work, serial_number)
    if accounts is None:
        raise UnknownVoucher(voucher=serial_number)
    balances = await lock_balances(work, accounts)
    found = await _voucher(work, serial_number)
    if found.state != "active":
        raise NotPossibleNow(voucher=serial_number, state=found.state)
    account, pool = accounts
    await _end(work, TransactionKind.REVOCATION, [Ending(found.id, account, pool)], balances, who.id)
    return await _voucher(work, serial_number)


async def reopen_voucher(work: UnitOfWork, voucher: Refundable, last_day: date) -> None:
    """Let a voucher that is over be spent again until a day: a step of a refund onto it.

    Where no run let it lapse yet, it lapses now, so that its rest does not profit from the grace.
    """
    if voucher.state == "active":
        ending = Ending(voucher.voucher_id, voucher.account_id, voucher.pool_account)
        await _end(work, TransactionKind.LAPSE, [ending], {voucher.account_id: -voucher.balance_cents}, None)
    await store.reopen(work, voucher.voucher_id, last_day)


async def _end_all(ledger: Ledger, ends: _Ends, progress: Progress | None) -> Ended:
    """Each chunk of one pool is a unit of work: it is short, and what was cut goes on when it is started again."""
    async with ledger.unit_of_work() as work:
        await operator_named(work, ends.operator, *ends.roles)
        found = await ends.find(work, None)
    looked_at, vouchers, returned_cents = 0, 0, 0
    for chunk in _chunks(found):
        async with ledger.unit_of_work() as work:
            done = await _end_chunk(work, ends, chunk)
        looked_at, vouchers = looked_at + len(chunk), vouchers + done.vouchers
        returned_cents += done.returned_cents
        if progress is not None:
            progress(looked_at, len(found))
    return Ended(vouchers, returned_cents)


def _chunks(found: Sequence[Ending]) -> Iterator[list[Ending]]:
    """At most so many vouchers, all of one pool."""
    for _, group in groupby(found, key=lambda each: each.pool_account):
        of_pool = list(group)
        for start in range(0, len(of_pool), _CHUNK_VOUCHERS):
            yield of_pool[start : start + _CHUNK_VOUCHERS]


async def _end_chunk(work: UnitOfWork, ends: _Ends, chunk: Sequence[Ending]) -> Ended:
    """Locked first, then looked at again: somebody else may have ended or reopened some."""
    who = await operator_named(work, ends.operator, *ends.roles)
    accounts = [each.account_id for each in chunk]
    balances = await lock_balances(work, [*accounts, chunk[0].pool_account])
    still = await ends.find(work, [each.voucher_id for each in chunk])
    if not still:
        return Ended(0, 0)
    return Ended(len(still), await _end(work, ends.kind, still, balances, who.id))


async def _end(
    work: UnitOfWork,
    kind: TransactionKind,
    ended: Sequence[Ending],
    balances: Mapping[int, int],
    operator_id: UUID | None,
) -> int:
    """What is left on vouchers of one pool goes back to it, in one posting; an event says so of each."""
    rests = [(each.account_id, -balances[each.account_id]) for each in ended if balances[each.account_id]]
    if rests:
        legs = collect(rests, ended[0].pool_account)
        await post(work, [Transaction(new_event_id(), kind, work.now, legs)])
    event = "lapse" if kind is TransactionKind.LAPSE else "revoke"
    await store.add_events(work, event, [each.voucher_id for each in ended], operator_id)
    return sum(cents for _, cents in rests)


async def _voucher(work: UnitOfWork, serial_number: str) -> Voucher:
    found = await store.voucher_numbered(work, serial_number)
    if found is None:
        raise UnknownVoucher(voucher=serial_number)
    return found


def _issue(work: UnitOfWork, order: IssueOrder, accounts: list[int]) -> Transaction:
    legs = [Posting(account, -grant.amount_cents) for account, grant in zip(accounts, order.grants, strict=True)]
    postings = (Posting(order.pool_account, order.total_cents), *legs)
    return Transaction(order.transaction_id, TransactionKind.ISSUE, work.now, postings, order.approval_id)
