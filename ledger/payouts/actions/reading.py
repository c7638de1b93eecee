"""What the bank answers is read back by our references: all of a file or nothing, and a second time without effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

from ledger.approvals.actions import operator_named
from ledger.approvals.model import Role
from ledger.books.balances import lock_balances
from ledger.calendar import paris_day
from ledger.conversions.actions import (
    begin_lots,
    book_payouts,
    book_return,
    conversion_by_id,
    conversions_by_id,
    euro_accounts,
    require_euros,
    take_lot_turn,
)
from ledger.conversions.model import Payment, PayoutLine, PayoutLot
from ledger.database.unit_of_work import Ledger, UnitOfWork
from ledger.merchants.actions import merchant_with_siret
from ledger.payouts import store
from ledger.payouts.formats import bank_messages
from ledger.payouts.model import BankMessage, ReadBack, Step
from ledger.payouts.rules.answers import Reading
from ledger.people_files import refuse_faults


async def read_back(
    ledger: Ledger, path: Path, operator: str, *, dry_run: bool = False, commission_kept: bool = False
) -> ReadBack:
    """Take what a bank says of our transfers (pain.002, camt.053, camt.054): rejected, paid, sent back.

    What is paid or sent back is booked; where the association keeps its commission, only the net of what came back is
    due again. Refuses `UnknownOperator`, `RoleMissing` (treasurer, finance), what `bank_messages.read` refuses,
    `FileFaulty` (a transfer that is not ours under our own reference, another amount, what cannot have happened),
    `AccountTooLow` (the reserve does not hold the euros).
    """
    message = bank_messages.read(path)
    async with ledger.unit_of_work() as work:
        who = await operator_named(work, operator, Role.TREASURER, Role.FINANCE)
        await take_lot_turn(work)
        await _lock(work, await _read(work, message))
        reading = await _read(work, message)
        refuse_faults(message.file, reading.faults)
        steps, aside = await _without_closed(work, reading.steps)
        if not dry_run:
            await _apply(work, steps, who.id, commission_kept=commission_kept)
        not_ours = tuple(reading.not_ours)
        return ReadBack(message.file, message.message, tuple(steps), reading.known, not_ours, tuple(aside))


async def _read(work: UnitOfWork, message: BankMessage) -> Reading:
    reading = Reading.of(await store.orders(work))
    reading.take(message)
    return reading


async def _lock(work: UnitOfWork, reading: Reading) -> None:
    """The balances of all that may be booked, before it is decided."""
    conversions = await conversions_by_id(work)
    accounts = {conversions[step.transfer.conversion_id].converting_account_id for step in reading.steps}
    await lock_balances(work, [*accounts, *await euro_accounts(work)])


async def _without_closed(work: UnitOfWork, steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """What came back to a merchant that has left is nobody's conversion any more."""
    aside = [
        step
        for step in steps
        if step.event == "return" and (await merchant_with_siret(work, step.transfer.siret)).state == "closed"
    ]
    return [step for step in steps if step not in aside], aside


async def _apply(work: UnitOfWork, steps: Sequence[Step], operator_id: UUID, *, commission_kept: bool) -> None:
    """The states of the transfers first: what is in no lot any more may be paid or returned."""
    paid = [step for step in steps if step.event == "pay"]
    await store.add_answers(work, [step for step in steps if step.event != "return"], operator_id)
    if paid:
        await _book_paid(work, paid, operator_id)
    for step in [step for step in steps if step.event == "return"]:
        await store.add_answers(work, [step], operator_id)
        conversion = await conversion_by_id(work, step.transfer.conversion_id)
        accounts = [conversion.converting_account_id, *await euro_accounts(work)]
        balances = await lock_balances(work, accounts)
        await book_return(work, balances, conversion, operator_id, commission_kept=commission_kept)


async def _book_paid(work: UnitOfWork, paid: Sequence[Step], operator_id: UUID) -> None:
    conversions = await conversions_by_id(work)
    lots = _lots(paid, paris_day(work.now))
    payments = [Payment(lots[step.lot], _line(step), conversions[step.transfer.conversion_id]) for step in paid]
    accounts = await euro_accounts(work)
    balances = await lock_balances(work, accounts)
    require_euros(balances, accounts, sum(payment.line.gross_cents for payment in payments))
    await begin_lots(work, list(lots.values()), operator_id)
    await book_payouts(work, payments, operator_id)


def _lots(paid: Sequence[Step], today: date) -> dict[str, PayoutLot]:
    """A lot is of the first day on which something of it left the account."""
    days: dict[str, date] = {}
    for step in paid:
        day = min(step.told_on or today, today)
        days[step.lot] = min(days.get(step.lot, day), day)
    lines = {lot: tuple(_line(step) for step in paid if step.lot == lot) for lot in days}
    return {lot: PayoutLot(lot, day, lines[lot]) for lot, day in days.items()}


def _line(step: Step) -> PayoutLine:
    one = step.transfer
    return PayoutLine(one.number, one.siret, one.gross_cents, one.commission_cents, one.net_cents)
