"""What two people move: one proposes it posting by posting and signs; another approves, which books it at once.

Each refusal of the books (L1, L4, L8, L14) is told at the proposal, and again at the approval, under the locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ledger.adjustments import rules, store
from ledger.adjustments.model import Account, Draft, Leg, Move, Reason
from ledger.approvals.actions import approve, propose, require_content
from ledger.approvals.model import Signer
from ledger.books.balances import lock_balances
from ledger.books.journal import post
from ledger.books.transaction import Posting, Transaction, TransactionKind
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    AlreadyExists,
    BadValue,
    BreakChanged,
    PoolTooLow,
    ResolutionWaits,
    UnknownProposal,
    UnknownTransaction,
)
from ledger.identifiers import new_event_id
from ledger.programmes.actions import programme_coded, reserved_cents

_FUND, _OWES = "association:guarantee-fund", "association:owes-reserve"


async def propose_return_request(ledger: Ledger, programme_code: str, amount_cents: int, signer: Signer) -> Move:
    """Propose that unspent Pois of a programme go back to the CCAS in euros: pool → returning.

    Refuses `BadValue`, `UnknownProgramme`, `PoolTooLow` (what prepared runs need stays), and as `propose` does.
    """
    async with ledger.unit_of_work() as work:
        names = await _programme_accounts(work, programme_code)
        legs = rules.transfer_legs(names[0], names[1], amount_cents)
        draft = Draft(TransactionKind.RETURN_REQUESTED, Reason.UNSPENT_AID, legs)
        await _require_unreserved(work, draft, programme_code)
        return await propose_draft(work, draft, signer)


async def propose_return_paid(ledger: Ledger, programme_code: str, amount_cents: int, signer: Signer) -> Move:
    """Propose to book that the association paid unspent aid back: returning → issued, and the euros as much.

    Refuses `BadValue`, `UnknownProgramme`, `AccountTooLow` (more than was requested), and as `propose` does.
    """
    async with ledger.unit_of_work() as work:
        names = await _programme_accounts(work, programme_code)
        pois = rules.transfer_legs(names[1], "association:issued", amount_cents)
        euros = rules.transfer_legs("ccas:returned", _FUND, amount_cents)
        draft = Draft(TransactionKind.RETURN_PAID, Reason.UNSPENT_AID, (*pois, *euros))
        return await propose_draft(work, draft, signer)


async def propose_reserve_loss(ledger: Ledger, amount_cents: int, signer: Signer, break_id: UUID | None = None) -> Move:
    """Propose to book what left the reserve though no Pois was destroyed (a bank's fee): the association owes it.

    `break_id`: the difference of the reconciliation that it answers. Refuses `BadValue`, `AccountTooLow`, and as
    `propose` does.
    """
    draft = Draft(
        TransactionKind.RESERVE_LOSS,
        Reason.BANK_FEE,
        rules.transfer_legs(_OWES, _FUND, amount_cents),
        break_id=break_id,
    )
    async with ledger.unit_of_work() as work:
        return await propose_draft(work, draft, signer)


async def propose_reserve_made_good(
    ledger: Ledger, amount_cents: int, signer: Signer, break_id: UUID | None = None
) -> Move:
    """Propose to book that the association put back what it owed to the reserve. Refuses as the loss does."""
    draft = Draft(
        TransactionKind.RESERVE_MADE_GOOD,
        Reason.MADE_GOOD,
        rules.transfer_legs(_FUND, _OWES, amount_cents),
        break_id=break_id,
    )
    async with ledger.unit_of_work() as work:
        return await propose_draft(work, draft, signer)


async def propose_adjustment(
    ledger: Ledger, legs: Sequence[Leg], reason: Reason, signer: Signer, break_id: UUID | None = None
) -> Move:
    """Propose to move money between accounts and suspense, until it is known what is right.

    Refuses `BadValue`, `UnknownAccount`, `MoveUnbalanced`, `MoveNotAllowed` (not against suspense),
    `BackingBroken`, `AccountTooLow`, `NotPossibleNow` (a voucher or merchant that is no more), and as `propose`.
    """
    draft = rules.adjustment(legs, reason, break_id)
    async with ledger.unit_of_work() as work:
        return await propose_draft(work, draft, signer)


async def propose_reversal(
    ledger: Ledger, transaction_id: UUID, reason: Reason, signer: Signer, break_id: UUID | None = None
) -> Move:
    """Propose to take back a transaction of ours: its exact mirror, once.

    Refuses `UnknownTransaction`, `NotReversible` (it has an undo of its own, which is named), `AlreadyExists`,
    `AccountTooLow` (its money moved on), and as `propose` does.
    """
    async with ledger.unit_of_work() as work:
        draft = await mirror_draft(work, transaction_id, reason, break_id)
        return await propose_draft(work, draft, signer)


async def approve_move(ledger: Ledger, proposal_id: UUID, signer: Signer) -> Move:
    """Approve a move that another person proposed, and book it in the same unit of work.

    Refuses `UnknownProposal`, `ContentDiffers`, `BreakChanged` (what it answers was matched, or is seen otherwise,
    since), all that the proposal is refused for, and as `approve` does.
    """
    async with ledger.unit_of_work() as work:
        move = await _move(work, proposal_id)
        await _require_break_unchanged(work, move)
        await require_content(work, proposal_id, rules.content(move.transaction_id, move.draft))
        approval_id = await approve(work, proposal_id, signer)
        await _book(work, move, approval_id)
        return move


async def show_move(ledger: Ledger, proposal_id: UUID) -> Move:
    """What was proposed, posting by posting. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        return await _move(work, proposal_id)


async def move_content(work: UnitOfWork, proposal_id: UUID) -> bytes | None:
    """What a proposal of a move says, made again from the rows of today; nothing where there is no such move."""
    move = await store.move_proposed(work, proposal_id)
    return None if move is None else rules.content(move.transaction_id, move.draft)


async def propose_draft(work: UnitOfWork, draft: Draft, signer: Signer) -> Move:
    """Record and sign a draft that the books would take as they stand; a step of other use cases.

    Refuses `BadValue` (no such break), `ResolutionWaits` (something is proposed about it already), what
    `rules.require_bookable` refuses, and as `propose` does.
    """
    if draft.break_id is not None:
        await _require_break_free(work, draft.break_id)
    accounts = await store.accounts_named(work, [leg.account for leg in draft.legs])
    rules.require_bookable(draft.kind, draft.legs, accounts, await store.shapes_of(work, draft.kind))
    transaction_id = new_event_id()
    signed = rules.content(transaction_id, draft)
    amount_cents = rules.amount_cents(draft.legs, accounts)
    proposal_id = await propose(work, draft.kind.code, signed, signer, amount_cents=amount_cents)
    await store.add_move(work, proposal_id, transaction_id, draft)
    return await _move(work, proposal_id)


async def _book(work: UnitOfWork, move: Move, approval_id: UUID) -> None:
    """Under the locks of all its accounts, so that nobody overtakes what was looked at."""
    draft, names = move.draft, [leg.account for leg in move.draft.legs]
    ids = [account.id for account in (await store.accounts_named(work, names)).values()]
    await lock_balances(work, ids)
    accounts = await store.accounts_named(work, names)
    rules.require_bookable(draft.kind, draft.legs, accounts, await store.shapes_of(work, draft.kind))
    if draft.kind is TransactionKind.RETURN_REQUESTED:
        await _require_unreserved(work, draft, draft.legs[0].account.split(":")[1])
    if draft.reverses_id is not None:
        await _require_not_reversed(work, draft.reverses_id)
    await post(work, [_transaction(work, move, accounts, approval_id)])
    if draft.reverses_id is not None:
        await store.add_reversal(work, move.transaction_id, draft.reverses_id)


async def mirror_draft(work: UnitOfWork, transaction_id: UUID, reason: Reason, break_id: UUID | None) -> Draft:
    """The draft that takes a transaction back. Refuses `UnknownTransaction`, `NotReversible`, `AlreadyExists`."""
    booked = await store.booked_transaction(work, transaction_id)
    if booked is None:
        raise UnknownTransaction(transaction=str(transaction_id))
    return rules.mirror(booked, reason, break_id)


async def _require_break_free(work: UnitOfWork, break_id: UUID) -> None:
    if not await store.break_exists(work, break_id):
        raise BadValue(field="break", value=str(break_id))
    waiting = await store.waiting_for_break(work, break_id)
    if waiting is not None:
        raise ResolutionWaits(difference=str(break_id), proposal=waiting)


async def _require_break_unchanged(work: UnitOfWork, move: Move) -> None:
    """While nobody matches or imports in its account."""
    break_id = move.draft.break_id
    if break_id is not None and await store.break_moved_on(work, move.proposal_id, break_id):
        raise BreakChanged(proposal=move.number, difference=str(break_id))


async def _require_not_reversed(work: UnitOfWork, transaction_id: UUID) -> None:
    booked = await store.booked_transaction(work, transaction_id)
    if booked is not None and booked.reversed_by is not None:
        raise AlreadyExists(transaction=str(transaction_id), reversal=str(booked.reversed_by))


async def _require_unreserved(work: UnitOfWork, draft: Draft, programme_code: str) -> None:
    """What runs that were prepared or half issued will take stays in the pool."""
    pool = draft.legs[0]
    accounts = await store.accounts_named(work, [pool.account])
    programme = await programme_coded(work, programme_code)
    free_cents = -accounts[pool.account].balance_cents - await reserved_cents(work, programme)
    if pool.amount_cents > free_cents:
        raise PoolTooLow(available_cents=max(free_cents, 0), needed_cents=pool.amount_cents)


async def _programme_accounts(work: UnitOfWork, programme_code: str) -> tuple[str, str]:
    """The names of its pool, and of its Pois that are on their way back."""
    programme = await programme_coded(work, programme_code)
    return f"programme:{programme.code}:pool", f"programme:{programme.code}:returning"


async def _move(work: UnitOfWork, proposal_id: UUID) -> Move:
    found = await store.move_proposed(work, proposal_id)
    if found is None:
        raise UnknownProposal(proposal=str(proposal_id))
    return found


def _transaction(work: UnitOfWork, move: Move, accounts: dict[str, Account], approval_id: UUID) -> Transaction:
    postings = tuple(Posting(accounts[leg.account].id, leg.amount_cents) for leg in move.draft.legs)
    return Transaction(move.transaction_id, move.draft.kind, work.now, postings, approval_id)
