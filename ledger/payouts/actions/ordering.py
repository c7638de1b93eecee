"""A lot is prepared by the treasurer and approved by somebody else; until the bank has it, it can be withdrawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from stdnum import bic as bank_codes
from stdnum.exceptions import ValidationError

from ledger.approvals.actions import approve, operator_named, propose, require_content
from ledger.approvals.model import Role, Signer
from ledger.bank_accounts.actions import payable_accounts
from ledger.bank_accounts.rules import iban_as_typed
from ledger.books.balances import lock_balances
from ledger.calendar import paris_day
from ledger.conversions.actions import free_reference, open_conversions, rate_on, take_lot_turn
from ledger.conversions.model import Conversion
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.errors import (
    BadValue,
    LotAtTheBank,
    LotNotApproved,
    NothingToPay,
    PayerMissing,
    UnknownLot,
    UnknownProposal,
)
from ledger.payouts import store
from ledger.payouts.model import Payer, PayoutOrder, PreparedLot, Transfer
from ledger.payouts.rules import lots
from ledger.people_files import LETTERS

_NAME = re.compile(rf"[{LETTERS}0-9][{LETTERS}0-9 '’().,&/+-]{{0,69}}")


async def set_payer(ledger: Ledger, name: str, iban: str, operator: str, *, bic: str | None = None) -> Payer:
    """Record from which account merchants are paid; lots that exist keep theirs.

    Refuses `UnknownOperator`, `RoleMissing` (treasurer), `BadValue` (name, check digits of the IBAN, form of the BIC).
    """
    if not _NAME.fullmatch(name):
        raise BadValue(field="name", value=name, pattern=_NAME.pattern)
    number, code = iban_as_typed(iban), None if bic is None else _bic(bic)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER)
        await take_lot_turn(work)
        return await store.add_payer(work, name, number, code, who.id)


async def present_payer(ledger: Ledger) -> Payer:
    """From which account merchants are paid now. Refuses `PayerMissing`."""
    async with ledger.unit_of_work() as work:
        return await _payer(work)


async def prepare_lot(ledger: Ledger, signer: Signer, *, reference: str | None = None) -> PreparedLot:
    """Put all open conversions into a lot, signed, for another person to approve; nothing is booked yet.

    Whoever's account is about to change stays out of it, and is named. By default under the first free reference of
    the month. Refuses `PayerMissing`, `NothingToPay` (names what stays out), `BadValue` (the reference), and as
    `propose` does.
    """
    async with ledger.unit_of_work() as work:
        await operator_named(work, signer.name, Role.TREASURER)
        await take_lot_turn(work)
        payer, today = await _payer(work), paris_day(work.now)
        chosen = await free_reference(work, reference, today)
        lots.require_reference(chosen)
        basis_points = (await rate_on(work, today)).basis_points
        waiting = await _waiting(work)
        accounts = await payable_accounts(work, list({one.merchant_id for one in waiting}))
        transfers, left_out = lots.put_together(chosen, waiting, accounts, basis_points)
        if not transfers:
            raise NothingToPay(left_out=[f"{one.siret} {one.reason}" for one in left_out])
        order = await _propose(work, chosen, payer, transfers, signer)
        return PreparedLot(order, tuple(left_out))


async def approve_lot(ledger: Ledger, proposal_id: UUID, signer: Signer) -> PayoutOrder:
    """Approve a lot that another person prepared: it may be written for the bank.

    Refuses `UnknownProposal`, `ContentDiffers`, and as `approve` does.
    """
    async with ledger.unit_of_work() as work:
        order = await _proposed(work, proposal_id)
        await require_content(work, proposal_id, lots.content_of(order))
        await approve(work, proposal_id, signer)
        return await _proposed(work, proposal_id)


async def withdraw_lot(ledger: Ledger, reference: str, operator: str, *, never_sent: bool = False) -> PayoutOrder:
    """Give up a lot that is approved: its conversions are open again, its reference is not used a second time.

    One whose file was written is given up only where `never_sent` says that the bank has not got it, and nothing the
    bank said tells otherwise. Refuses `UnknownOperator`, `RoleMissing` (treasurer, finance), `UnknownLot`,
    `LotNotApproved` (what waits for approval is rejected), `LotAtTheBank`.
    """
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER, Role.FINANCE)
        await take_lot_turn(work)
        order = await lot_with(work, reference)
        states = {one.state for one in order.transfers}
        if states - {"approved"} and states <= {"prepared", "refused", "withdrawn"}:
            raise LotNotApproved(lot=reference, state=order.transfers[0].state)
        if states != {"approved"} and not (never_sent and states == {"exported"}):
            raise LotAtTheBank(lot=reference, state=", ".join(sorted(states)))
        await store.add_events(work, order.transfers, "withdraw", who.id)
        return await lot_with(work, reference)


async def list_lots(ledger: Ledger, reference: str | None = None) -> list[PayoutOrder]:
    """All lots that were prepared, or the one of a reference. Refuses `UnknownLot`."""
    async with ledger.unit_of_work() as work:
        return await store.orders(work) if reference is None else [await lot_with(work, reference)]


async def lot_proposed(ledger: Ledger, proposal_id: UUID) -> PayoutOrder:
    """A lot, for whoever is to approve it. Refuses `UnknownProposal`."""
    async with ledger.unit_of_work() as work:
        return await _proposed(work, proposal_id)


async def lot_content(work: UnitOfWork, proposal_id: UUID) -> bytes | None:
    """What a proposal of a lot says, made again from the rows of today; nothing where there is no such lot."""
    order = await store.order_of_proposal(work, proposal_id)
    return None if order is None else lots.content_of(order)


async def lot_with(work: UnitOfWork, reference: str) -> PayoutOrder:
    """The lot of a reference; a step of other use cases. Refuses `UnknownLot`."""
    found = await store.order_with(work, reference)
    if found is None:
        raise UnknownLot(lot=reference)
    return found


async def _propose(
    work: UnitOfWork, reference: str, payer: Payer, transfers: Sequence[Transfer], signer: Signer
) -> PayoutOrder:
    gross_cents = sum(one.gross_cents for one in transfers)
    signed = lots.content(reference, payer.number, transfers)
    proposal_id = await propose(work, lots.KIND, signed, signer, amount_cents=gross_cents)
    await store.add_order(work, proposal_id, reference, payer.number, transfers)
    return await _proposed(work, proposal_id)


async def _waiting(work: UnitOfWork) -> list[Conversion]:
    """What can go into a lot, under the locks that a cancellation takes, too."""
    await lock_balances(work, [one.converting_account_id for one in await open_conversions(work)])
    return [one for one in await open_conversions(work) if one.is_free]


async def _payer(work: UnitOfWork) -> Payer:
    found = await store.payer(work)
    if found is None:
        raise PayerMissing
    return found


async def _proposed(work: UnitOfWork, proposal_id: UUID) -> PayoutOrder:
    found = await store.order_of_proposal(work, proposal_id)
    if found is None:
        raise UnknownProposal(proposal=str(proposal_id))
    return found


def _bic(text: str) -> str:
    """A BIC without its blanks (ISO 9362)."""
    try:
        return str(bank_codes.validate(text))
    except ValidationError:
        raise BadValue(field="bic", value=text) from None
